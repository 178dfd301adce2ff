"""Reading a Marian directory into the network that is trained here: the inverse of `export`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import torch

from align.errors import ModelError
from align.train.evaluate import load_vocabularies
from align.train.export import marian_state
from align.train.network import Network, Shape
from align.train.vocabulary import Vocabulary
from align.translate.files import ModelFiles, find_model
from align.translate.layout import Layout
from align.translate.weights import load_weights

__all__ = ["MarianModel", "marian_shape", "read_marian"]


@dataclass(frozen=True, slots=True)
class MarianModel:
    """A model that can be trained on; `files` is where it came from."""

    files: ModelFiles
    network: Network
    src: Vocabulary
    tgt: Vocabulary


def read_marian(name: str, *, dropout: float = 0.0) -> MarianModel:
    """A shipped model, a folder or a hub id, of this project's layout or of opus-mt's.

    Raises `ModelError` for what Marian allows and this network has not (untied output, sides of
    unlike widths).
    """
    files = find_model(name)
    network = Network(marian_shape(files, dropout))
    weights = load_weights(files)
    with torch.no_grad():
        for key, tensor in marian_state(network).items():
            tensor.copy_(torch.from_numpy(weights[key].read()))
        network.clear_padding()
    src, tgt = load_vocabularies(files.folder)
    return MarianModel(files, network, src, tgt)


def marian_shape(files: ModelFiles, dropout: float = 0.0) -> Shape:
    """The shape of a model. Raises `ModelError` as `read_marian` does."""
    layout = files.layout
    if layout.vocab != layout.target_vocab or layout.pad != layout.vocab - 1 or layout.eos != 0:
        _refuse(files, "the padding is not the last of equally large vocabularies")
    if not layout.tied:
        _refuse(files, "its output matrix is not tied to the target embeddings")
    if (layout.encoder_heads, layout.encoder_ffn) != (layout.decoder_heads, layout.decoder_ffn):
        _refuse(files, "encoder and decoder have unlike sizes")
    return _as_shape(layout, dropout)


def _as_shape(layout: Layout, dropout: float) -> Shape:
    return Shape(
        layout.vocab,
        layout.encoder_layers,
        layout.decoder_layers,
        layout.width,
        layout.encoder_ffn,
        layout.encoder_heads,
        layout.activation,
        dropout,
        shared=layout.shared,
        scaled=layout.scaled,
    )


def _refuse(files: ModelFiles, reason: str) -> NoReturn:
    raise ModelError(
        f"{files.folder} cannot be trained on: {reason}", advice="ours and the opus-mt models can be"
    )
