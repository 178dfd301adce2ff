"""A translator that looks into a memory before it asks the model, and remembers what the model says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import Any

from align.corpus import Match
from align.memory.store import Memory
from align.memory.units import Unit
from align.translate.base import Hypothesis, Progress, Translator
from align.translate.journal import Journal

__all__ = ["MemoryTranslator"]

_WINDOW = 1_000  # segments that are looked up together
_STORED = 20_000  # translations that are stored together


class MemoryTranslator:
    """The `inner` translator behind a memory; see `Translator` for the contract.

    A translation by people (unless `people` is false) or, failing that, one by the same model in the same
    settings takes the place of a new one. Where there is neither, the translation of the most similar
    source by people is offered as `Hypothesis.match`, if the similarity is `least` or more (None: not
    looked for). `scored` asks for `Hypothesis.lowest`. With a `journal` a job that goes on sees what the
    interrupted one saw: hits are recorded, and machine units of its own are never among them.
    """

    def __init__(
        self,
        inner: Translator,
        memory: Memory,
        *,
        people: bool = True,
        least: float | None = 0.75,
        scored: bool = False,
        journal: Journal | None = None,
    ) -> None:
        self._inner, self._memory, self._journal = inner, memory, journal
        self._people, self._least, self._scored = people, least, scored
        self._turn = Lock()  # the engine may ask for segments in a thread of its own

    @property
    def signature(self) -> Mapping[str, str]:
        """That of the inner translator."""
        return self._inner.signature

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]:
        """One hypothesis for each segment, from the memory or from the model."""
        return list(self.translate_stream(texts, progress))

    def translate_stream(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Iterator[Hypothesis]:
        """The same in constant memory. What the memory knows goes to the model as an empty segment."""
        asked: deque[tuple[str, Hypothesis]] = deque()
        fresh: list[Unit] = []
        until = self._recorded("memory", self._memory.moment)

        def unknown() -> Iterator[str]:
            for text, known in self._known(texts, until):
                asked.append((text, known))
                yield "" if known.text else text

        try:
            for hypothesis in self._inner.translate_stream(unknown(), progress):
                text, known = asked.popleft()
                if not known.text and hypothesis.logprob is not None:
                    fresh.append(self._unit(text, hypothesis))
                if len(fresh) >= _STORED:
                    self._store(fresh)
                yield known if known.text else replace(hypothesis, match=known.match)
        finally:
            self._store(fresh)

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """That of the inner translator."""
        return self._inner.score(sources, targets)

    def _known(self, texts: Iterable[str], until: int) -> Iterator[tuple[str, Hypothesis]]:
        """Every text with what the memory has for it: a hypothesis without text, if it has none."""
        source = iter(texts)
        while window := list(islice(source, _WINDOW)):

            def look(window: list[str] = window) -> list[list[Any]]:
                return self._look_up(window, until)

            hits = {row[0]: _hypothesis(row) for row in self._recorded("memory hits", look)}
            for number, text in enumerate(window):
                yield text, hits.get(number, Hypothesis(""))

    def _recorded(self, key: str, compute: Any) -> Any:
        with self._turn:
            return self._journal.recorded(key, compute) if self._journal else compute()

    def _look_up(self, window: Sequence[str], until: int) -> list[list[Any]]:
        """A row for each hit, as JSON holds it: place, text, origin, log-probabilities, or a match."""
        people = self._memory.human(window) if self._people else [None] * len(window)
        machine = self._memory.machine(window, self.signature, scored=self._scored, until=until)
        rows: list[list[Any]] = []
        for number, (text, human, unit) in enumerate(zip(window, people, machine, strict=True)):
            match = None if human or self._least is None else self._similar(text)
            if human is not None:
                rows.append([number, human, "memory", None, None, None])
            elif unit is not None:
                rows.append([number, unit.target, "machine", unit.logprob, unit.lowest, match])
            elif match is not None:
                rows.append([number, "", "machine", None, None, match])
        return rows

    def _similar(self, text: str) -> list[Any] | None:
        if not self._people or self._least is None or not text.strip():
            return None
        match = self._memory.similar(text, self._least)
        return [match.score, match.src, match.tgt] if match else None

    def _unit(self, text: str, hypothesis: Hypothesis) -> Unit:
        return Unit(
            text,
            hypothesis.text,
            "machine",
            signature=self.signature,
            logprob=hypothesis.logprob,
            lowest=hypothesis.lowest,
        )

    def _store(self, fresh: list[Unit]) -> None:
        if fresh:
            with self._turn:
                self._memory.add(fresh)
            fresh.clear()


def _hypothesis(row: Sequence[Any]) -> Hypothesis:
    _, text, origin, logprob, lowest, match = row
    return Hypothesis(text, logprob, lowest, origin, Match(*match) if match else None)
