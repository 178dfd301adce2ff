"""`align translate`: documents to side-by-side corpora, or plain lines to plain lines."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from align.errors import ConfigError

if TYPE_CHECKING:
    from align.corpus import Corpus, Document
    from align.pipeline import Output
    from align.translate import Progress, Translator

__all__ = ["format_names", "translate"]

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...", help="Text files, folders of them, or - for standard input.", show_default=False
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Folder for the results (default: outputs); with --lines the file to write.",
        show_default=False,
    ),
]
Model = Annotated[
    str, typer.Option("--model", "-m", help="A shipped model's name, a Marian folder, or a hub id.")
]
Revision = Annotated[
    str | None,
    typer.Option(help="Commit of the hub model, so that the same one is used for ever.", show_default=False),
]
Formats = Annotated[
    str,
    typer.Option("--format", "-f", help="What to write, separated by commas: html, tmx, tsv, jsonl, moses."),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        help="Encoding of the input, where it is not recognised (utf-8, windows-1256, ...).",
        show_default=False,
    ),
]
Lines = Annotated[
    bool, typer.Option("--lines", help="Plain mode: one segment a line in, one translation a line out.")
]
Beam = Annotated[
    int | None,
    typer.Option(min=1, help="Beam size: 1 is fastest [default: the model's own].", show_default=False),
]
EngineOption = Annotated[str, typer.Option("--engine", help="auto, ctranslate2 or torch.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option(min=0, help="Processor cores to use; 0 means all.")]
Reference = Annotated[
    Path | None,
    typer.Option(
        "--reference", "-r", help="A human translation of the document, to pair it with.", show_default=False
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(help="Columns of the TSV, with a header: src,tgt,quality,flags,...", show_default=False),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not estimate quality and flag faults.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing table.")]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is wanted of each document."""

    root: Path
    formats: Sequence[str]
    columns: Sequence[str]
    reference: Path | None
    check: bool
    encoding: str | None
    quiet: bool


def translate(
    files: Files,
    output: OutputOption = None,
    model: Model = "ar-en",
    revision: Revision = None,
    formats: Formats = "html,tmx,tsv",
    reference: Reference = None,
    encoding: Encoding = None,
    lines: Lines = False,
    columns: Columns = None,
    no_check: NoCheck = False,
    beam: Beam = None,
    engine: EngineOption = "auto",
    device: Device = "auto",
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Translate Arabic documents and write them side by side with their English.

    Each document gets a folder with **corpus.html** (the page), **corpus.tmx** and **corpus.tsv** (to
    take away) and **run.json** (how it was made).

    Examples:
        align translate article.txt

        align translate articles/ -o out --format html,tmx,jsonl

        align translate article.txt --reference article.en.txt

        align translate article.txt --model Helsinki-NLP/opus-mt-ar-en

        cat segments.ar | align translate --lines - > segments.en
    """
    from align.translate import TranslationOptions, load_translator

    job = _Job(
        output or Path("outputs"),
        format_names(formats),
        _column_names(columns),
        reference,
        not no_check and not lines,
        encoding,
        quiet,
    )
    options = TranslationOptions(
        beam=beam or 0,
        engine=engine,  # type: ignore[arg-type]
        device=device,
        threads=threads,
        token_scores=job.check,
    )
    translator = load_translator(model, revision=revision, options=options)
    if lines:
        _translate_lines(files, output, encoding, translator, quiet)
    else:
        _translate_documents(files, job, translator)


def format_names(formats: str) -> list[str]:
    """The names in a list like `html,tmx`. Raises ConfigError, listing those that exist."""
    from align.formats import FORMATS

    names = list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))
    for name in names:
        if name not in FORMATS:
            raise ConfigError(f"no format is called {name!r}", key="format", allowed=FORMATS)
    return names


def _column_names(columns: str | None) -> list[str]:
    if columns is None:
        return []
    from align.formats.tsv import COLUMNS

    names = [name.strip() for name in columns.split(",") if name.strip()]
    for name in names:
        if name not in COLUMNS:
            raise ConfigError(f"no column is called {name!r}", key="columns", allowed=COLUMNS)
    return names


def _translate_lines(
    files: Sequence[str], output: Path | None, encoding: str | None, translator: Translator, quiet: bool
) -> None:
    from align.atomic import atomic_write
    from align.formats.text import read_lines
    from align.pipeline import spare_inputs, translate_lines

    def lines() -> Iterator[str]:
        for name in files:
            yield from read_lines(name, encoding=encoding)

    with _progress(None, quiet) as tick:
        translations = (line + "\n" for line in translate_lines(lines(), translator, tick))
        if output is None or str(output) == "-":
            stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=True)
            stream.writelines(translations)
            stream.detach()
            return
        spare_inputs(output, files)
        with atomic_write(output) as file:
            file.writelines(translations)


def _translate_documents(files: Sequence[str], job: _Job, translator: Translator) -> None:
    from align.formats.text import read_text
    from align.pipeline import Stopwatch, find_documents, output_folders, write_outputs

    inputs = find_documents(files)
    if job.reference is not None and len(inputs) != 1:
        raise ConfigError(
            f"one reference for {len(inputs)} documents",
            key="reference",
            advice="translate one document at a time",
        )
    documents = [read_text(path, encoding=job.encoding) for path in inputs]
    folders = output_folders([document.name for document in documents], job.root)
    kept = [*inputs, *([str(job.reference)] if job.reference else [])]
    done = []
    with _progress(sum(len(document.segments) for document in documents), job.quiet) as tick:
        for path, document, folder in zip(inputs, documents, folders, strict=True):
            watch = Stopwatch()
            with watch("translate"):
                corpus = _corpus(document, job, translator, tick)
            output = write_outputs(
                corpus,
                folder,
                job.formats,
                kept,
                seconds=watch.seconds,
                source=Path(path).name,
                columns=job.columns,
            )
            done.append((corpus, output, watch.seconds["translate"]))
    if not job.quiet:
        _table(done)


def _corpus(document: Document, job: _Job, translator: Translator, tick: Progress | None) -> Corpus:
    from align.encode import UseEncoder
    from align.formats.text import read_text
    from align.pipeline import translate_beside, translate_document

    encoder = UseEncoder() if job.check or job.reference else None
    if job.reference is None or encoder is None:
        return translate_document(document, translator, tick, encoder=encoder)
    reference = read_text(job.reference, lang="en")
    return translate_beside(document, reference, translator, tick, encoder=encoder)


@contextmanager
def _progress(total: int | None, quiet: bool) -> Iterator[Progress | None]:
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


def _table(done: Sequence[tuple[Corpus, Output, float]]) -> None:
    """What was made and where it lies, on standard output."""
    for corpus, output, seconds in done:
        words = sum(len(pair.src.split()) for pair in corpus)
        paragraphs = len({pair.paragraph for pair in corpus})
        flagged = sum(any(flag.level != "info" for flag in pair.flags) for pair in corpus)
        typer.echo(
            f"{corpus.name}: {paragraphs} paragraphs, {len(corpus)} pairs, {words} words in {seconds:.1f} s"
            + (f", {flagged} to look at" if flagged else "")
        )
        for name, paths in output.files.items():
            left = output.left_out[name]
            note = f"  ({left} with an empty side left out)" if left else ""
            for path in paths:
                typer.echo(f"  {name:6} {path}{note}")
    if len(done) > 1:
        typer.echo(f"{len(done)} documents, {sum(len(corpus) for corpus, _, _ in done)} pairs")
