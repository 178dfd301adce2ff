"""The weights of the evidence for a bead (level 1): what they weigh is in `align.evidence`.

Printed by `benchmarks/fit_aligner.py`. The unit is nats of log-odds.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["WEIGHTS"]

WEIGHTS: Mapping[str, float] = {
    "similarity": 2.741,
    "similarity squared": 2.947,
    "similarity by units": 1.140,
    "similarity by size": 7.204,
    "similarity by size and signal": 3.306,
    "size": -4.290,
    "1-1": 2.659,
    "1-2": 2.159,
    "1-3": 0.987,
    "1-4": 0.295,
    "1-5": -1.082,
    "2-2": 0.300,
    "2-3": -1.854,
    "habit": 0.773,
    "length": -0.444,
    "length squared": 0.442,
    "length squared by size": -0.875,
    "stops at the end": -1.259,
    "stops inside": -1.293,
    "alone": -0.715,
    "alone by size": -1.113,
    "run of units alone": 0.157,
}
