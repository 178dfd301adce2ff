"""What a translator is: values and protocols, no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from align.corpus import Match, Origin
from align.errors import ConfigError

__all__ = [
    "Batch",
    "Done",
    "Engine",
    "EngineName",
    "Hypothesis",
    "Output",
    "Progress",
    "TranslationOptions",
    "Translator",
]

EngineName = Literal["auto", "ctranslate2", "torch"]
Progress = Callable[[int, int], None]  # (segments done, source words done), both since the last call
Pieces = Sequence[str]


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """How to decode. Raises `ConfigError` for values that make no sense.

    `beam` is the beam size (1 is greedy). `length_penalty` is the exponent by which a hypothesis'
    log-probability is divided by its length (Wu et al. 2016 without their constants).
    `no_repeat_ngram` forbids n-grams of that size to come twice (0: allowed). Where these three
    keep their defaults, what generation_config.json of the model says counts. A batch holds at most
    `batch_tokens` source tokens, padding included; more only costs memory on a CPU
    (`benchmarks/translate.py`, raw), while GPUs like more. A stream holds `window` segments at a time,
    enough for batches of like lengths, and translates what is the same in a window once. `threads` are
    processor cores (0: all there are). `token_scores` asks for `Hypothesis.lowest`, which costs
    CTranslate2 one more pass through the network (PyTorch gives it always).
    """

    beam: int = 0
    length_penalty: float = -1.0
    no_repeat_ngram: int = -1
    batch_tokens: int = 1024
    window: int = 5_000
    device: str = "auto"
    engine: EngineName = "auto"
    threads: int = 0
    token_scores: bool = False

    def __post_init__(self) -> None:
        if self.engine not in get_args(EngineName):
            raise ConfigError(
                f"no engine is called '{self.engine}'", key="engine", allowed=get_args(EngineName)
            )
        least = {"beam": 0, "batch_tokens": 1, "window": 1, "threads": 0, "no_repeat_ngram": -1}
        for key, value in least.items():
            if getattr(self, key) < value:
                raise ConfigError(
                    f"{key} cannot be {getattr(self, key)}", key=key, advice=f"{value} or more is possible"
                )


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A translation and how sure the model was of it.

    `logprob` is the mean log-probability (natural logarithm) of its tokens, the closing one
    included; `lowest` is the least of them, where `TranslationOptions.token_scores` asks for it.
    None where no model was needed (empty lines, figures, text that is not Arabic).
    `origin` and `match` are those of `align.corpus.Pair`, told by a translation memory.
    """

    text: str
    logprob: float | None = None
    lowest: float | None = None
    origin: Origin = "machine"
    match: Match | None = None


class Translator(Protocol):
    """Translates segments, one hypothesis each, in order.

    `signature` says which model, revision and settings made the translations.
    """

    @property
    def signature(self) -> Mapping[str, str]: ...

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]: ...

    def translate_stream(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Iterator[Hypothesis]:
        """The same in constant memory, for any number of segments."""
        ...

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """Mean log-probability a token of each given translation (forced decoding)."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Sources as pieces, none of them empty, without `</s>`; outputs have at most `limit` pieces."""

    sources: Sequence[Pieces]
    limit: int


@dataclass(frozen=True, slots=True)
class Output:
    """Target pieces without `</s>`; the mean log-probability of them all with `</s>`, and the least."""

    pieces: Pieces
    logprob: float
    lowest: float | None = None

    @classmethod
    def scored(cls, pieces: Pieces, scores: Sequence[float], limit: int) -> Output:
        """From the score of each piece and of `</s>`, which an output cut off at `limit` did not reach."""
        reached = scores[:limit]
        return cls(pieces, sum(reached) / len(reached), min(reached))


Done = Callable[[Batch, Sequence[Output]], None]


class Engine(Protocol):
    """A loaded network: pieces in, pieces and their log-probabilities out."""

    def generate(
        self, batches: Iterable[Batch], options: TranslationOptions, done: Done | None = None
    ) -> Iterator[list[Output]]:
        """Translate batches, in order. They are taken from the iterator some time ahead of need.

        A batch without sources has no outputs. `done` is told of each other one as soon as it is
        complete, which may be out of order and in another thread.
        """
        ...

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> list[list[float]]:
        """Log-probability of each target piece and of the closing `</s>`, for one batch."""
        ...
