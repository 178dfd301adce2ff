"""What a check is: a pure function that looks at one pair, with the threshold at which it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from align.corpus import Flag, Level

__all__ = ["Check", "Context", "Finder"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may know beside the two texts; None where it is not known.

    `similarity` is the cosine of the two sentence vectors. `logprob` (mean) and `lowest` (the least
    likely token) are natural logarithms of the model's probability a token. `twin` is the other
    source that got the very same translation.
    """

    src_lang: str = "ar"
    tgt_lang: str = "en"
    similarity: float | None = None
    logprob: float | None = None
    lowest: float | None = None
    twin: str | None = None


#: (source, hypothesis, context, threshold) -> the evidence, or None where nothing is wrong.
Finder = Callable[[str, str, Context, float], str | None]


@dataclass(frozen=True, slots=True)
class Check:
    """An entry of the registry: `threshold` in `unit` is where the check begins to speak."""

    name: str
    level: Level
    threshold: float
    unit: str
    description: str
    find: Finder

    def __call__(self, source: str, hypothesis: str, context: Context) -> Flag | None:
        """Run the check on one pair."""
        evidence = self.find(source, hypothesis, context, self.threshold)
        return None if evidence is None else Flag(self.name, self.level, evidence)
