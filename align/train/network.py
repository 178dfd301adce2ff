"""Marian's Transformer, written for fast training and nothing else.

The same function as `transformers.MarianMTModel` (Vaswani et al. 2017; post-norm, sinusoidal
positions [sin | cos], scaled embeddings, output tied to the target embeddings), checked against it
in a test, but with fused projections, attention by hand (the backward pass of masked SDPA is slow
on CPUs) and a loss that never holds the logits of a whole batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Network", "Shape", "smoothed_cross_entropy"]

_CHUNK = 512  # rows of logits that exist at a time
MASKED = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network.

    Both embedding tables have `vocab` rows, the last of which is the padding; `shared` makes them
    one, `scaled` multiplies embeddings by the root of the width. `activation` is a name that both
    torch and MarianConfig know.
    """

    vocab: int
    encoder_layers: int
    decoder_layers: int
    width: int
    ffn: int
    heads: int
    activation: str = "relu"
    dropout: float = 0.0
    shared: bool = False
    scaled: bool = True


class Attention(nn.Module):
    """Multi-head attention; `qkv` holds the query, key and value projections one below the other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def forward(
        self, x: Tensor, memory: Tensor | None, mask: Tensor, seen: list[Tensor] | None = None
    ) -> Tensor:
        """`x` [batch, length, width] attends to itself or to `memory`; `mask` is added to the scores.

        The attention weights [batch, heads, length, memory length] are appended to `seen`.
        """
        width = x.shape[-1]
        if memory is None:
            q, k, v = self.qkv(x).split(width, dim=-1)
        else:
            weight, bias = self.qkv.weight, self.qkv.bias
            q = functional.linear(x, weight[:width], bias[:width])
            k, v = functional.linear(memory, weight[width:], bias[width:]).split(width, dim=-1)
        q, k, v = self._split(q), self._split(k), self._split(v)
        scores = torch.matmul(q * (1.0 / math.sqrt(q.shape[-1])), k.transpose(2, 3)) + mask
        weights = scores.softmax(dim=-1)
        if seen is not None:
            seen.append(weights)
        mixed = torch.matmul(weights, v)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class Layer(nn.Module):
    """A post-norm layer; with `cross` it attends to the encoder as well."""

    def __init__(self, shape: Shape, *, cross: bool) -> None:
        super().__init__()
        self.attention = Attention(shape.width, shape.heads)
        self.attention_norm = nn.LayerNorm(shape.width)
        self.cross = Attention(shape.width, shape.heads) if cross else None
        self.cross_norm = nn.LayerNorm(shape.width) if cross else None
        self.fc1 = nn.Linear(shape.width, shape.ffn)
        self.fc2 = nn.Linear(shape.ffn, shape.width)
        self.norm = nn.LayerNorm(shape.width)
        self.activation: Any = {
            "relu": functional.relu,
            "gelu": functional.gelu,
            "swish": functional.silu,
            "silu": functional.silu,
        }[shape.activation]
        self.dropout = shape.dropout

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training) if self.dropout else x

    def forward(
        self,
        x: Tensor,
        mask: Tensor,
        memory: Tensor | None = None,
        memory_mask: Any = None,
        seen: list[Tensor] | None = None,
    ) -> Tensor:
        x = self.attention_norm(x + self._drop(self.attention(x, None, mask)))
        if self.cross is not None and self.cross_norm is not None:
            x = self.cross_norm(x + self._drop(self.cross(x, memory, memory_mask, seen)))
        return self.norm(x + self._drop(self.fc2(self.activation(self.fc1(x)))))


def sinusoids(length: int, width: int) -> Tensor:
    """Marian's position vectors, [length, width]: sines in the first half, cosines in the second."""
    angle = torch.arange(length)[:, None] / 10000 ** (2 * torch.arange(width // 2) / width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Network(nn.Module):
    """Encoder and decoder. The target embeddings serve as output matrix too."""

    def __init__(self, shape: Shape, *, max_length: int = 512) -> None:
        super().__init__()
        self.shape = shape
        self.pad = shape.vocab - 1
        self.scale = math.sqrt(shape.width) if shape.scaled else 1.0
        self.src_embed = nn.Embedding(shape.vocab, shape.width, padding_idx=self.pad)
        self.tgt_embed = (
            self.src_embed if shape.shared else nn.Embedding(shape.vocab, shape.width, padding_idx=self.pad)
        )
        self.bias = nn.Parameter(torch.zeros(shape.vocab))
        self.encoder = nn.ModuleList(Layer(shape, cross=False) for _ in range(shape.encoder_layers))
        self.decoder = nn.ModuleList(Layer(shape, cross=True) for _ in range(shape.decoder_layers))
        self.register_buffer("positions", sinusoids(max_length, shape.width), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=shape.width**-0.5 if "embed" in name else 0.02 * 2)
        self.clear_padding()

    @torch.no_grad()
    def clear_padding(self) -> None:
        """Marian's decoder starts from a zero vector: the row of the padding, which must stay zero.

        The tied output matrix would train it otherwise. To be called after every step.
        """
        self.src_embed.weight[self.pad].zero_()
        self.tgt_embed.weight[self.pad].zero_()

    def _embed(self, table: nn.Embedding, ids: Tensor) -> Tensor:
        positions: Tensor = self.positions
        return table(ids) * self.scale + positions[: ids.shape[1]]

    def encode(self, src: Tensor, mask: Tensor) -> Tensor:
        x = self._embed(self.src_embed, src)
        for layer in self.encoder:
            x = layer(x, mask)
        return x

    def forward(
        self, src: Tensor, prefix: Tensor, seen: list[Tensor] | None = None, *, frozen: bool = False
    ) -> Tensor:
        """`src` [batch, s] and decoder input `prefix` [batch, t] as ids -> states [batch, t, width].

        `seen` collects the cross-attention of each decoder layer. A `frozen` encoder gets no
        gradient, which saves its backward pass.
        """
        length = prefix.shape[1]
        src_mask = (
            torch.zeros(src.shape).masked_fill_(src == self.pad, MASKED)[:, None, None, :].to(src.device)
        )
        causal = torch.full((length, length), MASKED, device=src.device).triu_(1)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            memory = self.encode(src, src_mask)
        x = self._embed(self.tgt_embed, prefix)
        for layer in self.decoder:
            x = layer(x, causal, memory, src_mask, seen)
        return x


class _SmoothedCrossEntropy(torch.autograd.Function):
    """Loss and gradient in one go, a chunk of rows at a time."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
    ) -> Tensor:
        loss = weight.new_zeros(())
        d_states, d_weight, d_bias = (
            torch.empty_like(states),
            torch.zeros_like(weight),
            torch.zeros_like(bias),
        )
        vocabulary = weight.shape[0]
        for start in range(0, len(states), _CHUNK):
            rows = slice(start, start + _CHUNK)
            # Products may come out in bfloat16 (autocast); sums are always taken in full precision.
            log_p = torch.addmm(bias, states[rows], weight.t()).to(weight.dtype).log_softmax(dim=-1)
            gold = targets[rows, None]
            picked = log_p.gather(1, gold)
            loss -= (1 - smoothing) * picked.sum() + smoothing / vocabulary * log_p.sum()
            gradient = log_p.exp_().sub_(smoothing / vocabulary)
            gradient.scatter_add_(1, gold, gradient.new_full(gold.shape, smoothing - 1))
            d_states[rows] = gradient @ weight
            d_weight += gradient.t() @ states[rows]
            d_bias += gradient.sum(dim=0)
        ctx.save_for_backward(d_states, d_weight, d_bias)
        return loss

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> Any:
        d_states, d_weight, d_bias = ctx.saved_tensors
        return d_states * grad[0], d_weight * grad[0], d_bias * grad[0], None, None


def smoothed_cross_entropy(
    states: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
) -> Tensor:
    """Label-smoothed cross-entropy (Szegedy et al. 2016), summed over rows.

    `states` [rows, width], `weight` [vocabulary, width], `targets` [rows].
    """
    return _SmoothedCrossEntropy.apply(states, weight, bias, targets, smoothing)
