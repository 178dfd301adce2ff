"""`align train`: make a model from a recipe, or teach an existing one a user's own text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from align.errors import ConfigError, InputError

__all__ = ["train"]

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="RECIPE.toml | DATA...",
        help="A recipe; or, with --from, your own pairs (.tmx, .tsv, .jsonl).",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder for the model; the run's own files go to its `work`.")
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Fine-tune this model: a shipped name, a Marian folder or a hub id.",
        show_default=False,
    ),
]
CorpusOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--corpus", help="Folder of the recipe's corpus files; may be given again.", show_default=False
    ),
]
HeldOut = Annotated[
    list[Path] | None,
    typer.Option(
        "--held-out",
        help="Test set (file or folder) whose sentences must not be trained on.",
        show_default=False,
    ),
]
Dev = Annotated[
    Path | None,
    typer.Option("--dev", help="Development pairs (default: 250 are set aside).", show_default=False),
]
Test = Annotated[
    Path | None,
    typer.Option("--test", help="Your test pairs (default: a tenth is held out).", show_default=False),
]
General = Annotated[
    Path | None,
    typer.Option("--general", help="General test pairs, to see what was lost.", show_default=False),
]
Freeze = Annotated[str, typer.Option(help="What fine-tuning leaves alone: embeddings, encoder, all or none.")]
Epochs = Annotated[int, typer.Option(min=1, help="Fine-tuning passes at most; it stops early.")]
Rate = Annotated[float, typer.Option("--learning-rate", help="Peak learning rate of fine-tuning.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def train(
    files: Files,
    output: OutputOption,
    start: From = None,
    corpus: CorpusOption = None,
    held_out: HeldOut = None,
    dev: Dev = None,
    test: Test = None,
    general: General = None,
    freeze: Freeze = "embeddings",
    epochs: Epochs = 6,
    learning_rate: Rate = 5e-5,
    quiet: Quiet = False,
) -> None:
    """Make a translation model, or teach one your own text.

    From a **recipe** (a TOML file with corpus files, weights, sizes and schedule) comes a Marian
    folder with card, log and curves. With **--from**, a model is fine-tuned on your translation
    memory; both are scored, and the better one is kept. Stopped at any time, the same command
    goes on from the last checkpoint.

    A recipe, a fine-tuning, and the use of what came out:

        align train recipe.toml --corpus corpus/ --held-out testsets/ -o my-model

        align train --from ar-en memory.tmx -o tuned --general general.tsv

        align translate article.txt --model tuned
    """
    if start is not None:
        _refuse("--from", {"--corpus": corpus, "--held-out": held_out, "--dev": dev})
        _finetune(start, files, output, test, general, (freeze, epochs, learning_rate), quiet)
        return
    _refuse("a recipe", {"--test": test, "--general": general})
    if len(files) != 1 or files[0].suffix != ".toml":
        raise ConfigError(
            "one recipe (.toml) is expected", advice="to fine-tune on pairs, name the model with --from"
        )
    if not corpus:
        raise ConfigError("the recipe's corpus files are missing", advice="give their folder with --corpus")
    for folder in corpus:
        if not folder.is_dir():
            raise InputError(
                "no such folder", path=folder, advice="--corpus is the folder of the recipe's files"
            )
    _from_recipe(files[0], corpus, output, held_out or [], dev, quiet)


def _refuse(with_what: str, options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value:
            raise ConfigError(f"{name} means nothing with {with_what}", advice="see align train --help")


def _from_recipe(
    recipe: Path,
    corpus: Sequence[Path],
    output: Path,
    held_out: Sequence[Path],
    dev: Path | None,
    quiet: bool,
) -> None:
    from align.train.recipe import load_recipe

    steps = load_recipe(recipe).training.steps
    from align.score import format_table
    from align.train.run import train as run_training

    with _progress(steps, quiet) as (report, say):
        result = run_training(recipe, corpus, output, held_out=held_out, dev=dev, report=report, say=say)
    typer.echo(f"{result.folder}: the model, MODEL_CARD.md, curves.svg, log.jsonl")
    if result.scores is not None:
        typer.echo(format_table([result.scores]))


def _finetune(
    model: str,
    files: Sequence[Path],
    output: Path,
    test: Path | None,
    general: Path | None,
    settings: tuple[str, int, float],
    quiet: bool,
) -> None:
    freeze, epochs, rate = settings
    if freeze not in ("embeddings", "encoder", "all", "none"):
        raise ConfigError(
            f"'{freeze}' cannot be frozen", key="freeze", allowed=("embeddings", "encoder", "all", "none")
        )
    for path in files:
        if not path.is_file():
            raise InputError("no such file", path=path, advice="pairs are expected: .tmx, .tsv or .jsonl")
    from align.train.finetune import FinetuneOptions, finetune

    options = FinetuneOptions(epochs=epochs, learning_rate=rate, freeze=freeze)
    with _progress(None, quiet) as (report, say):
        outcome = finetune(
            model, files, output, test=test, general=general, options=options, report=report, say=say
        )
    typer.echo(outcome.text())
    typer.echo(f"{outcome.folder}: the model, finetune.json")


Progress = tuple[Callable[[dict[str, Any]], None], Callable[[str], None]]


@contextmanager
def _progress(steps: int | None, quiet: bool) -> Iterator[Progress]:
    """(report, say): a bar with loss, rate and time left where somebody watches, else a line each."""
    if quiet:
        yield (lambda _: None), (lambda _: None)
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield (lambda entry: console.print(_line(entry))), console.print
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps, {task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Training", total=steps, state="starting")

        def report(entry: dict[str, Any]) -> None:
            if "loss" in entry:
                bar.update(task, completed=entry["step"], state=_line(entry).partition(": ")[2])
            else:
                bar.console.print(_line(entry))

        yield report, bar.console.print


def _line(entry: dict[str, Any]) -> str:
    names = {"loss": "loss", "rate": "tokens/s", "dev_loss": "dev loss", "dev_chrf": "dev chrF2"}
    return f"step {entry['step']}: " + ", ".join(
        f"{name} {entry[key]}" for key, name in names.items() if key in entry
    )
