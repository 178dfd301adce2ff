"""Start Marian's network from a pretrained encoder instead of random weights.

e5's layers are post-norm as Marian's are, so they fit as they stand. Marian has neither the
LayerNorm over embeddings nor learned positions; both are baked into the embedding rows:
row = LayerNorm(word + type + mean position). The rows are then scaled by ALPHA, which the first
layer's projections undo (a LayerNorm does not see scale), so that Marian's sinusoids shrink
beside them to the size that the learned positions had.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from align.train.network import Attention, Layer, Network
from align.train.pretrained import PretrainedEncoder
from align.train.vocabulary import FIRST, Vocabulary

__all__ = ["transplant"]

ALPHA = 6.8
_POSITIONS = 64  # the mean is taken over the positions that sentences use


def transplant(
    network: Network,
    pretrained: PretrainedEncoder,
    src: Vocabulary,
    tgt: Vocabulary,
    encoder_layers: tuple[int, ...],
    decoder_layers: tuple[int, ...],
) -> None:
    """Copy the named layers of `pretrained` into `network`, in place.

    Cross-attention starts from the last encoder layer that was kept, whose inputs are most like
    the states that it will meet.
    """
    with torch.no_grad():
        for table, vocabulary in ((network.src_embed, src), (network.tgt_embed, tgt)):
            _fill_embeddings(table.weight, pretrained, vocabulary)
        network.clear_padding()
        for layer, number in zip(network.encoder, encoder_layers, strict=True):
            _fill_layer(layer, pretrained, number)
        for layer, number in zip(network.decoder, decoder_layers, strict=True):
            _fill_layer(layer, pretrained, number)
            _fill_attention(layer.cross, pretrained, encoder_layers[-1])
            # Small at first: an untrained cross-attention must not drown the decoder's own state.
            layer.cross.out.weight.mul_(0.5)
        for first in (network.encoder[0], network.decoder[0]):
            _rescale(first.attention)
        # Logits of about unit spread, so that the first steps do not go into shrinking them.
        last = network.decoder[-1].norm
        spread = (network.tgt_embed.weight[FIRST:] @ last.weight.diag()).std() * math.sqrt(
            last.weight.numel()
        )
        last.weight.div_(spread)
        last.bias.zero_()


def _tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(array).float()


def _fill_embeddings(table: torch.Tensor, pretrained: PretrainedEncoder, vocabulary: Vocabulary) -> None:
    tensors = pretrained.tensors
    constant = _tensor(tensors["emb.type"]) + _tensor(tensors["emb.pos"][:_POSITIONS]).mean(0)
    words = tensors["emb.word"]
    scale = ALPHA / math.sqrt(table.shape[1])
    origins = vocabulary.origins or {}

    def row(shares: tuple[tuple[int, float], ...]) -> torch.Tensor:
        mixed = sum(weight * _tensor(words[number]) for number, weight in shares) + constant
        normed = torch.nn.functional.layer_norm(
            mixed, mixed.shape, _tensor(tensors["emb.ln.w"]), _tensor(tensors["emb.ln.b"])
        )
        return normed * scale

    names = {piece: number for number, (piece, _) in enumerate(pretrained.pieces)}
    table[0] = row(((names["</s>"], 1.0),))
    table[1] = row(((names["<unk>"], 1.0),))
    for number, piece in enumerate(vocabulary.pieces, FIRST):
        table[number] = row(origins[piece])


def _fill_attention(attention: Attention, pretrained: PretrainedEncoder, number: int) -> None:
    for part, name in enumerate("qkv"):
        rows = slice(part * pretrained.hidden, (part + 1) * pretrained.hidden)
        attention.qkv.weight[rows] = _tensor(pretrained.tensors[f"l{number}.{name}.w"])
        attention.qkv.bias[rows] = _tensor(pretrained.tensors[f"l{number}.{name}.b"])
    attention.out.weight.copy_(_tensor(pretrained.tensors[f"l{number}.ao.w"]))
    attention.out.bias.copy_(_tensor(pretrained.tensors[f"l{number}.ao.b"]))


def _fill_layer(layer: Layer, pretrained: PretrainedEncoder, number: int) -> None:
    _fill_attention(layer.attention, pretrained, number)
    for module, name in (
        (layer.attention_norm, "aln"),
        (layer.fc1, "fi"),
        (layer.fc2, "fo"),
        (layer.norm, "oln"),
    ):
        module.weight.copy_(_tensor(pretrained.tensors[f"l{number}.{name}.w"]))
        module.bias.copy_(_tensor(pretrained.tensors[f"l{number}.{name}.b"]))


def _rescale(attention: Attention) -> None:
    attention.qkv.weight.div_(ALPHA)
    attention.out.weight.mul_(ALPHA)
    attention.out.bias.mul_(ALPHA)
