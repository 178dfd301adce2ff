"""What is exported is read by the programs that people use: the checks are third-party scripts.

Each needs a program: apt-get install libxml2-utils unzip omegat libxml-tmx-perl miller chromium, and
pip install translate-toolkit pandas playwright into one environment, whose Python may be named in
ALIGN_CLIENT_PYTHON. Where one is absent its test is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from align.corpus import Corpus
from align.formats import write_corpus
from align.formats.jsonl import read_jsonl
from align.formats.tsv import COLUMNS

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"
PYTHON = os.environ.get("ALIGN_CLIENT_PYTHON", sys.executable)
OMEGAT = Path("/usr/share/omegat/OmegaT.jar")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_jsonl(GOLDEN / "small.jsonl")


@pytest.fixture
def tmx(tmp_path: Path, corpus: Corpus) -> Path:
    path = tmp_path / "small.tmx"
    assert write_corpus(corpus, path).pairs == 4
    return path


@pytest.fixture
def clients(shared: Path) -> Path:
    return shared / "clients"


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs the program {program}")


def need_modules(*modules: str) -> None:
    code = f"import {', '.join(modules)}"
    if subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode:
        pytest.skip(f"needs {', '.join(modules)} in {PYTHON} (see ALIGN_CLIENT_PYTHON)")


def accepts(*command: str | Path) -> None:
    """A client script exits 0 and says OK if its program took the file."""
    result = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "OK " in result.stdout


def test_dtd(clients: Path, tmx: Path) -> None:
    need("xmllint", "unzip")
    if not OMEGAT.exists() and "TMX_DTD" not in os.environ:
        pytest.skip("needs the DTD: install omegat, or name tmx14.dtd in TMX_DTD")
    accepts("bash", clients / "01_xmllint_dtd.sh", tmx, "4")


def test_omegat(clients: Path, tmx: Path) -> None:
    need("java")
    if not OMEGAT.exists():
        pytest.skip(f"needs OmegaT in {OMEGAT}")
    accepts(PYTHON, clients / "02_omegat.py", tmx, "4")


def test_translate_toolkit(clients: Path, tmx: Path) -> None:
    need_modules("translate.storage.tmx")
    accepts(PYTHON, clients / "03_translate_toolkit.py", tmx, "4")


def test_perl(clients: Path, tmx: Path) -> None:
    need("perl")
    if subprocess.run(["perl", "-MXML::TMX::Reader", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("needs Perl's XML::TMX")
    accepts("perl", clients / "04_perl_xmltmx.pl", tmx, "4")


@pytest.mark.parametrize("options", [{}, {"columns": COLUMNS, "header": True}], ids=["texts", "all"])
def test_tsv(clients: Path, tmp_path: Path, corpus: Corpus, options: dict[str, object]) -> None:
    need("mlr")
    write_corpus(corpus, tmp_path / "small.tsv", **options)
    header = ["--header"] if options else []
    accepts(PYTHON, clients / "08_tsv.py", tmp_path / "small.tsv", "6", *header)


def test_page(clients: Path, tmp_path: Path, corpus: Corpus) -> None:
    need_modules("playwright.sync_api")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("needs /usr/bin/chromium")
    write_corpus(corpus, tmp_path / "small.html")
    accepts(PYTHON, clients / "09_page.py", tmp_path / "small.html", "5")
