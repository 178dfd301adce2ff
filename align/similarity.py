"""How alike two stretches of text are, for all pairs in a band (level 2).

The vector of a block of sentences is nearly free for encoders that add up token vectors before they
run their last layers, the head: the sums are added, and only the head is run. What the sum lacks,
the tokens at the seam of two sentences, is put right by one mean vector a side, measured on
a sample of the text itself. The result has cosine .99 with the vector of the truly joined sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from align.lattice import Band, Gains, Grid, best_path

__all__ = ["Encoder", "Pooled", "Side", "coarse_path", "cosines", "encode_side"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_CENTRE = 64  # units of a part that are enough to average over, with as many from either neighbour
_PLACE = 250  # units that make a part of a text with means of its own
_SEAMS = 64  # seams that are measured a side
_ROWS = 512  # source units whose block vectors are held at a time
_TILE = 32  # source units a matrix product: small, for a tile holds many cells outside the band
_TOP = 48  # the coarsest level has at most this many blocks a side
_REACH = 8  # radius of the band on coarse levels


@dataclass(frozen=True, slots=True)
class Pooled:
    """What an encoder knows of n texts before its head: sums (n, d) and token counts (n,)."""

    sums: Floats
    tokens: Floats

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, part: slice) -> Pooled:
        return Pooled(self.sums[part], self.tokens[part])


class Encoder(Protocol):
    """Turns texts into vectors in two steps; vectors of either language share one space.

    An encoder without such a seam returns its vectors, times the token counts, as `sums`, and scales
    them to unit length in `head`.
    """

    @property
    def name(self) -> str: ...

    def pool(self, texts: Sequence[str]) -> Pooled: ...

    def head(self, pooled: Pooled) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One text as the aligner sees it: n units, and what each further unit in a block adds (`seam`)."""

    encoder: Encoder
    units: Pooled
    seam: Pooled

    def __len__(self) -> int:
        return len(self.units)

    def __getitem__(self, part: slice) -> Side:
        return Side(self.encoder, self.units[part], self.seam)

    def centres(self, blocks: int) -> Floats:
        """The mean vector of single units around each of so many parts of the text: (blocks, d).

        Only a sample of the units is looked at, and every mean takes in the blocks beside it.
        """
        wanted = _CENTRE * max(3, blocks)  # a text of one part has no neighbours
        sample = np.arange(0, len(self), max(1, len(self) // wanted))
        vectors = self.encoder.head(Pooled(self.units.sums[sample], self.units.tokens[sample]))
        starts = np.searchsorted(self.block_of(sample, blocks), np.arange(blocks))
        sums = np.add.reduceat(vectors, starts, axis=0)
        counts = np.diff([*starts, len(sample)]).astype(np.float32)[:, None]
        centres: Floats = _with_neighbours(sums) / _with_neighbours(counts)
        return centres

    def block_of(self, units: Ints, blocks: int) -> Ints:
        """Which of the blocks each unit belongs to; what lies before the text belongs to the first."""
        return np.clip(units * blocks // len(self), 0, blocks - 1)

    def ending(self, first: int, last: int, size: int) -> Floats:
        """Vectors (last - first, d) of the blocks of `size` units that end before first, first + 1...

        Where the text has no such block, for it would begin before the text, the vector is 0.
        """
        missing = min(max(size - first, 0), last - first)
        nothing = np.zeros((missing, self.encoder.head(self.units[:1]).shape[1]), dtype=np.float32)
        if missing == last - first:
            return nothing
        begin, end = first + missing - size, last - size
        sums, tokens = (size - 1) * self.seam.sums, (size - 1) * self.seam.tokens
        for k in range(size):
            sums = sums + self.units.sums[begin + k : end + k]
            tokens = tokens + self.units.tokens[begin + k : end + k]
        return np.concatenate([nothing, self.encoder.head(Pooled(sums, np.maximum(tokens, 1)))])

    def halved(self) -> Side:
        """The same text in units twice as long."""
        starts = np.arange(0, len(self), 2)
        seams = (np.arange(1, len(self) + 1, 2) < len(self)).astype(np.float32)
        sums = np.add.reduceat(self.units.sums, starts, axis=0) + seams[:, None] * self.seam.sums
        tokens = np.add.reduceat(self.units.tokens, starts) + seams * self.seam.tokens
        return Side(self.encoder, Pooled(sums, np.maximum(tokens, 1)), self.seam)


def _with_neighbours(values: Floats) -> Floats:
    """Every row with the one before it and the one after it."""
    total: Floats = values.copy()
    total[1:] += values[:-1]
    total[:-1] += values[1:]
    return total


def encode_side(texts: Sequence[str], encoder: Encoder) -> Side:
    """Encode the units of a text, and a sample of neighbours joined to measure the seam."""
    units = encoder.pool(texts)
    first = np.unique(np.linspace(0, max(len(texts) - 2, 0), _SEAMS).astype(np.int64))[: len(texts) - 1]
    if not len(first):
        return Side(encoder, units, Pooled(units.sums[:1] * 0, units.tokens[:1] * 0))
    joined = encoder.pool([f"{texts[i]} {texts[i + 1]}" for i in first])
    sums = joined.sums - units.sums[first] - units.sums[first + 1]
    tokens = joined.tokens - units.tokens[first] - units.tokens[first + 1]
    return Side(encoder, units, Pooled(sums.mean(axis=0, keepdims=True), tokens.mean(keepdims=True)))


def cosines(src: Side, tgt: Side, grid: Grid, *, whole: bool = False) -> Floats:
    """How much the two blocks of every match in the grid have in common: (cells, shapes).

    That is their cosine, less what either has on average with the units of the other side around there (the
    mean of both averages), for some blocks ("hubs") are near to everything. With `whole`, the averages are
    over all units, and what tells one part of the text from the others stays. 0 where no match is allowed.
    """
    band = grid.band
    result = np.zeros((band.cells, len(grid.shapes)), dtype=np.float32)
    blocks = 1 if whole else max(1, min(len(src), len(tgt)) // _PLACE)
    src_means, tgt_means = src.centres(blocks).T / 2, tgt.centres(blocks).T / 2
    src_block = src.block_of(np.arange(-1, len(src)), blocks)  # of the last unit before a cell
    tgt_block = tgt.block_of(np.arange(-1, len(tgt)), blocks)
    src_sizes, tgt_sizes = map(set, zip(*grid.shapes, strict=True))
    for top in range(0, len(band.low), _ROWS):
        rows = range(top, min(top + _ROWS, len(band.low)))
        columns = range(int(band.low[rows[0]]), int(band.high[rows[-1]]))
        left = {n: src.ending(rows.start, rows.stop, n) for n in src_sizes}
        right = {m: tgt.ending(columns.start, columns.stop, m) for m in tgt_sizes}
        near_src = range(src_block[rows.start], src_block[rows.stop - 1] + 1)
        near_tgt = range(tgt_block[columns.start], tgt_block[columns.stop - 1] + 1)
        left_hub = {n: part @ tgt_means[:, near_tgt.start : near_tgt.stop] for n, part in left.items()}
        right_hub = {m: part @ src_means[:, near_src.start : near_src.stop] for m, part in right.items()}
        for first in range(rows.start, rows.stop, _TILE):
            last = min(first + _TILE, rows.stop)
            low, high = int(band.low[first]) - columns.start, int(band.high[last - 1]) - columns.start
            cells = slice(int(band.start[first]), int(band.start[last]))
            i, j = band.row[cells] - rows.start, band.column[cells] - columns.start
            tile = slice(first - rows.start, last - rows.start)
            of_src = src_block[band.row[cells]] - near_src.start
            of_tgt = tgt_block[band.column[cells]] - near_tgt.start
            for k, (n, m) in enumerate(grid.shapes):
                product = left[n][tile] @ right[m][low:high].T
                hubs = left_hub[n][i, of_tgt] + right_hub[m][j, of_src]
                result[cells, k] = product[i - tile.start, j - low] - hubs
    result[grid.before == band.cells] = 0
    return result


def coarse_path(src: Side, tgt: Side) -> Ints:
    """A rough path of cells (k, 2) from (0, 0) to (n, m), found from coarse to fine.

    Both texts are halved until they are short enough to compare all blocks with all; the best path is
    then refined level by level in a narrow band (Thompson and Koehn 2019, "Vecalign"). Work is linear
    in the length, and the true path may lie anywhere: no distance from the diagonal is assumed.
    """
    levels = [(src, tgt)]
    while max(len(levels[-1][0]), len(levels[-1][1])) > _TOP:
        levels.append((levels[-1][0].halved(), levels[-1][1].halved()))
    whole = np.array([[0, 0], [0, len(levels[-1][1])], [len(levels[-1][0]), len(levels[-1][1])]])
    path, radius = whole, _TOP
    for left, right in reversed(levels[1:] or levels):
        ends = np.array([len(left), len(right)])
        grid = Grid.of(Band.around(np.minimum(path, ends), radius), [(1, 1)])
        gain = cosines(left, right, grid, whole=True)
        gain -= np.mean(gain) + np.std(gain)  # few blocks exceed this that have nothing in common
        path = 2 * best_path(grid, Gains(gain, np.zeros(len(left)), np.zeros(len(right))))
        radius = _REACH
    rough: Ints = np.minimum(path if levels[1:] else path // 2, [len(src), len(tgt)])
    return rough
