"""Fine-tuning: a model learns a user's own text, and is kept only where it became better.

Small data sets spoil models easily: the defaults are a low learning rate without surprises, a
held-out split, early stopping on it, and a table of both models on the user's test set and on a
general one. If the result is worse, the folder gets the old model, and the report says so.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from align.atomic import atomic_write, make_folder
from align.errors import ConfigError, InputError
from align.score import SystemScore, as_json, format_table, score
from align.train.cleaning import TextPair, clean, fingerprints, read_pairs
from align.train.data import TrainingData, batches, epoch_order
from align.train.evaluate import translations
from align.train.export import export
from align.train.loop import run
from align.train.marian import MarianModel, read_marian
from align.train.prepare import encode_pairs, write_dev
from align.train.recipe import CleaningOptions, TrainingOptions
from align.train.tracking import Report

__all__ = ["FinetuneOptions", "Outcome", "finetune"]

_LEAST = 20  # pairs; from fewer nothing can be learned, let alone measured
_LEAST_STEPS = 10  # between checkpoints: over fewer the dev loss is noise, and patience ends in the warm-up


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """Safe defaults. `freeze` is "", "embeddings", "encoder" or "all" (both).

    Training ends after `epochs`, or after `patience` checkpoints without a better loss on the held-out
    pairs; there are four an epoch, but never fewer than 10 steps apart. `most_lost` is how many points
    of chrF the general set may lose.
    """

    epochs: int = 6
    learning_rate: float = 5e-5
    dropout: float = 0.1
    freeze: str = "embeddings"
    patience: int = 4
    batch_tokens: int = 2000
    most_lost: float = 1.0
    seed: int = 1
    precision: str = "auto"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kept` says whether `folder` holds the tuned model; `tables` both models' scores by set name."""

    folder: Path
    kept: bool
    reason: str
    tables: dict[str, tuple[SystemScore, ...]]
    cleaning: dict[str, int]

    def text(self) -> str:
        """The tables and the verdict, for people."""
        parts = [f"{name}\n{format_table(table)}" for name, table in self.tables.items()]
        return "\n\n".join([*parts, self.reason])


def finetune(
    model: str,
    files: Sequence[Path],
    out: Path,
    *,
    test: Path | None = None,
    general: Path | None = None,
    options: FinetuneOptions | None = None,
    report: Report | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Train `model` on the pairs of `files` (TMX, TSV, JSONL) and write the better of the two to `out`.

    Without `test`, a tenth of the pairs (500 at most) is held out for it. Nothing of the test and
    general sets is trained on. An interrupted run goes on when it is called again; with another
    model, other pairs or other options, it is refused. Raises `ConfigError`, `InputError`,
    `ModelError`, `OutputError`.
    """
    options = options or FinetuneOptions()
    start = read_marian(model, dropout=options.dropout)
    sets = {"test": list(read_pairs(test)) if test else []}
    if general:
        sets["general"] = list(read_pairs(general))
    counts: Counter[str] = Counter()
    held = fingerprints(text for pairs in sets.values() for pair in pairs for text in pair)
    pairs = clean((pair for path in files for pair in read_pairs(path)), CleaningOptions(), held, counts)
    if len(pairs) < _LEAST:
        raise InputError(
            f"{len(pairs)} usable pairs, at least {_LEAST} are needed", advice=f"counts: {dict(counts)}"
        )
    random.Random(options.seed).shuffle(pairs)  # noqa: S311 - a reproducible split, no secret
    if not test:
        sets["test"], pairs = _split(pairs, 500)
    dev, pairs = _split(pairs, 250)
    say(f"{len(pairs)} pairs to train on, {len(dev)} to stop by, {len(sets['test'])} to test with")
    work = make_folder(out / "work")
    _train(start, pairs, dev, work, options, report)
    say("scoring the model before and after")
    return _decide(model, start, sets, out, options, counts)


def _split(pairs: list[TextPair], most: int) -> tuple[list[TextPair], list[TextPair]]:
    count = min(most, max(1, len(pairs) // 10))
    return pairs[:count], pairs[count:]


def _train(
    start: MarianModel,
    pairs: list[TextPair],
    dev: list[TextPair],
    work: Path,
    options: FinetuneOptions,
    report: Report | None,
) -> None:
    data = encode_pairs(pairs, start.src, start.tgt)
    key = _fingerprint(start, pairs, dev, options)
    if not _begun(work, key):
        data.save(work / "data.npz")
        write_dev(dev, start.src, start.tgt, work)
        with atomic_write(work / "start.pt", "wb") as stream:
            torch.save(start.network.state_dict(), stream)
        with atomic_write(work / "prepared.json") as text:
            json.dump({"fingerprint": key}, text)
    run(work, start.network.shape, _schedule(options, data), report)


def _fingerprint(
    start: MarianModel, pairs: list[TextPair], dev: list[TextPair], options: FinetuneOptions
) -> str:
    """Of all that the weights depend on, but for the precision, which another machine may lack."""
    training = asdict(options)
    for free in ("most_lost", "precision"):
        del training[free]
    parts = [start.files.checksum(), pairs, dev, training]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _begun(work: Path, key: str) -> bool:
    """Whether `work` is ready for this very run. Raises `ConfigError` where it holds another one's."""
    marker = work / "prepared.json"
    if marker.exists() and json.loads(marker.read_text(encoding="utf-8")).get("fingerprint") == key:
        return True
    if (work / "checkpoint.pt").exists():
        raise ConfigError(
            f"{work} holds a run from another model, with other pairs or other options",
            advice="choose another folder with -o, or delete this one",
        )
    marker.unlink(missing_ok=True)
    return False


def _schedule(options: FinetuneOptions, data: TrainingData) -> TrainingOptions:
    """A short warm-up and a long cool-down; a frozen encoder is frozen to the end."""
    order = epoch_order(data, options.seed, 0)
    an_epoch = len(batches(data, order, options.batch_tokens, options.seed))
    steps = options.epochs * an_epoch
    return TrainingOptions(
        steps=steps,
        seed=options.seed,
        batch_tokens=options.batch_tokens,
        learning_rate=options.learning_rate,
        encoder_rate=1.0,
        warmup_steps=max(1, steps // 10),
        cooldown=0.9,
        checkpoint_steps=max(_LEAST_STEPS, an_epoch // 4),
        log_steps=max(1, an_epoch // 10),
        frozen_steps=steps if options.freeze in ("encoder", "all") else 0,
        freeze_embeddings=options.freeze in ("embeddings", "all"),
        patience=options.patience,
        precision=options.precision,
    )


def _decide(
    model: str,
    start: MarianModel,
    sets: dict[str, list[TextPair]],
    out: Path,
    options: FinetuneOptions,
    counts: Counter[str],
) -> Outcome:
    tuned = out / "work" / "tuned"
    start.network.load_state_dict(torch.load(out / "work" / "best.pt", map_location="cpu", weights_only=True))
    export(start.network, start.src, start.tgt, tuned)
    tables = {}
    for name, pairs in sets.items():
        systems = {"before": translations(model, pairs), "after": translations(str(tuned), pairs)}
        tables[name] = score(systems, [[target for _, target in pairs]])
    kept, reason = _verdict(tables, options.most_lost)
    _copy(tuned if kept else start.files.folder, out)
    outcome = Outcome(out, kept, reason, tables, dict(counts))
    report = {"kept": kept, "reason": reason, "cleaning": outcome.cleaning, "options": asdict(options)}
    with atomic_write(out / "finetune.json") as stream:
        scores = {name: as_json(table) for name, table in tables.items()}
        json.dump(report | {"scores": scores}, stream, indent=1)
    return outcome


def _verdict(tables: dict[str, tuple[SystemScore, ...]], most_lost: float) -> tuple[bool, str]:
    """(whether the new model is kept, why), by chrF2."""
    gains = {name: after["chrF2"].score - before["chrF2"].score for name, (before, after) in tables.items()}
    listed = ", ".join(f"{gain:+.1f} chrF2 on the {name} set" for name, gain in gains.items())
    if gains["test"] <= 0:
        return False, f"The old model is kept, the new one is no better: {listed}."
    if "general" not in gains:
        advice = "What it lost elsewhere is unknown: give a general test set to find out."
        return True, f"The new model is kept: {listed}. {advice}"
    if gains["general"] < -most_lost:
        return False, f"The old model is kept, the new one forgot too much: {listed} (allowed: -{most_lost})."
    return True, f"The new model is kept: {listed}."


def _copy(model: Path, out: Path) -> None:
    """A Marian directory's files, each whole; config.json last."""
    names = ["model.safetensors", "pytorch_model.bin", "source.spm", "target.spm", "vocab.json"]
    names += ["target_vocab.json", "tokenizer_config.json", "generation_config.json", "config.json"]
    for name in names:
        if (model / name).is_file():
            with (model / name).open("rb") as source, atomic_write(out / name, "wb") as stream:
                shutil.copyfileobj(source, stream)
        else:  # of an earlier run
            (out / name).unlink(missing_ok=True)
