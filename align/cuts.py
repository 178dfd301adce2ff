"""Places that an alignment must pass through (level 2).

A cut is a grid cell (i, j): the units before it belong together, and those from it on. People give
them as anchors and as locked beads; paragraph and chapter marks give them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from align.corpus import Bead
from align.errors import InputError
from align.lattice import Band, Gains, Grid, Ints
from align.similarity import Side, coarse_path

__all__ = ["band_between", "cells_of", "forbid_crossings", "put_back"]


def cells_of(anchors: Iterable[tuple[int, int]], locked: Iterable[Bead], n: int, m: int) -> Ints:
    """All cuts in order, with (0, 0) and (n, m): shape (k, 2).

    Raises `InputError` where one lies outside the texts, or two cross.
    """
    corners = [((b.src_start, b.tgt_start), (b.src_end, b.tgt_end)) for b in locked]
    cuts = sorted({(0, 0), (n, m), *anchors, *(cell for pair in corners for cell in pair)})
    for i, j in cuts:
        if not (0 <= i <= n and 0 <= j <= m):
            raise InputError(
                f"anchor {i}:{j} lies outside the texts, which have {n} and {m} units",
                advice="units count from 0",
            )
    for (i, j), (i_next, j_next) in pairwise(cuts):
        if j_next < j:
            raise InputError(f"anchors {i}:{j} and {i_next}:{j_next} cross", advice="remove one of them")
    for (start, end), (begin, _) in pairwise(sorted(corners)):
        if begin < end and begin != start:
            raise InputError(f"locked beads overlap at {begin[0]}:{begin[1]}", advice="unlock one of them")
    return np.array(cuts)


def band_between(cuts: Ints, src: Side, tgt: Side, radius: int) -> Band:
    """A band around a rough path that passes through all cuts, and nowhere beside them."""
    parts = [cuts[:1]]
    for begin, end in pairwise(cuts):
        part = src[begin[0] : end[0]], tgt[begin[1] : end[1]]
        rough = coarse_path(*part) if all(map(len, part)) else np.array([[0, 0], end - begin])
        parts.append(rough + begin)
    band = Band.around(np.concatenate(parts), radius)
    low, high = band.low.copy(), band.high.copy()
    # The row of a cut stays: added units may lie right before and behind it.
    for i, j in cuts:
        low[i + 1 :] = np.maximum(low[i + 1 :], j)
        high[:i] = np.minimum(high[:i], j + 1)
    return Band(low, high)


def forbid_crossings(gains: Gains, grid: Grid, cuts: Ints) -> None:
    """Take away, in place, the matches that would jump over a cut."""
    band = grid.band
    rows = np.zeros(len(band.low) + 1)
    rows[cuts[:, 0] + 1] = 1
    passed = np.cumsum(rows)  # passed[i]: rows before i that have a cut
    for k, (n, _) in enumerate(grid.shapes):
        crossing = passed[band.row] > passed[np.maximum(band.row - n, 0) + 1]
        gains.match[crossing, k] = -np.inf
    # In the row of a cut, matches end at its column or before, and begin there or behind.
    for i in np.unique(cuts[:, 0]):
        first, end = band.start[i], band.start[i + 1]
        columns = cuts[cuts[:, 0] == i, 1] - band.low[i]
        gains.match[first + columns.min() + 1 : end] = -np.inf
        gains.match[(grid.before >= first) & (grid.before < first + columns.max())] = -np.inf


def put_back(beads: Iterable[Bead], locked: Sequence[Bead]) -> tuple[Bead, ...]:
    """Exchange whatever was found inside locked beads for these."""
    corners = {(b.src_start, b.tgt_start): b for b in locked}
    result: list[Bead] = []
    end = (0, 0)
    for bead in beads:
        start = (bead.src_start, bead.tgt_start)
        if start in corners and start >= end:
            result.append(corners[start])
            end = (corners[start].src_end, corners[start].tgt_end)
        elif start >= end:
            result.append(bead)
    return tuple(result)
