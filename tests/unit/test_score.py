"""Scores: published figures to the digit, and what cannot be scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import InputError
from align.score import as_json, format_table, score, sentence_chrf

PUBLISHED = {
    "opusmt": (33.9, 61.0),
    "argos": (29.5, 57.3),
    "google": (45.1, 70.0),
    "nllb": (36.5, 62.4),
    "bergamot-base-memory": (38.6, 64.7),
    "bergamot-base": (38.9, 64.9),
    "microsoft": (43.7, 67.8),
}
REFERENCE = ["The minister arrived in Cairo on Monday.", "Twenty people were hurt."]


@pytest.mark.parametrize(("system", "figures"), PUBLISHED.items())
def test_published_figures_come_out_to_the_digit(
    shared: Path, system: str, figures: tuple[float, float]
) -> None:
    def lines(name: str) -> list[str]:
        return (shared / "testsets" / name).read_text("utf-8").rstrip("\n").split("\n")

    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    hypotheses, references = lines(f"flores101-devtest.{system}.en"), [lines("flores101-devtest.en")]
    found = (
        BLEU().corpus_score(hypotheses, references).score,
        CHRF().corpus_score(hypotheses, references).score,
    )
    assert tuple(round(value, 1) for value in found) == figures


def test_scores_are_sacrebleus_with_signature_and_interval() -> None:
    from sacrebleu.metrics.bleu import BLEU

    hypotheses = ["The minister came to Cairo on Monday.", "Twenty people were injured."]
    (system,) = score({"ours": hypotheses}, [REFERENCE], resamples=20)
    assert system["BLEU"].score == pytest.approx(BLEU().corpus_score(hypotheses, [REFERENCE]).score)
    assert "bs:20" in system["BLEU"].signature
    assert system["chrF2"].ci[0] <= system["chrF2"].mean <= system["chrF2"].ci[1]
    assert set(as_json([system])[0]["metrics"][0]) == {"name", "score", "signature", "ci"}


@pytest.mark.parametrize("paired", ["bs", "ar"])
def test_only_later_systems_have_a_p_value(paired) -> None:
    first, second = score({"a": REFERENCE, "b": REFERENCE[::-1]}, [REFERENCE], paired=paired, resamples=10)
    assert first["BLEU"].p_value is None
    assert second["BLEU"].p_value is not None
    assert "differs from a" in format_table([first, second])


@pytest.mark.parametrize(
    ("systems", "references", "message"),
    [
        ({}, [["x"]], "no translation"),
        ({"a": []}, [[]], "0 segments"),
        ({"a": ["x", "y"]}, [["x"]], "a has 2 segments, the reference 1"),
        ({"a": ["x"]}, [["x"], ["x", "y"]], "reference 2 has 2 segments"),
        ({"a": ["x"]}, [[" "]], "every line of the reference is empty"),
    ],
)
def test_what_cannot_be_scored_is_refused(systems, references, message) -> None:
    with pytest.raises(InputError, match=message):
        score(systems, references, resamples=5)


def test_sentence_chrf_is_100_for_the_reference_and_0_for_nothing() -> None:
    assert sentence_chrf([REFERENCE[0], ""], [REFERENCE]) == pytest.approx((100.0, 0.0))
