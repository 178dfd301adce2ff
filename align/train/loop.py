"""The training loop: plain data-parallel Adam with checkpoints that resume to the step.

Two processes of one thread each beat one process of two threads on CPUs (a thread pool waits for
its slowest thread at every operation, these only once a step); each works on its own batch and
gradients are summed over the loopback interface.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from align.train.data import TrainingData, batches, epoch_order, pad
from align.train.network import Network, Shape, smoothed_cross_entropy
from align.train.recipe import TrainingOptions
from align.train.vocabulary import EOS

__all__ = ["learning_rate", "run"]

Report = Callable[[dict[str, Any]], None]


def learning_rate(step: int, options: TrainingOptions) -> float:
    """Warm up, hold, and cool down linearly over the last part of the run (step counts from 0)."""
    rate = options.learning_rate * min(1.0, (step + 1) / max(1, options.warmup_steps))
    start = options.steps * (1 - options.cooldown)
    if step >= start:
        rate *= max(0.0, (options.steps - step) / (options.steps - start))
    return rate


def run(folder: Path, shape: Shape, options: TrainingOptions, report: Report | None = None) -> None:
    """Train the network of `folder` (start.pt, data.npz, dev.npz), going on from its last checkpoint.

    Leaves `checkpoint.pt` there and appends to `log.jsonl`. With several processes the others
    are started here and fail together.
    """
    if options.processes == 1:
        _worker(0, folder, shape, options, report)
        return
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    context = torch.multiprocessing.start_processes(
        _worker, (folder, shape, options, None), options.processes, join=False, start_method="spawn"
    )
    assert context is not None
    while not context.join(timeout=1):
        pass


def _stream(data: TrainingData, options: TrainingOptions, step: int, rank: int) -> Iterator[list[int]]:
    """This process's batches from `step` on: the same whether or not the run was interrupted."""
    epoch, done = 0, 0
    while True:
        groups = batches(
            data, epoch_order(data, options.seed, epoch), options.batch_tokens, options.seed + epoch
        )
        rounds = max(1, len(groups) // options.processes)
        for number in range(max(0, step - done), rounds):
            yield groups[(number * options.processes + rank) % len(groups)]
        done += rounds
        epoch += 1


def _loss(
    network: Network,
    data: TrainingData,
    numbers: list[int],
    smoothing: float,
    guidance: float = 0.0,
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


def _optimizer(network: Network, options: TrainingOptions) -> torch.optim.AdamW:
    encoder = [p for n, p in network.named_parameters() if n.startswith(("encoder.", "src_embed."))]
    decoder = [p for n, p in network.named_parameters() if not n.startswith(("encoder.", "src_embed."))]
    groups = [{"params": encoder, "factor": options.encoder_rate}, {"params": decoder, "factor": 1.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=options.weight_decay, fused=True)


class _Gradients:
    """All gradients in one flat buffer, so that they are summed over processes in one call."""

    def __init__(self, network: Network) -> None:
        parameters = list(network.parameters())
        self.flat = torch.zeros(sum(p.numel() for p in parameters) + 2, device=parameters[0].device)
        at = 0
        for parameter in parameters:
            parameter.grad = self.flat[at : at + parameter.numel()].view_as(parameter)
            at += parameter.numel()

    def finish(self, loss: float, tokens: int, clip: float, processes: int) -> tuple[float, int, float]:
        """Sum over processes, divide by tokens, clip; -> (mean loss, tokens, gradient norm)."""
        self.flat[-2], self.flat[-1] = loss, tokens
        if processes > 1:
            torch.distributed.all_reduce(self.flat)
        loss, tokens = float(self.flat[-2]), int(self.flat[-1])
        gradient = self.flat[:-2].div_(tokens)
        norm = float(gradient.norm())
        if norm > clip:
            gradient.mul_(clip / norm)
        return loss / tokens, tokens, norm


@torch.no_grad()
def _dev_loss(network: Network, dev: TrainingData, tokens: int) -> float:
    network.eval()
    total, count = 0.0, 0
    for numbers in batches(dev, range(len(dev.src_at) - 1), tokens, 0):
        _, loss, n = _loss(network, dev, numbers, 0.0)
        total, count = total + float(loss), count + n
    network.train()
    return total / count


def _save(path: Path, state: dict[str, Any]) -> None:
    half = path.with_suffix(".tmp")
    torch.save(state, half)
    half.replace(path)


def _worker(rank: int, folder: Path, shape: Shape, options: TrainingOptions, report: Report | None) -> None:
    if options.processes > 1:
        torch.set_num_threads(1)
        torch.distributed.init_process_group("gloo", rank=rank, world_size=options.processes)
    torch.manual_seed(options.seed + rank)
    device = torch.device("cuda" if torch.cuda.is_available() and options.processes == 1 else "cpu")
    network = Network(shape).to(device)
    gradients, optimizer = _Gradients(network), _optimizer(network, options)
    data = TrainingData.load(folder / "data.npz")
    checkpoint, step, shown = folder / "checkpoint.pt", 0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step, shown = state["step"], state["tokens"]
        torch.set_rng_state(state["random"][rank])
    else:
        network.load_state_dict(torch.load(folder / "start.pt", map_location=device, weights_only=True))
    network.train()
    clock = _Clock(folder, options, report)
    for numbers in _stream(data, options, step, rank):
        if step >= options.steps:
            break
        gradients.flat.zero_()
        guidance = (
            options.guidance * max(0.0, 1 - step / options.guided_steps) if options.guided_steps else 0.0
        )
        objective, loss, tokens = _loss(
            network, data, numbers, options.label_smoothing, guidance, step < options.frozen_steps
        )
        objective.backward()  # type: ignore[no-untyped-call]
        mean, tokens, norm = gradients.finish(float(loss), tokens, options.clip, options.processes)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options) * group["factor"]
        optimizer.step()
        network.clear_padding()
        step, shown = step + 1, shown + tokens
        if rank == 0:
            clock.tick(step, mean, tokens, shown, norm)
        if clock.due(step):
            states = _random_states(options.processes)
            if rank == 0:
                state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
                _save(checkpoint, {**state, "step": step, "tokens": shown, "random": states})
                if (folder / "dev.npz").exists():
                    clock.dev(
                        step, _dev_loss(network, TrainingData.load(folder / "dev.npz"), options.batch_tokens)
                    )
    if options.processes > 1:
        torch.distributed.destroy_process_group()


def _random_states(processes: int) -> list[Tensor]:
    own = torch.get_rng_state()
    if processes == 1:
        return [own]
    states = [torch.empty_like(own) for _ in range(processes)]
    torch.distributed.all_gather(states, own)
    return states


class _Clock:
    """When to save, and the log: a line of JSON every `log_steps` steps."""

    def __init__(self, folder: Path, options: TrainingOptions, report: Report | None) -> None:
        self.log, self.options, self.report = folder / "log.jsonl", options, report
        self.started = time.monotonic()
        self.losses: list[float] = []
        self.tokens = 0

    def due(self, step: int) -> bool:
        """By steps, not by time: all processes must agree."""
        return step % self.options.checkpoint_steps == 0 or step == self.options.steps

    def _write(self, entry: dict[str, Any]) -> None:
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        if self.report:
            self.report(entry)

    def tick(self, step: int, loss: float, tokens: int, shown: int, norm: float) -> None:
        self.losses.append(loss)
        self.tokens += tokens
        if step % self.options.log_steps == 0 or step == self.options.steps:
            seconds = time.monotonic() - self.started
            entry = {"step": step, "tokens": shown, "loss": round(sum(self.losses) / len(self.losses), 4)}
            entry |= {
                "norm": round(norm, 3),
                "seconds": round(seconds, 1),
                "rate": round(self.tokens / seconds),
            }
            self.losses.clear()
            self._write(entry)

    def dev(self, step: int, loss: float) -> None:
        self._write({"step": step, "dev_loss": round(loss, 4)})
