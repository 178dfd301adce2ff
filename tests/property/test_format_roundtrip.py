"""What is written can be read again, whatever the text."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from align.corpus import Corpus, Flag, Match, Pair
from align.formats import read_corpus, write_corpus
from align.formats.tsv import COLUMNS

QUICK = settings(max_examples=30, deadline=None)
WORDS = st.sampled_from(
    [
        *"\N{RIGHT-TO-LEFT MARK}\N{ARABIC TATWEEL}\N{ZERO WIDTH NO-BREAK SPACE}\N{NO-BREAK SPACE}",
        *"\t\n\r\x85\u2028",
        *"\x00\x0b\x1f\x7f\ud800\udfff\ufffe<>&\"'|=",
        "]]>",
        "<!ENTITY x 'y'>",
        "&amp;",
        "\N{ARABIC LETTER ALEF}\N{ARABIC HAMZA ABOVE}",
        "\N{ARABIC-INDIC DIGIT SEVEN}\N{ARABIC PERCENT SIGN}",
        "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}",
        " | numbers (error): ",
    ]
)
TEXT = st.lists(st.one_of(WORDS, st.text(max_size=8))).map("".join)
SHARE = st.none() | st.floats(0, 1)
FLAGS = st.builds(
    Flag,
    st.from_regex("[a-z-]{1,8}", fullmatch=True),
    st.sampled_from(["info", "warning", "error"]),
    st.text(st.characters(categories=["L", "N", "Zs"], include_characters="|():")).map(str.strip),
)
PAIRS = st.builds(
    Pair,
    id=st.just(0),
    src=TEXT,
    tgt=TEXT,
    paragraph=st.integers(0, 10**6),
    origin=st.sampled_from(["machine", "human", "memory"]),
    status=st.sampled_from(["draft", "confirmed", "rejected"]),
    confidence=SHARE,
    quality=SHARE,
    logprob=st.none() | st.floats(-100, 0),
    machine=st.none() | TEXT,
    flags=st.lists(FLAGS, max_size=3).map(tuple),
    match=st.none() | st.builds(Match, st.floats(0, 1), TEXT, TEXT),
)


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Ids rise, as in every corpus that we make."""
    pairs = draw(st.lists(PAIRS, max_size=4))
    numbered = (
        Pair(
            number * 3,
            *(getattr(pair, name) for name in Pair.__slots__[1:]),  # type: ignore[attr-defined]
        )
        for number, pair in enumerate(pairs)
    )
    return Corpus("x", "ar", "en", tuple(numbered))


def back(corpus: Corpus, suffix: str, **options: object) -> Corpus:
    stream = io.StringIO()
    write_corpus(corpus, stream, suffix[1:], **options)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"x{suffix}")
        path.write_bytes(stream.getvalue().encode())
        return read_corpus(path)


def spaced(text: str) -> str:
    """With every line end as one space; independent of the code under test."""
    return " ".join((text + "|").splitlines())[:-1]


def in_xml(text: str) -> str:
    def allowed(char: str) -> bool:
        return (
            char in "\t" or "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"
        )

    return "".join(char for char in spaced(text) if allowed(char)).strip()


def in_cell(text: str) -> str:
    def control(char: str) -> bool:
        return char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" or char == "\ufeff"

    return "".join(char for char in spaced(text.replace("\t", " ")) if not control(char))


def same_match(read: Match | None, written: Match | None, as_read: Callable[[str], str]) -> bool:
    """A match without a source or a target tells nothing, and need not come back."""
    if written is None or not as_read(written.src) or not as_read(written.tgt):
        return read is None
    assert read is not None
    texts = (as_read(written.src), as_read(written.tgt))
    return (read.src, read.tgt) == texts and abs(read.score - written.score) < 1e-4


@QUICK
@given(corpora())
def test_tmx(corpus: Corpus) -> None:
    texts = [(pair, in_xml(pair.src), in_xml(pair.tgt)) for pair in corpus]
    kept = [(pair, src, tgt) for pair, src, tgt in texts if src and tgt]
    result = back(corpus, ".tmx").pairs
    assert [(pair.id, pair.src, pair.tgt) for pair in result] == [(p.id, src, tgt) for p, src, tgt in kept]
    for (pair, _, _), read in zip(kept, result, strict=True):
        assert (read.paragraph, read.origin, read.status) == (pair.paragraph, pair.origin, pair.status)
        assert [(flag.check, flag.level) for flag in read.flags] == [(f.check, f.level) for f in pair.flags]
        assert (read.machine or "") == in_xml(pair.machine or "")
        assert same_match(read.match, pair.match, in_xml)
        if pair.confidence is None:
            assert read.confidence is None
        else:
            assert read.confidence is not None
            assert abs(read.confidence - pair.confidence) < 1e-4


@QUICK
@given(corpora())
def test_tsv(corpus: Corpus) -> None:
    result = back(corpus, ".tsv", columns=COLUMNS, header=True).pairs
    assert [(pair.id, pair.src, pair.tgt) for pair in result] == [
        (pair.id, in_cell(pair.src), in_cell(pair.tgt)) for pair in corpus
    ]
    assert [pair.status for pair in result] == [pair.status for pair in corpus]
    assert all(same_match(read.match, pair.match, in_cell) for read, pair in zip(result, corpus, strict=True))


@QUICK
@given(corpora())
def test_jsonl_is_exact(corpus: Corpus) -> None:
    def encodable(pair: Pair) -> bool:
        text = pair.src + pair.tgt + (pair.machine or "")
        text += pair.match.src + pair.match.tgt if pair.match else ""
        return not re.search("[\ud800-\udfff]", text)

    kept = Corpus("x", "ar", "en", tuple(pair for pair in corpus if encodable(pair)))
    assert back(kept, ".jsonl") == kept


@QUICK
@given(corpora())
def test_moses(corpus: Corpus) -> None:
    texts = [(in_cell(pair.src).strip(), in_cell(pair.tgt).strip()) for pair in corpus]
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(corpus, Path(folder, "x"), "moses")
        result = read_corpus(Path(folder, "x"), "moses").pairs
    assert [(pair.src, pair.tgt) for pair in result] == [(src, tgt) for src, tgt in texts if src and tgt]


@QUICK
@given(corpora())
def test_page_takes_any_text(corpus: Corpus) -> None:
    stream = io.StringIO()
    write_corpus(corpus, stream, "html")
    text = stream.getvalue()
    text.encode()
    assert text.count('role="row" id="s') == len(corpus)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", text)
