"""`align translate`: documents to side-by-side corpora, or plain lines to plain lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from align.commands.remembering import MatchOption, MemoryOption, NoMemory, remembering
from align.commands.translate_lines import Job, plan_of, run_lines
from align.errors import ConfigError

if TYPE_CHECKING:
    from align.corpus import Corpus
    from align.jobs import Sources
    from align.translate import Progress, Translator
    from align.translate.marian import MarianTranslator

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
        help="Folder for the results (default: outputs); with --lines the file to write: translations,"
        " or pairs if it is called *.tmx, *.tsv or *.jsonl.",
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
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Go on where the same job was killed. Its journal is a hidden file in the output folder, or"
        " FILE.journal; there is none for standard input or output.",
    ),
]
BatchTokens = Annotated[int, typer.Option(min=1, help="Source tokens in a batch; a GPU likes more (8192).")]
WindowOption = Annotated[
    int, typer.Option("--window", min=1, help="Sentences that are held in memory and sorted by length.")
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="local|auto|HOST:PORT",
        help="Translate on a Ray cluster: one that is started on this machine for this run (local), the one"
        " that this machine is part of (auto), or the one at an address. --threads limits its workers.",
        show_default=False,
    ),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not estimate quality and flag faults.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing table.")]


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
    resume: Resume = True,
    batch_tokens: BatchTokens = 1024,
    window: WindowOption = 5_000,
    memory: MemoryOption = None,
    no_memory: NoMemory = False,
    match: MatchOption = 75,
    ray: Ray = None,
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

        align translate --lines segments.ar -o segments.en --ray auto
    """
    from align.translate import TranslationOptions, load_translator

    job = Job(
        output or Path("outputs"),
        format_names(formats),
        _column_names(columns),
        reference,
        not no_check and not lines,
        encoding,
        resume,
        quiet,
        remembering(
            memory,
            off=no_memory,
            match=match,
            people=reference is None,
            offers=not lines,
        ),
    )
    options = TranslationOptions(
        beam=beam or 0,
        engine=engine,  # type: ignore[arg-type]
        device=device,
        threads=threads,
        batch_tokens=batch_tokens,
        window=window,
    )
    translator = load_translator(model, revision=revision, options=options)
    if ray is not None:
        from align.translate.cluster import ClusterEngine

        translator.engine = ClusterEngine(translator, ray)
    if lines:
        run_lines(files, output, job, translator)
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


def _translate_documents(files: Sequence[str], job: Job, translator: MarianTranslator) -> None:
    from align.commands.translate_output import Done, print_table, progress_bar
    from align.jobs import find_documents, folder_journal, survey
    from align.pipeline import write_outputs

    inputs = find_documents(files)
    if job.reference is not None and len(inputs) != 1:
        raise ConfigError(
            f"one reference for {len(inputs)} documents",
            key="reference",
            advice="translate one document at a time",
        )
    sources = survey(inputs, job.encoding)
    kept = [*inputs, *([str(job.reference)] if job.reference else [])]
    begun = time.monotonic()
    done: list[Done] = []
    with (
        folder_journal(
            job.root, inputs, plan_of(translator, job), encoding=job.encoding, resume=job.resume
        ) as translator.journal,
        job.remembering(translator, translator.journal) as known,
        progress_bar(sources.segments, job.quiet) as tick,
    ):
        corpora = _corpora(sources, job, known, tick)
        for path, folder, corpus in zip(inputs, sources.folders(job.root), corpora, strict=True):
            seconds = {"translate": time.monotonic() - begun}  # since the job began: batches are shared
            output = write_outputs(
                corpus,
                folder,
                job.formats,
                kept,
                seconds=seconds,
                source=Path(path).name,
                columns=job.columns,
            )
            done.append(Done.of(corpus, output))
    if not job.quiet:
        print_table(done, time.monotonic() - begun)


def _corpora(sources: Sources, job: Job, translator: Translator, tick: Progress | None) -> Iterator[Corpus]:
    from align.encode import UseEncoder
    from align.formats.text import read_text
    from align.pipeline import translate_beside, translate_documents

    encoder = UseEncoder() if job.check or job.reference else None
    if job.reference is None or encoder is None:
        yield from translate_documents(sources, translator, tick, encoder=encoder)
        return
    reference = read_text(job.reference, lang="en")
    for document in sources:
        yield translate_beside(document, reference, translator, tick, encoder=encoder)
