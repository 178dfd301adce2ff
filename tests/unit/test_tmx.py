"""TMX: strict out, lenient in, hostile files refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from align import __version__
from align.corpus import Corpus, Flag, Pair
from align.errors import ConfigError, FormatError, InputError, OutputError
from align.formats.jsonl import read_jsonl
from align.formats.tmx import iter_tmx, read_tmx, write_tmx

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"
ERRORS = json.loads((GOLDEN / "invalid" / "errors.json").read_text(encoding="utf-8"))
CREATED = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))


def written(*pairs: Pair, **header: object) -> str:
    stream = io.StringIO()
    write_tmx(Corpus("x", "ar", "en", pairs, **header), stream, created=CREATED)  # type: ignore[arg-type]
    return stream.getvalue()


def test_golden(tmp_path: Path) -> None:
    corpus = replace(read_jsonl(GOLDEN / "small.jsonl"), signature={"model": 'tiny "A" & B', "beam": "4"})
    done = write_tmx(corpus, tmp_path / "small.tmx", created=CREATED)
    expected = (GOLDEN / "small.tmx").read_text(encoding="utf-8").replace("VERSION", __version__)
    assert (tmp_path / "small.tmx").read_text(encoding="utf-8") == expected
    assert (done.pairs, done.left_out) == (4, 2)


def test_what_is_known_comes_back() -> None:
    corpus = read_tmx(GOLDEN / "small.tmx")
    assert (corpus.name, corpus.src_lang, corpus.tgt_lang) == ("small", "ar", "en")
    assert corpus.signature == {"model": 'tiny "A" & B', "beam": "4"}
    first, second, third, last = corpus.pairs
    assert (first.id, first.paragraph, first.confidence, first.quality) == (1, 0, 0.9877, 0.9)
    assert first.logprob == -0.25
    assert (second.origin, second.status) == ("memory", "confirmed")
    assert third.flags == (
        Flag("numbers", "error", "7 in the source, 9 in the translation"),
        Flag("length", "info", "short | but plausible"),
    )
    assert (last.id, last.origin, last.machine) == (6, "human", "Thanks a lot to you")


@pytest.mark.parametrize("path", sorted((GOLDEN / "valid").glob("*.tmx")), ids=lambda path: path.stem)
def test_odd_files_are_read(path: Path) -> None:
    expected = json.loads((GOLDEN / "valid" / "pairs.json").read_text(encoding="utf-8"))
    corpus = read_tmx(path)
    assert [[pair.src, pair.tgt] for pair in corpus] == expected
    assert {pair.origin for pair in corpus} == {"human"}
    assert [pair.id for pair in corpus] == [0, 1]


@pytest.mark.parametrize("path", sorted((GOLDEN / "invalid").glob("*.tmx")), ids=lambda path: path.stem)
def test_broken_and_hostile_files_are_refused(path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read_tmx(path)
    assert str(caught.value).replace(str(path), path.name) == ERRORS[path.stem]
    assert caught.value.advice


def test_shared_samples(shared: Path) -> None:
    """Third-party odd files: all are read but those that are not well formed or declare entities."""

    def count(path: Path) -> int | None:
        try:
            return len(read_tmx(path))
        except FormatError:
            return None

    counts = {path.stem: count(path) for path in (shared / "clients" / "samples" / "x").glob("*.tmx")}
    assert {name for name, count in counts.items() if count is None} == {
        "ctrl_raw",
        "ctrl_ref",
        "entity_bomb",
        "xxe",
    }
    others = {name: count for name, count in counts.items() if count not in (None, 5)}
    assert others == {"dup_source": 6, "two_en_in_tu": 6, "opus_style": 2}


def test_two_variants_give_two_pairs(tmp_path: Path) -> None:
    path = tmp_path / "two.tmx"
    path.write_text(
        '<tmx version="1.4"><body><tu tuid="7"><tuv xml:lang="ar"><seg>a</seg></tuv>'
        '<tuv xml:lang="en-US"><seg>color</seg></tuv><tuv xml:lang="en-GB"><seg>colour</seg></tuv></tu>'
        '<tu tuid="3"><tuv xml:lang="ar"><seg>b</seg></tuv></tu></body></tmx>',
        encoding="utf-8",
    )
    pairs = list(iter_tmx(path))
    assert [(pair.id, pair.src, pair.tgt) for pair in pairs] == [
        (7, "a", "color"),
        (8, "a", "colour"),
        (9, "b", ""),
    ]


def test_reading_the_other_way() -> None:
    first = read_tmx(GOLDEN / "small.tmx", src_lang="en", tgt_lang="ar").pairs[0]
    assert first.src == "The museum opened its doors yesterday."


def test_text_is_kept_but_for_what_xml_forbids() -> None:
    kept = "a\N{RIGHT-TO-LEFT MARK}\N{ARABIC TATWEEL}\N{NO-BREAK SPACE}\N{ARABIC LETTER ALEF FINAL FORM}"
    text = written(Pair(1, f" \x00\x1b{kept}\x0c\ufffe\ud800\t]]>b\r\nc\u2028d ", "x"))
    assert f"<seg>{kept} \t]]&gt;b c d</seg>" in text
    assert text.count("\n") == len(text.splitlines())


def test_every_pair_without_a_side_is_left_out() -> None:
    stream = io.StringIO()
    pairs = (Pair(1, "a", " "), Pair(2, "\x01", "b"), Pair(3, "a", "b"))
    done = write_tmx(Corpus("x", "ar", "en", pairs), stream)
    assert (done.pairs, done.left_out) == (1, 2)
    assert stream.getvalue().count("<tu ") == 1


def test_header_is_never_self_closed_and_tags_have_hyphens() -> None:
    stream = io.StringIO()
    write_tmx(Corpus("x", "ar_SA", "en_GB", (Pair(1, "a", "b"),)), stream, created=CREATED)
    text = stream.getvalue()
    assert "</header>" in text
    assert 'srclang="ar-SA"' in text
    assert '<tuv xml:lang="en-GB">' in text
    assert "<body>\n" in text


def test_markup_in_the_signature_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "x.tmx"
    path.write_text(written(Pair(1, "a", "b"), signature={'a"><b': "<&>"}), encoding="utf-8")
    assert read_tmx(path).signature == {'a"><b': "<&>"}


def test_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus("x", "ar", "en", ())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    stream = io.StringIO()
    write_tmx(corpus, stream)
    assert 'creationdate="19700102T000000Z"' in stream.getvalue()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        write_tmx(corpus, io.StringIO())


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tmx: no such file"):
        read_tmx(tmp_path / "none.tmx")
    with pytest.raises(InputError, match="is a directory"):
        read_tmx(tmp_path)
    with pytest.raises(OutputError):
        write_tmx(Corpus("x", "ar", "en", ()), tmp_path / "no" / "x.tmx")


def test_an_error_while_writing_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> object:
        yield Pair(1, "a", "b")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_tmx(Corpus("x", "ar", "en", broken()), tmp_path / "x.tmx")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
