"""What training minimises: label-smoothed cross-entropy, and attention guided by word alignments."""

from __future__ import annotations

import torch
from torch import Tensor

from align.train.data import TrainingData, batches, pad
from align.train.network import Network, smoothed_cross_entropy
from align.train.vocabulary import EOS

__all__ = ["batch_loss", "dev_loss"]


def batch_loss(
    network: Network,
    data: TrainingData,
    numbers: list[int],
    smoothing: float = 0.0,
    guidance: float = 0.0,
    *,
    frozen: bool = False,
) -> tuple[Tensor, Tensor, int]:
    """(objective to minimise, loss, target tokens) of those pairs, both summed over the tokens."""
    pairs = [data.pair(n) for n in numbers]
    device = network.bias.device
    src = torch.from_numpy(pad([s for s, _ in pairs], network.pad)).to(device)
    tgt = torch.from_numpy(pad([t for _, t in pairs], network.pad)).to(device)
    prefix = torch.full_like(tgt, network.pad)
    prefix[:, 1:] = tgt[:, :-1].masked_fill(tgt[:, :-1] == EOS, network.pad)
    seen: list[Tensor] | None = [] if guidance else None
    states = network(src, prefix, seen, frozen=frozen)
    real = tgt != network.pad  # padding rows are dropped before the output layer
    loss = smoothed_cross_entropy(states[real], network.tgt_embed.weight, network.bias, tgt[real], smoothing)
    objective = loss
    if seen:
        links = torch.from_numpy(pad([data.link(n) for n in numbers], -1)).to(device)
        objective = loss + guidance * _misplaced(seen, links)
    return objective, loss.detach(), int(real.sum())


def _misplaced(seen: list[Tensor], links: Tensor) -> Tensor:
    """-log of the attention that each linked target token pays to its source token.

    Half of the heads of every layer are guided, the others are left free.
    """
    linked = links >= 0
    total = seen[0].new_zeros(())
    for weights in seen:
        mean = weights[:, : weights.shape[1] // 2].mean(dim=1)
        paid = mean.gather(2, links.clamp_min(0)[:, :, None]).squeeze(2)[linked]
        total = total - paid.clamp_min(1e-6).log().sum()
    return total / len(seen)


@torch.no_grad()
def dev_loss(network: Network, dev: TrainingData, tokens: int) -> float:
    """Mean cross-entropy a token (natural logarithm, no smoothing) of a development set."""
    network.eval()
    total, count = 0.0, 0
    for numbers in batches(dev, range(len(dev.src_at) - 1), tokens, 0):
        _, loss, n = batch_loss(network, dev, numbers)
        total, count = total + float(loss), count + n
    network.train()
    return total / count
