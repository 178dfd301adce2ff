"""The recipe: one TOML file that says everything about a training run.

Every table of the file is one dataclass here; an unknown key is an error that names the known ones.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from align.errors import ConfigError, InputError

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

__all__ = ["CleaningOptions", "ModelOptions", "Recipe", "Source", "TrainingOptions", "load_recipe"]


@dataclass(frozen=True, slots=True)
class Source:
    """One corpus file and its share: `weight` 2 shows every pair twice an epoch, 0.5 every other.

    In the last stage (`TrainingOptions.final_steps`) `final_weight` counts instead, where it is
    given. `origin` and `licence` go into the model card.
    """

    file: str
    weight: float = 1.0
    final_weight: float | None = None
    origin: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class CleaningOptions:
    """What a pair must be like to be trained on. Lengths are in words."""

    min_words: int = 1
    max_words: int = 100
    max_ratio: float = 4.0
    min_script: float = 0.5


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """The shape of the model, and its first weights.

    `warm_start` is "e5", "" (random weights), or a Marian model (a shipped name, a folder, a hub id)
    that training goes on from, with its shape and its vocabularies.
    """

    warm_start: str = ""
    encoder_layers: tuple[int, ...] | int = 6
    decoder_layers: tuple[int, ...] | int = 3
    width: int = 256
    ffn: int = 1024
    heads: int = 8
    src_vocab: int = 16000
    tgt_vocab: int = 12000
    activation: str = "relu"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train.

    `batch_tokens` counts padded tokens of one process's batch. The encoder keeps its weights for
    the first `frozen_steps`; attention is guided by word alignments with weight `guidance`, which
    falls linearly to nothing at step `guided_steps`. `precision` is fp32, bf16 (matrix products in
    bfloat16, weights in fp32) or auto: bf16 where the processor computes in it. Every
    `checkpoint_steps` the dev loss is taken, and every `score_steps` (a multiple; 0: never) the
    dev chrF. The last `final_steps` draw the sources by their final weights. With `patience`,
    training ends after so many checkpoints without a better dev loss, and the best weights are
    kept beside the last ones.
    """

    steps: int = 2000
    seed: int = 1
    batch_tokens: int = 2000
    learning_rate: float = 8e-4
    encoder_rate: float = 0.4
    warmup_steps: int = 100
    cooldown: float = 0.3
    final_steps: int = 0
    label_smoothing: float = 0.1
    dropout: float = 0.0
    weight_decay: float = 0.0
    clip: float = 1.0
    frozen_steps: int = 0
    guidance: float = 0.5
    guided_steps: int = 0
    checkpoint_steps: int = 100
    log_steps: int = 20
    score_steps: int = 0
    patience: int = 0
    freeze_embeddings: bool = False
    precision: str = "auto"
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str = "ar-en"
    description: str = ""
    sources: tuple[Source, ...] = ()
    cleaning: CleaningOptions = field(default_factory=CleaningOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)


Table = TypeVar("Table")


def _table(kind: type[Table], values: dict[str, Any], where: str) -> Table:
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{key}'", key=key, allowed=known)
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `InputError` (not TOML) or `ConfigError` (an unknown key)."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path, advice="check the recipe's path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"not a TOML file: {error}", path=path, advice="see docs/training.md for a recipe"
        ) from None
    tables = {
        "sources": tuple(_table(Source, entry, f"{path}: [[sources]]") for entry in data.pop("sources", [])),
        "cleaning": _table(CleaningOptions, data.pop("cleaning", {}), f"{path}: [cleaning]"),
        "model": _table(ModelOptions, data.pop("model", {}), f"{path}: [model]"),
        "training": _table(TrainingOptions, data.pop("training", {}), f"{path}: [training]"),
    }
    return _table(Recipe, {**data, **tables}, str(path))
