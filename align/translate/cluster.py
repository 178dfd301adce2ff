"""An engine whose networks run on a Ray cluster: batches in, the outputs of a single machine out.

Actors hold the model. Batches go to whichever has least to do, and outputs come back in order. A worker
that dies is started again and its batches are translated again: nothing is lost. A batch is made before
it is known who will translate it, and an actor has one thread, so that the results do not depend on how
many workers there are. Why not Ray Data: docs/decisions.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from align.errors import AlignError, ConfigError, ModelError
from align.translate.base import Batch, Done, Engine, Output, Pieces, TranslationOptions
from align.translate.marian import MarianTranslator, load_translator

__all__ = ["LOCAL", "ClusterEngine"]

LOCAL = "local"  # the address that means: start Ray on this machine, for this run only
_AHEAD = 2  # batches that a worker has been given, so that it is never idle
_KEPT = 4  # batches a worker that may be in memory, finished or not, before the oldest is done
_TRIES = 3  # times that a batch is given to a worker again after it died under it
_STORE = 64 << 20  # bytes of shared memory a worker; what passes between processes lies there
_PATIENCE = 10.0  # seconds to wait for an answer from a cluster's address


class ClusterEngine:
    """The `Engine` for `translator` on the Ray cluster at `address`: "local", "auto" (the one that this
    machine is part of) or "host:port". Use: `translator.engine = ClusterEngine(translator, "local")`.

    There are as many workers as `TranslationOptions.threads` says (0: as many as the cluster has
    room for), each with a processor core, or with a GPU where `device` is `cuda`. The model must be found
    on every machine under the same name or path, with the same checksum.

    Raises `ConfigError` where Ray is not installed, not reachable, or has no room.
    """

    def __init__(self, translator: MarianTranslator, address: str) -> None:
        self._ray = _ray(address)
        if not self._ray.is_initialized():
            _connect(self._ray, address, translator.options.threads)
        self._workers = _started(self._ray, translator)

    def generate(
        self, batches: Iterable[Batch], options: TranslationOptions, done: Done | None = None
    ) -> Iterator[list[Output]]:
        """See `Engine`. The options are those of the translator that the engine was made for."""
        del options
        given: deque[_Given] = deque()  # in order
        source = iter(batches)
        while self._fill(given, source):
            self._collect(given, done)
            while given and given[0].outputs is not None:
                yield given.popleft().outputs or []

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> list[list[float]]:
        """See `Engine`."""
        scores: list[list[float]] = self._received(self._workers[0].score.remote(sources, targets))
        return scores

    def close(self) -> None:
        """Stop the workers, and Ray where it was started for this run."""
        self._workers.clear()
        self._ray.shutdown()

    def _fill(self, given: deque[_Given], source: Iterator[Batch]) -> bool:
        """Give every worker something to do; false where all is done."""
        load = dict.fromkeys(self._workers, 0)
        for entry in given:
            load[entry.worker] += entry.outputs is None
        while len(given) < _KEPT * len(load):
            worker = min(load, key=lambda actor: load[actor])
            if load[worker] >= _AHEAD or (batch := next(source, None)) is None:
                break
            given.append(_Given(batch, worker, worker.translate.remote(batch)))
            load[worker] += 1
        return bool(given)

    def _collect(self, given: deque[_Given], done: Done | None) -> None:
        """Wait for outputs of any batch, if there are none yet for the oldest."""
        running = {entry.answer: entry for entry in given if entry.outputs is None}
        if not running:
            return
        for answer in self._ray.wait(list(running), num_returns=1)[0]:
            entry = running[answer]
            entry.outputs = self._received(answer)
            if done and entry.batch.sources:
                done(entry.batch, entry.outputs or [])

    def _received(self, answer: Any) -> Any:
        try:
            result = self._ray.get(answer)
        except self._ray.exceptions.RayTaskError:
            raise  # a bug, with its own traceback
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().partition("\n")[0]
            raise ConfigError(
                f"workers of the cluster failed on the same text {_TRIES + 1} times ({reason})",
                key="ray",
                advice="see Ray's logs on that machine; too little memory is the usual cause",
            ) from None
        if isinstance(result, _Refused):
            raise ModelError(f"a worker says: {result.message}", advice=result.advice)
        return result


@dataclass(slots=True, eq=False)
class _Given:
    """A batch, the actor that has it, its promise, and in the end what came of it."""

    batch: Batch
    worker: Any
    answer: Any
    outputs: list[Output] | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    """What a user must know: an exception would come back as a traceback, without its advice."""

    message: str
    advice: str


class _Worker:
    """A process of the cluster with the model in memory, loaded when the first batch comes."""

    def __init__(self, name: str, revision: str | None, options: TranslationOptions, checksum: str) -> None:
        self._wanted, self._options = (name, revision, options, checksum), options
        self._engine: Engine | None = None

    def translate(self, batch: Batch) -> list[Output] | _Refused:
        try:
            self._engine = self._engine or _same_engine(*self._wanted)
            return next(iter(self._engine.generate([batch], self._options)))
        except AlignError as error:
            return _Refused(str(error), error.advice)

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> list[list[float]] | _Refused:
        try:
            self._engine = self._engine or _same_engine(*self._wanted)
            return self._engine.score(sources, targets)
        except AlignError as error:
            return _Refused(str(error), error.advice)


def _same_engine(name: str, revision: str | None, options: TranslationOptions, checksum: str) -> Engine:
    translator = load_translator(name, revision=revision, options=options)
    if translator.files.checksum() != checksum:
        raise ModelError(
            f"{translator.files.folder} on {socket.gethostname()} is another model than here",
            advice="put the same model on every machine, or a folder that all of them share",
        )
    return translator.engine


def _started(ray: Any, translator: MarianTranslator) -> list[Any]:
    """Handles of the actors, which load their models all at once."""
    files, options = translator.files, translator.options
    kind, device = ("GPU", "cuda") if options.device.startswith("cuda") else ("CPU", "cpu")
    there = int(ray.cluster_resources().get(kind, 0))
    if not there:
        raise ConfigError(f"the cluster has no {kind}", key="ray", advice="add machines to it")
    name = str(Path(files.name).resolve()) if Path(files.name).exists() else files.name
    actor = ray.remote(_Worker).options(
        num_cpus=1, num_gpus=int(kind == "GPU"), max_restarts=-1, max_task_retries=_TRIES
    )
    alone = replace(options, threads=1, device=device)
    number = min(options.threads or there, there)
    return [actor.remote(name, files.revision or None, alone, files.checksum()) for _ in range(number)]


def _ray(address: str) -> Any:
    """Ray, which reads its environment when it is imported."""
    # No telephoning home, and no warning about what later versions will do with GPUs.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address == LOCAL and "ray" not in sys.modules:
        # Ray listens for other machines, too: a secret keeps them out.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray
    except ImportError:
        raise ConfigError(
            "Ray is not installed", key="ray", advice="pip install 'align-ar-en[ray]'"
        ) from None
    return ray


def _connect(ray: Any, address: str, workers: int) -> None:
    """Start Ray here, or join a cluster. Raises `ConfigError`."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    with _own_signals(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ResourceWarning and more from Ray's own start
        if address == LOCAL:
            cores = workers or _cores()
            try:
                ray.init(
                    LOCAL,
                    num_cpus=cores,
                    include_dashboard=False,
                    object_store_memory=max(2, cores) * _STORE,
                    _node_ip_address="127.0.0.1",
                    **quiet,
                )
            except AlignError:  # interrupted
                raise
            except Exception as error:  # Ray itself raises no better one where it is not up in time
                reason = str(error).strip().partition("\n")[0]
                raise ConfigError(
                    f"Ray did not start ({reason})",
                    key="ray",
                    advice="a machine this busy has no cores to spare; without --ray it goes as fast",
                ) from None
            return
        _reach(address)
        try:
            ray.init(address, **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ConfigError(
                f"no Ray cluster at {address} ({reason})", key="ray", advice="ray status tells what runs"
            ) from None


def _reach(address: str) -> None:
    """Ask at the door first: Ray itself waits for minutes."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    try:
        with socket.create_connection((host, int(port)), timeout=_PATIENCE):
            return
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address!r} ({error})",
            key="ray",
            advice=f"{LOCAL}, auto or HOST:PORT, as `ray start --head` prints it",
        ) from None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself; interruptions are the command line's business."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
