"""English, paragraphs and the figures to hold; Arabic cases lie in tests/golden/segmentation.json."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from align.segment import segment, split_paragraphs, split_sentences

ROOT = Path(__file__).parents[2]
WRAPPED = """The harbour was closed on Monday after a
ship ran aground near its entrance. Tugs
will try to free it at the next high tide,
the port authority said in a statement on
its website.

Fishermen said that they could not wait. A
second vessel is on its way."""


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Mr. Hale met Dr. Stone at St. Mary's.", "They talked."],
        ["He lives in the U.S. state of Ohio.", "She does not."],
        ["He moved to the U.S. in May.", "It rained."],
        ["He left the U.S.", "She stayed."],
        ["It opened at 9 a.m. on Friday.", "It closed at 5 p.m.", "Nobody came."],
        ["Acme Inc. sued its rival.", "The court agreed with Acme Inc.", "The rival did not."],
        ["See No. 5 and Fig. 3.", "The answer was no.", "She left."],
        ["On Jan. 5 it snowed.", "J. K. Miller was there."],
        ['"Is it over?" asked the man.', '"No."', "He left."],
        ['He said: "It is over."', "Then he left."],
        ["It grew 3.5 percent in 2014.", "In 2015 it did not."],
        ["Wait... what happened?", "Nothing."],
        ["We waited...", "But nobody came."],
        ["Oil, gas, etc. are sold.", "They bought oil, gas, etc.", "Then they left."],
        ["He came (at last!) and sat down.", "(Nobody else did.)", "It was late."],
        ["Visit example.com for more.", "Write to me@example.com.", "Thanks!"],
        ["1. Close the door.", "2. Open the window."],
        ["Who did it?!", "I did . . .", "Really?"],
        ["Yahoo! is a company.", "So is Acme."],
        ["A headline without a stop"],
    ],
    ids=lambda expected: expected[0],
)
def test_english(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_a_line_is_a_paragraph() -> None:
    document = segment("a", "Title\nOne. Two.\n\n \nThree.\r\nFour.", "en")
    assert [(s.paragraph, s.text) for s in document.segments] == [
        (0, "Title"), (1, "One."), (1, "Two."), (2, "Three."), (3, "Four.")
    ]  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_hard_wrapped_text_is_joined(newline: str) -> None:
    text = WRAPPED.replace("\n", newline)
    document = segment("a", text, "en")
    assert [s.paragraph for s in document.segments] == [0, 0, 1, 1]
    assert [" ".join(line.split()) for line in document.lines] == [
        "The harbour was closed on Monday after a ship ran aground near its entrance.",
        "Tugs will try to free it at the next high tide, the port authority said in a statement on its website.",  # noqa: E501
        "Fishermen said that they could not wait.",
        "A second vessel is on its way.",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["Apples", "Pears", "Plums", "Figs", "Nuts", "Dates"],
        [
            "A short line.",
            "A line that is much longer than the others here.",
            "Short.",
            "So is this.",
            "End.",
        ],
        [f"This sentence number {n} is as wide as every other." for n in range(8)],
    ],
    ids=["list", "paragraphs", "sentences of one width"],
)
def test_lines_that_were_not_wrapped_stay(lines: list[str]) -> None:
    assert len(split_paragraphs("\n".join(lines))) == len(lines)


def test_samples_are_not_taken_for_hard_wrapped() -> None:
    for path in (ROOT / "data" / "sample").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert len(split_paragraphs(text)) == len(text.split("\n")) - 1


def test_no_sentences_in_nothing() -> None:
    for text in ("", " \n\t\n", "\r\n"):
        assert segment("a", text).segments == ()


def test_ntrex_boundaries(shared: Path) -> None:
    """Measured: 93.3 (precision 98.9; headlines joined into a paragraph cost recall)."""
    path = ROOT / "benchmarks" / "segmentation.py"
    spec = importlib.util.spec_from_file_location("segmentation_benchmark", path)
    assert spec
    assert spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    _, _, f1 = benchmark.boundary_scores(benchmark.arabic_lines(shared / "testsets" / "ntrex128.tsv"))
    assert f1 >= 93.0
