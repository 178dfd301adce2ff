"""An engine that does no batch twice: outputs come from the journal where they are in it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain

from align.translate.base import Batch, Engine, Output, TranslationOptions
from align.translate.journal import Journal

__all__ = ["remembered"]


def remembered(
    batches: Iterator[Batch], journal: Journal, engine: Callable[[], Engine], options: TranslationOptions
) -> Iterator[list[Output]]:
    """What `Engine.generate` gives, and each batch recorded as soon as it is complete.

    `engine` is called, and with it the network loaded, when the first batch comes that is not recorded.
    """
    for batch in batches:
        known = _find(batch, journal)
        if known is None:
            yield from _computed(chain([batch], batches), journal, engine(), options)
        else:
            yield known


def _computed(
    batches: Iterator[Batch], journal: Journal, engine: Engine, options: TranslationOptions
) -> Iterator[list[Output]]:
    """Engines run ahead: what they pull is theirs to do, unless a last run was killed with gaps."""
    order: deque[list[Output] | None] = deque()  # of what was pulled: outputs, or None for the engine's

    def unknown() -> Iterator[Batch]:
        for number, batch in enumerate(batches):
            known = _find(batch, journal) if number else None  # the first was looked for already
            order.append(known)
            if known is None:
                yield batch

    def done(batch: Batch, outputs: Sequence[Output]) -> None:
        value = [[list(output.pieces), output.logprob, output.lowest] for output in outputs]
        journal.record(_key(batch), value, len(outputs))

    for outputs in engine.generate(unknown(), options, done):
        while (known := order.popleft()) is not None:
            yield known
        yield outputs
    yield from (known for known in order if known is not None)


def _find(batch: Batch, journal: Journal) -> list[Output] | None:
    if not batch.sources:
        return []
    found = journal.find(_key(batch))
    return None if found is None else [Output(*values) for values in found]


def _key(batch: Batch) -> str:
    """A digest of all that an engine is given."""
    given = json.dumps([batch.limit, [list(pieces) for pieces in batch.sources]]).encode()
    return blake2b(given, digest_size=16).hexdigest()
