"""How close is a translation to human references: BLEU, chrF2, chrF++ and TER by sacrebleu.

Every figure carries sacrebleu's signature and a bootstrap 95% interval, so that it can be set
beside published ones. Nothing is computed here that sacrebleu computes: significance comes from
its `PairedTest` (bootstrap after Koehn 2004, approximate randomisation after Riezler and Maxwell
2005). Lines go in, values come out; `format_table` makes the text that people read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from align.errors import InputError

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric
    from sacrebleu.significance import Result

__all__ = [
    "MetricScore",
    "Paired",
    "SystemScore",
    "as_json",
    "format_table",
    "is_significant",
    "score",
    "sentence_chrf",
    "significance_json",
]

Paired = Literal["bs", "ar"]

#: Resamples for the intervals; sacrebleu's default.
RESAMPLES = 1000

#: sacrebleu calls a difference significant below this p-value.
SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One figure: `score` on the metric's scale of 0 to 100 (TER: lower is better).

    `ci` is the bootstrap 95% interval. `p_value` compares the system with the first one and is
    None for the first.
    """

    name: str
    score: float
    signature: str
    ci: tuple[float, float]
    mean: float
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class SystemScore:
    """All figures of one system."""

    name: str
    metrics: tuple[MetricScore, ...]

    def __getitem__(self, metric: str) -> MetricScore:
        return next(item for item in self.metrics if item.name == metric)


def score(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    *,
    paired: Paired = "bs",
    resamples: int = RESAMPLES,
) -> tuple[SystemScore, ...]:
    """Score systems against references, in the order given; the first one is the baseline.

    `systems` maps a name to its lines, `references` holds one sequence of lines for each
    reference; all have the same length. `resamples` is the number of bootstrap resamples; the
    approximate randomisation test (`paired="ar"`) makes ten times as many trials, as sacrebleu does.

    Raises:
        InputError: nothing to score, counts differ, or every reference line is empty.
    """
    _validate(systems, references)
    from sacrebleu.significance import PairedTest

    test = PairedTest(
        [(name, list(lines)) for name, lines in systems.items()],
        _metrics(),
        [list(lines) for lines in references],
        test_type=paired,
        n_samples=resamples if paired == "bs" else 10 * resamples,
        n_ar_confidence=-1 if paired == "bs" else resamples,
    )
    signatures, columns = test()
    return tuple(
        SystemScore(
            name,
            tuple(
                _metric_score(metric, cast("Result", columns[metric][row]), str(signature))
                for metric, signature in signatures.items()
            ),
        )
        for row, name in enumerate(systems)
    )


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """chrF2 of each line, 0 to 100, against all references of that line.

    Raises:
        InputError: nothing to score or counts differ.
    """
    _validate({"hypotheses": hypotheses}, references)
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()
    return tuple(
        metric.sentence_score(hypothesis, list(targets)).score
        for hypothesis, *targets in zip(hypotheses, *references, strict=True)
    )


def as_json(systems: Sequence[SystemScore]) -> list[dict[str, object]]:
    """The value of `systems` in the report of `align check --json`."""
    return [
        {
            "name": system.name,
            "metrics": [
                {
                    "name": item.name,
                    "score": item.score,
                    "signature": item.signature,
                    "ci": list(item.ci),
                }
                for item in system.metrics
            ],
        }
        for system in systems
    ]


def significance_json(systems: Sequence[SystemScore], paired: str) -> dict[str, object]:
    """p-values against the first system, by system and metric, and whether they are below 0.05."""
    return {
        "baseline": systems[0].name,
        "test": "paired bootstrap" if paired == "bs" else "paired approximate randomisation",
        "systems": [
            {
                "name": system.name,
                "metrics": [
                    {"name": item.name, "p_value": item.p_value, "significant": is_significant(item)}
                    for item in system.metrics
                ],
            }
            for system in systems[1:]
        ],
    }


def format_table(systems: Sequence[SystemScore]) -> str:
    """A plain table: score, interval and, beside the baseline, p-value with * where it is significant."""
    heads = ["System", *(item.name for item in systems[0].metrics)]
    rows = [heads, *([system.name, *map(_cell, system.metrics)] for system in systems)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    signatures = [f"{item.name}: {item.signature}" for item in systems[0].metrics]
    note = [f"* differs from {systems[0].name}, p < {SIGNIFICANCE}"] if len(systems) > 1 else []
    return "\n".join([*lines, "", *note, *signatures])


def is_significant(item: MetricScore) -> bool:
    """Does the system differ from the baseline by more than chance (p < 0.05)?"""
    return item.p_value is not None and item.p_value < SIGNIFICANCE


def _cell(item: MetricScore) -> str:
    interval = f"{item.score:5.1f} ({item.mean:.1f} ± {(item.ci[1] - item.ci[0]) / 2:.1f})"
    if item.p_value is None:
        return interval
    return f"{interval} (p = {item.p_value:.4f}){'*' if is_significant(item) else ''}"


def _metrics() -> dict[str, Metric]:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    return {"BLEU": BLEU(), "chrF2": CHRF(), "chrF2++": CHRF(word_order=2), "TER": TER()}


def _metric_score(name: str, result: Result, signature: str) -> MetricScore:
    mean, half = float(result.mean or 0.0), float(result.ci or 0.0)
    return MetricScore(name, float(result.score), signature, (mean - half, mean + half), mean, result.p_value)


def _validate(systems: Mapping[str, Sequence[str]], references: Sequence[Sequence[str]]) -> None:
    if not systems or not references:
        raise InputError("there is no translation or no reference to score", advice="give both")
    first, *others = references
    if not first:
        raise InputError("the reference holds 0 segments", advice="give a reference with text")
    named = {**systems, **{f"reference {count}": lines for count, lines in enumerate(others, 2)}}
    for name, lines in named.items():
        if len(lines) != len(first):
            raise InputError(
                f"{name} has {len(lines)} segments, the reference {len(first)}",
                advice="scores compare line by line: give files of equal length, "
                "or a corpus or document pair without --lines, which is aligned first",
            )
    if not any(line.strip() for lines in references for line in lines):
        raise InputError("every line of the reference is empty", advice="give a reference with text")
