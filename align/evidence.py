"""What speaks for a bead and what against it (level 2).

The aligner is a semi-Markov conditional random field (Sarawagi and Cohen 2004): the log-odds of a
bead are a weighted sum of a few measurements, listed in `match_evidence` and `unit_evidence`. The weights
hold for all documents. What differs from one document to the next, and from place to place in a long one
(a volume may hold news and verse), is in its `Fit`: how similar translations are here, how similar chance
is, how long the translation of a text is, which shapes of beads are usual. A first guess of the fit
is made from the document alone, and better ones from an alignment. All measurements are the same
when the sides are exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from align.arabic import strip_diacritics, strip_tatweel
from align.lattice import Band, Floats, Gains, Grid, Ints, Shape
from align.weights import WEIGHTS

__all__ = [
    "SHAPES",
    "Fit",
    "Measured",
    "Place",
    "Text",
    "bare",
    "first_fit",
    "gains",
    "match_evidence",
    "refit",
    "unit_evidence",
    "units_alone",
]

SHAPES = ((1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 1), (3, 1), (4, 1), (5, 1), (2, 2), (2, 3), (3, 2))
"""Sizes of matches. Larger ones than 2-2 with several units on both sides can nearly always be cut."""

_SRC_SIZE, _TGT_SIZE = np.array(SHAPES).T
_UNITS = ((_SRC_SIZE + _TGT_SIZE) / 2).astype(np.float32)
# What share of all beads each shape has, and source and target units without counterpart, in a text
# that we know nothing about; and how many beads it takes to shake that belief.
_SHARES = np.array(
    [0.6, 0.07, 0.02, 0.004, 0.001, 0.07, 0.02, 0.004, 0.001, 0.02, 0.002, 0.002, 0.093, 0.093]
)
_PRIOR_COUNT = 20.0
_CELLS = 100_000  # evidence is weighed for so many cells at a time, to bound the memory
_WINDOW = 40  # units that make a place (standard deviation of the window)
_REACH = 100  # units either way over which the first guess of the length ratio is taken
_BLOCK = 128  # units whose margins give a quantile
_PRIOR_BEADS = 3.0  # weight of the whole document in a local length ratio, in beads
_PRIOR_USUAL = 10.0  # ... in a local similarity, the spread of lengths and the shares of shapes
_PRIOR_UNITS = 5.0  # ... and in what is usual of units, in units
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
    """What the aligner wants to know of a side besides its vectors: arrays (n,) of its n units.

    `length` in characters without vowel signs; `size` the same as a multiple of what is usual around there.
    `stop` is 1 where a unit ends with a full stop or its like and 0 elsewhere, less the share of such
    units around there; `telling` is how much that can tell: 0 where all are alike, 1 where half end so.
    """

    length: Floats
    size: Floats
    stop: Floats
    telling: Floats

    @staticmethod
    def of(units: Sequence[str]) -> Text:
        length = np.array([len(bare(unit)) + 1 for unit in units], dtype=np.float64)
        stop = np.array([_STOP.search(unit) is not None for unit in units], dtype=np.float64)
        return Text.measured(length, stop)

    @staticmethod
    def measured(length: Floats, stop: Floats) -> Text:
        """From the lengths (n,) and the stops (n,), 1 or 0, alone."""
        each = np.ones(len(length))
        usual, share = (_local_mean(values, each, _PRIOR_UNITS) for values in (length, stop))
        return Text(length, length / usual, stop - share, 2 * np.sqrt(share * (1 - share)))


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is measured once on a pair of texts: see `align.similarity.cosines` for the arrays."""

    grid: Grid
    margin: Floats  # (cells, shapes): cosine less what is common to all texts
    src: Text
    tgt: Text


@dataclass(frozen=True, slots=True)
class Place:
    """A value for every cell, that changes slowly: halfway between the value of its row and its column.

    `row` has shape (n + 1, ...) and `column` (m + 1, ...).
    """

    row: Floats
    column: Floats

    @staticmethod
    def everywhere(value: float | Floats, band: Band) -> Place:
        shape = np.shape(value)
        return Place(
            *(np.broadcast_to(value, (count, *shape)) for count in (len(band.low), int(band.high[-1])))
        )

    @staticmethod
    def mean(band: Band, total: Floats, weight: Floats, prior: float) -> Place:
        """The weighted mean of what is found near each cell: `total` and `weight` have shape (cells,)."""
        return Place(
            *(
                _local_mean(np.bincount(unit, total), np.bincount(unit, weight), prior)
                for unit in (band.row, band.column)
            )
        )

    def at(self, band: Band, cells: slice = slice(None)) -> Floats:
        """The values of some cells: (cells, ...)."""
        row, column = (side.astype(np.float32) for side in (self.row, self.column))
        values: Floats = (row[band.row[cells]] + column[band.column[cells]]) / 2
        return values

    def least(self, other: Place) -> Place:
        """The same, but nowhere below the other."""
        return Place(np.maximum(self.row, other.row), np.maximum(self.column, other.column))


@dataclass(frozen=True, slots=True)
class Fit:
    """What is peculiar to a pair of texts, place by place.

    Translations have a margin of about `usual`; texts that have nothing in common `chance`, give or take
    `noise`. `ratio` is the expected logarithm of source by target length, `spread` the standard
    deviation around it. `habit` (..., shapes + 2) is the logarithm of the share that each shape has among
    all beads, and at the end those that source and target units without counterpart have.
    """

    usual: Place
    chance: Place
    noise: Place
    ratio: Place
    spread: Place
    habit: Place

    def signal(self, band: Band, cells: slice = slice(None)) -> Floats:
        """By how many standard deviations of chance translations stand out: 6 in prose, 3 in verse."""
        usual, chance, noise = (part.at(band, cells) for part in (self.usual, self.chance, self.noise))
        signal: Floats = (usual - chance) / noise
        return signal


def first_fit(measured: Measured) -> Fit:
    """A fit from the texts alone: most source units have a counterpart, and most pairs of units have none."""
    grid = measured.grid
    band, single = grid.band, SHAPES.index((1, 1))
    inside = grid.before[:, single] < band.cells
    margin = measured.margin[inside, single].astype(np.float64)
    chance, noise, usual = [], [], []
    for unit, count in ((band.row, len(band.low)), (band.column, int(band.high[-1]))):
        middle, low = (_quantile_near(unit[inside], count, margin, q) for q in (0.5, 0.16))
        best = np.full(count, -np.inf)
        np.maximum.at(best, unit[inside], margin)
        chance.append(middle)
        noise.append(np.maximum(middle - low, 0.01))
        met = np.flatnonzero(best > -np.inf)
        usual.append(np.maximum(_quantile_near(met, count, best[met], 0.7), middle + noise[-1]))
    lengths = _running(measured.src.length), _running(measured.tgt.length)
    return Fit(
        Place(*usual),
        Place(*chance),
        Place(*noise),
        Place(
            _ratio_along(band.row, band.column, *lengths),
            -_ratio_along(band.column, band.row, *lengths[::-1]),
        ),
        Place.everywhere(0.35, band),
        Place.everywhere(np.log(_SHARES), band),
    )


def _ratio_along(unit: Ints, other: Ints, own_length: Floats, other_length: Floats) -> Floats:
    """Logarithm of own by other length around each unit, if the other text goes along as the band does.

    `unit` and `other` (cells,) say where the cells of the band lie, the lengths are running sums; the result
    has the shape of `own_length`.
    """
    count = len(own_length)
    middle = np.rint(np.bincount(unit, other) / np.bincount(unit)).astype(np.int64)
    first, last = np.arange(count) - _REACH, np.arange(count) + _REACH
    first, last = np.maximum(first, 0), np.minimum(last, count - 1)
    start, end = np.where(first == 0, 0, middle[first]), middle[last]
    end = np.where(last == count - 1, len(other_length) - 1, end)
    own = own_length[last] - own_length[first]
    ratio: Floats = np.log((own + _SOFT) / (other_length[end] - other_length[start] + _SOFT))
    return ratio


def _quantile_near(unit: Ints, count: int, values: Floats, quantile: float) -> Floats:
    """The quantile of the values around each unit: (count,), taken block by block and then smoothed.

    `unit` and `values` have shape (k,): value n was found at unit n.
    """
    order = np.argsort(unit, kind="stable")
    blocks = max(1, count // _BLOCK)
    starts = np.arange(blocks) * count // blocks
    parts = np.split(values[order], np.searchsorted(unit[order], starts[1:]))
    weight = np.array([float(len(part)) for part in parts])
    found = np.array([np.quantile(part, quantile) if len(part) else 0.0 for part in parts])
    block = np.searchsorted(starts, np.arange(count), "right") - 1
    return _local_mean((found * weight)[block], weight[block], 0.0)


def refit(measured: Measured, fit: Fit, taken: Gains) -> Fit:
    """A better fit from the probabilities of a first alignment (one step of expectation-maximisation)."""
    band = measured.grid.band
    single = SHAPES.index((1, 1))
    sure = taken.match[:, single].astype(np.float64)
    usual = Place.mean(band, sure * measured.margin[:, single], sure, _PRIOR_USUAL)
    weight, total, square = (np.zeros(band.cells) for _ in range(3))
    for cells in _chunks(band.cells):
        probability, log_ratio = taken.match[cells], _Blocks.of(measured, cells).log_ratio
        weight[cells] = probability.sum(axis=1)
        total[cells] = (probability * log_ratio).sum(axis=1)
        square[cells] = (probability * log_ratio**2).sum(axis=1)
    ratio = Place.mean(band, total, weight, _PRIOR_BEADS)
    expected = ratio.at(band)
    variance = Place.mean(
        band, np.maximum(square - 2 * expected * total + expected**2 * weight, 0), weight, _PRIOR_USUAL
    )
    least = Place(fit.chance.row + fit.noise.row, fit.chance.column + fit.noise.column)
    spread = Place(*(np.maximum(np.sqrt(part), 0.05) for part in (variance.row, variance.column)))
    return Fit(usual.least(least), fit.chance, fit.noise, ratio, spread, _habit(measured, taken))


def _habit(measured: Measured, taken: Gains) -> Place:
    """The shares of all shapes around each unit, drawn to those of the document, and these to the usual ones.

    A row does not know which target units have no counterpart, nor a column which source units: there
    the document's share counts.
    """
    band = measured.grid.band
    whole = np.array([*taken.match.sum(axis=0), taken.src.sum(), taken.tgt.sum()]) + _PRIOR_COUNT * _SHARES
    whole /= whole.sum()
    sides = []
    for unit, alone, own, other in (
        (band.row, taken.src, len(SHAPES), len(SHAPES) + 1),
        (band.column, taken.tgt, len(SHAPES) + 1, len(SHAPES)),
    ):
        counts = np.zeros((len(alone) + 1, len(whole)))
        for k in range(len(SHAPES)):
            counts[:, k] = np.bincount(unit, taken.match[:, k])
        counts[1:, own] = alone
        counts[:, other] = counts.sum(axis=1) * whole[other] / (1 - whole[other])
        beads = counts.sum(axis=1)
        shares = [
            _local_mean(count, beads, _PRIOR_COUNT, share)
            for count, share in zip(counts.T, whole, strict=True)
        ]
        sides.append(np.log(np.stack(shares, axis=1)))
    return Place(*sides)


def _local_mean(total: NDArray[Any], weight: NDArray[Any], prior: float, mean: float | None = None) -> Floats:
    """Weighted mean around each unit, drawn to the mean of all where there is little to go by."""
    if mean is None:
        mean = total.sum() / max(float(weight.sum()), 1e-9)
    kernel = np.exp(-0.5 * (np.arange(-3 * _WINDOW, 3 * _WINDOW + 1) / _WINDOW) ** 2)
    inner = slice(3 * _WINDOW, 3 * _WINDOW + len(total))
    near, count = (np.convolve(values, kernel)[inner] for values in (total, weight))
    average: Floats = (near + prior * mean) / np.maximum(count + prior, 1e-9)
    return average


def match_evidence(measured: Measured, fit: Fit, cells: slice) -> Iterator[tuple[str, Floats]]:
    """Name and value (cells, shapes) of everything that is held for or against matches.

    Similarity is 1/2 for usual translations and -1/2 for what has nothing in common. As the log-odds of two
    normal distributions do, it counts with the square of the signal: in verse less than in prose.
    """
    blocks, band = _Blocks.of(measured, cells), measured.grid.band
    usual, chance, ratio, spread = (
        part.at(band, cells)[:, None] for part in (fit.usual, fit.chance, fit.ratio, fit.spread)
    )
    similarity = (measured.margin[cells] - chance) / (usual - chance) - 0.5
    signal = np.minimum(fit.signal(band, cells)[:, None] / _PLAIN_SIGNAL, _MOST_SIGNAL)
    trusted = similarity * signal**2
    size = np.sqrt((blocks.src_size + blocks.tgt_size) / 2)
    yield "similarity", trusted
    yield "similarity squared", trusted * np.abs(similarity)
    yield "similarity by units", trusted * _UNITS
    yield "similarity by size", trusted * size
    yield "similarity by size and signal", similarity * signal * size
    yield "size", size
    for kind in sorted({_kind(shape) for shape in SHAPES}):
        yield kind, np.array([_kind(shape) == kind for shape in SHAPES], dtype=np.float32)
    yield "habit", fit.habit.at(band, cells)[:, : len(SHAPES)]
    surprise = (blocks.log_ratio - ratio) / spread
    squared = np.minimum(surprise**2, _MOST_SURPRISE)
    yield "length", np.abs(surprise)
    yield "length squared", squared
    yield "length squared by size", squared * size
    yield from _stop_evidence(measured, blocks)


def _stop_evidence(measured: Measured, blocks: _Blocks) -> Iterator[tuple[str, Floats]]:
    """Do both sides of a match end with a full stop, and has it others inside?

    A stop inside one side speaks against the match as far as the other side has stops to be expected:
    Arabic verse has none, and its translation has them anywhere.
    """
    (src, src_inside, src_telling), (tgt, tgt_inside, tgt_telling) = (
        _stops(side, *ends)
        for side, ends in (
            (measured.src, (blocks.src_start, blocks.src_end)),
            (measured.tgt, (blocks.tgt_start, blocks.tgt_end)),
        )
    )
    yield "stops at the end", src * tgt
    yield "stops inside", src_inside * tgt_telling + tgt_inside * src_telling


def _stops(side: Text, start: Ints, end: Ints) -> tuple[Floats, Floats, Floats]:
    """Of blocks: the stop at the end, the sum of those before it, how telling stops are around there."""
    last = np.maximum(end - 1, 0)
    before = _running(side.stop)
    inside = (before[last] - before[np.minimum(start, last)]).astype(np.float32)
    nothing = end == 0  # of no block
    stop, telling = (
        np.where(nothing, 0, values[last]).astype(np.float32) for values in (side.stop, side.telling)
    )
    return stop, inside, telling


def unit_evidence(side: Text, habit: Floats) -> Iterator[tuple[str, Floats]]:
    """Name and value (n,) of what is held for or against units without counterpart."""
    yield "alone", np.ones_like(side.length)
    yield "alone by size", np.sqrt(side.size)
    yield "habit", habit


def units_alone(measured: Measured, fit: Fit) -> Iterator[tuple[Text, Floats]]:
    """Each side and the habit (n,) of leaving its units without counterpart."""
    yield measured.src, fit.habit.row[1:, len(SHAPES)]
    yield measured.tgt, fit.habit.column[1:, len(SHAPES) + 1]


def gains(measured: Measured, fit: Fit, weights: Mapping[str, float] = WEIGHTS) -> Gains:
    """The log-odds of all beads in the grid."""
    match = np.empty(measured.margin.shape, dtype=np.float32)
    for cells in _chunks(measured.grid.band.cells):
        match[cells] = sum(weights[name] * value for name, value in match_evidence(measured, fit, cells))
    match[measured.grid.before == measured.grid.band.cells] = -np.inf
    src, tgt = (
        np.sum([weights[name] * value for name, value in unit_evidence(side, habit)], axis=0)
        for side, habit in units_alone(measured, fit)
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
    src_size: Floats
    tgt_size: Floats

    @staticmethod
    def of(measured: Measured, cells: slice) -> _Blocks:
        band = measured.grid.band
        src_end, tgt_end = band.row[cells, None], band.column[cells, None]
        src_start, tgt_start = np.maximum(src_end - _SRC_SIZE, 0), np.maximum(tgt_end - _TGT_SIZE, 0)
        sums = []
        for values in ("length", "size"):
            src, tgt = (_running(getattr(side, values)) for side in (measured.src, measured.tgt))
            sums += [
                (side[end] - side[start]).astype(np.float32)
                for side, start, end in ((src, src_start, src_end), (tgt, tgt_start, tgt_end))
            ]
        return _Blocks(src_start, src_end, tgt_start, tgt_end, *sums)

    @property
    def log_ratio(self) -> Floats:
        return np.log((self.src_length + _SOFT) / (self.tgt_length + _SOFT))


def _running(values: Floats) -> Floats:
    """Sums of the first 0, 1, 2... values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _chunks(cells: int) -> Iterator[slice]:
    return (slice(first, min(first + _CELLS, cells)) for first in range(0, cells, _CELLS))
