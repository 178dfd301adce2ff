"""`align translate --lines`, and what both ways of `align translate` know of their job."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from align.commands.remembering import Remembering
    from align.translate import Progress, Translator
    from align.translate.marian import MarianTranslator

__all__ = ["Job", "plan_of", "run_lines"]

_STREAMED = ("tmx", "tsv", "jsonl")  # written one pair at a time


@dataclass(frozen=True, slots=True)
class Job:
    """What is wanted of each document."""

    root: Path
    formats: Sequence[str]
    columns: Sequence[str]
    reference: Path | None
    check: bool
    encoding: str | None
    resume: bool
    quiet: bool
    remembering: Remembering


def plan_of(translator: MarianTranslator, job: Job) -> Mapping[str, str]:
    """Whatever decides the results: another plan is another job."""
    return {**translator.plan, **job.remembering.plan}


def run_lines(files: Sequence[str], output: Path | None, job: Job, translator: MarianTranslator) -> None:
    """The plain mode: lines in, as many out, in constant memory."""
    from align.commands.translate_output import progress_bar
    from align.formats.text import read_lines
    from align.jobs import lines_journal
    from align.pipeline import spare_inputs, translate_lines

    lines = (line for name in files for line in read_lines(name, encoding=job.encoding))
    if output is None or str(output) == "-":
        with job.remembering(translator, None) as known, progress_bar(None, job.quiet) as tick:
            stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=True)
            stream.writelines(line + "\n" for line in translate_lines(lines, known, tick))
            stream.detach()
        return
    spare_inputs(output, files)
    with (
        lines_journal(
            output, files, plan_of(translator, job), encoding=job.encoding, resume=job.resume
        ) as translator.journal,
        job.remembering(translator, translator.journal) as known,
        progress_bar(None, job.quiet) as tick,
    ):
        _write_lines(output, lines, job, known, tick)


def _write_lines(
    output: Path, lines: Iterator[str], job: Job, translator: Translator, tick: Progress | None
) -> None:
    """Pairs, where the name of the output tells such a format, or else translations only."""
    from align.atomic import atomic_write
    from align.formats import FORMATS, write_corpus
    from align.pipeline import lines_corpus, translate_lines

    form = next((name for name in _STREAMED if output.suffix in FORMATS[name].suffixes), None)
    if form:
        options = {"columns": job.columns, "header": True} if form == "tsv" and job.columns else {}
        write_corpus(lines_corpus(output.stem, lines, translator, tick), output, form, **options)
        return
    with atomic_write(output) as file:
        file.writelines(line + "\n" for line in translate_lines(lines, translator, tick))
