"""What speaks for a bead and what against it (level 2).

The aligner is a semi-Markov conditional random field (Sarawagi and Cohen 2004): the log-odds of a
bead are a weighted sum of a few measurements, listed in `match_evidence` and `unit_evidence`. The weights
hold for all documents. What differs from one document to the next is in its `Fit`: how
similar translations are here, how similar chance is, how long the translation of a text is at this
place. A first guess of the fit is made from the document alone, and a second one from a first alignment.
All measurements are the same when the sides are exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from align.arabic import strip_diacritics, strip_tatweel
from align.lattice import Floats, Gains, Grid, Ints, Shape
from align.weights import WEIGHTS

__all__ = [
    "SHAPES",
    "Fit",
    "Measured",
    "Text",
    "bare",
    "first_fit",
    "gains",
    "match_evidence",
    "refit",
    "unit_evidence",
]

SHAPES = ((1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 1), (3, 1), (4, 1), (5, 1), (2, 2), (2, 3), (3, 2))
"""Sizes of matches. Larger ones than 2-2 with several units on both sides can nearly always be cut."""

_SRC_SIZE, _TGT_SIZE = np.array(SHAPES).T
# What share of all beads each shape has, and source and target units without counterpart, in a text
# that we know nothing about; and how many beads it takes to shake that belief.
_SHARES = np.array(
    [0.6, 0.07, 0.02, 0.004, 0.001, 0.07, 0.02, 0.004, 0.001, 0.02, 0.002, 0.002, 0.093, 0.093]
)
_PRIOR_COUNT = 20.0
_CELLS = 100_000  # evidence is weighed for so many cells at a time, to bound the memory
_WINDOW = 40  # units over which the length ratio is averaged (standard deviation of the window)
_PRIOR_BEADS = 3.0  # weight of the whole document in a local length ratio, in beads
_PRIOR_USUAL = 10.0  # ... and in a local similarity
_SOFT = 5.0  # characters added to either length: the ratio of very short texts says little
_PLAIN_SIGNAL = 6.0  # the signal (see Fit) of plain prose
_MOST_SIGNAL = 1.3  # times that: clearer texts are not trusted more
_MOST_SURPRISE = 16.0  # squared standard deviations that a length counts at most

_STOP = re.compile(r"[.!?\N{ARABIC QUESTION MARK}\N{HORIZONTAL ELLIPSIS}][\W_]*\Z")


def bare(text: str) -> str:
    """Without vowel signs and tatweel: they depend on the edition and not on the text."""
    return strip_tatweel(strip_diacritics(text))


@dataclass(frozen=True, slots=True)
class Text:
    """What the aligner wants to know of a side besides its vectors, of n units.

    `length` (n,) in characters without vowel signs; `stop` (n,) is 1 where a unit ends with a full stop or
    its like and 0 elsewhere, less the mean of the text, so that it says nothing where all are alike.
    """

    length: Floats
    stop: Floats

    @staticmethod
    def of(units: Sequence[str]) -> Text:
        length = np.array([len(bare(unit)) + 1 for unit in units], dtype=np.float64)
        stop = np.array([_STOP.search(unit) is not None for unit in units], dtype=np.float64)
        return Text(length, stop - stop.mean())


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is measured once on a pair of texts: see `align.similarity.cosines` for the arrays."""

    grid: Grid
    margin: Floats  # (cells, shapes): cosine less what is common to all texts
    src: Text
    tgt: Text


@dataclass(frozen=True, slots=True)
class Fit:
    """What is peculiar to a pair of texts.

    Translations have a margin of about `usual` (cells,), which depends on the place, for a long document may
    change its subject; texts that have nothing in common `chance`, give or take `noise`. `ratio` (cells,) is
    the expected logarithm of source by target length, `spread` the standard deviation around it. `habit`
    (shapes + 2,) is the logarithm of the share that each shape has among all beads, and at the end
    those that source and target units without counterpart have.
    """

    usual: Floats
    chance: float
    noise: float
    ratio: Floats
    spread: float
    habit: Floats

    def signal(self, cells: slice) -> Floats:
        """By how many standard deviations of chance translations stand out: 6 in prose, 3 in verse."""
        signal: Floats = (self.usual[cells] - self.chance) / self.noise
        return signal


def first_fit(measured: Measured) -> Fit:
    """A fit from the texts alone: most source units have a counterpart, and most pairs of units have none."""
    grid = measured.grid
    band, single = grid.band, SHAPES.index((1, 1))
    inside = grid.before[:, single] < band.cells
    margin = measured.margin[inside, single]
    below, chance = np.quantile(margin, [0.16, 0.5])
    noise = max(float(chance - below), 0.01)
    best = [np.full(count, -np.inf) for count in (len(band.low), int(band.high[-1]))]
    for nearest, unit in zip(best, (band.row, band.column), strict=True):
        np.maximum.at(nearest, unit[inside], margin)
    usual = float(np.mean([np.quantile(nearest[1:], 0.7) for nearest in best]))
    ratio = np.log(measured.src.length.sum() / measured.tgt.length.sum())
    everywhere = np.ones(band.cells)
    return Fit(
        everywhere * max(usual, chance + noise),
        float(chance),
        noise,
        everywhere * ratio,
        0.35,
        np.log(_SHARES),
    )


def refit(measured: Measured, fit: Fit, taken: Gains) -> Fit:
    """A better fit from the probabilities of a first alignment (one step of expectation-maximisation)."""
    band = measured.grid.band
    single = SHAPES.index((1, 1))
    sure = taken.match[:, single].astype(np.float64)
    usual = _at_place(measured.grid, sure * measured.margin[:, single], sure, _PRIOR_USUAL)
    weight, total, square = (np.zeros(band.cells) for _ in range(3))
    for cells in _chunks(band.cells):
        probability, ratio = taken.match[cells], _Blocks.of(measured, cells).log_ratio
        weight[cells] = probability.sum(axis=1)
        total[cells] = (probability * ratio).sum(axis=1)
        square[cells] = (probability * ratio**2).sum(axis=1)
    ratio = _at_place(measured.grid, total, weight, _PRIOR_BEADS)
    variance = (square - 2 * ratio * total + ratio**2 * weight).sum() / max(weight.sum(), 1e-9)
    usual = np.maximum(usual, fit.chance + fit.noise)
    spread = max(float(np.sqrt(max(variance, 0))), 0.05)
    counts = np.array([*taken.match.sum(axis=0), taken.src.sum(), taken.tgt.sum()]) + _PRIOR_COUNT * _SHARES
    return Fit(usual, fit.chance, fit.noise, ratio, spread, np.log(counts / counts.sum()))


def _at_place(grid: Grid, total: Floats, weight: Floats, prior: float) -> Floats:
    """Weighted means around every cell: the averages along its row and along its column, halfway."""
    mean = total.sum() / max(float(weight.sum()), 1e-9)
    along_src, along_tgt = (
        _local_mean(np.bincount(unit, total), np.bincount(unit, weight), mean, prior)[unit]
        for unit in (grid.band.row, grid.band.column)
    )
    average: Floats = (along_src + along_tgt) / 2
    return average


def _local_mean(total: NDArray[Any], weight: NDArray[Any], mean: float, prior: float) -> Floats:
    """Weighted mean around each unit, drawn to the mean of all where there is little to go by."""
    kernel = np.exp(-0.5 * (np.arange(-3 * _WINDOW, 3 * _WINDOW + 1) / _WINDOW) ** 2)
    inner = slice(3 * _WINDOW, 3 * _WINDOW + len(total))
    near, count = (np.convolve(values, kernel)[inner] for values in (total, weight))
    average: Floats = (near + prior * mean) / (count + prior)
    return average


def match_evidence(measured: Measured, fit: Fit, cells: slice) -> Iterator[tuple[str, Floats]]:
    """Name and value (cells, shapes) of everything that is held for or against matches.

    Similarity is 1/2 for usual translations and -1/2 for what has nothing in common. As the log-odds of two
    normal distributions do, it counts with the square of the signal: in verse less than in prose.
    """
    blocks = _Blocks.of(measured, cells)
    usual = fit.usual[cells, None]
    similarity = (measured.margin[cells] - fit.chance) / (usual - fit.chance) - 0.5
    signal = np.minimum(fit.signal(cells)[:, None] / _PLAIN_SIGNAL, _MOST_SIGNAL)
    trusted = similarity * signal**2
    size = np.sqrt(
        (blocks.src_length / measured.src.length.mean() + blocks.tgt_length / measured.tgt.length.mean()) / 2
    )
    yield "similarity", trusted
    yield "similarity squared", trusted * np.abs(similarity)
    yield "similarity by units", trusted * (_SRC_SIZE + _TGT_SIZE) / 2
    yield "similarity by size", trusted * size
    yield "similarity by size and signal", similarity * signal * size
    yield "size", size
    for kind in sorted({_kind(shape) for shape in SHAPES}):
        yield kind, np.array([float(_kind(shape) == kind) for shape in SHAPES])
    yield "habit", fit.habit[: len(SHAPES)]
    surprise = (blocks.log_ratio - fit.ratio[cells, None]) / fit.spread
    squared = np.minimum(surprise**2, _MOST_SURPRISE)
    yield "length", np.abs(surprise)
    yield "length squared", squared
    yield "length squared by size", squared * size
    yield from _stop_evidence(measured, blocks)


def _stop_evidence(measured: Measured, blocks: _Blocks) -> Iterator[tuple[str, Floats]]:
    """Do both sides of a match end with a full stop, and has it others inside?"""
    src, tgt = (np.concatenate([[0.0], side.stop]) for side in (measured.src, measured.tgt))
    yield "stops at the end", src[blocks.src_end] * tgt[blocks.tgt_end]
    before_end = np.maximum(blocks.src_end - 1, 0), np.maximum(blocks.tgt_end - 1, 0)
    src, tgt = np.cumsum(src), np.cumsum(tgt)
    inside = src[before_end[0]] - src[np.minimum(blocks.src_start, before_end[0])]
    yield "stops inside", inside + tgt[before_end[1]] - tgt[np.minimum(blocks.tgt_start, before_end[1])]


def unit_evidence(side: Text, habit: float) -> Iterator[tuple[str, Floats]]:
    """Name and value (n,) of what is held for or against units without counterpart."""
    yield "alone", np.ones_like(side.length)
    yield "alone by size", np.sqrt(side.length / side.length.mean())
    yield "habit", np.full_like(side.length, habit)


def gains(measured: Measured, fit: Fit, weights: Mapping[str, float] = WEIGHTS) -> Gains:
    """The log-odds of all beads in the grid."""
    match = np.empty(measured.margin.shape, dtype=np.float32)
    for cells in _chunks(measured.grid.band.cells):
        match[cells] = sum(weights[name] * value for name, value in match_evidence(measured, fit, cells))
    match[measured.grid.before == measured.grid.band.cells] = -np.inf
    src, tgt = (
        np.sum([weights[name] * value for name, value in unit_evidence(side, habit)], axis=0)
        for side, habit in zip((measured.src, measured.tgt), fit.habit[len(SHAPES) :], strict=True)
    )
    return Gains(match, src, tgt, weights["run of units alone"])


def _kind(shape: Shape) -> str:
    return "{}-{}".format(*sorted(shape))


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The source and target blocks of all matches that end at some cells: arrays (cells, shapes)."""

    src_start: Ints
    src_end: Ints
    tgt_start: Ints
    tgt_end: Ints
    src_length: Floats
    tgt_length: Floats

    @staticmethod
    def of(measured: Measured, cells: slice) -> _Blocks:
        band = measured.grid.band
        src_end, tgt_end = band.row[cells, None], band.column[cells, None]
        src_start, tgt_start = np.maximum(src_end - _SRC_SIZE, 0), np.maximum(tgt_end - _TGT_SIZE, 0)
        src, tgt = (_running(side.length) for side in (measured.src, measured.tgt))
        lengths = src[src_end] - src[src_start], tgt[tgt_end] - tgt[tgt_start]
        return _Blocks(src_start, src_end, tgt_start, tgt_end, *lengths)

    @property
    def log_ratio(self) -> Floats:
        return np.log((self.src_length + _SOFT) / (self.tgt_length + _SOFT))


def _running(values: Floats) -> Floats:
    """Sums of the first 0, 1, 2... values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _chunks(cells: int) -> Iterator[slice]:
    return (slice(first, min(first + _CELLS, cells)) for first in range(0, cells, _CELLS))
