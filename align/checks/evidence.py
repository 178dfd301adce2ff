"""What the model and the sentence encoder say of a pair: confidence and likeness of meaning.

The figures come in through the context: this module runs no model.
"""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

from align.checks.base import Context

__all__ = ["confidence", "meaning", "twin"]


def confidence(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Mean log-probability a token below the threshold."""
    if context.logprob is None or context.logprob >= threshold:
        return None
    worst = "" if context.lowest is None else f", least likely token {context.lowest:.2f}"
    return f"mean log-probability {context.logprob:.2f}{worst}"


def meaning(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Cosine of the two sentence vectors below the threshold: another sentence, or half of it."""
    if context.similarity is None or context.similarity >= threshold:
        return None
    return f"similarity {context.similarity:.2f}"


def twin(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """The same translation of at least `threshold` words as that of another source."""
    if context.twin is None or len(hypothesis.split()) < threshold:
        return None
    return f"same translation as of: {context.twin[:80]}"
