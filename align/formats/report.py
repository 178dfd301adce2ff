"""The report of a check: one HTML file with scores, plots, and the segments to look at first.

Like the side-by-side page it holds no script and asks for nothing over the network; its
Content-Security-Policy forbids both. All text passes Jinja's autoescape; the plots escape their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from align import __version__
from align.corpus import Flag
from align.formats.charts import Dot, histogram, intervals, scatter, sequence
from align.formats.differences import Piece, compare
from align.formats.files import Target, creation_time, open_output
from align.formats.page import Language
from align.formats.template import style_of, template
from align.score import SystemScore, is_significant

__all__ = ["Judged", "Output", "Report", "write_report"]

#: How many segments of each kind are shown in full.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Judged:
    """A segment with its score: sentence chrF2 (0 to 100) or estimated quality (0 to 1)."""

    id: int
    source: str
    hypothesis: str
    references: tuple[str, ...]
    score: float
    flags: tuple[Flag, ...] = ()

    @property
    def flagged(self) -> bool:
        return any(flag.level != "info" for flag in self.flags)


@dataclass(frozen=True, slots=True)
class Output:
    """One system's segments."""

    name: str
    segments: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the report shows. `systems` is empty where there was no reference to score against."""

    name: str
    src_lang: str
    tgt_lang: str
    outputs: tuple[Output, ...]
    systems: tuple[SystemScore, ...] = ()

    @property
    def measure(self) -> str:
        return "chrF2" if self.systems else "estimated quality"

    @property
    def top(self) -> float:
        return 100.0 if self.systems else 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment as the template needs it: differences to the closest reference marked."""

    segment: Judged
    hypothesis: tuple[Piece, ...]
    reference: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One system's part of the report."""

    output: Output
    charts: tuple[str, ...]
    worst: tuple[Shown, ...]
    best: tuple[Shown, ...]
    flagged: tuple[Shown, ...]
    counts: tuple[tuple[str, int], ...]
    flagged_count: int


def write_report(report: Report, target: Target, *, created: datetime | None = None) -> None:
    """Write the report. `created` defaults to `creation_time()`. Raises OutputError."""
    style, policy = style_of("report.css")
    html = template("report.html.jinja").render(
        report=report,
        source=Language(report.src_lang),
        target=Language(report.tgt_lang),
        chapters=[_chapter(report, output) for output in report.outputs],
        significant=is_significant,
        intervals=_intervals(report.systems),
        metrics=[item.name for item in report.systems[0].metrics] if report.systems else [],
        created=created or creation_time(),
        version=__version__,
        style=style,
        policy=policy,
    )
    with open_output(target) as out:
        out.write(html)


def _chapter(report: Report, output: Output) -> Chapter:
    ordered = sorted(output.segments, key=lambda segment: (segment.score, segment.id))
    shown = min(SHOWN, (len(ordered) + 1) // 2)
    flagged = [segment for segment in ordered if segment.flagged]
    counts = Counter(flag.check for segment in output.segments for flag in segment.flags)
    return Chapter(
        output,
        _charts(report, output, {segment.id for segment in ordered[:shown]}),
        _shown(ordered[:shown]),
        _shown(ordered[shown:][-shown:][::-1]),
        _shown(flagged[: 5 * SHOWN]),
        tuple(counts.most_common()),
        len(flagged),
    )


def _charts(report: Report, output: Output, marked: set[int]) -> tuple[str, ...]:
    segments, top, name = output.segments, report.top, report.measure
    places = 0 if top > 1 else 2
    labels = [f"{segment.id}: {segment.score:.{places}f}" for segment in segments]
    lengths = [len((segment.source or segment.hypothesis).split()) for segment in segments]
    return (
        histogram([segment.score for segment in segments], top, name),
        scatter(
            [
                Dot(length, segment.score, label, segment.id in marked)
                for length, segment, label in zip(lengths, segments, labels, strict=True)
            ],
            "length in words",
            name,
            top,
        ),
        sequence(
            [
                Dot(index, segment.score, label, segment.id in marked)
                for index, (segment, label) in enumerate(zip(segments, labels, strict=True), 1)
            ],
            name,
            top,
        ),
    )


def _intervals(systems: Sequence[SystemScore]) -> str:
    rows = [(system.name, system["chrF2"]) for system in systems]
    return intervals([(name, item.score, *item.ci) for name, item in rows], "chrF2") if len(rows) > 1 else ""


def _shown(segments: Sequence[Judged]) -> tuple[Shown, ...]:
    result = []
    for segment in segments:
        pairs = [compare(segment.hypothesis, reference) for reference in segment.references]
        plain = (Piece("same", segment.hypothesis),)
        closest = min(
            pairs,
            key=lambda pair: sum(len(piece.text) for piece in pair[0] if piece.kind == "own"),
            default=(plain, ()),
        )
        result.append(Shown(segment, *closest))
    return tuple(result)
