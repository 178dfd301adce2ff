"""`align translate`: documents to side-by-side corpora, or plain lines to plain lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from align.errors import ConfigError

if TYPE_CHECKING:
    from align.corpus import Corpus, Document
    from align.pipeline import Output
    from align.translate import Progress, Translator

__all__ = ["translate"]

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Text files, folders of them, or - for standard input.", show_default=False),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder for the results (default: outputs); with --lines the file to write.", show_default=False
    ),
]
Model = Annotated[
    str, typer.Option("--model", "-m", help="A shipped model's name, a Marian folder, or a hub id.")
]
Revision = Annotated[
    str | None, typer.Option(help="Commit of the hub model, so that the same one is used for ever.", show_default=False)
]
Formats = Annotated[
    str, typer.Option("--format", "-f", help="What to write, separated by commas: html, tmx, tsv, jsonl, moses.")
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Encoding of the input, where it is not recognised (utf-8, windows-1256, ...).", show_default=False),
]
Lines = Annotated[
    bool, typer.Option("--lines", help="Plain mode: one segment a line in, one translation a line out.")
]
Beam = Annotated[int, typer.Option(min=1, help="Beam size: 1 is fastest, 4 is a little better.")]
EngineOption = Annotated[str, typer.Option("--engine", help="auto, ctranslate2 or torch.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option(min=0, help="Processor cores to use; 0 means all.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing table.")]


def translate(
    files: Files,
    output: OutputOption = None,
    model: Model = "ar-en",
    revision: Revision = None,
    formats: Formats = "html,tmx,tsv",
    encoding: Encoding = None,
    lines: Lines = False,
    beam: Beam = 4,
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

        align translate article.txt --model Helsinki-NLP/opus-mt-ar-en

        cat segments.ar | align translate --lines - > segments.en
    """
    from align.formats import FORMATS
    from align.translate import TranslationOptions, load_translator

    names = list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))
    for name in names:
        if name not in FORMATS:
            raise ConfigError(f"no format is called {name!r}", key="format", allowed=FORMATS)
    if engine not in ("auto", "ctranslate2", "torch"):
        raise ConfigError(f"no engine is called {engine!r}", key="engine", allowed=("auto", "ctranslate2", "torch"))
    options = TranslationOptions(beam=beam, engine=engine, device=device, threads=threads)  # type: ignore[arg-type]
    translator = load_translator(model, revision=revision, options=options)
    if lines:
        _translate_lines(files, output, encoding, translator, quiet)
    else:
        _translate_documents(files, output or Path("outputs"), names, encoding, translator, quiet)


def _translate_lines(
    files: Sequence[str], output: Path | None, encoding: str | None, translator: Translator, quiet: bool
) -> None:
    from align.atomic import atomic_write
    from align.formats.text import read_lines
    from align.pipeline import spare_inputs, translate_lines

    def lines() -> Iterator[str]:
        for name in files:
            yield from read_lines(name, encoding=encoding)

    if output is not None and str(output) != "-":
        spare_inputs(output, files)
        with atomic_write(output) as stream, _progress(None, quiet) as tick:
            stream.writelines(line + "\n" for line in translate_lines(lines(), translator, tick))
        return
    with _progress(None, quiet) as tick:
        for line in translate_lines(lines(), translator, tick):
            sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _translate_documents(
    files: Sequence[str],
    root: Path,
    formats: Sequence[str],
    encoding: str | None,
    translator: Translator,
    quiet: bool,
) -> None:
    from align.formats.text import read_text
    from align.pipeline import Stopwatch, find_documents, output_folders, translate_document, write_outputs

    inputs = find_documents(files)
    documents = [read_text(path, encoding=encoding) for path in inputs]
    folders = output_folders([document.name for document in documents], root)
    rows = []
    with _progress(sum(len(document.segments) for document in documents), quiet) as tick:
        for path, document, folder in zip(inputs, documents, folders, strict=True):
            watch = Stopwatch()
            with watch("translate"):
                corpus = translate_document(document, translator, tick)
            written = write_outputs(corpus, folder, formats, inputs, seconds=watch.seconds, source=Path(path).name)
            rows.append((document, corpus, written, sum(watch.seconds.values())))
    if not quiet:
        _table(rows)


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


def _table(rows: Sequence[tuple[Document, Corpus, Output, float]]) -> None:
    """Where everything lies, on standard output."""
    for document, corpus, output, seconds in rows:
        words = sum(len(pair.src.split()) for pair in corpus)
        paragraphs = len({pair.paragraph for pair in corpus})
        typer.echo(
            f"{document.name}: {paragraphs} paragraphs, {len(corpus)} sentences, {words} words in {seconds:.1f} s"
        )
        for name, path in output.files.items():
            left = f"  ({output.left_out} units with an empty side left out)" if output.left_out and name == "tmx" else ""
            typer.echo(f"  {name:6} {path}{left}")
    if len(rows) > 1:
        total = sum(len(corpus) for _, corpus, _, _ in rows)
        typer.echo(f"{len(rows)} documents, {total} sentences")


