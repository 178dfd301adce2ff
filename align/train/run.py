"""`train`: a recipe and a corpus in, a scored Marian directory with its card out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from align.atomic import atomic_write, make_folder
from align.score import SystemScore, score
from align.train.card import Trained, model_card
from align.train.cleaning import read_pairs
from align.train.curves import curves
from align.train.evaluate import translations
from align.train.export import export
from align.train.loop import run
from align.train.network import Network
from align.train.prepare import Prepared, prepare
from align.train.recipe import Recipe, load_recipe
from align.train.tracking import Report, read_log

__all__ = ["TrainResult", "finish", "train"]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where the model lies and what it scores on the development set (None without one)."""

    folder: Path
    scores: SystemScore | None


def train(
    recipe: Path,
    corpus: Path | Sequence[Path],
    out: Path,
    *,
    held_out: Sequence[Path] = (),
    dev: Path | None = None,
    report: Report | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> TrainResult:
    """Make the model of a recipe in `out`; called again, it goes on from the last checkpoint.

    The corpus files lie in `corpus`, a folder or several; the work folder is `out/work`. `report` gets
    each entry of the log, `say` a line at each stage.
    Raises `ConfigError`, `InputError`, `ModelError`, `OutputError`.
    """
    options = load_recipe(recipe)
    make_folder(out)
    prepared = prepare(options, corpus, out / "work", held_out=held_out, dev=dev, say=say)
    say("training")
    run(prepared.folder, prepared.shape, options.training, report)
    say("exporting and scoring")
    result = finish(prepared, options, out)
    with atomic_write(out / "recipe.toml") as stream:
        stream.write(recipe.read_text(encoding="utf-8"))
    return result


def finish(prepared: Prepared, recipe: Recipe, out: Path) -> TrainResult:
    """The Marian directory, log, curves and card of a work folder's last checkpoint (or its best)."""
    network = Network(prepared.shape)
    network.load_state_dict(_weights(prepared.folder))
    export(network, *prepared.vocabularies(), out)
    log = read_log(prepared.folder / "log.jsonl")
    dev_file = prepared.folder / "dev.tsv"
    dev = list(read_pairs(dev_file)) if dev_file.exists() else []
    lines = translations(str(out), dev) if dev else []
    scores = score({recipe.name: lines}, [[target for _, target in dev]])[0] if dev else None
    parameters = sum(parameter.numel() for parameter in network.parameters())
    facts = Trained(recipe, prepared.shape, parameters, prepared.cleaning, log, dev, lines, scores)
    texts = {
        "MODEL_CARD.md": model_card(facts),
        "curves.svg": curves(log, f"Training of {recipe.name}"),
        "log.jsonl": (prepared.folder / "log.jsonl").read_text(encoding="utf-8"),
    }
    for name, text in texts.items():
        with atomic_write(out / name) as stream:
            stream.write(text)
    return TrainResult(out, scores)


def _weights(work: Path) -> dict[str, torch.Tensor]:
    best = work / "best.pt"
    if best.exists():
        return dict(torch.load(best, map_location="cpu", weights_only=True))
    checkpoint = torch.load(work / "checkpoint.pt", map_location="cpu", weights_only=True)
    return dict(checkpoint["network"])
