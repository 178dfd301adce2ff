"""Where a run starts: its vocabularies and its first weights."""

from __future__ import annotations

from collections.abc import Sequence

from align.errors import ConfigError, ModelError
from align.train.cleaning import TextPair
from align.train.data import TrainingData
from align.train.marian import MarianModel, marian_shape, read_marian
from align.train.network import Network, Shape
from align.train.normaliser import arabic_rules, english_rules
from align.train.pretrained import PretrainedEncoder, load_e5
from align.train.recipe import ModelOptions, Recipe
from align.train.vocabulary import Vocabulary, cut_pieces, learn_pieces
from align.translate.files import ModelFiles, find_model

__all__ = ["Origin", "build_vocabularies", "shape_of", "start_checksum", "start_network"]

_E5_LAYERS = 12
_E5_SIZES = (384, 1536, 12, "gelu")  # width, ffn, heads, activation

Origin = PretrainedEncoder | MarianModel | None  # what the first weights are taken from; None: drawn


def _marian_files(options: ModelOptions) -> ModelFiles | None:
    """The Marian model that training goes on from. Raises `ConfigError` where there is none of that name."""
    if options.warm_start in ("", "e5"):
        return None
    try:
        return find_model(options.warm_start)
    except ModelError as error:
        raise ConfigError(
            f"warm_start: {error}", key="warm_start", allowed=("e5", "'' (none)", "a Marian model")
        ) from None


def start_checksum(options: ModelOptions) -> str:
    """Of the Marian model that training goes on from; "" for the other starts, which cannot change."""
    files = _marian_files(options)
    return files.checksum() if files else ""


def _layers(wanted: tuple[int, ...] | int) -> tuple[int, ...]:
    """The numbers of the pretrained layers to take; a mere count takes them evenly, ends included."""
    if not isinstance(wanted, int):
        return wanted
    last = _E5_LAYERS - 1
    return tuple(round(n * last / max(1, wanted - 1)) for n in range(wanted))


def shape_of(options: ModelOptions, vocab: int, dropout: float = 0.0) -> Shape:
    """The network's shape; e5 brings its own width, ffn, heads and activation, a Marian model everything."""
    if (files := _marian_files(options)) is not None:
        return marian_shape(files, dropout)
    counts = [
        layers if isinstance(layers, int) else len(layers)
        for layers in (options.encoder_layers, options.decoder_layers)
    ]
    if options.warm_start:
        width, ffn, heads, activation = _E5_SIZES
    else:
        width, ffn, heads, activation = options.width, options.ffn, options.heads, options.activation
    if width % heads or width % 2:
        raise ConfigError(f"width {width} is no even multiple of {heads} heads", key="width")
    return Shape(vocab, counts[0], counts[1], width, ffn, heads, activation, dropout)


def build_vocabularies(
    options: ModelOptions, pairs: Sequence[TextPair]
) -> tuple[Vocabulary, Vocabulary, Origin]:
    """A Marian model's own vocabularies, or ones cut out of e5's pieces, or learned ones."""
    if _marian_files(options) is not None:
        model = read_marian(options.warm_start)
        return model.src, model.tgt, model
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    if not options.warm_start:
        return (
            learn_pieces(sources, options.src_vocab, arabic_rules()),
            learn_pieces(targets, options.tgt_vocab, english_rules()),
            None,
        )
    pretrained = load_e5()
    return (
        cut_pieces(pretrained.pieces, sources, options.src_vocab, arabic_rules()),
        cut_pieces(pretrained.pieces, targets, options.tgt_vocab, english_rules()),
        pretrained,
    )


def start_network(
    recipe: Recipe,
    shape: Shape,
    src: Vocabulary,
    tgt: Vocabulary,
    origin: Origin,
    data: TrainingData,
) -> Network:
    """Random weights by the recipe's seed, or transplanted ones, or a Marian model's as they are.

    But for the last, the output bias starts at the log-frequency of each piece, which spares the first steps
    from learning it.
    """
    import numpy as np
    import torch

    if isinstance(origin, MarianModel):
        return origin.network
    torch.manual_seed(recipe.training.seed)
    network = Network(shape)
    if origin is not None:
        from align.train.warmstart import transplant

        encoder, decoder = _layers(recipe.model.encoder_layers), _layers(recipe.model.decoder_layers)
        transplant(network, origin, src, tgt, encoder, decoder)
    counts = np.bincount(data.tgt, minlength=shape.vocab) + 1.0
    logs = torch.from_numpy(np.log(counts / counts.sum())).float()
    network.bias.data.copy_(logs - logs.mean())
    return network
