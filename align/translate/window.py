"""Some segments on their way through a model: what must be translated for them, what has come back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from align.translate.base import Batch, Hypothesis, Output, Progress
from align.translate.tokens import Tokenizer, copied, model_input, needs_model, split_long

__all__ = ["Window", "packs"]

_Item = TypeVar("_Item")
# A batch holds sources of one step only, so that how long an output may become depends on its own
# source and not on its neighbours.
_STEPS = (16, 40, 80, 160)


class Window:
    """Segments that are batched together.

    Every distinct input is translated once; what is longer than `limit` pieces is cut and joined
    again. `batches()` must be consumed once, and their outputs be given to `receive` in that order.
    """

    def __init__(self, texts: Sequence[str], tokenizer: Tokenizer, limit: int, batch_tokens: int) -> None:
        self._texts, self._tokenizer, self._batch_tokens = texts, tokenizer, batch_tokens
        self._inputs = [model_input(text) if needs_model(text) else "" for text in texts]
        self._parts: dict[str, list[str]] = {"": []}
        self._pieces: dict[str, list[str]] = {}
        self._cut(sorted(set(self._inputs) - {""}), limit)
        self._done: dict[str, Hypothesis] = {}
        self._waiting: deque[list[str]] = deque(self._plan())
        # Who is told of a segment when which part is done: of copied ones together with the first.
        self._segments: Counter[int] = Counter()
        self._words: Counter[int] = Counter()
        self._credit()

    @property
    def complete(self) -> bool:
        return not self._waiting

    def batches(self) -> Iterator[Batch]:
        """Longest first, so that trouble with memory shows at once; one empty batch if there are none."""
        for parts in tuple(self._waiting):
            sources = [self._pieces[part] for part in parts]
            yield Batch(sources, 2 * _step(len(sources[0])) + 20 if sources else 0)

    def receive(self, outputs: Sequence[Output], progress: Progress | None) -> None:
        """Take the outputs of the next batch, and tell `progress` which segments are done by it."""
        parts = self._waiting.popleft()
        for part, output in zip(parts, outputs, strict=True):
            text = self._tokenizer.text(output.pieces)
            self._done[part] = Hypothesis(text, output.logprob, output.lowest)
        number = len(self._waiting)
        if progress:
            progress(self._segments[number], self._words[number])

    def hypotheses(self) -> Iterator[Hypothesis]:
        """One for each segment, in order; to be called when `complete`."""
        for text, given in zip(self._texts, self._inputs, strict=True):
            parts = [self._done[part] for part in self._parts[given]]
            yield _joined(parts) if parts else Hypothesis(copied(text))

    def _cut(self, inputs: Sequence[str], limit: int) -> None:
        for given, pieces in zip(inputs, self._tokenizer.pieces(inputs), strict=True):
            if len(pieces) <= limit:
                self._parts[given] = [given] if pieces else []
                self._pieces[given] = pieces
                continue
            self._parts[given] = split_long(given, self._tokenizer, limit)
            self._pieces.update(
                zip(self._parts[given], self._tokenizer.pieces(self._parts[given]), strict=True)
            )

    def _plan(self) -> list[list[str]]:
        sizes = {part: len(pieces) for part, pieces in self._pieces.items() if pieces}
        order = sorted(sizes, key=lambda part: (-sizes[part], part))
        return list(packs(order, sizes, self._batch_tokens)) or [[]]

    def _credit(self) -> None:
        last = len(self._waiting) - 1
        position = {part: last - n for n, parts in enumerate(self._waiting) for part in parts}
        for text, given in zip(self._texts, self._inputs, strict=True):
            # Counted down, as batches go: a cut segment is done with the last batch of its parts.
            number = min((position[part] for part in self._parts[given]), default=last)
            self._segments[number] += 1
            self._words[number] += len(text.split())


def packs(order: Iterable[_Item], sizes: Mapping[_Item, int], limit: int) -> Iterator[list[_Item]]:
    """Cut an order (largest first) into runs of one step whose padded size stays within `limit` tokens."""
    pack: list[_Item] = []
    for item in order:
        if pack:
            largest = sizes[pack[0]]
            if largest * (len(pack) + 1) > limit or _step(sizes[item]) != _step(largest):
                yield pack
                pack = []
        pack.append(item)
    if pack:
        yield pack


def _step(size: int) -> int:
    return next((step for step in _STEPS if size <= step), size)


def _joined(parts: Sequence[Hypothesis]) -> Hypothesis:
    """The hypotheses of a cut segment as one."""
    if len(parts) == 1:
        return parts[0]
    means = [part.logprob for part in parts if part.logprob is not None]
    lows = [part.lowest for part in parts if part.lowest is not None]
    return Hypothesis(
        " ".join(part.text for part in parts if part.text),
        sum(means) / len(means) if means else None,
        min(lows, default=None),
    )
