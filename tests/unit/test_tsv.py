"""TSV and Moses pairs: raw text, a line a pair."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from align.corpus import Corpus, Flag, Pair
from align.errors import ConfigError, FormatError, InputError
from align.formats.jsonl import read_jsonl
from align.formats.moses import read_moses, write_moses
from align.formats.tsv import COLUMNS, iter_tsv, read_tsv, write_tsv

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"


def written(*pairs: Pair, **options: object) -> str:
    stream = io.StringIO()
    write_tsv(Corpus("x", "ar", "en", pairs), stream, **options)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.fixture
def file(tmp_path: Path):
    def make(content: str | bytes, name: str = "x.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.mark.parametrize(
    ("name", "options"), [("small.tsv", {}), ("small-all.tsv", {"columns": COLUMNS, "header": True})]
)
def test_golden(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    done = write_tsv(read_jsonl(GOLDEN / "small.jsonl"), tmp_path / name, **options)  # type: ignore[arg-type]
    assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()
    assert (done.pairs, done.left_out) == (6, 0)


def test_all_columns_come_back() -> None:
    corpus = read_tsv(GOLDEN / "small-all.tsv")
    original = read_jsonl(GOLDEN / "small.jsonl")
    assert corpus.pairs[2] == original.pairs[2]
    assert corpus.pairs[3] == original.pairs[3]
    assert corpus.pairs[5].machine == "Thanks a lot to you"


def test_cells_hold_no_separator_and_no_quotes() -> None:
    text = written(Pair(1, 'a\tb\r\nc\nd\u2028e\x85f\x00g"h"', "\ufeffx\x7f"))
    assert text == 'a b c d e fg"h"\tx\n'


def test_lone_surrogates_vanish(tmp_path: Path) -> None:
    write_tsv(Corpus("x", "ar", "en", (Pair(1, "a\ud800b", "c"),)), tmp_path / "x.tsv")
    assert (tmp_path / "x.tsv").read_bytes() == b"ab\tc\n"


def test_columns_and_header() -> None:
    pair = Pair(3, "a", "b", 2, confidence=0.5, flags=(Flag("numbers", "error", "1 is lost"),))
    text = written(pair, columns=("id", "paragraph", "confidence", "quality", "flags", "src"), header=True)
    assert (
        text == "id\tparagraph\tconfidence\tquality\tflags\tsrc\n3\t2\t0.5\t\tnumbers (error): 1 is lost\ta\n"
    )


def test_unknown_column() -> None:
    with pytest.raises(ConfigError, match="no column is called 'colour'") as caught:
        written(columns=("src", "colour"))
    assert caught.value.advice == "allowed: " + ", ".join(COLUMNS)


@pytest.mark.parametrize(
    "content",
    ["a\tb\nc\t\n", "a\tb\r\nc\t\r\n", "\ufeffa\tb\n\nc\t", "src\ttgt\na\tb\nc\t\n", "ar\ten\na\tb\nc\t\n"],
    ids=["plain", "crlf", "bom", "header", "languages"],
)
def test_reading(file, content: str) -> None:
    pairs = list(iter_tsv(file(content)))
    assert [(pair.id, pair.src, pair.tgt) for pair in pairs] == [(0, "a", "b"), (1, "c", "")]


def test_header_in_another_order(file) -> None:
    (pair,) = read_tsv(file("quality\ten\tar\n0.25\tb\ta\n"))
    assert (pair.src, pair.tgt, pair.quality) == ("a", "b", 0.25)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\na\n", ":2: 1 cells where 2 are expected (src, tgt)"),
        ("a\tb\tc\n", ":1: 3 cells where 2 are expected (src, tgt)"),
        ("src\ttgt\tconfidence\na\tb\tnan\n", ":2: confidence 'nan' is not a number"),
        ("src\ttgt\tconfidence\na\tb\t1.2\n", ":2: confidence '1.2' is not between 0 and 1"),
        ("src\ttgt\tid\na\tb\t-1\n", ":2: id '-1' is not a whole number from 0"),
        ("src\ttgt\torigin\na\tb\tdog\n", ":2: origin 'dog' is none of machine, human, memory"),
        (b"a\tb\na\xff\tb\n", ":2:2: not UTF-8 text (byte 0xff)"),
    ],
)
def test_bad_lines(file, content: str | bytes, message: str) -> None:
    path = file(content)
    with pytest.raises(FormatError) as caught:
        read_tsv(path)
    assert str(caught.value) == f"{path}{message}"


def test_foreign_flags_are_kept(file) -> None:
    (pair,) = read_tsv(file("src\ttgt\tflags\na\tb\tlooks odd\n"))
    assert pair.flags == (Flag("note", "info", "looks odd"),)


def test_moses_golden(tmp_path: Path) -> None:
    done = write_moses(read_jsonl(GOLDEN / "small.jsonl"), tmp_path / "small.moses")
    assert (done.pairs, done.left_out) == (4, 2)
    for name in ("small.ar-en.ar", "small.ar-en.en"):
        assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", ["small.ar-en.ar", "small.ar-en.en", "small", "small.moses", "small.ar-en"])
def test_moses_finds_its_partner(name: str) -> None:
    corpus = read_moses(GOLDEN / name)
    assert (corpus.name, len(corpus)) == ("small", 4)
    assert corpus.pairs[0].tgt == "The museum opened its doors yesterday."


def test_moses_line_counts(file, tmp_path: Path) -> None:
    src, tgt = file("a\nb\n", "x.ar"), file("a\nb\nc\n\n", "x.en")
    with pytest.raises(FormatError) as caught:
        read_moses(src, tgt)
    assert str(caught.value) == f"{src}:2: ends after 2 lines, but {tgt} has 4"
    with pytest.raises(FormatError, match=r"x\.ar:2: ends after 2 lines"):
        read_moses(tmp_path / "x")


def test_moses_without_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no ar file beside it"):
        read_moses(tmp_path / "x")
    with pytest.raises(ConfigError, match="cannot go to one stream"):
        write_moses(Corpus("x", "ar", "en", ()), io.StringIO())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="both 'ar'"):
        write_moses(Corpus("x", "ar", "ar", ()), tmp_path / "x")


def test_moses_keeps_empty_lines(file) -> None:
    corpus = read_moses(file("a\n\nc\n", "x.ar"), file("\n\nd\n", "x.en"))
    assert [(pair.src, pair.tgt) for pair in corpus] == [("a", ""), ("", ""), ("c", "d")]
