"""Every case of segmentation.json, and the sample articles with their gold sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from align.segment import segment

HERE = Path(__file__).parent
CASES = json.loads((HERE / "segmentation.json").read_text(encoding="utf-8"))
ARTICLES = sorted((HERE.parents[1] / "data" / "sample").glob("*.sentences"))


def parameter(case: dict[str, Any]) -> Any:
    """A known failure must go on failing: when it passes, the flag has to go."""
    marks = [pytest.mark.xfail(reason=case["why"], strict=True)] if case.get("known_failure") else []
    return pytest.param(case, id=case["name"], marks=marks)


@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert list(segment("case", case["text"]).lines) == case["sentences"]


@pytest.mark.parametrize("gold", ARTICLES, ids=lambda path: path.name)
def test_sample_article(gold: Path) -> None:
    """Sentences and their paragraphs."""
    name, lang, _ = gold.name.split(".")
    text = gold.with_name(f"{name}.{lang}.txt").read_text(encoding="utf-8")
    expected = [
        (number, sentence)
        for number, block in enumerate(gold.read_text(encoding="utf-8").strip().split("\n\n"))
        for sentence in block.split("\n")
    ]
    assert [(s.paragraph, s.text) for s in segment(name, text, lang).segments] == expected
