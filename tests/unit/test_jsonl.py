"""JSONL, the format that loses nothing, and the registry of formats."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from align.corpus import Corpus, Flag, Pair
from align.errors import ConfigError, FormatError
from align.formats import FORMATS, format_of, paths_of, read_corpus, reader_for, write_corpus, writer_for
from align.formats.jsonl import read_jsonl, write_jsonl
from align.formats.srx import write_srx
from align.segment import split_sentences

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"


def test_golden(tmp_path: Path) -> None:
    write_jsonl(read_jsonl(GOLDEN / "small.jsonl"), tmp_path / "small.jsonl")
    assert (tmp_path / "small.jsonl").read_bytes() == (GOLDEN / "small.jsonl").read_bytes()


def test_one_line_a_pair_whatever_splits_lines() -> None:
    stream = io.StringIO()
    write_jsonl(Corpus("x", "ar", "en", (Pair(1, "a\u2028b\x85\n\ud800", "c"),)), stream)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["translation"] == {"ar": "a\u2028b\x85\n", "en": "c"}


def test_only_the_translation_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"translation": {"en": "a", "ar": "b"}}\n\n'
        '{"id": 9, "translation": {"ar": "c", "en": ""}, "z": 1}\n',
        encoding="utf-8",
    )
    corpus = read_jsonl(path)
    assert (corpus.src_lang, corpus.tgt_lang) == ("en", "ar")
    assert [(pair.id, pair.src, pair.tgt) for pair in corpus] == [(0, "a", "b"), (9, "", "c")]
    assert read_jsonl(path, src_lang="ar", tgt_lang="en").pairs[0].src == "b"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ":1:2: not a JSON object"),
        ("[" * 100_000, ":1: not a JSON object"),
        ("[]", ":1: no object with a 'translation'"),
        ('{"src": "a"}', ":1: no object with a 'translation'"),
        ('{"translation": {"ar": "a"}}', ":1: no text in 'en' (languages: ar)"),
        ('{"translation": {"ar": 1, "en": "b"}}', ":1: src 1 is not text"),
        ('{"translation": {"ar": "a", "en": "b"}, "quality": NaN}', ":1: quality nan is not a number"),
        ('{"translation": {"ar": "a", "en": "b"}, "id": 1.5}', ":1: id 1.5 is not a whole number from 0"),
        ('{"translation": {"ar": "a", "en": "b"}, "status": "new"}', ":1: status 'new' is none of"),
        (
            '{"translation": {"ar": "a", "en": "b"}, "flags": [1]}',
            ":1: flags are no list of check, level and message",
        ),
    ],
)
def test_bad_lines(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(FormatError, match=re.escape(f"{path}{message}")):
        read_jsonl(path, src_lang="ar", tgt_lang="en")


def test_one_language_cannot_name_two_texts() -> None:
    with pytest.raises(ConfigError, match="both 'ar'"):
        write_jsonl(Corpus("x", "ar", "ar", ()), io.StringIO())


def test_registry_names_every_format() -> None:
    with pytest.raises(ConfigError, match="no format is called 'docx'") as caught:
        writer_for("docx")
    assert caught.value.advice == "allowed: html, tmx, tsv, jsonl, srx, moses"
    with pytest.raises(ConfigError, match="html can be written but not read") as caught:
        reader_for("html")
    assert caught.value.advice == "allowed: tmx, tsv, jsonl, moses"
    with pytest.raises(ConfigError, match=r"the suffix '\.pdf' tells no format"):
        format_of("a.pdf")
    with pytest.raises(ConfigError, match="a stream has no suffix"):
        write_corpus(Corpus("x", "ar", "en", ()), io.StringIO())


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_and_reads_by_suffix(tmp_path: Path, name: str) -> None:
    corpus = Corpus("x", "ar", "en", (Pair(1, "a", "b", flags=(Flag("x", "info", "y"),)),))
    path = tmp_path / f"x{FORMATS[name].suffix}"
    assert write_corpus(corpus, path).pairs == 1
    assert sorted(tmp_path.iterdir()) == sorted(paths_of(name, path, corpus))
    if FORMATS[name].reads:
        assert [(pair.src, pair.tgt) for pair in read_corpus(path)] == [("a", "b")]


def test_formats_load_nothing_heavy() -> None:
    code = "import align.formats, sys; print([m for m in ('torch', 'numpy', 'jinja2') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def _split(text: str, rules: list[tuple[bool, re.Pattern[str], re.Pattern[str]]]) -> list[str]:
    """What SRX 2.0 prescribes: at each place the first rule that matches decides."""
    cuts = [0]
    for place in range(1, len(text)):
        for breaks, before, after in rules:
            if before.search(text, 0, place) and after.match(text, place):
                if breaks:
                    cuts.append(place)
                break
    return [part.strip() for part in map(lambda a, b: text[a:b], cuts, [*cuts[1:], len(text)])]


def test_srx_rules_split_arabic(tmp_path: Path) -> None:
    write_srx(tmp_path / "segmentation.srx")
    space = "{http://www.lisa.org/srx20}"
    root = ElementTree.parse(tmp_path / "segmentation.srx").getroot()
    arabic = root.find(f".//{space}languagerule[@languagerulename='Arabic']")
    # Python's re knows no \p{...}
    classes = {r"\p{L}": r"[^\W\d_]", r"\p{Nd}": r"\d", r"\p{Lu}": "[A-Z]"}

    def pattern(rule: ElementTree.Element, name: str, end: str) -> re.Pattern[str]:
        text = rule.findtext(f"{space}{name}") or ""
        for theirs, ours in classes.items():
            text = text.replace(theirs, ours)
        return re.compile(f"(?:{text}){end}")

    rules = [
        (rule.get("break") == "yes", pattern(rule, "beforebreak", r"\Z"), pattern(rule, "afterbreak", ""))
        for rule in arabic or []
    ]
    cases = json.loads((GOLDEN / "srx.json").read_text(encoding="utf-8"))
    for case in cases:
        text = " ".join(case)
        assert _split(text, rules) == case
        assert [text[start:end] for start, end in split_sentences(text)] == case
