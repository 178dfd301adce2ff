"""Each check speaks for a fault and is silent for a good translation; cases in tests/golden/checks.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from align.check import CHECKS, check_corpus, check_pair, describe, select
from align.checks.base import Context
from align.corpus import Corpus, Pair
from align.errors import ConfigError

CASES = json.loads((Path(__file__).parents[1] / "golden" / "checks.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['check']}-{number}" for number, case in enumerate(CASES)]
)
def test_a_fault_is_flagged_and_a_good_translation_is_not(case) -> None:
    assert case["check"] in {flag.check for flag in check_pair(case["src"], case["bad"])}
    assert [flag for flag in check_pair(case["src"], case["good"]) if flag.level != "info"] == []


def test_evidence_from_outside_is_used() -> None:
    context = Context(similarity=0.1, logprob=-3.0, twin="x")
    found = {flag.check for flag in check_pair("نص", "a text of several words here", context)}
    assert {"meaning", "confidence", "duplicate"} <= found


def test_degrees_are_not_per_cent() -> None:
    degrees = "بلغت الحرارة 32.5 درجة مئوية"
    assert "percent" not in {
        flag.check for flag in check_pair(degrees, "The heat was 32.5 degrees", Context())
    }
    points = "ارتفعت الفائدة 2 نقطة مئوية"
    assert "percent" in {flag.check for flag in check_pair(points, "Interest rose by 2", Context())}


def test_a_corpus_gets_quality_and_duplicates_and_keeps_foreign_flags() -> None:
    pairs = (
        Pair(1, "جملة أولى هنا", "the very same long sentence"),
        Pair(2, "شيء آخر تماما", "the very same long sentence"),
    )
    checked = check_corpus(Corpus("c", "ar", "en", pairs))
    assert all("duplicate" in {flag.check for flag in pair.flags} for pair in checked)
    assert all(0 <= pair.quality <= 1 for pair in checked)


def test_every_check_is_listed_once_and_unknown_names_are_refused() -> None:
    assert [row[0] for row in describe()] == [check.name for check in CHECKS]
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    with pytest.raises(ConfigError, match="no check is called"):
        select(["spelling"])


def test_the_documentation_lists_every_check_with_its_threshold() -> None:
    text = (Path(__file__).parents[2] / "docs" / "checking.md").read_text("utf-8")
    for name, level, threshold, description in describe():
        assert f"| {name} | {level} | {threshold} | {description} |" in text
