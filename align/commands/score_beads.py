"""`align score-beads`: how well beads agree with a gold standard (level 5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from align.errors import InputError

if TYPE_CHECKING:
    from align.beads import Links

__all__ = ["score_beads"]

Gold = Annotated[Path, typer.Argument(metavar="GOLD", help="Gold beads: a file, or a folder of DOC.gold.")]
Pred = Annotated[
    Path, typer.Argument(metavar="PRED", help="Predicted beads: a file, or a folder of DOC.pred.")
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON object.")]


def score_beads(gold: Gold, pred: Pred, as_json: Json = False) -> None:
    """Score beads against gold beads: strict and lax F1, and F1 of beads by kind.

    For example:

        align score-beads article.gold article.beads

        align score-beads gold/ predictions/ --json
    """
    from align import beads

    scores = beads.score_beads([(_read(a), _read(b)) for a, b in _files(gold, pred)]).as_dict()
    if as_json:
        typer.echo(json.dumps(scores))
        return
    typer.echo("         precision  recall      F1")
    for kind in ("strict", "lax"):
        values = (scores[f"{part}_{kind}"] or 0.0 for part in ("p", "r", "f1"))
        typer.echo(f"{kind:8s}" + "".join(f"{value:9.4f}" for value in values))
    for name, label in (("f1_1_1", "1-1"), ("f1_n_m", "n-m"), ("f1_null", "1-0, 0-1")):
        value = scores[name]
        typer.echo(f"{label:26s}" + ("     none" if value is None else f"{value:9.4f}"))


def _files(gold: Path, pred: Path) -> list[tuple[Path, Path]]:
    if not gold.is_dir():
        return [(gold, pred)]
    files = sorted(gold.glob("*.gold"))
    if not files:
        raise InputError("the folder has no gold beads", path=gold, advice="they are called DOC.gold")
    return [(file, pred / f"{file.stem}.pred") for file in files]


def _read(path: Path) -> list[Links]:
    from align.beads import parse_links
    from align.formats.text import read_lines

    return parse_links("\n".join(read_lines(str(path), lang="en")), path=str(path))
