"""Sentence alignment: which units of a text correspond to which of its translation (level 2).

In four steps, each linear in the length of the texts:

1. a rough path through the grid of both texts, from coarse to fine (`align.similarity`);
2. the similarity of all blocks of up to five units in a band around it (`align.similarity`);
3. the probability of every possible bead, by forward-backward (`align.lattice`) over log-odds that are
   fitted to this pair of texts in two rounds (`align.evidence`);
4. the beads that are expected to have the best F1, each with its probability.

`docs/alignment.md` says what each part is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from align.corpus import Bead
from align.cuts import band_between, cells_of, forbid_crossings, put_back
from align.errors import InputError
from align.evidence import SHAPES, Fit, Measured, Text, first_fit, gains, refit
from align.lattice import Gains, Grid, Ints, best_path, posteriors
from align.similarity import Encoder, cosines, encode_side
from align.weights import WEIGHTS

__all__ = ["DEFAULTS", "AlignOptions", "Alignment", "Scorer", "align_texts"]

Scorer = Callable[[Sequence[tuple[str, str]]], Sequence[float]]
"""Mean log-probability a token of each target text, forced upon the translation of its source text."""

# Texts whose matches stand out from chance by less have nothing in common. Pairs of unrelated news
# articles reach 2.2, verse with its translation begins at 2.4.
_UNRELATED = 2.25
_DOUBT = (0.02, 0.98)  # matches of a probability in between are worth a second opinion
_SAMPLE = 200  # units or matches that are enough to know a text by
_FEW = 8  # ... and that are too few
_MOST_SURPRISE = 4.0  # standard deviations by which a second opinion counts at most
_MOSTLY = 0.7


@dataclass(frozen=True, slots=True)
class AlignOptions:
    """How to align; see docs/alignment.md. `price` and `null_price` are by theory and have not been tuned.

    `radius` is the half width of the band around the rough path, in units. `passes` counts alignments:
    each after the first uses what the one before has learnt about the texts. `price` is what a bead has to
    be worth, in expected right beads, to be made, and `null_price` the same for a unit without
    counterpart. `scorer_weight` says how many nats a standard deviation of the scorer counts.
    """

    radius: int = 8
    passes: int = 3
    price: float = 0.5
    null_price: float = 0.5
    scorer_weight: float = 1.0


DEFAULTS = AlignOptions()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Beads in order, each side covered exactly once, and what is to be said about them.

    `signal` tells by how many standard deviations the matches stand out from chance: about 6 for prose.
    `warnings` are sentences for people, and empty where all is well.
    """

    beads: tuple[Bead, ...]
    signal: float
    warnings: tuple[str, ...] = ()

    @property
    def omitted(self) -> tuple[int, ...]:
        """Source units without counterpart."""
        return tuple(unit for bead in self.beads if not bead.tgt for unit in bead.src)

    @property
    def added(self) -> tuple[int, ...]:
        """Target units without counterpart."""
        return tuple(unit for bead in self.beads if not bead.src for unit in bead.tgt)

    def summary(self) -> str:
        """One line: how many beads of which kind, and how many of them are sure."""
        matches = [bead for bead in self.beads if bead.src and bead.tgt]
        sure = sum(bead.score >= 0.9 for bead in matches)
        single = sum(bead.kind == "1-1" for bead in matches)
        return (
            f"{len(matches)} pairs ({single} of one sentence each, {sure} sure), "
            f"{len(self.omitted)} sentences omitted, {len(self.added)} added"
        )


def align_texts(
    src: Sequence[str],
    tgt: Sequence[str],
    *,
    encoder: Encoder,
    options: AlignOptions = DEFAULTS,
    anchors: Sequence[tuple[int, int]] = (),
    locked: Sequence[Bead] = (),
    translations: Sequence[str] | None = None,
    scorer: Scorer | None = None,
) -> Alignment:
    """Align the units (sentences) of two texts.

    No bead crosses an anchor (i, j), which says that source unit i and target unit j both begin
    something new; beads that are `locked` come out as they are. `translations`, one a source
    unit, are further evidence of what is similar, and `scorer` is asked about doubtful matches.
    Raises `InputError` if anchors and locked beads lie outside the texts or cross, or
    if the number of translations is wrong.
    """
    cuts = cells_of(anchors, locked, len(src), len(tgt))
    if translations is not None and len(translations) != len(src):
        raise InputError(f"{len(translations)} translations for {len(src)} source units")
    if not src or not tgt:
        return _one_sided(len(src), len(tgt))
    left, right = encode_side(src, encoder), encode_side(tgt, encoder)
    grid = Grid.of(band_between(cuts, left, right, options.radius), SHAPES)
    margin = cosines(left, right, grid)
    if translations is not None:
        margin = (margin + cosines(encode_side(translations, encoder), right, grid)) * np.float32(0.5)
    measured = Measured(grid, margin, Text.of(src), Text.of(tgt))
    fit, odds, taken = infer(measured, cuts, options.passes)
    if scorer is not None:
        odds = _ask(scorer, src, tgt, grid, odds, taken, options.scorer_weight)
        taken, _ = posteriors(grid, odds)
    beads = put_back(_beads(_decode(grid, taken, options), taken, grid), locked)
    signal = _signal(measured, fit, taken)
    return Alignment(beads, signal, _warnings(src, tgt, signal))


def _one_sided(n: int, m: int) -> Alignment:
    beads = [Bead(i, i + 1, 0, 0) for i in range(n)] + [Bead(n, n, j, j + 1) for j in range(m)]
    return Alignment(tuple(beads), 0.0, ("one side has no text",))


def infer(
    measured: Measured, cuts: Ints, passes: int, weights: Mapping[str, float] = WEIGHTS
) -> tuple[Fit, Gains, Gains]:
    """The fit, the log-odds of all beads, and their probabilities after some rounds of fitting."""
    fit = first_fit(measured)
    for turn in range(passes):
        odds = gains(measured, fit, weights)
        forbid_crossings(odds, measured.grid, cuts)
        taken, _ = posteriors(measured.grid, odds)
        if turn + 1 < passes:
            fit = refit(measured, fit, taken)
    return fit, odds, taken


def _decode(grid: Grid, taken: Gains, options: AlignOptions) -> Ints:
    """The path with the most expected right beads, less a price for every bead.

    The most probable path is something else: it may be made of beads that are each improbable. Best
    expected F1 is a price of half the F1 (Lipton et al. 2014, "Optimal thresholding of classifiers").
    """
    worth = np.where(grid.before < grid.band.cells, taken.match - options.price, -np.inf)
    return best_path(grid, Gains(worth, taken.src - options.null_price, taken.tgt - options.null_price))


def _beads(path: Ints, taken: Gains, grid: Grid) -> Iterator[Bead]:
    band = grid.band
    for (i, j), (end, stop) in pairwise(path.tolist()):
        if j == stop:
            score = taken.src[i]
        elif i == end:
            score = taken.tgt[j]
        else:
            score = taken.match[band.start[end] + stop - band.low[end], SHAPES.index((end - i, stop - j))]
        yield Bead(i, end, j, stop, min(float(score), 1.0))


def _ask(
    scorer: Scorer,
    src: Sequence[str],
    tgt: Sequence[str],
    grid: Grid,
    odds: Gains,
    taken: Gains,
    weight: float,
) -> Gains:
    """Correct the log-odds of doubtful matches by what the scorer says.

    Its values are seen against those of matches that are beyond doubt, of which a sample is scored. Where it
    has nothing to say (minus infinity, of a blank line) the odds stay as they are.
    """
    doubtful = np.argwhere((taken.match > _DOUBT[0]) & (taken.match < _DOUBT[1]))
    certain = np.argwhere(taken.match >= _DOUBT[1])
    certain = certain[:: len(certain) // _SAMPLE + 1]
    if not len(doubtful) or len(certain) < _FEW:
        return odds
    values = np.asarray(scorer([_texts(src, tgt, grid, *bead) for bead in [*certain, *doubtful]]))
    usual, found = values[: len(certain)], values[len(certain) :]
    usual = usual[np.isfinite(usual)]
    if len(usual) < _FEW:
        return odds
    surprise = (usual.mean() - found) / max(float(usual.std()), 1e-3)
    surprise[~np.isfinite(found)] = 0
    match = odds.match.copy()
    match[tuple(doubtful.T)] -= weight * np.clip(surprise, -_MOST_SURPRISE, _MOST_SURPRISE)
    return replace(odds, match=match)


def _texts(src: Sequence[str], tgt: Sequence[str], grid: Grid, cell: int, kind: int) -> tuple[str, str]:
    i, j = int(grid.band.row[cell]), int(grid.band.column[cell])
    n, m = grid.shapes[kind]
    return " ".join(src[i - n : i]), " ".join(tgt[j - m : j])


def _signal(measured: Measured, fit: Fit, taken: Gains) -> float:
    """By how many standard deviations the matches stand out, on average over matches and units left alone."""
    band, weight = measured.grid.band, taken.match.sum(axis=1)
    excess = (taken.match * measured.margin).sum(axis=1) - weight * fit.chance.at(band)
    beads = float(weight.sum() + (taken.src.sum() + taken.tgt.sum()) / 2)
    return float((excess / fit.noise.at(band)).sum()) / max(beads, 1e-9)


def _warnings(src: Sequence[str], tgt: Sequence[str], signal: float) -> tuple[str, ...]:
    found = []
    if _arabic(tgt) > _MOSTLY > 1 - _MOSTLY > _arabic(src):
        found.append("the sides look exchanged: the target is Arabic and the source is not")
    if signal < _UNRELATED:
        found.append("the texts look unrelated: their best matches are hardly better than chance")
    return tuple(found)


def _arabic(units: Sequence[str]) -> float:
    """The share of Arabic among the letters at the beginning of a text."""
    letters = [char for unit in units[:_SAMPLE] for char in unit if char.isalpha()]
    return sum("\N{ARABIC LETTER HAMZA}" <= char <= "\N{ARABIC LETTER YEH}" for char in letters) / max(
        len(letters), 1
    )
