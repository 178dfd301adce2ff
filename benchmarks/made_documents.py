"""Documents with gold beads, made from sentence pairs: what the aligner's weights are fitted to.

Neighbouring pairs are glued on one side, one side is cut at clause marks, inner boundaries are moved,
sides are dropped, and some documents lose their punctuation, as verse has none. How often, differs from
document to document, for translations differ in that.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from align.beads import Links

UNITS = 260  # pairs a document
_CLAUSE = re.compile("(?<=[,;:\N{ARABIC COMMA}\N{ARABIC SEMICOLON}])\\s+|\\s+(?=\N{EM DASH}|\N{EN DASH}|\\()")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"[^\w\s]+")
_MOST = 5  # units a side of a bead


@dataclass(frozen=True, slots=True)
class Made:
    """A document: its units on both sides and its beads."""

    name: str
    src: list[str]
    tgt: list[str]
    gold: list[Links]


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a translator drops a side, glues pairs, cuts a side, moves a boundary; `one_sided` says how
    often it is the target that comes out in more units.
    """

    drop: float
    glue: float
    cut: float
    move: float
    one_sided: float

    @staticmethod
    def drawn(rng: np.random.Generator) -> Habits:
        return Habits(
            float(rng.choice([0.02, 0.06, 0.12])),
            float(rng.choice([0.05, 0.15, 0.35])),
            float(rng.choice([0.05, 0.15, 0.35])),
            float(rng.choice([0.0, 0.02])),
            float(rng.choice([0.1, 0.5, 0.9])),
        )


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs of a TSV file (.xz or not) that have text on both sides."""
    with (
        lzma.open(path, "rt", encoding="utf-8")
        if path.suffix == ".xz"
        else path.open(encoding="utf-8") as file
    ):
        rows = [tuple(part.strip() for part in line.rstrip("\n").split("\t")) for line in file]
    return [(row[0], row[1]) for row in rows if len(row) == 2 and all(row)]


def made_documents(path: Path, count: int, seed: int) -> Iterator[Made]:
    """So many documents, each of consecutive pairs of a file."""
    rng = np.random.default_rng(seed)
    pairs = read_pairs(path)
    for number in range(count):
        size = min(UNITS, len(pairs))
        first = int(rng.integers(0, len(pairs) - size + 1))
        habits = Habits.drawn(rng)
        src, tgt, gold = _make(pairs[first : first + size], habits, rng)
        # Both sides with their marks, the translation only (verse), or neither.
        marks = int(rng.integers(5))
        if marks >= 2:
            src = [_unmarked(unit) for unit in src]
        if marks == 2:
            tgt = [_unmarked(unit) for unit in tgt]
        yield Made(f"{path.name.partition('.')[0]}-{number}", src, tgt, gold)


def _unmarked(unit: str) -> str:
    return _MARKS.sub("", unit).strip() or unit


def _make(
    pairs: Sequence[tuple[str, str]], habits: Habits, rng: np.random.Generator
) -> tuple[list[str], list[str], list[Links]]:
    src: list[str] = []
    tgt: list[str] = []
    gold: list[Links] = []
    k = 0
    while k < len(pairs):
        used, beads = _some(pairs[k:], habits, rng)
        k += used
        for left, right in beads:
            gold.append(
                (tuple(range(len(src), len(src) + len(left))), tuple(range(len(tgt), len(tgt) + len(right))))
            )
            src += left
            tgt += right
    return src, tgt, gold


def _some(
    pairs: Sequence[tuple[str, str]], habits: Habits, rng: np.random.Generator
) -> tuple[int, list[tuple[list[str], list[str]]]]:
    """How many of the next pairs are used up, and the beads that they become."""
    (src, tgt), drawn = pairs[0], float(rng.random())
    if rng.random() < habits.drop:
        run = pairs[: 1 if rng.random() < 0.7 else int(rng.integers(2, 9))]
        if rng.random() < 0.5:
            return len(run), [([one], []) for one, _ in run]
        return len(run), [([], [other]) for _, other in run]
    many = min(1 + int(rng.geometric(0.6)), _MOST)
    more_tgt = rng.random() < habits.one_sided
    if drawn < habits.glue:
        sides = [list(side) for side in zip(*pairs[:many], strict=True)]
        sides[0 if more_tgt else 1] = [" ".join(sides[0 if more_tgt else 1])]
        return len(pairs[:many]), [(sides[0], sides[1])]
    drawn -= habits.glue
    if drawn < habits.cut:
        return 1, [([src], _cut(tgt, many, rng)) if more_tgt else (_cut(src, many, rng), [tgt])]
    drawn -= habits.cut
    if drawn < habits.move and len(pairs) > 1 and len(parts := _cut(pairs[1][1], 2, rng)) == 2:
        return 2, [([src, pairs[1][0]], [f"{tgt} {parts[0]}", parts[1]])]
    return 1, [([src], [tgt])]


def _cut(text: str, parts: int, rng: np.random.Generator) -> list[str]:
    """The text in so many parts, at clause marks or else at spaces; whole if it is short."""
    for mark, least in ((_CLAUSE, 8), (_SPACE, 15)):
        places = [m.end() for m in mark.finditer(text) if least < m.end() < len(text) - least]
        if len(places) >= parts - 1:
            chosen = sorted(int(place) for place in rng.choice(places, parts - 1, replace=False))
            cut = [text[a:b].strip() for a, b in zip([0, *chosen], [*chosen, len(text)], strict=True)]
            return [part for part in cut if part]
    return [text]
