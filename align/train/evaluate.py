"""Scores of a model, by the translator that people use and by sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from align.train.cleaning import TextPair, read_pairs
from align.train.export import export
from align.train.network import Network
from align.train.vocabulary import Vocabulary

__all__ = ["load_vocabularies", "snapshot_chrf", "translations"]

_SNAPSHOT_PAIRS = 100


def load_vocabularies(folder: Path) -> tuple[Vocabulary, Vocabulary]:
    """The two vocabularies of a work folder or of a Marian directory (one table there, if shared)."""
    source, separate = folder / "vocab.json", folder / "target_vocab.json"
    return (
        Vocabulary.load(folder / "source.spm", source, prefix=">>eng<<"),
        Vocabulary.load(folder / "target.spm", separate if separate.exists() else source),
    )


def translations(model: str, pairs: Sequence[TextPair], *, beam: int = 4, engine: str = "torch") -> list[str]:
    """The model's translations of the sources.

    PyTorch by default: models that are thrown away need not fill the cache of converted ones.
    """
    from align.translate import TranslationOptions, load_translator

    options = TranslationOptions(beam=beam, engine=engine)  # type: ignore[arg-type]
    translator = load_translator(model, options=options)
    return [hypothesis.text for hypothesis in translator.translate([source for source, _ in pairs])]


def snapshot_chrf(network: Network, folder: Path) -> float:
    """chrF2 of the network as it is, greedy, on the start of the work folder's `dev.tsv`."""
    from sacrebleu.metrics.chrf import CHRF

    pairs = list(read_pairs(folder / "dev.tsv"))[:_SNAPSHOT_PAIRS]
    export(network, *load_vocabularies(folder), folder / "snapshot")
    lines = translations(str(folder / "snapshot"), pairs, beam=1)
    return float(CHRF().corpus_score(lines, [[target for _, target in pairs]]).score)
