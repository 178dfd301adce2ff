"""`align memory`: what is kept of translations, and how people's corrections get into it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from align.errors import ConfigError

if TYPE_CHECKING:
    from align.memory import Memory, Unit

__all__ = ["app"]

app = typer.Typer(
    name="memory",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
MemoryOption = Annotated[
    Path | None,
    typer.Option(
        "--memory", help="The memory's file [default: $ALIGN_MEMORY or your own].", show_default=False
    ),
]
OriginOption = Annotated[
    str | None, typer.Option("--origin", help="human or machine units only.", show_default=False)
]


@app.callback()
def _memory() -> None:
    """What has been translated before, and is reused.

    `align translate` keeps what the model says and takes it from there the next time. What people say
    comes first: translate, correct **corpus.tmx** in OmegaT or any other editor of TMX, and import it:

        align translate article.txt

        align memory import outputs/article/corpus.tmx

    From then on the same sentences get your translation, and similar ones are offered it.
    """


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="TMX, TSV or JSONL files.", show_default=False)
    ],
    memory: MemoryOption = None,
    origin: Annotated[
        str, typer.Option(help="Who translated: human, machine, or file (what the file says of each).")
    ] = "human",
    everything: Annotated[
        bool, typer.Option("--all", help="Also machine translations that nobody has changed, as human.")
    ] = False,
) -> None:
    """Take translations by people into the memory.

    What `align` has written says which translations are the machine's. Those that the memory knows
    as the machine's, word for word, are passed over, since nobody corrected them; `--all` takes them too.

    Examples:
        align memory import outputs/article/corpus.tmx

        align memory import project_save.tmx glossary.tsv

        align memory import --origin file backup.jsonl
    """
    from align.memory.exchange import corrections, read_units

    given = {"human": "human", "machine": "machine", "file": None}
    if origin not in given:
        raise ConfigError(f"no origin is called {origin!r}", key="origin", allowed=given)
    with _opened(memory) as store:
        for file in files:
            units = list(read_units(file, given[origin]))  # type: ignore[arg-type]
            kept = corrections(file, units, store) if origin == "human" and not everything else units
            new = store.add(kept)
            passed = len(units) - len(kept)
            note = (
                f", {passed} unchanged machine translations passed over (--all takes them)" if passed else ""
            )
            typer.echo(f"{file}: {new} new units of {len(kept)}{note}")


@app.command()
def export(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="FILE.tmx, .tsv or .jsonl; - for JSONL to standard output."),
    ],
    memory: MemoryOption = None,
    origin: OriginOption = None,
) -> None:
    """Write the memory to a file that other programs read, or that `align memory import --origin file` does.

    Examples:
        align memory export -o memory.tmx --origin human

        align memory export -o - | wc -l
    """
    from align.memory.exchange import export_units

    with _opened(memory) as store:
        units = store.units(_origin(origin))
        if str(output) == "-":
            _to_standard_output(units)
            return
        written = export_units(units, output)
        typer.echo(f"{output}: {written.pairs} units", err=True)


@app.command()
def stats(
    memory: MemoryOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """How many units there are, by whom, and where they lie."""
    with _opened(memory) as store:
        counts = store.counts()
    models = [{"signature": json.loads(text), "units": number} for text, number in counts.machine.items()]
    if as_json:
        record: dict[str, Any] = {"path": str(counts.path), "bytes": counts.size, "human": counts.human}
        typer.echo(json.dumps({**record, "machine": counts.machines, "models": models}, ensure_ascii=False))
        return
    typer.echo(f"{counts.path} ({counts.size / 1e6:.1f} MB)")
    typer.echo(f"  human    {counts.human:,}")
    typer.echo(f"  machine  {counts.machines:,}")
    for model in models:
        signature = " ".join(f"{key}:{value}" for key, value in model["signature"].items())
        typer.echo(f"    {model['units']:,}  {signature}")


@app.command()
def clear(
    memory: MemoryOption = None,
    machine: Annotated[bool, typer.Option("--machine", help="Machine units only.")] = False,
    model: Annotated[
        str | None, typer.Option("--model", help="Machine units of this model only.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget all units, or the machine's only."""
    with _opened(memory) as store:
        counts = store.counts()
        what = f"machine units of {model}" if model else f"{counts.machines:,} machine units"
        people = 0 if machine or model else counts.human
        if people:
            what += f" and {people:,} translations by people"
        if not yes and not typer.confirm(f"Forget {what} in {store.path}?", err=True):
            typer.echo("nothing was changed", err=True)
            return
        typer.echo(f"{store.clear(machine_only=machine, model=model):,} units forgotten")


def _opened(path: Path | None) -> Memory:
    from align.memory import Memory, memory_path

    chosen = memory_path(path)
    if chosen is None:
        raise ConfigError("ALIGN_MEMORY is off", key="memory", advice="name a file with --memory")
    return Memory(chosen)


def _origin(name: str | None) -> Literal["human", "machine"] | None:
    if name not in (None, "human", "machine"):
        raise ConfigError(f"no origin is called {name!r}", key="origin", allowed=("human", "machine"))
    return name  # type: ignore[return-value]


def _to_standard_output(units: Iterator[Unit]) -> None:
    from align.memory.exchange import export_units

    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=True)
    export_units(units, stream, "jsonl")
    stream.detach()
