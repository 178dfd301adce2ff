"""`align pair`: align an Arabic document with its English translation (level 5)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from align.errors import ConfigError, InputError

if TYPE_CHECKING:
    from align.aligner import Alignment
    from align.corpus import Bead
    from align.encode import UseEncoder
    from align.translate import Translator

__all__ = ["pair"]

Src = Annotated[str, typer.Argument(metavar="SRC", help="The Arabic document.")]
Ref = Annotated[str, typer.Argument(metavar="REF", help="Its English translation.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for the results [default: outputs].", show_default=False),
]
Formats = Annotated[str, typer.Option("--format", "-f", help="Which files to write, comma-separated.")]
Lines = Annotated[bool, typer.Option("--lines", help="Both files are segmented already, a unit a line.")]
Beads = Annotated[
    str | None,
    typer.Option(help="Write the beads to this file (`-` for stdout): [0, 1]:[2]:0.97", show_default=False),
]
Anchors = Annotated[
    str | None,
    typer.Option(help="File of places that belong together: SRC_UNIT:REF_UNIT a line.", show_default=False),
]
Locked = Annotated[
    str | None,
    typer.Option(
        help="File of beads that are settled, as --beads writes them; only the rest is aligned.",
        show_default=False,
    ),
]
Paragraphs = Annotated[
    bool,
    typer.Option("--paragraphs/--no-paragraphs", help="Keep to paragraph marks if both sides have as many."),
]
MinConfidence = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Keep only pairs with at least this probability.")
]
Judge = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Ask this translation model (ar-en, a Marian folder, a hub id) about doubtful pairs.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")]


def pair(
    src: Src,
    ref: Ref,
    output: OutputOption = None,
    formats: Formats = "html,tmx,tsv,jsonl",
    lines: Lines = False,
    beads: Beads = None,
    anchors: Anchors = None,
    locked: Locked = None,
    paragraphs: Paragraphs = False,
    min_confidence: MinConfidence = 0.0,
    judge: Judge = None,
    quiet: Quiet = False,
) -> None:
    """Pair an Arabic document with its English translation, sentence by sentence.

    Sentences may be merged, split, left out or added. Every pair gets its probability.

    For example:

        align pair article.ar.txt article.en.txt -o out

        align pair a.ar a.en --lines --beads a.beads

    With --judge, pairs in doubt are decided by how well a translation model can make the one text out of
    the other. That is slower, and helps most where much was left out or added.

    To correct an alignment, write the beads with --beads, mend the wrong lines, delete those that you
    are not sure of, and give the file back with --locked.
    """
    from align.commands.translate import format_names
    from align.encode import UseEncoder
    from align.pairing import read_anchors, read_locked
    from align.translate import load_translator

    names = format_names(formats)
    if lines and paragraphs:
        raise ConfigError("--paragraphs means nothing with --lines", key="paragraphs", advice="leave one out")
    fixed = _Fixed(read_anchors(anchors) if anchors else [], read_locked(locked) if locked else [])
    job = _Job(
        src, ref, fixed, UseEncoder(), load_translator(judge) if judge else None, beads, min_confidence, quiet
    )
    try:
        if lines and beads is not None and output is None:
            _pair_lines(job)
        else:
            _pair_documents(job, output, names, lines, paragraphs)
    except InputError as error:
        if error.path is None and (
            anchors or locked
        ):  # it is about units, and only here are their files known
            files = " and ".join(file for file in (anchors, locked) if file)
            raise InputError(str(error), path=files, advice=error.advice) from None
        raise


@dataclass(frozen=True, slots=True)
class _Fixed:
    """What the user has settled."""

    anchors: Sequence[tuple[int, int]]
    locked: Sequence[Bead]


@dataclass(frozen=True, slots=True)
class _Job:
    src: str
    ref: str
    fixed: _Fixed
    encoder: UseEncoder
    judge: Translator | None
    beads: str | None
    min_confidence: float
    quiet: bool


def _pair_lines(job: _Job) -> None:
    from align.aligner import align_texts
    from align.formats.text import read_lines
    from align.pairing import scorer_of

    sides = list(read_lines(job.src)), list(read_lines(job.ref, lang="en"))
    alignment = align_texts(
        *sides,
        encoder=job.encoder,
        anchors=job.fixed.anchors,
        locked=job.fixed.locked,
        scorer=scorer_of(job.judge) if job.judge else None,
    )
    _write_beads(alignment, job)
    _tell(alignment, job.quiet)


def _pair_documents(
    job: _Job, output: Path | None, formats: Sequence[str], lines: bool, paragraphs: bool
) -> None:
    from align.jobs import output_folders
    from align.pairing import document_of_lines, pair_documents, read_side, sure_only
    from align.pipeline import Stopwatch, write_outputs

    read = document_of_lines if lines else read_side
    left, right = read(job.src, lang="ar"), read(job.ref, lang="en")
    watch = Stopwatch()
    with watch("pair"):
        corpus, alignment = pair_documents(
            left,
            right,
            encoder=job.encoder,
            anchors=job.fixed.anchors,
            locked=job.fixed.locked,
            paragraphs=paragraphs,
            judge=job.judge,
        )
    if job.min_confidence > 0:
        corpus = sure_only(corpus, job.min_confidence)
    folder = output_folders([left.name], output or Path("outputs"))[0]
    inputs = (job.src, job.ref)
    written = write_outputs(corpus, folder, formats, inputs, seconds=watch.seconds, source=Path(job.src).name)
    _write_beads(alignment, job)
    _tell(alignment, job.quiet)
    if not job.quiet:
        for name, paths in written.files.items():
            for path in paths:
                typer.echo(f"  {name:6} {path}")


def _write_beads(alignment: Alignment, job: _Job) -> None:
    from align.atomic import atomic_write
    from align.beads import format_beads
    from align.pipeline import spare_inputs

    if job.beads is None:
        return
    least = job.min_confidence
    kept = [b for b in alignment.beads if not least or (b.src and b.tgt and b.score >= least)]
    text = format_beads(kept)
    if job.beads == "-":
        sys.stdout.write(text)
        return
    spare_inputs(Path(job.beads), (job.src, job.ref))
    with atomic_write(job.beads) as stream:
        stream.write(text)


def _tell(alignment: Alignment, quiet: bool) -> None:
    """Warnings and a summary, on standard error."""
    for warning in alignment.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if not quiet:
        typer.echo(alignment.summary(), err=True)
