"""The one translator: Marian models, by whichever engine runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from align.errors import ConfigError, ModelError
from align.translate.base import Engine, Hypothesis, Progress, TranslationOptions
from align.translate.files import DEFAULT_MODEL, ModelFiles, find_model
from align.translate.tokens import Tokenizer, has_words, split_long

__all__ = ["MarianTranslator", "load_translator"]

# Models of this kind lose their way in very long input, well before their positions end (512).
_MAX_PIECES = 160


def load_translator(
    name: str = DEFAULT_MODEL, *, revision: str | None = None, options: TranslationOptions | None = None
) -> MarianTranslator:
    """A translator for a shipped model's name, a Marian folder, or a hub id at a revision.

    Nothing heavy is loaded before the first sentence is translated. Raises `ModelError`.
    """
    return MarianTranslator(find_model(name, revision), options or TranslationOptions())


class MarianTranslator:
    """Segments in, hypotheses out; see `Translator` for the contract.

    Every distinct segment is translated once. Batches hold segments of like length, and which
    segments share a batch depends on their set only, not on the order in which they come.
    """

    def __init__(self, files: ModelFiles, options: TranslationOptions) -> None:
        if options.beam < 1:
            raise ConfigError(
                f"beam size {options.beam}", key="beam", advice="1 (greedy) or more; 4 is usual"
            )
        self.files = files
        self.tokenizer = Tokenizer(files)
        self.options = _resolved(options)
        self._engine: Engine | None = None
        self._limit = min(_MAX_PIECES, int(files.config.get("max_position_embeddings", 512)) - 2)

    @property
    def signature(self) -> Mapping[str, str]:
        """Model, revision, checksum and decoding settings, as strings."""
        return {
            "model": self.files.name,
            "revision": self.files.revision or "local",
            "checksum": self.files.checksum()[:16],
            "engine": self.options.engine,
            "beam": str(self.options.beam),
            "length_penalty": str(self.options.length_penalty),
        }

    @property
    def engine(self) -> Engine:
        """The engine, loaded on first use."""
        if self._engine is None:
            self._engine = _load_engine(self.files, self.tokenizer, self.options)
        return self._engine

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]:
        """One hypothesis for each segment. What has no letter or digit is copied, never translated."""
        parts = {
            text: split_long(text.strip(), self.tokenizer, self._limit)
            for text in set(texts)
            if has_words(text)
        }
        done: dict[str, Hypothesis] = {}
        wanted = {part for cut in parts.values() for part in cut}
        for batch in self._batches(wanted):
            pieces = [self.tokenizer.pieces(part) for part in batch]
            for part, (out, scores) in zip(batch, self.engine.generate(pieces, self.options), strict=True):
                done[part] = _hypothesis(self.tokenizer.text(out), scores)
            if progress:
                progress(len(batch), sum(len(part.split()) for part in batch))
        return [
            _joined([done[part] for part in parts[text]]) if text in parts else Hypothesis(text)
            for text in texts
        ]

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """Mean log-probability a token of each target given its source (forced decoding).

        Text beyond the model's limit is not looked at; an empty side scores minus infinity.
        """
        if len(sources) != len(targets):
            raise ValueError("as many sources as targets are needed")
        out = [float("-inf")] * len(sources)
        src = [self.tokenizer.pieces(text)[: self._limit] for text in sources]
        tgt = [self.tokenizer.target_pieces(text)[: 2 * self._limit] for text in targets]
        order = sorted(
            (n for n in range(len(src)) if src[n] and tgt[n]), key=lambda n: (len(src[n]), len(tgt[n]))
        )
        for batch in _packs(order, [len(pieces) for pieces in src], self.options.batch_tokens):
            scores = self.engine.score([src[n] for n in batch], [tgt[n] for n in batch])
            for n, values in zip(batch, scores, strict=True):
                out[n] = sum(values) / len(values)
        return out

    def _batches(self, texts: set[str]) -> Iterator[list[str]]:
        sizes = {text: len(self.tokenizer.pieces(text)) for text in texts}
        order = sorted(
            texts, key=lambda text: (-sizes[text], text)
        )  # longest first: memory trouble shows at once
        # Some batches at a time for each worker of the engine.
        yield from _packs(order, sizes, self.options.batch_tokens * 4 * self.engine.workers)


def _packs(order: Sequence, sizes: Mapping | Sequence, limit: int) -> Iterator[list]:  # type: ignore[type-arg]
    """Cut an order into runs whose padded size stays within `limit` tokens."""
    pack: list = []  # type: ignore[type-arg]
    longest = 0
    for item in order:
        longest = max(longest, sizes[item])
        if pack and longest * (len(pack) + 1) > limit:
            yield pack
            pack, longest = [], sizes[item]
        pack.append(item)
    if pack:
        yield pack


def _hypothesis(text: str, scores: Sequence[float]) -> Hypothesis:
    if not scores:
        return Hypothesis(text)
    return Hypothesis(text, sum(scores) / len(scores), min(scores))


def _joined(parts: Sequence[Hypothesis]) -> Hypothesis:
    """The hypotheses of a cut segment as one."""
    if len(parts) == 1:
        return parts[0]
    scored = [(p.logprob, p.lowest) for p in parts if p.logprob is not None and p.lowest is not None]
    text = " ".join(part.text for part in parts if part.text)
    if not scored:
        return Hypothesis(text)
    return Hypothesis(text, sum(mean for mean, _ in scored) / len(scored), min(low for _, low in scored))


def _resolved(options: TranslationOptions) -> TranslationOptions:
    """`auto` replaced by what it stands for here, so that signatures are exact."""
    if options.engine != "auto":
        return options
    from importlib.util import find_spec

    return replace(options, engine="ctranslate2" if find_spec("ctranslate2") else "torch")


def _load_engine(files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> Engine:
    try:
        if options.engine == "ctranslate2":
            from align.translate.ctranslate import CTranslate2Engine

            return CTranslate2Engine(files, tokenizer, options)
        from align.translate.torch_engine import TorchEngine

        return TorchEngine(files, tokenizer, options)
    except ImportError as error:
        raise ModelError(f"engine {options.engine}: {error}", advice=f"pip install {error.name}") from None
