"""Marian models on CTranslate2: int8 on CPUs, several times faster than PyTorch there."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from align.errors import ConfigError, ModelError
from align.translate.base import Batch, Done, Output, Pieces, TranslationOptions
from align.translate.convert import converted
from align.translate.files import ModelFiles
from align.translate.tokens import Tokenizer

__all__ = ["CTranslate2Engine"]

_AHEAD = 2  # batches that wait for each worker, so that none is ever idle
_LOGITS_AT_ONCE = 1 << 24  # 64 MB in float32: scoring keeps the whole vocabulary for every token
_UNREADABLE = (RuntimeError, ValueError, LookupError, MemoryError)  # what CTranslate2 says of damaged files


class CTranslate2Engine:
    """A converted model, loaded once, with a worker for each core.

    One thread a worker beats several threads together on one batch (docs/decisions).
    """

    def __init__(self, files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> None:
        device = _device(options.device)
        self._workers = (options.threads or _cores()) if device == "cpu" else 1
        self._scored = min(options.batch_tokens, max(1, _LOGITS_AT_ONCE // len(tokenizer.target_vocab)))
        self._translator = _loaded(files, tokenizer, device, self._workers)

    def generate(
        self, batches: Iterable[Batch], options: TranslationOptions, done: Done | None = None
    ) -> Iterator[list[Output]]:
        """See `Engine`. A thread of ours waits on each worker, so that `done` is told at once."""
        running: deque[Future[list[Output]]] = deque()
        threads = ThreadPoolExecutor(self._workers)
        try:
            for batch in batches:
                running.append(threads.submit(self._translated, batch, options, done))
                if len(running) > _AHEAD * self._workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> list[list[float]]:
        """See `Engine`."""
        results = self._translator.score_batch(
            [[*pieces, "</s>"] for pieces in sources],
            [list(pieces) for pieces in targets],
            max_batch_size=self._scored,
            batch_type="tokens",
            max_input_length=0,
        )
        return [list(result.log_probs) for result in results]

    def _translated(self, batch: Batch, options: TranslationOptions, done: Done | None) -> list[Output]:
        if not batch.sources:
            return []
        try:
            outputs = self._outputs(batch, self._results(batch, options), options)
        except RuntimeError as error:  # above all, a GPU without enough memory
            raise ModelError(
                f"CTranslate2 failed: {error}",
                advice="a smaller beam needs less memory; or use --engine torch",
            ) from None
        if done:
            done(batch, outputs)
        return outputs

    def _results(self, batch: Batch, options: TranslationOptions) -> list[Any]:
        results: list[Any] = self._translator.translate_batch(
            [[*pieces, "</s>"] for pieces in batch.sources],
            beam_size=options.beam,
            length_penalty=options.length_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram,
            max_decoding_length=batch.limit,
            max_input_length=0,
            disable_unk=True,
            return_scores=True,
        )
        return results

    def _outputs(self, batch: Batch, results: Sequence[Any], options: TranslationOptions) -> list[Output]:
        pieces = [result.hypotheses[0] for result in results]
        if options.token_scores:
            scores = self.score(batch.sources, pieces)
            return [Output.scored(p, s, batch.limit) for p, s in zip(pieces, scores, strict=True)]
        return [
            Output(p, _mean(result.scores[0], min(len(p) + 1, batch.limit), options.length_penalty))
            for p, result in zip(pieces, results, strict=True)
        ]


def _mean(score: float, tokens: int, penalty: float) -> float:
    """The mean log-probability from a score of CTranslate2, which divides by tokens ** penalty."""
    return float(score * tokens ** (penalty - 1))


def _loaded(files: ModelFiles, tokenizer: Tokenizer, device: str, workers: int) -> Any:
    """The converted model on its device; one that was damaged in the cache is converted again."""
    kind = _compute_type(device)
    try:
        with converted(files, tokenizer) as folder:
            return _load(folder, device, kind, workers)
    except _UNREADABLE:
        pass
    try:
        with converted(files, tokenizer, anew=True) as folder:
            return _load(folder, device, kind, workers)
    except _UNREADABLE as error:
        raise ModelError(
            f"CTranslate2 cannot load {files.name} on {device}: {error}", advice="use --engine torch"
        ) from None


def _load(folder: Path, device: str, kind: str, workers: int) -> Any:
    import ctranslate2

    return ctranslate2.Translator(
        str(folder), device=device, compute_type=kind, inter_threads=workers, intra_threads=1
    )


def _compute_type(device: str) -> str:
    import ctranslate2

    try:
        types = ctranslate2.get_supported_compute_types(device)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(
            f"CTranslate2 cannot use device {device}: {error}", key="device", advice="auto, cpu or cuda"
        ) from None
    return "int8" if device == "cpu" and "int8" in types else "default"


def _device(name: str) -> str:
    import ctranslate2

    if name == "auto":
        return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    return name


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
