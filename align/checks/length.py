"""A translation far longer or shorter than translations of such a source are."""

from __future__ import annotations

import math
import re

from align.checks.base import Context
from align.checks.fold import fold

__all__ = ["length", "length_z"]

#: Median of log(target / source length) and the spread about it, by direction, in letters and digits
#: without diacritics. Fitted on FLORES-101 dev (997 pairs) with median and scaled median absolute
#: deviation, which outliers do not move; the variance has a part that shrinks with the length.
_LOG_RATIO = {("ar", "en"): 0.15, ("en", "ar"): -0.15}
_FLOOR, _PER_CHARACTER = 0.0095, 1.07
_COUNTED = re.compile(r"[^\W_]")


def length(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """More than `threshold` robust standard deviations from the pair's usual length ratio."""
    z = length_z(source, hypothesis, context)
    if z is None or abs(z) < threshold:
        return None
    return f"{'longer' if z > 0 else 'shorter'} than usual by {abs(z):.1f} standard deviations"


def length_z(source: str, hypothesis: str, context: Context) -> float | None:
    """The log length ratio in robust standard deviations; None for an empty side or unknown languages."""
    centre = _LOG_RATIO.get((context.src_lang[:2], context.tgt_lang[:2]))
    mine, theirs = _size(source), _size(hypothesis)
    if centre is None or not mine or not theirs:
        return None
    spread = math.sqrt(_FLOOR + _PER_CHARACTER / mine)
    return (math.log(theirs / mine) - centre) / spread


def _size(text: str) -> int:
    return len(_COUNTED.findall(fold(text)))
