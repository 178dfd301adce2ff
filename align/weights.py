"""The weights of the evidence for a bead (level 1): what they weigh is in `align.evidence`.

Printed by `benchmarks/fit_aligner.py`. The unit is nats of log-odds.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["WEIGHTS"]

WEIGHTS: Mapping[str, float] = {
    "similarity": 2.473,
    "similarity squared": 2.689,
    "similarity by units": 1.279,
    "similarity by size": 5.260,
    "similarity by size and signal": 4.831,
    "size": -0.799,
    "1-1": 2.213,
    "1-2": 1.610,
    "1-3": 1.047,
    "1-4": 0.705,
    "1-5": 0.235,
    "2-2": 0.240,
    "2-3": -3.024,
    "habit": 0.622,
    "length": -0.785,
    "length squared": 0.168,
    "length squared by size": -0.386,
    "stops at the end": 3.420,
    "stops inside": -2.558,
    "alone": -0.530,
    "alone by size": 0.254,
    "run of units alone": -1.024,
}
