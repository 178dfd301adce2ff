"""The data files keep the promises of data/README.md, so that other tests may lean on them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SAMPLE, GOLD = ROOT / "data" / "sample", ROOT / "data" / "gold"
CASES = Path(__file__).with_name("segmentation.json")
NAMES = sorted(path.name.removesuffix(".ar.txt") for path in SAMPLE.glob("*.ar.txt"))


def lines(path: Path) -> list[str]:
    """Lines as the newline ends them: `str.splitlines` would also cut at U+2028 and others."""
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def beads(path: Path) -> list[tuple[list[int], list[int]]]:
    sides = [line.split(":") for line in lines(path)]
    return [(ast.literal_eval(src), ast.literal_eval(tgt)) for src, tgt in sides]


def test_there_are_three_articles() -> None:
    assert len(NAMES) == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["ar", "en"])
def test_sentences_make_up_the_article(name: str, lang: str) -> None:
    paragraphs = "\n".join(lines(SAMPLE / f"{name}.{lang}.sentences")).split("\n\n")
    assert [paragraph.replace("\n", " ") for paragraph in paragraphs] == lines(SAMPLE / f"{name}.{lang}.txt")


@pytest.mark.parametrize("name", NAMES)
def test_english_sentences_are_parallel(name: str) -> None:
    arabic, english = (lines(SAMPLE / f"{name}.{lang}.sentences") for lang in ("ar", "en"))
    assert [not line for line in arabic] == [not line for line in english]


@pytest.mark.parametrize("name", NAMES)
def test_gold_covers_both_sides_once(name: str) -> None:
    arabic, english = lines(GOLD / f"{name}.ar"), lines(GOLD / f"{name}.en")
    gold = beads(GOLD / f"{name}.gold")
    assert arabic == [line for line in lines(SAMPLE / f"{name}.ar.sentences") if line]
    assert [i for src, _ in gold for i in src] == list(range(len(arabic)))
    assert [i for _, tgt in gold for i in tgt] == list(range(len(english)))


@pytest.mark.parametrize("case", json.loads(CASES.read_text(encoding="utf-8")), ids=lambda case: case["name"])
def test_splitting_case_loses_nothing(case: dict[str, object]) -> None:
    text, sentences = str(case["text"]), case["sentences"]
    assert isinstance(sentences, list)
    end = 0
    for sentence in sentences:
        start = text.index(sentence, end)
        assert sentence == sentence.strip() != ""
        assert not text[end:start].strip()
        end = start + len(sentence)
    assert not text[end:].strip()


def test_splitting_cases_have_names_and_reasons() -> None:
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    assert len({case["name"] for case in cases}) == len(cases)
    assert all(case["why"] for case in cases if case.get("known_failure"))
