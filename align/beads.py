"""Beads as text, and how well they agree with a gold standard (level 1).

A bead is written as `[0, 1]:[2]`, the units of either side counted from 0, and one without counterpart as
`[3]:[]`: the format of vecalign and bertalign. We add a third field, the bead's probability.

Strict and lax precision and recall are those of Thompson and Koehn 2019 ("Vecalign", after Sennrich
and Volk 2011, W11-4624): precision over all predicted beads, recall over the gold beads that have both
sides. A bead is strictly right if the gold has exactly this bead, and laxly right if it shares at
least one pair of units with the gold.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from align.corpus import Bead
from align.errors import FormatError

__all__ = ["BeadScores", "Links", "format_beads", "parse_links", "score_beads"]

Links = tuple[tuple[int, ...], tuple[int, ...]]
"""The source units and the target units of one bead, as they stand in a file."""

_INDICES = r"\[\s*((?:\d+\s*(?:,\s*\d+\s*)*)?)\]"
_LINE = re.compile(rf"\s*{_INDICES}\s*:\s*{_INDICES}\s*(?::\s*([0-9.eE+-]+)\s*)?", re.ASCII)


def format_beads(beads: Iterable[Bead]) -> str:
    """One line a bead: `[0, 1]:[2]:0.9731`."""
    return "".join(f"{list(bead.src)}:{list(bead.tgt)}:{bead.score:.4f}\n" for bead in beads)


def parse_links(text: str, *, path: str | None = None, first: int = 1) -> list[Links]:
    """Read beads from the text that begins at line `first`; the third field and empty lines are passed over.

    A gold standard may have gaps and crossings, therefore no order is asked for.
    Raises `FormatError` with the line for anything that is not a bead.
    """
    links = []
    for number, line in enumerate(text.splitlines(), start=first):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise FormatError(
                f"not a bead: {line.strip()[:60]}",
                path=path,
                line=number,
                advice="a bead looks like [0, 1]:[2]",
            )
        links.append((_indices(found[1]), _indices(found[2])))
    return links


def _indices(text: str) -> tuple[int, ...]:
    return tuple(int(index) for index in text.split(",")) if text.strip() else ()


@dataclass(frozen=True, slots=True)
class BeadScores:
    """Agreement with gold beads, 0 to 1: precision, recall and F1, and F1 of exact beads by kind.

    `f1_null` is for beads without counterpart, `f1_1_1` and `f1_n_m` for the others. A kind that occurs
    neither in the gold nor in the prediction has None.
    """

    p_strict: float
    r_strict: float
    f1_strict: float
    p_lax: float
    r_lax: float
    f1_lax: float
    f1_null: float | None
    f1_1_1: float | None
    f1_n_m: float | None

    def as_dict(self) -> dict[str, float | None]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: None if value is None else round(value, 4) for name, value in values.items()}


def score_beads(documents: Iterable[tuple[Sequence[Links], Sequence[Links]]]) -> BeadScores:
    """Score pairs of (gold, predicted) beads; counts are added up over the documents."""
    precision, recall = [0, 0, 0], [0, 0, 0]
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for gold, predicted in documents:
        _add(precision, _agreement(gold, predicted))
        _add(recall, _agreement([b for b in predicted if all(b)], [b for b in gold if all(b)]))
        _add_kinds(kinds, set(gold), set(predicted))
    p_strict, p_lax = (_ratio(right, precision[2]) for right in precision[:2])
    r_strict, r_lax = (_ratio(right, recall[2]) for right in recall[:2])
    exact = {kind: _f1(_ratio(hit, found), _ratio(hit, asked)) for kind, (hit, asked, found) in kinds.items()}
    return BeadScores(
        p_strict,
        r_strict,
        _f1(p_strict, r_strict),
        p_lax,
        r_lax,
        _f1(p_lax, r_lax),
        exact.get("null"),
        exact.get("1-1"),
        exact.get("n-m"),
    )


def _agreement(gold: Sequence[Links], tested: Sequence[Links]) -> tuple[int, int, int]:
    """How many different beads of `tested` are strictly right, laxly right, and there."""
    exact = {bead for bead in gold if any(bead)}
    partners: Mapping[int, set[int]] = defaultdict(set)
    for src, tgt in exact:
        for unit in src:
            partners[unit].update(tgt)
    beads = {bead for bead in tested if any(bead)}
    strict = beads & exact
    touching = {(src, tgt) for src, tgt in beads if any(partners[unit].intersection(tgt) for unit in src)}
    return len(strict), len(strict | touching), len(beads)


def _add(total: list[int], part: Iterable[int]) -> None:
    total[:] = [a + b for a, b in zip(total, part, strict=True)]


def _add_kinds(kinds: dict[str, list[int]], gold: set[Links], predicted: set[Links]) -> None:
    counts = [Counter(_kind(bead) for bead in beads) for beads in (gold & predicted, gold, predicted)]
    for kind in set().union(*counts):
        _add(kinds[kind], (count[kind] for count in counts))


def _kind(bead: Links) -> str:
    src, tgt = bead
    if not src or not tgt:
        return "null"
    return "1-1" if len(src) == len(tgt) == 1 else "n-m"


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
