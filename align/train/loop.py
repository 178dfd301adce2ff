"""The training loop: plain data-parallel Adam with checkpoints that resume to the step.

Two processes of one thread each beat one process of two threads on CPUs (a thread pool waits for
its slowest thread at every operation, these only once a step); each works on its own batch and
gradients are summed over the loopback interface.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from align.atomic import atomic_write
from align.train.data import TrainingData, batches, epoch_order
from align.train.network import Network, Shape
from align.train.objective import batch_loss, dev_loss
from align.train.recipe import TrainingOptions
from align.train.tracking import Log, Report, read_log

__all__ = ["learning_rate", "run"]


def learning_rate(step: int, options: TrainingOptions) -> float:
    """Warm up, hold, and cool down linearly over the last part of the run (step counts from 0)."""
    rate = options.learning_rate * min(1.0, (step + 1) / max(1, options.warmup_steps))
    start = options.steps * (1 - options.cooldown)
    if step >= start:
        rate *= max(0.0, (options.steps - step) / (options.steps - start))
    return rate


def run(folder: Path, shape: Shape, options: TrainingOptions, report: Report | None = None) -> None:
    """Train the network of `folder` (start.pt, data.npz, dev.npz), going on from its last checkpoint.

    Leaves `checkpoint.pt` there (and `best.pt` with `options.patience`) and appends to
    `log.jsonl`, whose new entries go to `report`. Several processes are started and fail together.
    """
    if options.processes == 1:
        _worker(0, folder, shape, options, report)
        return
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", str(_free_port())
    context = torch.multiprocessing.start_processes(
        _worker, (folder, shape, options, None), options.processes, join=False, start_method="spawn"
    )
    assert context is not None
    log = folder / "log.jsonl"
    told = len(read_log(log))
    try:
        running = True
        while running:
            running = not context.join(timeout=1)
            told = _tell(read_log(log), told, report)
    finally:  # after Ctrl-C the others must not go on alone
        for process in context.processes:
            process.terminate()


def _tell(entries: list[dict[str, Any]], told: int, report: Report | None) -> int:
    """Report what the first process has logged since; -> how many entries are known."""
    if report is not None:
        for entry in entries[told:]:
            report(entry)
    return len(entries)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stream(data: TrainingData, options: TrainingOptions, step: int, rank: int) -> Iterator[list[int]]:
    """The batches of a process from `step` on: the same whether or not the run was interrupted."""
    change = options.steps - options.final_steps
    yield from islice(_stage(data, options, step, rank, final=False), max(0, change - step))
    yield from _stage(data, options, max(0, step - change), rank, final=True)


def _stage(
    data: TrainingData, options: TrainingOptions, step: int, rank: int, *, final: bool
) -> Iterator[list[int]]:
    """Epoch after epoch of one mix, without the first `step` rounds."""
    epoch, done = 0, 0
    while True:
        order = epoch_order(data, options.seed, epoch, final=final)
        groups = batches(data, order, options.batch_tokens, options.seed + epoch)
        rounds = max(1, len(groups) // options.processes)
        for number in range(max(0, step - done), rounds):
            yield groups[(number * options.processes + rank) % len(groups)]
        done += rounds
        epoch += 1


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


def _bfloat16(precision: str, device: torch.device) -> bool:
    """Whether matrix products are taken in bfloat16; where it is emulated, they would be 50 times slower."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # not public yet
    return any(getattr(torch.cpu, name, bool)() for name in names)


class _Training:
    """One process's part of a run."""

    def __init__(self, rank: int, folder: Path, shape: Shape, options: TrainingOptions) -> None:
        self.rank, self.folder, self.options = rank, folder, options
        torch.manual_seed(options.seed + rank)
        cuda = torch.cuda.is_available() and options.processes == 1
        self.device = torch.device("cuda" if cuda else "cpu")
        self.network = Network(shape).to(self.device)
        self.gradients, self.optimizer = _Gradients(self.network), _optimizer(self.network, options)
        self.bfloat16 = _bfloat16(options.precision, self.device)
        self.data = TrainingData.load(folder / "data.npz")
        dev = folder / "dev.npz"
        self.dev = TrainingData.load(dev) if dev.exists() else None
        self.step, self.shown = 0, 0
        self.best, self.stale = float("inf"), 0
        self._restore()
        self.network.train()

    def _restore(self) -> None:
        checkpoint, start = self.folder / "checkpoint.pt", self.folder / "start.pt"
        if not checkpoint.exists():
            state = torch.load(start, map_location=self.device, weights_only=True)
            self.network.load_state_dict(state)
            return
        state = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        for group, factor in zip(self.optimizer.param_groups, (self.options.encoder_rate, 1.0), strict=True):
            group |= {"factor": factor, "weight_decay": self.options.weight_decay}
        self.step, self.shown = state["step"], state["tokens"]
        self.best, self.stale = state.get("best", self.best), state.get("stale", 0)
        # Another number of processes goes on as well, with other dropout.
        if self.rank < len(state["random"]):
            torch.set_rng_state(state["random"][self.rank].cpu())

    @property
    def done(self) -> bool:
        patience = self.options.patience
        return self.step >= self.options.steps or bool(patience and self.stale >= patience)

    @property
    def unmeasured(self) -> bool:
        """Whether patience has nothing to compare with: the weights of the start are the first best ones."""
        return bool(self.options.patience) and self.best == float("inf")

    @property
    def due(self) -> bool:
        """By steps, not by time: all processes must agree."""
        return self.step % self.options.checkpoint_steps == 0 or self.step == self.options.steps

    def advance(self, numbers: list[int]) -> tuple[float, int, float]:
        """One step on those pairs; -> (mean loss, tokens, gradient norm) over all processes."""
        options, step = self.options, self.step
        self.gradients.flat.zero_()
        fading = max(0.0, 1 - step / options.guided_steps) if options.guided_steps else 0.0
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            objective, loss, tokens = batch_loss(
                self.network,
                self.data,
                numbers,
                options.label_smoothing,
                options.guidance * fading,
                frozen=step < options.frozen_steps,
            )
        objective.backward()
        mean, tokens, norm = self.gradients.finish(float(loss), tokens, options.clip, options.processes)
        if options.freeze_embeddings:
            for table in (self.network.src_embed, self.network.tgt_embed):
                table.weight.grad.zero_()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, options) * group["factor"]
        self.optimizer.step()
        self.network.clear_padding()
        self.step, self.shown = step + 1, self.shown + tokens
        return mean, tokens, norm

    def checkpoint(self, log: Log | None) -> None:
        """Take the dev set's figures, and save. The first process (which has the log) does it."""
        states = _random_states(self.options.processes)
        if log is not None:
            self._evaluate(log)
            state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
            state |= {"step": self.step, "tokens": self.shown, "random": states}
            _save(self.folder / "checkpoint.pt", state | {"best": self.best, "stale": self.stale})
        if self.options.processes > 1:
            stale = torch.tensor(self.stale)
            torch.distributed.broadcast(stale, 0)
            self.stale = int(stale)

    def _evaluate(self, log: Log) -> None:
        if self.dev is None:
            return
        loss = dev_loss(self.network, self.dev, self.options.batch_tokens)
        entry: dict[str, Any] = {"step": self.step, "dev_loss": round(loss, 4)}
        if self.options.score_steps and self.step % self.options.score_steps == 0:
            from align.train.evaluate import snapshot_chrf

            entry["dev_chrf"] = round(snapshot_chrf(self.network, self.folder), 2)
        log.write(entry)
        if loss < self.best:
            self.best, self.stale = loss, 0
            if self.options.patience:
                _save(self.folder / "best.pt", self.network.state_dict())
        else:
            self.stale += 1


def _worker(rank: int, folder: Path, shape: Shape, options: TrainingOptions, report: Report | None) -> None:
    if options.processes > 1:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
        torch.set_num_threads(1)
        torch.distributed.init_process_group("gloo", rank=rank, world_size=options.processes)
    training = _Training(rank, folder, shape, options)
    log = Log(folder / "log.jsonl", training.step, options.log_steps, report) if rank == 0 else None
    if training.unmeasured:
        training.checkpoint(log)
    batches_left = _stream(training.data, options, training.step, rank)
    while not training.done:
        loss, tokens, norm = training.advance(next(batches_left))
        if log is not None:
            last = training.step == options.steps
            log.tick(training.step, loss, tokens, training.shown, norm, last=last)
        if training.due:
            training.checkpoint(log)
    if options.processes > 1:
        torch.distributed.destroy_process_group()


def _random_states(processes: int) -> list[Tensor]:
    own = torch.get_rng_state()
    if processes == 1:
        return [own]
    states = [torch.empty_like(own) for _ in range(processes)]
    torch.distributed.all_gather(states, own)
    return states


def _save(path: Path, state: dict[str, Any]) -> None:
    with atomic_write(path, "wb") as stream:
        torch.save(state, stream)
