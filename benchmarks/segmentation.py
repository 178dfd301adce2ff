"""Sentence splitting: boundary F1 on pseudo-documents of translation test sets.

    python benchmarks/segmentation.py [FOLDER]
    python benchmarks/segmentation.py --growth

With `--growth`, CPU seconds for texts of 8,000 and 64,000 characters that are nothing but one awkward
unit: the ratio should be near 8.

Twenty Arabic lines of a test set, joined by spaces, make a document of one paragraph. The split is
right where it falls between two lines. Lines of TICO-19 and FLORES-101 often hold several sentences,
so their precision is understated. Figures are in percent; nothing was tuned on these texts.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from align.segment import segment

LINES_A_DOCUMENT = 20
AWKWARD = ("a", ".", ". ", '."', "(", "(.) ", "1. ", "a.", "\N{ARABIC LETTER BEH}. ", "a\n", f"x{' ' * 500}.")
SETS = {"NTREX-128": "ntrex128.tsv", "TICO-19": "tico19.tsv", "FLORES-101 devtest": "flores101-devtest.ar"}


def arabic_lines(path: Path) -> list[str]:
    """The Arabic side: the first column."""
    return [" ".join(line.split("\t")[0].split()) for line in path.read_text(encoding="utf-8").splitlines()]


def boundary_scores(lines: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over the boundaries inside documents, in percent."""
    right = found = wanted = 0
    for first in range(0, len(lines), LINES_A_DOCUMENT):
        document = [line for line in lines[first : first + LINES_A_DOCUMENT] if line]
        ends, end = set(), -1
        for line in document[:-1]:
            end += len(line) + 1
            ends.add(end)
        splits = {s.end for s in segment("pseudo", " ".join(document)).segments[:-1]}
        right, found, wanted = right + len(ends & splits), found + len(splits), wanted + len(ends)
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    return 100 * precision, 100 * recall, 200 * precision * recall / max(precision + recall, 1e-9)


def growth() -> None:
    def seconds(text: str) -> float:
        started = time.process_time()
        segment("awkward", text)
        return time.process_time() - started

    for unit in AWKWARD:
        short, long = (
            min(seconds(unit * (length // len(unit))) for _ in range(3)) for length in (8_000, 64_000)
        )
        print(f"{unit[:8]!r:12}{short:8.4f}{long:8.4f}{long / short:8.1f}")


def main() -> None:
    if sys.argv[1:] == ["--growth"]:
        growth()
        return
    root = Path(__file__).parents[1]
    folder = Path(
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ALIGN_SHARED", root.parent / "shared")
    )
    print(f"{'test set':20}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name, file in SETS.items():
        scores = boundary_scores(arabic_lines(folder / "testsets" / file))
        print(f"{name:20}" + "".join(f"{score:10.1f}" for score in scores))


if __name__ == "__main__":
    main()
