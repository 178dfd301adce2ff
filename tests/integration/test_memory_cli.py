"""The memory as people use it: correct, import, and see the correction come back; several at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from align.formats import read_corpus
from align.memory import Memory, Unit

ROOT = Path(__file__).parent.parent.parent
ARTICLE = ROOT / "data" / "sample" / "navigation-talks.ar.txt"
WRITER = """
import sys
from align.memory import Memory, Unit
path, number = sys.argv[1], int(sys.argv[2])
with Memory(path) as memory:
    for round in range(20):
        memory.add([Unit(f"s{number}-{round}-{n}", "t", "human" if n % 2 else "machine",
                         signature={} if n % 2 else {"model": "m"}) for n in range(10)])
        memory.add([Unit("shared", f"by {number}")])
"""


def align(*arguments: object, stdin: str = "", memory: object = "off") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "align", *map(str, arguments)]
    environment = {**os.environ, "ALIGN_MEMORY": str(memory)}
    return subprocess.run(
        command, input=stdin, capture_output=True, encoding="utf-8", env=environment, timeout=300
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    lines = done.stderr.splitlines()
    assert done.returncode == 2, done.stderr
    assert len(lines) == 2, lines
    assert lines[0].startswith("align: error: ")
    for word in words:
        assert word in lines[0]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The first sentences of an article."""
    path = tmp_path / "short.txt"
    text = ARTICLE.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(text[:2]) + "\n", encoding="utf-8")
    return path


def test_a_correction_comes_back(tmp_path: Path, document: Path) -> None:
    memory, out = tmp_path / "m.sqlite", tmp_path / "out"
    run = ("translate", document, "-o", out, "-f", "tmx,jsonl", "--no-check")
    first = align(*run, memory=memory)
    assert first.returncode == 0, first.stderr
    folder = out / "short"
    before = read_corpus(folder / "corpus.jsonl").pairs
    corrected = (folder / "corpus.tmx").read_text(encoding="utf-8")
    corrected = re.sub(r'(<tuv xml:lang="en"><seg>)[^<]*', r"\g<1>As a person said it.", corrected, count=1)
    edited = tmp_path / "edited.tmx"
    edited.write_text(corrected, encoding="utf-8")
    imported = align("memory", "import", edited, memory=memory)
    assert imported.returncode == 0, imported.stderr
    assert "1 new units of 1" in imported.stdout
    assert f"{len(before) - 1} unchanged" in imported.stdout

    assert align(*run, memory=memory).returncode == 0
    after = read_corpus(folder / "corpus.jsonl").pairs
    assert (after[0].tgt, after[0].origin) == ("As a person said it.", "memory")
    assert [(pair.tgt, pair.origin, pair.logprob) for pair in after[1:]] == [
        (pair.tgt, "machine", pair.logprob) for pair in before[1:]
    ]
    assert align(*run, "--no-memory", memory=memory).returncode == 0
    ignored = read_corpus(folder / "corpus.jsonl").pairs
    assert [pair.origin for pair in ignored] == ["machine"] * len(before)
    assert ignored[0].tgt == before[0].tgt


def test_a_similar_sentence_is_offered(tmp_path: Path, document: Path) -> None:
    memory = tmp_path / "m.sqlite"
    source = document.read_text(encoding="utf-8").splitlines()[0]
    with Memory(memory) as store:
        store.add([Unit(source.replace(" ", " x", 1), "As a person said it.")])
    lines = document.with_name("line.txt")
    lines.write_text(source + "\n", encoding="utf-8")
    run = ("translate", lines, "-o", tmp_path, "-f", "tsv,html", "--columns", "src,tgt,match,match_tgt")
    done = align(*run, "--no-check", memory=memory)
    assert done.returncode == 0, done.stderr
    row = (tmp_path / "line" / "corpus.tsv").read_text(encoding="utf-8").splitlines()[1].split("\t")
    assert row[3] == "As a person said it."
    assert 0.75 <= float(row[2]) < 1
    assert row[1] != row[3]


def test_another_signature_is_another_translation(tmp_path: Path) -> None:
    memory = tmp_path / "m.sqlite"
    source = ARTICLE.read_text(encoding="utf-8").splitlines()[0]
    assert align("translate", "--lines", "-", stdin=source, memory=memory).returncode == 0
    with Memory(memory) as store:
        (unit,) = store.units("machine")
        changed = Unit(source, "from the memory", "machine", signature=unit.signature, logprob=-1.0)
        store.add([changed])
    again = align("translate", "--lines", "-", stdin=source, memory=memory)
    assert again.stdout == "from the memory\n"
    other = align("translate", "--lines", "-", "--beam", "1", stdin=source, memory=memory)
    assert other.stdout.strip() not in ("", "from the memory")


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    """From nothing: they also make the file at the same time."""
    path = tmp_path / "new" / "m.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(number)], stderr=subprocess.PIPE)
        for number in range(4)
    ]
    assert [(process.communicate()[1], process.returncode) for process in writers] == [(b"", 0)] * 4
    with Memory(path) as memory:
        counts = memory.counts()
        assert counts.human == 4 * 20 * 5 + 4
        assert counts.machines == 4 * 20 * 5


def test_a_file_that_is_no_memory_is_left_alone(tmp_path: Path, document: Path) -> None:
    path = tmp_path / "m.sqlite"
    path.write_bytes(b"dear diary " * 1000)
    for command in (("memory", "stats"), ("translate", document, "-o", tmp_path)):
        assert_refused(align(*command, "--memory", path), "m.sqlite", "no translation memory")
        assert path.read_bytes() == b"dear diary " * 1000


def test_stats_export_and_clear(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    with Memory(path) as store:
        store.add([Unit("a", "b"), Unit("c", "d", "machine", signature={"model": "m", "beam": "4"})])
    stats = json.loads(align("memory", "stats", "--json", memory=path).stdout)
    assert (stats["human"], stats["machine"]) == (1, 1)
    assert stats["models"] == [{"signature": {"beam": "4", "model": "m"}, "units": 1}]
    exported = align("memory", "export", "-o", "-", memory=path).stdout.splitlines()
    assert [json.loads(line)["translation"]["en"] for line in exported] == ["b", "d"]
    assert align("memory", "clear", memory=path, stdin="n\n").stdout.strip() == ""
    assert align("memory", "clear", "--machine", "--yes", memory=path).stdout.startswith("1 ")
    assert align("memory", "clear", "--yes", memory=path).stdout.startswith("1 ")
    assert_refused(align("memory", "import", "--origin", "martian", "x.tmx", memory=path), "martian")
    assert_refused(align("memory", "import", tmp_path / "nowhere.tmx", memory=path), "nowhere.tmx")
