"""One figure for a translation without a reference: 0 (useless) to 1, the chrF that it would likely get.

A logistic model over a few features of the pair (likeness of meaning, length, numbers, names and,
where a translation run gave them, the model's own probabilities), fitted by
`benchmarks/quality_estimation.py --fit`; the weights and where they come from lie in
`checks/quality.json`. Faults that natural output hardly ever shows, so that no fit could learn
what they cost, lower the figure by stated factors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from align.checks.base import Context
from align.checks.dates import dates
from align.checks.fold import fold, words
from align.checks.length import length_z
from align.checks.negation import negation
from align.checks.numbers import number_faults, quantities
from align.checks.repetition import repetition
from align.checks.residue import copied, empty, language, residue, script
from align.checks.spelling import unheard

__all__ = ["FEATURES", "MODEL_FEATURES", "PENALTIES", "estimate", "features"]

FEATURES = (
    "similarity", "source_words", "longer", "shorter", "number_faults", "numbers", "unheard_names",
    "capitals", "word_length", "distinct", "commas", "negation",
)  # fmt: skip
#: Only where a translation run gave them.
MODEL_FEATURES = ("logprob",)

_TYPICAL_SIMILARITY = 0.75

#: What is left of the figure when one of these checks finds a fault (product over all).
PENALTIES: Mapping[str, float] = {
    "empty": 0.0,
    "copied": 0.0,
    "script": 0.2,
    "language": 0.2,
    "repetition": 0.8,
    "residue": 0.6,
    "numbers": 0.9,
    "dates": 0.85,
    "negation": 0.85,
}
_FINDERS = {
    "empty": (empty, 1.0),
    "copied": (copied, 0.5),
    "script": (script, 0.05),
    "language": (language, 0.05),
    "repetition": (repetition, 3.0),
    "residue": (residue, 1.0),
    "dates": (dates, 1.0),
    "negation": (negation, 1.0),
}


def features(source: str, hypothesis: str, context: Context) -> dict[str, float]:
    """The model's inputs by name; those of `MODEL_FEATURES` only where the context holds them."""
    mine, theirs = words(fold(source)), words(hypothesis)
    missing, added = number_faults(source, hypothesis, context)
    z = length_z(source, hypothesis, context) or 0.0
    found = {
        "similarity": _TYPICAL_SIMILARITY if context.similarity is None else context.similarity,
        "source_words": math.log1p(len(mine)),
        "longer": min(max(z, 0.0), 5.0),
        "shorter": min(max(-z, 0.0), 5.0),
        "number_faults": min(len(missing) + len(added), 3),
        "numbers": min(sum(item.firm for item in quantities(source, context.src_lang)), 4),
        "unheard_names": min(len(unheard(source, hypothesis)), 3),
        "capitals": sum(word[0].isupper() for word in theirs[1:]) / max(len(theirs), 1),
        "word_length": sum(map(len, theirs)) / max(len(theirs), 1),
        "distinct": len({word.lower() for word in theirs}) / max(len(theirs), 1) ** 0.8,
        "commas": (hypothesis.count(",") + hypothesis.count(";")) / max(len(theirs), 1),
        "negation": float(negation(source, hypothesis, context, 1) is not None),
    }
    return found if context.logprob is None else found | {"logprob": context.logprob}


def estimate(source: str, hypothesis: str, context: Context) -> float:
    """Estimated quality, 0 to 1. Uses the model's probabilities where the context holds them all."""
    factor = 1.0
    for name, (find, threshold) in _FINDERS.items():
        if find(source, hypothesis, context, threshold) is not None:
            factor *= PENALTIES[name]
    if not factor:
        return 0.0
    found = features(source, hypothesis, context)
    if found["number_faults"]:
        factor *= PENALTIES["numbers"]
    table = _weights()
    model = table.get("with_model")
    weights = model if model and all(name in found for name in model["features"]) else table["plain"]
    total = weights["bias"] + sum(
        part["weight"] * (found[name] - part["mean"]) / part["scale"]
        for name, part in weights["features"].items()
    )
    return factor / (1 + math.exp(min(-total, 50.0)))  # texts like no other must not overflow


@lru_cache(maxsize=1)
def _weights() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(files("align.checks").joinpath("quality.json").read_text("utf-8"))
    return table
