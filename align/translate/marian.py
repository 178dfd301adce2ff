"""The one translator: Marian models, by whichever engine runs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain, islice

from align.errors import ModelError
from align.translate.base import Batch, Engine, Hypothesis, Output, Progress, TranslationOptions
from align.translate.files import DEFAULT_MODEL, ModelFiles, find_model
from align.translate.journal import Journal
from align.translate.remembered import remembered
from align.translate.tokens import Tokenizer, model_input
from align.translate.window import Window, packs

__all__ = ["MarianTranslator", "load_translator"]

# Models of this kind lose their way in very long input, well before their positions end (512).
_MAX_PIECES = 160


def load_translator(
    name: str = DEFAULT_MODEL, *, revision: str | None = None, options: TranslationOptions | None = None
) -> MarianTranslator:
    """A translator for a shipped model's name, a Marian folder, or a hub id at a revision.

    The network is loaded when the first sentence is translated. Raises `ModelError`.
    """
    return MarianTranslator(find_model(name, revision), options or TranslationOptions())


class MarianTranslator:
    """Segments in, hypotheses out; see `Translator` for the contract.

    Segments that are the same to the model are translated once. Batches hold segments of like
    length, and which of them share a batch depends on their set only, not on their order.
    """

    def __init__(self, files: ModelFiles, options: TranslationOptions) -> None:
        self.files = files
        self.tokenizer = Tokenizer(files)
        self.options = _resolved(options, files)
        self.journal: Journal | None = None  # where one is set, what it holds is not computed again
        self._engine: Engine | None = None
        self._positions = files.layout.positions - 1  # one is for </s>
        self._limit = min(_MAX_PIECES, self._positions)

    @property
    def signature(self) -> Mapping[str, str]:
        """Model, revision, checksum and decoding settings, as strings."""
        entries = {
            "model": self.files.name,
            "revision": self.files.revision or "local",
            "checksum": self.files.checksum()[:16],
            "engine": self.options.engine,
            "beam": str(self.options.beam),
            "length_penalty": str(self.options.length_penalty),
        }
        if self.options.no_repeat_ngram:
            entries["no_repeat_ngram"] = str(self.options.no_repeat_ngram)
        return entries

    @property
    def plan(self) -> Mapping[str, str]:
        """Whatever decides which batches are made of given segments, and what comes out of them."""
        names = ("batch_tokens", "window", "token_scores", "device")
        return {**self.signature, **{name: str(getattr(self.options, name)) for name in names}}

    @property
    def engine(self) -> Engine:
        """The engine, loaded on first use; one that runs elsewhere can be put in its place."""
        if self._engine is None:
            self._engine = _load_engine(self.files, self.tokenizer, self.options)
        return self._engine

    @engine.setter
    def engine(self, engine: Engine) -> None:
        self._engine = engine

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]:
        """One hypothesis for each segment. What holds no Arabic is copied, never translated.

        `progress` is told of every segment and every source word once.
        """
        return list(self._run([texts], progress))

    def translate_stream(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Iterator[Hypothesis]:
        """The same for any number of segments, in order, `options.window` of them in memory at a time.

        The next window is read and cut into pieces while the network works on the last one.
        """
        source = iter(texts)
        return self._run(iter(lambda: list(islice(source, self.options.window)), []), progress)

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """Mean log-probability a token of each target given its source (forced decoding).

        Text beyond the model's positions is not looked at; an empty side scores minus infinity.
        """
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources, {len(targets)} targets: as many are needed")
        src, tgt = (
            [row[: self._positions] for row in encode([model_input(text) for text in texts])]
            for encode, texts in ((self.tokenizer.pieces, sources), (self.tokenizer.target_pieces, targets))
        )
        wanted = [n for n in range(len(src)) if src[n] and tgt[n]]
        wanted.sort(key=lambda n: (-max(len(src[n]), len(tgt[n])), src[n], tgt[n]))
        out = [float("-inf")] * len(sources)
        sizes = {n: max(len(src[n]), len(tgt[n])) for n in wanted}
        for batch in packs(wanted, sizes, self.options.batch_tokens):
            scores = self.engine.score([src[n] for n in batch], [tgt[n] for n in batch])
            for n, values in zip(batch, scores, strict=True):
                out[n] = sum(values) / len(values)
        return out

    def _run(self, chunks: Iterable[Sequence[str]], progress: Progress | None) -> Iterator[Hypothesis]:
        begun: deque[Window] = deque()
        for outputs in self._outputs(self._batches(chunks, begun)):
            # Engines answer in order: this is for the oldest window.
            begun[0].receive(outputs, progress)
            if begun[0].complete:
                yield from begun.popleft().hypotheses()

    def _batches(self, chunks: Iterable[Sequence[str]], begun: deque[Window]) -> Iterator[Batch]:
        for texts in chunks:
            begun.append(Window(texts, self.tokenizer, self._limit, self.options.batch_tokens))
            yield from begun[-1].batches()

    def _outputs(self, batches: Iterator[Batch]) -> Iterator[list[Output]]:
        for batch in batches:
            if batch.sources:
                yield from self._generate(chain([batch], batches))
            else:  # nothing to translate yet: no reason to load the network
                yield []

    def _generate(self, batches: Iterator[Batch]) -> Iterator[list[Output]]:
        if self.journal is None:
            return self.engine.generate(batches, self.options)
        return remembered(batches, self.journal, lambda: self.engine, self.options)


def _resolved(options: TranslationOptions, files: ModelFiles) -> TranslationOptions:
    """Defaults replaced by what they stand for here, so that signatures are exact."""
    own = files.generation()
    engine = options.engine
    if engine == "auto":
        engine = "ctranslate2" if find_spec("ctranslate2") else "torch"
    return replace(
        options,
        engine=engine,
        beam=options.beam or own.beam,
        length_penalty=own.length_penalty if options.length_penalty < 0 else options.length_penalty,
        no_repeat_ngram=own.no_repeat_ngram if options.no_repeat_ngram < 0 else options.no_repeat_ngram,
    )


def _load_engine(files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> Engine:
    try:
        if options.engine == "ctranslate2":
            from align.translate.ctranslate import CTranslate2Engine

            return CTranslate2Engine(files, tokenizer, options)
        from align.translate.torch_engine import TorchEngine

        return TorchEngine(files, tokenizer, options)
    except ImportError as error:
        raise ModelError(
            f"engine {options.engine} is not installed ({error})", advice=f"pip install {error.name}"
        ) from None
