"""What holds for the sentences of any text whatever."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.segment import segment, split_paragraphs, split_sentences

ALEF, BEH = "\N{ARABIC LETTER ALEF}", "\N{ARABIC LETTER BEH}"
PIECES = [
    *"abZ1 .!?\"'()[]\u00ab\u00bb\u201c\u201d,:;-\n\r\t\u2028",
    *"\u00a0\u2026\u061f\u060c\u06d4\u200f\u2067\ufeff\u0661",
    *("...", "Dr.", "U.S.", "\r\n", "\n\n", ". ", "1. ", " (", f"{BEH}.", f"{ALEF * 4}.", ALEF * 3, "The "),
]
UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no fault of the code
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@UNHURRIED
@given(TEXT)
def test_segments_and_white_space_make_the_text(text: str) -> None:
    document = segment("any", text)  # a Document checks that segments are its text and lie in order
    rebuilt, end = "", 0
    for part in document.segments:
        assert part.text == part.text.strip() != ""
        assert not text[end : part.start].strip()
        rebuilt, end = rebuilt + text[end : part.start] + part.text, part.end
    assert rebuilt + text[end:] == text
    assert not text[end:].strip()


@UNHURRIED
@given(TEXT)
def test_segments_stay_within_paragraphs(text: str) -> None:
    paragraphs = split_paragraphs(text)
    segments = segment("any", text).segments
    for part in segments:
        start, end = paragraphs[part.paragraph]
        assert start <= part.start < part.end <= end
    assert sorted({part.paragraph for part in segments}) == list(range(len(paragraphs)))


@UNHURRIED
@given(TEXT)
def test_first_sentences_do_not_depend_on_what_came_before(text: str) -> None:
    """Splitting again from where a sentence begins gives the same rest."""
    for start, end in split_paragraphs(text):
        spans = list(split_sentences(text, start, end))
        for i, span in enumerate(spans):
            assert list(split_sentences(text, span[0], end)) == spans[i:]


@UNHURRIED
@given(TEXT)
def test_a_sentence_alone_is_one_sentence(text: str) -> None:
    for part in segment("any", text).segments:
        if "\n" not in part.text:
            assert list(split_sentences(part.text)) == [(0, len(part.text))]


@UNHURRIED
@given(TEXT, TEXT)
def test_paragraphs_are_split_independently(one: str, other: str) -> None:
    first, second = " ".join(one.split()), " ".join(other.split())
    together = segment("any", f"{first}\n\n{second}").lines
    assert together == segment("any", first).lines + segment("any", second).lines


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        ".",
        ". ",
        '."',
        "(",
        "(.) ",
        '."\u200f',
        "1. ",
        "a.",
        f"{BEH}. ",
        "\n",
        "a\n",
        f"x{' ' * 500}.",
    ],
)
def test_work_grows_with_the_text(unit: str) -> None:
    """Eight times the text takes eight times the calls. Seconds: `benchmarks/segmentation.py --growth`."""

    def calls(length: int) -> int:
        text, count = unit * (length // len(unit)), 0

        def note(frame: FrameType, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            segment("any", text)
        finally:
            sys.setprofile(before)
        return count

    calls(8)  # what is loaded once
    assert calls(64_000) < 9 * calls(8_000) + 100
