"""What holds for the checks on any text whatever."""

from __future__ import annotations

import json
import math
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from align.check import CHECKS, check_corpus, check_pair, twins
from align.checks.base import Context
from align.corpus import Corpus, Pair
from align.formats.differences import compare
from align.quality import estimate

CASES = json.loads((Path(__file__).parents[1] / "golden" / "checks.json").read_text("utf-8"))
PIECES = sorted({word for case in CASES for side in ("src", "good", "bad") for word in case[side].split()})
MARKS = [
    *"0129.,%$/()[]'\"-:?!\n",
    "\u0661\u0662",
    "\u066b",
    "\u06f5",
    "\u200f",
    "\u00a0",
    "&amp;",
    "<b>",
    "a@b.c",
]
DIGITS = {ord("0") + value: 0x660 + value for value in range(10)}
NAMES = [check.name for check in CHECKS]

UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no fault of the code
WORDS = st.lists(st.sampled_from(PIECES + MARKS), max_size=25)
TEXT = st.one_of(st.text(), WORDS.map(" ".join), WORDS.map("".join))
GOOD = st.sampled_from([(case["src"], case["good"]) for case in CASES])
PAIR = st.sampled_from([(case["src"], case[side]) for case in CASES for side in ("good", "bad")])
KNOWN = st.builds(
    Context,
    src_lang=st.sampled_from(["ar", "en"]),
    tgt_lang=st.sampled_from(["en", "ar"]),
    similarity=st.none() | st.floats(-1, 1),
    logprob=st.none() | st.floats(-1e3, 0),
    lowest=st.none() | st.floats(-1e3, 0),
    twin=st.none() | TEXT,
)


@UNHURRIED
@given(TEXT, TEXT, KNOWN)
def test_any_text_can_be_checked_and_estimated(source: str, hypothesis: str, context: Context) -> None:
    flags = check_pair(source, hypothesis, context)
    found = [NAMES.index(flag.check) for flag in flags]
    assert found == sorted(set(found)), "each check at most once, in the order of the registry"
    assert all(flag.message.strip() for flag in flags)
    quality = estimate(source, hypothesis, context)
    assert math.isfinite(quality)
    assert 0 <= quality <= 1


@UNHURRIED
@given(TEXT, TEXT)
def test_the_same_question_has_the_same_answer(source: str, hypothesis: str) -> None:
    assert check_pair(source, hypothesis) == check_pair(source, hypothesis)


@UNHURRIED
@given(PAIR, st.sampled_from(["  ", "\n", "\t", "\u00a0", " \u2009"]))
def test_white_space_is_no_fault(pair: tuple[str, str], space: str) -> None:
    source, hypothesis = (f"{space}{text.replace(' ', space)}{space}" for text in pair)
    before, after = check_pair(*pair), check_pair(source, hypothesis)
    assert [flag.check for flag in after] == [flag.check for flag in before]
    assert abs(estimate(source, hypothesis, Context()) - estimate(*pair, Context())) < 1e-9


@UNHURRIED
@given(PAIR)
def test_digits_of_both_scripts_are_equal(pair: tuple[str, str]) -> None:
    source, hypothesis = pair
    found = {flag.check for flag in check_pair(source, hypothesis)}
    assert {flag.check for flag in check_pair(source.translate(DIGITS), hypothesis)} == found
    back = source.translate({arabic: ascii_ for ascii_, arabic in DIGITS.items()})
    assert {flag.check for flag in check_pair(back, hypothesis)} == found


@UNHURRIED
@given(st.integers(1, 10**9), st.integers(1, 10**9), st.booleans())
def test_a_changed_number_is_always_told(here: int, there: int, arabic: bool) -> None:
    shown = str(here).translate(DIGITS) if arabic else str(here)
    found = {flag.check for flag in check_pair(f"\N{ARABIC LETTER WAW} ({shown})", f"And ({there})")}
    assert ("numbers" in found) == (here != there)


@UNHURRIED
@given(GOOD, st.sampled_from(["", " ", "\n", "...", "\u200f", "\u00a0"]))
def test_nothing_is_worth_nothing(pair: tuple[str, str], nothing: str) -> None:
    assert [flag.check for flag in check_pair(pair[0], nothing)] == ["empty"]
    assert estimate(pair[0], nothing, Context()) == 0


@UNHURRIED
@given(st.lists(st.builds(Pair, st.integers(1, 99), TEXT, TEXT), max_size=8, unique_by=lambda pair: pair.id))
def test_a_corpus_keeps_its_pairs_and_is_checked_once(pairs: list[Pair]) -> None:
    corpus = Corpus("any", "ar", "en", tuple(pairs))
    checked = check_corpus(corpus)
    assert [(pair.id, pair.src, pair.tgt) for pair in checked] == [
        (pair.id, pair.src, pair.tgt) for pair in corpus
    ]
    assert all(pair.quality is None or 0 <= pair.quality <= 1 for pair in checked)
    assert check_corpus(checked) == checked, "flags of an earlier run are replaced"


@UNHURRIED
@given(
    st.lists(st.builds(Pair, st.just(1), st.sampled_from("ABC"), st.sampled_from(["x", "y", ""])), max_size=9)
)
def test_twins_share_a_translation_and_nothing_else(pairs: list[Pair]) -> None:
    for pair, other in zip(pairs, twins(pairs), strict=True):
        others = {item.src for item in pairs if item.tgt == pair.tgt != "" and item.src != pair.src}
        assert (other in others) if others else other is None


@UNHURRIED
@given(TEXT, TEXT)
def test_differences_join_to_the_texts(hypothesis: str, reference: str) -> None:
    mine, theirs = compare(hypothesis, reference)
    assert "".join(piece.text for piece in mine) == hypothesis
    assert "".join(piece.text for piece in theirs) == reference
    assert not [piece for side in compare(hypothesis, hypothesis) for piece in side if piece.kind == "own"]


PARTS = [
    *"0123456789:.,%- ",
    *("11:30", "1,000", "2.5", "k", "m", "bn", "s", "th", " million", " half", " and", " hundred"),
    *(
        " \u0645\u0644\u064a\u0648\u0646",
        " \u0648\u0646\u0635\u0641",
        "\u0661\u0661:\u0663\u0660",
        "\u066b",
        "\u066c",
    ),
]
NUMERIC = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)


@settings(deadline=None, max_examples=300)
@given(NUMERIC, NUMERIC)
def test_no_jumble_of_digits_stops_a_check(source: str, target: str) -> None:
    """Times, separators and scales glued together in ways that no editor would write."""
    check_pair(source, target)
    check_pair(target, source, Context(src_lang="en", tgt_lang="ar"))
    estimate(source, target, Context())
