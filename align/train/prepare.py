"""From a recipe and corpus files to a work folder that can be trained in.

The folder holds the vocabularies (source.spm, target.spm, vocab.json, target_vocab.json), the
start weights (start.pt), the encoded pairs (data.npz), the development set (dev.npz, dev.tsv) and
what the cleaning did (cleaning.json). prepared.json comes last and carries a fingerprint of
everything that these depend on: the same recipe finds its folder ready, another one is refused.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from align.atomic import atomic_write, make_folder
from align.errors import ConfigError, InputError
from align.train.cleaning import TextPair, clean, fingerprints, mix, read_lines, read_pairs
from align.train.data import TrainingData
from align.train.evaluate import load_vocabularies
from align.train.marian import MarianModel
from align.train.network import Shape
from align.train.recipe import Recipe, Source
from align.train.start import build_vocabularies, shape_of, start_checksum, start_network
from align.train.vocabulary import Vocabulary, table_size
from align.train.wordalign import align_words
from align.translate.tokens import model_input

__all__ = ["Prepared", "encode_pairs", "prepare", "write_dev"]

_EPOCHS = 3  # of a corpus whose weight is below 1, no more is kept than so many epochs show
_DEV_PAIRS = 250
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A work folder that is ready; `cleaning` counts pairs by file and reason."""

    folder: Path
    shape: Shape
    cleaning: dict[str, dict[str, int]]

    def vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        return load_vocabularies(self.folder)


def prepare(
    recipe: Recipe,
    corpus: Path | Sequence[Path],
    work: Path,
    *,
    held_out: Sequence[Path] = (),
    dev: Path | None = None,
    say: Say = lambda _: None,
) -> Prepared:
    """Fill `work`, or find it filled by the same recipe, corpus and test sets.

    The recipe's files lie in the folder `corpus`, or each in the first of several that has it.
    Pairs that share a side (of four words or more) with a file of `held_out` or with the
    development set are left out. Without `dev`, 250 pairs are set aside for it. Raises `InputError` for
    corpus files that cannot be read and `ConfigError` for a folder that another recipe has begun.
    """
    _check_weights(recipe)
    paths = _find(recipe, [corpus] if isinstance(corpus, Path) else corpus)
    tested = fingerprints(line for path in held_out for line in read_lines(path))
    dev_pairs = list(read_pairs(dev)) if dev else []
    key = _fingerprint(recipe, paths, tested, dev_pairs)
    if (ready := _ready(recipe, work, key)) is not None:
        say("prepared before: going on")
        return ready
    make_folder(work)
    tested |= fingerprints(text for pair in dev_pairs for text in pair)
    corpora, cleaning = _read(recipe, paths, tested, say)
    if not dev_pairs:
        dev_pairs, corpora = _set_aside(corpora, recipe.training.seed)
    vocab = _write(recipe, corpora, dev_pairs, work, say)
    _write_json(work / "cleaning.json", cleaning)
    _write_json(work / "prepared.json", {"fingerprint": key, "vocab": vocab})
    return Prepared(work, _shape(recipe, vocab), cleaning)


Corpora = list[tuple[Source, list[TextPair]]]


def _check_weights(recipe: Recipe) -> None:
    if not recipe.sources:
        raise ConfigError("the recipe names no [[sources]]", key="sources", advice="see docs/training.md")
    if not all(any(weights) for weights in zip(*map(_weights, recipe.sources), strict=True)):
        raise ConfigError(
            "all weights of a stage are 0",
            key="weight",
            advice="give one of the [[sources]] a weight above 0",
        )
    for source in recipe.sources:
        if min(_weights(source)) < 0:
            raise ConfigError(f"{source.file}: a weight below 0", key="weight")


def _find(recipe: Recipe, folders: Sequence[Path]) -> list[Path]:
    """Where each source lies. Raises `InputError` for one that no folder has."""
    found = []
    for source in recipe.sources:
        path = next((folder / source.file for folder in folders if (folder / source.file).is_file()), None)
        if path is None:
            where = ", ".join(map(str, folders)) or "no folder"
            raise InputError(
                "no such corpus file",
                path=Path(source.file),
                advice=f"looked for in {where}: check --corpus and the recipe",
            )
        found.append(path)
    return found


def _fingerprint(
    recipe: Recipe, paths: Sequence[Path], tested: frozenset[str], dev: Sequence[TextPair]
) -> str:
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    parts = {
        "sources": [
            (s.file, s.weight, s.final_weight, digest)
            for s, digest in zip(recipe.sources, digests, strict=True)
        ],
        "cleaning": asdict(recipe.cleaning),
        "model": asdict(recipe.model),
        "start": start_checksum(recipe.model),
        "seed": recipe.training.seed,
        "guided": recipe.training.guided_steps > 0,
        "held out": sorted(tested),
        "dev": list(dev),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _ready(recipe: Recipe, work: Path, key: str) -> Prepared | None:
    marker = work / "prepared.json"
    if not marker.exists():
        return None
    state = json.loads(marker.read_text(encoding="utf-8"))
    if state["fingerprint"] == key:
        cleaning = json.loads((work / "cleaning.json").read_text(encoding="utf-8"))
        return Prepared(work, _shape(recipe, state["vocab"]), cleaning)
    if (work / "checkpoint.pt").exists():
        raise ConfigError(
            f"{work} holds a run with other data, another model or another seed",
            advice="choose another folder with -o, or delete this one; only [training] may change in a run",
        )
    marker.unlink()
    return None


def _shape(recipe: Recipe, vocab: int) -> Shape:
    return shape_of(recipe.model, vocab, recipe.training.dropout)


def _read(
    recipe: Recipe, paths: Sequence[Path], tested: frozenset[str], say: Say
) -> tuple[Corpora, dict[str, dict[str, int]]]:
    rng = random.Random(recipe.training.seed)  # noqa: S311 - reproducible sampling, no secret
    corpora: Corpora = []
    cleaning = {}
    for source, path in zip(recipe.sources, paths, strict=True):
        counts: Counter[str] = Counter()
        pairs = clean(read_pairs(path), recipe.cleaning, tested, counts)
        if not pairs:
            raise InputError("no pair is fit for training", path=path, advice=f"rejected: {dict(counts)}")
        used = _limited(source, pairs, rng)
        corpora.append(used)
        cleaning[source.file] = {**counts, "used": len(used[1])}
        say(f"{source.file}: {counts['kept']} of {sum(counts.values())} pairs kept")
    return corpora, cleaning


def _limited(source: Source, pairs: list[TextPair], rng: random.Random) -> tuple[Source, list[TextPair]]:
    """At most what a few epochs show of it; the weights are raised so that an epoch shows as much."""
    weight, final = _weights(source)
    limit = min(len(pairs), int(max(weight, final) * len(pairs) * _EPOCHS) + 1)
    raised = len(pairs) / limit
    return replace(source, weight=weight * raised, final_weight=final * raised), rng.sample(pairs, limit)


def _weights(source: Source) -> tuple[float, float]:
    """In the main stage and in the last one."""
    return source.weight, source.weight if source.final_weight is None else source.final_weight


def _set_aside(corpora: Corpora, seed: int) -> tuple[list[TextPair], Corpora]:
    """A development set drawn as an epoch is, at most a tenth of the pairs; it leaves every corpus."""
    pairs = list(dict.fromkeys(mix(corpora, seed)))
    chosen = pairs[: min(_DEV_PAIRS, len(pairs) // 10)]
    dev = set(chosen)
    rest = [(source, [pair for pair in own if pair not in dev]) for source, own in corpora]
    return chosen, [(source, own) for source, own in rest if own]


def _write(recipe: Recipe, corpora: Corpora, dev: Sequence[TextPair], work: Path, say: Say) -> int:
    """All files but the reports; -> rows of the embedding tables."""
    import torch

    say("building the vocabularies")
    epoch = mix(corpora, recipe.training.seed)
    src, tgt, origin = build_vocabularies(recipe.model, [(model_input(a), b) for a, b in epoch])
    vocab = origin.network.shape.vocab if isinstance(origin, MarianModel) else table_size(src, tgt)
    src.save(work / "source.spm", work / "vocab.json", vocab)
    tgt.save(work / "target.spm", work / "target_vocab.json", vocab)
    write_dev(dev, src, tgt, work)
    say("encoding the pairs")
    ranges: list[tuple[float, int, int]] = []
    pairs: list[TextPair] = []
    for source, own in corpora:
        ranges.append((source.weight, len(pairs), len(pairs) + len(own)))
        pairs += own
    data = replace(
        encode_pairs(pairs, src, tgt, ranges), final=tuple(_weights(source)[1] for source, _ in corpora)
    )
    if recipe.training.guided_steps:
        say("aligning the words")
        data = replace(data, links=align_words(data, vocab))
    data.save(work / "data.npz")
    shape = _shape(recipe, vocab)
    network = start_network(recipe, shape, src, tgt, origin, data)
    torch.save(network.state_dict(), work / "start.pt")
    return vocab


def encode_pairs(
    pairs: Sequence[TextPair],
    src: Vocabulary,
    tgt: Vocabulary,
    ranges: Sequence[tuple[float, int, int]] = (),
) -> TrainingData:
    """Ids of the pairs; the sources are folded as the translator folds them."""
    sources = src.encode([model_input(source) for source, _ in pairs])
    return TrainingData.pack(
        sources, tgt.encode([target for _, target in pairs]), ranges or [(1.0, 0, len(pairs))]
    )


def write_dev(pairs: Sequence[TextPair], src: Vocabulary, tgt: Vocabulary, work: Path) -> None:
    """dev.tsv and dev.npz; nothing where there are no pairs."""
    if not pairs:
        return
    with atomic_write(work / "dev.tsv") as stream:
        stream.writelines(f"{' '.join(a.split())}\t{' '.join(b.split())}\n" for a, b in pairs)
    encode_pairs(pairs[:_DEV_PAIRS], src, tgt).save(work / "dev.npz")


def _write_json(path: Path, value: Any) -> None:
    with atomic_write(path) as stream:
        stream.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
