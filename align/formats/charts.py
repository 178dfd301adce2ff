"""Small plots as SVG inside a page: no script, no font, no request, and a text for who cannot see them.

Colours come from the page's style sheet by class. Sizes are in units of the view box, which the
browser scales to the column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

__all__ = ["Dot", "histogram", "intervals", "scatter", "sequence"]

_WIDTH, _HEIGHT = 360, 200
_ROW, _NAMES, _WIDE, _LONGEST_NAME = 24, 140, 460, 21
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 12, 34


@dataclass(frozen=True, slots=True)
class Dot:
    """A segment in a plot: where it stands and what it is called; `marked` ones get another shape."""

    x: float
    y: float
    label: str
    marked: bool = False


def histogram(values: Sequence[float], top: float, name: str, *, bins: int = 20) -> str:
    """How many segments have which score, between 0 and `top`."""
    counts = [0] * bins
    for value in values:
        counts[min(int(value / top * bins), bins - 1)] += 1
    most = max(counts, default=0) or 1
    width = (_WIDTH - _LEFT - _RIGHT) / bins
    bars = "".join(
        f'<rect class="bar" x="{_LEFT + index * width + 0.6:.1f}" y="{_y(count, most):.1f}" '
        f'width="{width - 1.2:.1f}" height="{_y(0, most) - _y(count, most):.1f}"/>'
        for index, count in enumerate(counts)
        if count
    )
    middle = median(values) if values else 0.0
    line = _LEFT + middle / top * (_WIDTH - _LEFT - _RIGHT)
    marker = f'<line class="middle" x1="{line:.1f}" x2="{line:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
    text = f"{len(values)} segments, median {middle:.{_places(top)}f}. " + _deciles(values, top)
    return _svg(f"Distribution of {name}", text, bars + marker + _axes(top, most, name, "segments"))


def scatter(dots: Sequence[Dot], x_name: str, y_name: str, top: float) -> str:
    """One dot a segment; both axes start at 0, y ends at `top`."""
    widest = 10 * math.ceil(max((dot.x for dot in dots), default=1) / 10) or 10
    marks = "".join(_mark(dot, widest, top) for dot in dots)
    text = f"{len(dots)} segments; " + _halves(dots, x_name, y_name, top)
    return _svg(f"{y_name} by {x_name}", text, marks + _axes(widest, top, x_name, y_name))


def sequence(dots: Sequence[Dot], y_name: str, top: float) -> str:
    """A stem for every segment in the order of the document; marked ones end in a diamond."""
    last = max((dot.x for dot in dots), default=1) or 1
    base = _y(0, top)
    stems = "".join(
        f'<line class="stem{" poor" if dot.marked else ""}" '
        f'x1="{_x(dot.x, last):.1f}" x2="{_x(dot.x, last):.1f}" '
        f'y1="{base:.1f}" y2="{_y(dot.y, top):.1f}"/>'
        for dot in dots
    )
    marks = "".join(_mark(dot, last, top) for dot in dots if dot.marked)
    poor = [dot.label for dot in dots if dot.marked]
    text = f"{len(dots)} segments in order. Marked: {', '.join(poor) or 'none'}."
    return _svg(f"{y_name} by segment", text, stems + marks + _axes(last, top, "segment", y_name))


def intervals(rows: Sequence[tuple[str, float, float, float]], name: str) -> str:
    """A point and its 95% interval for each system: (name, score, low, high)."""
    low, high = min(row[2] for row in rows), max(row[3] for row in rows)
    low, high = 5 * math.floor(low / 5), 5 * math.ceil(high / 5)
    if low == high:  # all systems are the reference itself, or nothing like it
        low, high = (low - 5, high) if low else (low, high + 5)
    height = _ROW * len(rows) + 40

    def place(value: float) -> float:
        return _NAMES + (value - low) / (high - low) * (_WIDE - _NAMES - 45)

    grid = "".join(
        f'<line class="grid" x1="{place(tick):.1f}" x2="{place(tick):.1f}" y1="6" y2="{height - 30}"/>'
        f'<text x="{place(tick):.1f}" y="{height - 16}" text-anchor="middle">{tick}</text>'
        for tick in range(low, high + 1, 5)
    )
    marks = "".join(
        f'<text x="{_NAMES - 10}" y="{y + 4}" text-anchor="end">{escape(_cut(label))}</text>'
        f'<path class="whisker" d="M{place(first):.1f} {y}H{place(last):.1f}'
        f'M{place(first):.1f} {y - 5}v10M{place(last):.1f} {y - 5}v10"/>'
        f'<circle class="point" cx="{place(value):.1f}" cy="{y}" r="4"/>'
        f'<text class="figure" x="{place(last) + 8:.1f}" y="{y + 4}">{value:.1f}</text>'
        for y, (label, value, first, last) in zip(range(18, height, _ROW), rows, strict=False)
    )
    text = "; ".join(f"{label} {value:.1f} ({first:.1f} to {last:.1f})" for label, value, first, last in rows)
    return _svg(f"{name} with 95% intervals", text, grid + marks, (_WIDE, height), "chart wide")


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST_NAME else label[: _LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _x(value: float, widest: float) -> float:
    return _LEFT + value / widest * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, top: float) -> float:
    return _TOP + (1 - value / top) * (_HEIGHT - _TOP - _BOTTOM)


def _mark(dot: Dot, widest: float, top: float) -> str:
    x, y, label = _x(dot.x, widest), _y(dot.y, top), escape(dot.label)
    if dot.marked:
        path = f"M{x:.1f} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z"
        return f'<path class="poor" d="{path}"><title>{label}</title></path>'
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.2"><title>{label}</title></circle>'


def _axes(widest: float, top: float, x_name: str, y_name: str) -> str:
    floor, end = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    ticks = "".join(
        f'<text x="{_x(tick, widest):.1f}" y="{floor + 13}" text-anchor="{anchor}">{_short(tick)}</text>'
        for tick, anchor in zip(_ticks(widest), ("start", "middle", "end"), strict=True)
    ) + "".join(
        f'<text x="{_LEFT - 5}" y="{_y(tick, top) + 3:.1f}" text-anchor="end">{_short(tick)}</text>'
        for tick in _ticks(top)
    )
    names = (
        f'<text x="{(_LEFT + end) / 2:.0f}" y="{_HEIGHT - 5}" text-anchor="middle">{escape(x_name)}</text>'
        f'<text transform="translate(9 {(_TOP + floor) / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_name)}</text>'
    )
    return f'<path class="axis" d="M{_LEFT} {_TOP}V{floor}H{end}"/>{ticks}{names}'


def _ticks(top: float) -> tuple[float, float, float]:
    """Both ends and the middle, which is a whole number above 1: there is no segment 8.5."""
    return 0, top / 2 if top <= 1 else top // 2, top


def _svg(
    title: str, description: str, body: str, size: tuple[int, int] = (_WIDTH, _HEIGHT), kind: str = "chart"
) -> str:
    """The drawing; its title and description are what a screen reader says."""
    label = escape(f"{title}. {description}")
    return (
        f'<svg class="{kind}" viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{label}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{body}</svg>"
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _places(top: float) -> int:
    return 2 if top <= 1 else 1


def _deciles(values: Sequence[float], top: float) -> str:
    if not values:
        return ""
    row = sorted(values)
    low, high = row[len(row) // 10], row[len(row) * 9 // 10]
    return f"Four fifths lie between {low:.{_places(top)}f} and {high:.{_places(top)}f}."


def _halves(dots: Sequence[Dot], x_name: str, y_name: str, top: float) -> str:
    """What the eye sees in the cloud, in words: the medians of the lower and the upper half."""
    if len(dots) < 2:
        return "too few to tell a trend."
    row = sorted(dots, key=lambda dot: dot.x)
    half = len(row) // 2
    low, high = (median(dot.y for dot in part) for part in (row[:half], row[half:]))
    places = _places(top)
    return f"median {y_name} {low:.{places}f} where {x_name} is small, {high:.{places}f} where it is large."
