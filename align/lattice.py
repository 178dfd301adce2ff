"""Dynamic programming over a band of the grid of two texts (level 2).

A grid cell (i, j) says that the first i source and the first j target units are done with. A
path from (0, 0) to (n, m) is an alignment; each of its steps is a bead: a match of some
units with some others, or a single unit that has no counterpart (a gap). Only cells inside a `Band`
are looked at, so the work grows with the length of the texts and not with its square.

The score of a path is the sum of its gains: one for every match, one for every unit in a gap, and one
for opening a run of gaps, so that one long omission costs less than many short ones (Gotoh 1982). The
same recursion gives the best path (`numpy.maximum`) and, over all paths together, the
probability of each bead (`numpy.logaddexp`; forward-backward, Rabiner 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Band", "Gains", "Grid", "best_path", "posteriors"]

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Shape = tuple[int, int]


@dataclass(frozen=True)
class Band:
    """The cells (i, j) with low[i] <= j < high[i], numbered row after row.

    `low` and `high` have shape (n + 1,) and do not decrease.
    """

    low: Ints
    high: Ints

    @cached_property
    def start(self) -> Ints:
        """The number of each row's first cell, and of all cells at the end: shape (n + 2,)."""
        return np.concatenate([[0], np.cumsum(self.high - self.low)])

    @cached_property
    def cells(self) -> int:
        return int(self.start[-1])

    @cached_property
    def row(self) -> Ints:
        return np.repeat(np.arange(len(self.low)), self.high - self.low)

    @cached_property
    def column(self) -> Ints:
        return np.arange(self.cells) - np.repeat(self.start[:-1] - self.low, self.high - self.low)

    def before(self, n: int, m: int) -> Ints:
        """For every cell (i, j) the number of cell (i - n, j - m), or `cells` where it is outside."""
        row, column = self.row - n, self.column - m
        row_or_first = np.maximum(row, 0)
        inside = (row >= 0) & (column >= self.low[row_or_first]) & (column < self.high[row_or_first])
        found = self.start[row_or_first] + column - self.low[row_or_first]
        return np.where(inside, found, self.cells)

    def reversed(self) -> Band:
        """The band of both texts read backwards: its cell c is our cell `cells - 1 - c`."""
        last = self.high[-1]
        return Band((last - self.high)[::-1], (last - self.low)[::-1])

    @staticmethod
    def around(path: Ints, radius: int) -> Band:
        """All cells at most `radius` steps up, down, left or right of a path of cells (k, 2)."""
        rows = np.arange(path[-1, 0] + 1)
        before = path[np.searchsorted(path[:, 0], rows, "right") - 1, 1]
        after = path[np.searchsorted(path[:, 0], rows, "left"), 1]
        low, high = np.minimum(before, after), np.maximum(before, after)
        first, last = low - radius, high + radius
        for step in range(1, min(radius, len(rows) - 1) + 1):
            first[step:] = np.minimum(first[step:], low[:-step] - radius + step)
            last[:-step] = np.maximum(last[:-step], high[step:] + radius - step)
        return Band(np.maximum(first, 0), np.minimum(last, path[-1, 1]) + 1)


@dataclass(frozen=True)
class Grid:
    """A band and the matches that are allowed in it.

    `shapes` lists the sizes (n, m) of matches; `before[c, k]` is the cell that a match of
    shape k which ends at cell c starts from, or `band.cells` where that is not allowed.
    """

    band: Band
    shapes: Sequence[Shape]
    before: NDArray[np.int32]

    @staticmethod
    def of(band: Band, shapes: Sequence[Shape]) -> Grid:
        before = np.stack([band.before(n, m).astype(np.int32) for n, m in shapes], axis=1)
        return Grid(band, shapes, before)

    def reversed(self) -> Grid:
        return Grid.of(self.band.reversed(), self.shapes)


@dataclass(frozen=True)
class Gains:
    """What the steps of a path are worth (log-odds, say): the higher, the better.

    `match` (cells, shapes) for a match that ends at a cell; `src` (n,) and `tgt` (m,) for leaving
    a unit without counterpart; `open` for every run of such units.
    """

    match: Floats
    src: Floats
    tgt: Floats
    open: float = 0.0

    def reversed(self, grid: Grid, backwards: Grid) -> Gains:
        match = np.full_like(self.match, -np.inf)
        last = grid.band.cells - 1
        for k in range(match.shape[1]):
            starts = backwards.before[:, k]
            inside = starts <= last
            match[inside, k] = self.match[last - starts[inside], k]
        # A match that ends at `last - c` when read backwards starts at c.
        return Gains(match, self.src[::-1], self.tgt[::-1], self.open)


def _sweep(grid: Grid, gains: Gains, plus: np.ufunc) -> tuple[Floats, Floats]:
    """The sum (in the sense of `plus`) over all paths to each cell, by kind of the last step.

    Two arrays (cells + 1,): paths that end with a match (or have not begun), and with a gap. The
    additional last element stands for all cells outside the band.
    """
    band, start = grid.band, grid.band.start
    match, gap, either = (np.full(band.cells + 1, -np.inf) for _ in range(3))
    src = np.concatenate([[0.0], gains.src])
    tgt = np.concatenate([[0.0], np.cumsum(gains.tgt, dtype=np.float64)])
    above = band.before(1, 0)
    for i in range(len(band.low)):
        a, b = start[i], start[i + 1]
        here = match[a:b]
        if i == 0:
            here[0] = 0.0
        else:
            plus.reduce(either[grid.before[a:b]] + gains.match[a:b], axis=1, out=here)
        up = above[a:b]
        enter = plus(gap[up], match[up] + gains.open) + src[i]
        # Gaps on the target side run along the row. Relative to the sum of all gains so far, going on
        # is free, which turns the recursion into one accumulation.
        level = tgt[band.low[i] : band.high[i]]
        enter -= level
        enter[1:] = plus(enter[1:], here[:-1] + gains.open - level[:-1])
        gap[a:b] = plus.accumulate(enter) + level
        either[a:b] = plus(here, gap[a:b])
    return match, gap


def posteriors(grid: Grid, gains: Gains) -> tuple[Gains, float]:
    """How often each step is taken, on average over all paths, if paths are as likely as exp(score).

    Returns the probabilities of matches (cells, shapes) and of units without counterpart (n,) and
    (m,), and as `open` the expected number of runs, in the shape of the gains whose gradient they
    are; then the logarithm of the sum over all paths.
    """
    backwards = grid.reversed()
    match, gap = _sweep(grid, gains, np.logaddexp)
    match_after, gap_after = (
        part[-2::-1] for part in _sweep(backwards, gains.reversed(grid, backwards), np.logaddexp)
    )
    total = float(np.logaddexp(match[-2], gap[-2]))
    after = np.logaddexp(match_after, gap_after)[:, None] - total
    matched = np.exp(np.logaddexp(match, gap)[grid.before] + gains.match + after).astype(np.float32)
    # Where a run goes on across a cell, both sweeps have charged for opening it.
    opened = match + gains.open
    begun = np.logaddexp(opened, gap)
    rest = np.logaddexp(match_after, gap_after - gains.open) - total
    band, runs = grid.band, 0.0
    taken: list[Floats] = []
    for unit, gain, (n, m) in ((band.row, gains.src, (1, 0)), (band.column, gains.tgt, (0, 1))):
        before = band.before(n, m)
        step = rest + np.concatenate([[0.0], gain])[unit]
        runs += float(np.exp(opened[before] + step).sum())
        taken.append(np.bincount(unit, np.exp(begun[before] + step), len(gain) + 1)[1:].astype(np.float64))
    return Gains(matched, taken[0], taken[1], runs), total


def best_path(grid: Grid, gains: Gains) -> Ints:
    """The cells (i, j) of the path with the highest score, from (0, 0) to (n, m): shape (k, 2)."""
    match, gap = _sweep(grid, gains, np.maximum)
    either = np.maximum(match, gap)
    band = grid.band
    left, above = band.before(0, 1), band.before(1, 0)
    row, column = band.row, band.column
    cell = band.cells - 1
    cells = [cell]
    in_gap = gap[cell] > match[cell]
    while cell:
        if in_gap:
            up, back = above[cell], left[cell]
            rise = gains.src[row[cell] - 1] if up < band.cells else -np.inf
            run = gains.tgt[column[cell] - 1] if back < band.cells else -np.inf
            ways = (
                gap[up] + rise,
                gap[back] + run,
                match[up] + gains.open + rise,
                match[back] + gains.open + run,
            )
            way = int(np.argmax(ways))
            cell, in_gap = int((up, back)[way % 2]), way < 2
        else:
            starts = grid.before[cell]
            cell = int(starts[np.argmax(either[starts] + gains.match[cell])])
            in_gap = bool(gap[cell] > match[cell])
        cells.append(cell)
    cells.reverse()
    return np.stack([row[cells], column[cells]], axis=1)
