"""What a translator is: values and protocols, no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = [
    "Engine",
    "EngineName",
    "Hypothesis",
    "Progress",
    "TokenScores",
    "TranslationOptions",
    "Translator",
]

EngineName = Literal["auto", "ctranslate2", "torch"]
Progress = Callable[[int, int], None]  # (sentences done, words done), both since the last call


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """How to decode.

    `beam` is the beam size (1 is greedy). `length_penalty` is the exponent by which a hypothesis'
    log-probability is divided by its length (Wu et al. 2016 without their constants). A batch
    holds at most `batch_tokens` source tokens, padding included; `no_repeat_ngram` forbids n-grams of that size to come twice (0: allowed).
    """

    beam: int = 4
    length_penalty: float = 1.0
    no_repeat_ngram: int = 0
    batch_tokens: int = 2048
    device: str = "auto"
    engine: EngineName = "auto"
    threads: int = 0  # 0: as many as there are cores


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A translation and how sure the model was of it.

    `logprob` is the mean and `lowest` the least log-probability (natural logarithm) of its
    tokens; None where no model was needed (empty lines, symbols).
    """

    text: str
    logprob: float | None = None
    lowest: float | None = None


class Translator(Protocol):
    """Translates segments, one hypothesis each, in order.

    `signature` says which model, revision and settings made the translations.
    """

    @property
    def signature(self) -> Mapping[str, str]: ...

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]: ...

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """Mean log-probability a token of each given translation (forced decoding)."""
        ...


TokenScores = tuple[list[str], list[float]]


class Engine(Protocol):
    """A loaded network: pieces in, pieces and their log-probabilities out."""

    name: str
    workers: int

    def generate(self, batch: Sequence[Sequence[str]], options: TranslationOptions) -> list[TokenScores]:
        """Translate a batch of piece sequences, none of them empty; `</s>` is neither given nor returned."""
        ...

    def score(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[float]]:
        """Log-probability of each target piece and of the closing `</s>`."""
        ...
