"""`align pair`: align an Arabic document with its English translation (level 5)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from align.aligner import Alignment
    from align.encode import UseEncoder

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
Paragraphs = Annotated[
    bool,
    typer.Option("--paragraphs/--no-paragraphs", help="Keep to paragraph marks if both sides have as many."),
]
MinConfidence = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Keep only pairs with at least this probability.")
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
    paragraphs: Paragraphs = False,
    min_confidence: MinConfidence = 0.0,
    quiet: Quiet = False,
) -> None:
    """Pair an Arabic document with its English translation, sentence by sentence.

    Sentences may be merged, split, left out or added. Every pair gets its probability.

    For example:

        align pair article.ar.txt article.en.txt -o out

        align pair a.ar a.en --lines --beads a.beads
    """
    from align.commands.translate import format_names
    from align.encode import UseEncoder
    from align.pairing import read_anchors

    names = format_names(formats)
    fixed = read_anchors(anchors) if anchors else []
    encoder = UseEncoder()
    if lines and beads is not None and output is None:
        _pair_lines(src, ref, beads, fixed, encoder, min_confidence, quiet)
    else:
        _pair_documents(
            src, ref, output, names, lines, beads, fixed, paragraphs, encoder, min_confidence, quiet
        )


def _pair_lines(
    src: str,
    ref: str,
    beads: str,
    anchors: Sequence[tuple[int, int]],
    encoder: UseEncoder,
    min_confidence: float,
    quiet: bool,
) -> None:
    from align.aligner import align_texts
    from align.formats.text import read_lines

    sides = list(read_lines(src)), list(read_lines(ref, lang="en"))
    alignment = align_texts(*sides, encoder=encoder, anchors=anchors)
    _write_beads(alignment, beads, (src, ref), min_confidence)
    _tell(alignment, quiet)


def _pair_documents(
    src: str,
    ref: str,
    output: Path | None,
    formats: Sequence[str],
    lines: bool,
    beads: str | None,
    anchors: Sequence[tuple[int, int]],
    paragraphs: bool,
    encoder: UseEncoder,
    min_confidence: float,
    quiet: bool,
) -> None:
    from align.jobs import output_folders
    from align.pairing import document_of_lines, pair_documents, read_side, sure_only
    from align.pipeline import Stopwatch, write_outputs

    read = document_of_lines if lines else read_side
    left, right = read(src, lang="ar"), read(ref, lang="en")
    watch = Stopwatch()
    with watch("pair"):
        corpus, alignment = pair_documents(
            left, right, encoder=encoder, anchors=anchors, paragraphs=paragraphs
        )
    if min_confidence > 0:
        corpus = sure_only(corpus, min_confidence)
    folder = output_folders([left.name], output or Path("outputs"))[0]
    written = write_outputs(corpus, folder, formats, (src, ref), seconds=watch.seconds, source=Path(src).name)
    if beads is not None:
        _write_beads(alignment, beads, (src, ref), min_confidence)
    _tell(alignment, quiet)
    if not quiet:
        for name, paths in written.files.items():
            for path in paths:
                typer.echo(f"  {name:6} {path}")


def _write_beads(alignment: Alignment, target: str, inputs: Sequence[str], min_confidence: float) -> None:
    from align.atomic import atomic_write
    from align.beads import format_beads
    from align.pipeline import spare_inputs

    kept = [
        bead
        for bead in alignment.beads
        if not min_confidence or (bead.src and bead.tgt and bead.score >= min_confidence)
    ]
    text = format_beads(kept)
    if target == "-":
        sys.stdout.write(text)
        return
    spare_inputs(Path(target), inputs)
    with atomic_write(target) as stream:
        stream.write(text)


def _tell(alignment: Alignment, quiet: bool) -> None:
    """Warnings and a summary, on standard error."""
    for warning in alignment.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if not quiet:
        typer.echo(alignment.summary(), err=True)
