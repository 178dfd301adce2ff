"""The memory behind `align translate`: its options, and the translator that asks it first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from align.errors import OutputError

if TYPE_CHECKING:
    from align.memory import Memory
    from align.translate import Translator
    from align.translate.journal import Journal

__all__ = ["MatchOption", "MemoryOption", "NoMemory", "Remembering", "remembering"]

MemoryOption = Annotated[
    Path | None,
    typer.Option(
        "--memory",
        help="The translation memory's file [default: $ALIGN_MEMORY or your own].",
        show_default=False,
    ),
]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="Reuse no earlier translation, and keep none.")]
MatchOption = Annotated[
    int, typer.Option("--match", min=1, max=100, help="Offer translations of sources as similar as this (%).")
]


@dataclass(frozen=True, slots=True)
class Remembering:
    """How one job uses the memory. `path` is None for none, `least` for no similar sources.

    `people` is false where the machine's own translation is wanted, beside a human one. Where nobody
    has `named` a file, the job goes on without one that cannot be written.
    """

    path: Path | None
    named: bool = False
    people: bool = True
    least: float | None = None

    @property
    def plan(self) -> Mapping[str, str]:
        """What of it decides the results, for the name of the job."""
        if self.path is None:
            return {"memory": "none"}
        return {"memory": str(self.path.absolute()), "people": str(self.people), "match": str(self.least)}

    @contextmanager
    def __call__(self, translator: Translator, journal: Journal | None) -> Iterator[Translator]:
        """The translator behind the memory, which is open for as long as the block runs."""
        memory = self._opened()
        if memory is None:
            yield translator
            return
        from align.memory.translator import MemoryTranslator

        with memory:
            yield MemoryTranslator(translator, memory, people=self.people, least=self.least, journal=journal)

    def _opened(self) -> Memory | None:
        if self.path is None:
            return None
        from align.memory import Memory

        try:
            return Memory(self.path)
        except OutputError as error:
            if self.named:
                raise
            typer.echo(f"align: working without a translation memory: {error}", err=True)
            return None


def remembering(path: Path | None, *, off: bool, match: int, people: bool, offers: bool) -> Remembering:
    """From the options of the command. `offers`: whether there is a place to show similar sources."""
    from align.memory import default_path, memory_path

    chosen = None if off else memory_path(path)
    named = chosen is not None and chosen != default_path()
    return Remembering(chosen, named, people, match / 100 if offers and people else None)
