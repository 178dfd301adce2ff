"""Encoded training data: token ids in two flat arrays, cut into batches of like lengths."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["TrainingData", "batches", "epoch_order", "pad"]

_ROUND = 4  # lengths are rounded up to this, so that fewer shapes occur


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Ids of all pairs: pair n is `src[src_at[n]:src_at[n+1]]` and likewise `tgt`.

    `sources` holds (weight, first pair, end) of each corpus file, `final` their weights in the last
    stage (empty: the same); `links` the source position of each target token, -1 for none.
    """

    src: Any
    src_at: Any
    tgt: Any
    tgt_at: Any
    sources: tuple[tuple[float, int, int], ...]
    links: Any = None
    final: tuple[float, ...] = ()

    @staticmethod
    def pack(
        src: Sequence[Sequence[int]], tgt: Sequence[Sequence[int]], sources: Sequence[tuple[float, int, int]]
    ) -> TrainingData:
        import numpy as np

        def flat(rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
            at = np.cumsum([0, *(len(row) for row in rows)])
            return np.fromiter((n for row in rows for n in row), dtype=np.int32, count=int(at[-1])), at

        return TrainingData(*flat(src), *flat(tgt), tuple(sources))

    def save(self, path: Path) -> None:
        import numpy as np

        links = np.full(len(self.tgt), -1, dtype=np.int16) if self.links is None else self.links
        flat = {
            "src": self.src,
            "src_at": self.src_at,
            "tgt": self.tgt,
            "tgt_at": self.tgt_at,
            "links": links,
        }
        np.savez(path, **flat, sources=np.array(self.sources), final=np.array(self.final))

    @staticmethod
    def load(path: Path) -> TrainingData:
        import numpy as np

        with np.load(path, allow_pickle=False) as z:
            sources = tuple((float(w), int(a), int(b)) for w, a, b in z["sources"])
            final = tuple(map(float, z["final"]))
            return TrainingData(z["src"], z["src_at"], z["tgt"], z["tgt_at"], sources, z["links"], final)

    def lengths(self, n: int) -> tuple[int, int]:
        return int(self.src_at[n + 1] - self.src_at[n]), int(self.tgt_at[n + 1] - self.tgt_at[n])

    def pair(self, n: int) -> tuple[Any, Any]:
        return self.src[self.src_at[n] : self.src_at[n + 1]], self.tgt[self.tgt_at[n] : self.tgt_at[n + 1]]

    def link(self, n: int) -> Any:
        return self.links[self.tgt_at[n] : self.tgt_at[n + 1]]


def epoch_order(data: TrainingData, seed: int, epoch: int, *, final: bool = False) -> list[int]:
    """The pairs of one epoch: each corpus by its (final) weight, another sample of it every epoch."""
    weights = [weight for weight, _, _ in data.sources]
    if final and data.final:
        weights = list(data.final)
    rng = random.Random(seed * 1_000_003 + epoch)  # noqa: S311 - reproducible shuffling, no secret
    chosen: list[int] = []
    for weight, (_, start, end) in zip(weights, data.sources, strict=True):
        whole, part = divmod(weight, 1)
        chosen += list(range(start, end)) * int(whole)
        chosen += rng.sample(range(start, end), round(part * (end - start)))
    rng.shuffle(chosen)
    return chosen


def batches(data: TrainingData, order: Sequence[int], tokens: int, seed: int) -> list[list[int]]:
    """Batches of at most `tokens` padded tokens a side, in random order.

    Sorting by both lengths leaves little padding; the shuffled `order` decides among equals.
    """
    by_length = sorted(order, key=lambda n: data.lengths(n)[::-1])
    groups: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for n in by_length:
        longest = max(longest, *data.lengths(n))
        if current and longest * (len(current) + 1) > tokens:
            groups.append(current)
            current, longest = [], max(data.lengths(n))
        current.append(n)
    if current:
        groups.append(current)
    random.Random(seed).shuffle(groups)  # noqa: S311
    return groups


def pad(rows: Sequence[Any], fill: int) -> Any:
    """Id rows -> one int64 array [rows, longest], filled up at the end."""
    import numpy as np

    length = -(-max(len(row) for row in rows) // _ROUND) * _ROUND
    out = np.full((len(rows), length), fill, dtype=np.int64)
    for target, row in zip(out, rows, strict=True):
        target[: len(row)] = row
    return out
