"""What `align check` prints: JSON for programs, a table and the segments to look at for people."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from align.corpus import Corpus
    from align.score import SystemScore

__all__ = ["as_json", "as_text", "flagged", "mean_quality"]

#: How many flagged segments the text output lists.
_LISTED = 20


def as_json(scores: Sequence[SystemScore], checked: Mapping[str, Corpus], paired: str) -> str:
    from align.score import as_json as scores_json
    from align.score import significance_json

    document: dict[str, Any] = {"systems": scores_json(scores)}
    if len(scores) > 1:
        document["significance"] = significance_json(scores, paired)
    if checked:
        document["checks"] = [_checks_json(name, corpus) for name, corpus in checked.items()]
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def _checks_json(name: str, corpus: Corpus) -> dict[str, Any]:
    return {
        "name": name,
        "segments": len(corpus),
        "flagged": flagged(corpus),
        "quality": mean_quality(corpus),
        "counts": dict(Counter(flag.check for pair in corpus for flag in pair.flags)),
        "pairs": [
            {
                "id": pair.id,
                "quality": pair.quality,
                "flags": [
                    {"check": flag.check, "level": flag.level, "message": flag.message} for flag in pair.flags
                ],
            }
            for pair in corpus
        ],
    }


def as_text(scores: Sequence[SystemScore], checked: Mapping[str, Corpus]) -> str:
    from align.score import format_table

    parts = [format_table(scores)] if scores else []
    return "\n\n".join([*parts, *(_checks_text(name, corpus) for name, corpus in checked.items())])


def _checks_text(name: str, corpus: Corpus) -> str:
    quality = mean_quality(corpus)
    counts = Counter(flag.check for pair in corpus for flag in pair.flags)
    lines = [
        f"{name}: {flagged(corpus)} of {len(corpus)} segments flagged"
        + (f", mean estimated quality {quality:.2f}" if quality is not None else "")
    ]
    if counts:
        lines.append("  " + ", ".join(f"{check} {count}" for check, count in counts.most_common()))
    marked = sorted((pair for pair in corpus if _wants_look(pair)), key=lambda pair: pair.quality or 0.0)
    for pair in marked[:_LISTED]:
        shown = "" if pair.quality is None else f"  quality {pair.quality:.2f}"
        lines.append(
            f"  {pair.id}{shown}  " + "; ".join(f"{flag.check}: {flag.message}" for flag in pair.flags)
        )
    if len(marked) > _LISTED:
        lines.append(f"  and {len(marked) - _LISTED} more (--report and --json list them)")
    return "\n".join(lines)


def _wants_look(pair: Any) -> bool:
    return any(flag.level != "info" for flag in pair.flags)


def flagged(corpus: Corpus) -> int:
    return sum(map(_wants_look, corpus))


def mean_quality(corpus: Corpus) -> float | None:
    known = [pair.quality for pair in corpus if pair.quality is not None]
    return sum(known) / len(known) if known else None
