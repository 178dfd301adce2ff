"""What `align translate` prints: progress on standard error, and a table of what was made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from align.corpus import Corpus
    from align.pipeline import Output
    from align.translate import Progress

__all__ = ["Done", "print_table", "progress_bar"]


@contextmanager
def progress_bar(total: int | None, quiet: bool) -> Iterator[Progress | None]:
    """A bar on standard error with the rate and the time left; nothing where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sentences, {task.fields[rate]} words/s,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Translating", total=total, rate="-")
        words = 0

        def tick(sentences: int, more: int) -> None:
            nonlocal words
            words += more
            elapsed = bar.tasks[task].elapsed or 0.0
            bar.update(task, advance=sentences, rate=f"{words / elapsed:.0f}" if elapsed > 0 else "-")

        yield tick


@dataclass(frozen=True, slots=True)
class Done:
    """What the table says of a document; the document itself need not be kept for it."""

    line: str
    pairs: int
    output: Output

    @classmethod
    def of(cls, corpus: Corpus, output: Output) -> Done:
        words = sum(len(pair.src.split()) for pair in corpus)
        paragraphs = len({pair.paragraph for pair in corpus})
        flagged = sum(any(flag.level != "info" for flag in pair.flags) for pair in corpus)
        line = f"{corpus.name}: {paragraphs} paragraphs, {len(corpus)} pairs, {words} words"
        return cls(line + (f", {flagged} to look at" if flagged else ""), len(corpus), output)


def print_table(documents: Sequence[Done], seconds: float) -> None:
    """What was made and where it lies, on standard output."""
    for done in documents:
        typer.echo(done.line)
        for name, paths in done.output.files.items():
            left = done.output.left_out[name]
            note = f"  ({left} with an empty side left out)" if left else ""
            for path in paths:
                typer.echo(f"  {name:6} {path}{note}")
    count = f"{len(documents)} documents" if len(documents) > 1 else "1 document"
    typer.echo(f"{count}, {sum(done.pairs for done in documents)} pairs in {seconds:.1f} s")
