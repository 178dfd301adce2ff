"""Learning curves as one SVG file: loss above, chrF below where it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

__all__ = ["curves"]

Points = list[tuple[float, float]]
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 240, 56, 16, 32, 40
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.axis{stroke:#999}.grid{stroke:#ddd}"
    "polyline{fill:none;stroke-width:2}.a{stroke:#0072b2}.b{stroke:#d55e00;stroke-dasharray:6 3}"
)


def curves(log: Sequence[dict[str, Any]], title: str) -> str:
    """An SVG of a run's log (`read_log`): a panel for the losses, one for dev chrF if there is any."""
    losses = [("training loss", _points(log, "loss")), ("dev loss", _points(log, "dev_loss"))]
    scores = [("dev chrF2", _points(log, "dev_chrf"))]
    panels = [[line for line in panel if line[1]] for panel in (losses, scores)]
    drawn = [_panel(panel, n * _HEIGHT) for n, panel in enumerate(p for p in panels if p)]
    height = _HEIGHT * max(1, len(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>{"".join(drawn)}</svg>\n'
    )


def _points(log: Sequence[dict[str, Any]], key: str) -> Points:
    return [(float(entry["step"]), float(entry[key])) for entry in log if key in entry]


def _panel(lines: list[tuple[str, Points]], top: float) -> str:
    steps = [x for _, points in lines for x, _ in points]
    values = [y for _, points in lines for _, y in points]
    low, high, last = min(values), max(values), max(steps) or 1.0
    spread = (high - low) or 1.0
    inner = _HEIGHT - _TOP - _BOTTOM

    def x_of(step: float) -> float:
        return _LEFT + step / last * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        return top + _TOP + (high - value) / spread * inner

    parts = []
    for quarter in range(5):
        value, step = low + spread * quarter / 4, last * quarter / 4
        y, x = y_of(value), x_of(step)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
        bottom = top + _TOP + inner + 18
        parts.append(f'<text x="{x:.1f}" y="{bottom:.1f}" text-anchor="middle">{step:,.0f}</text>')
    for number, (name, points) in enumerate(lines):
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        kind, at = "ab"[number], _LEFT + 160 * number
        parts.append(f'<polyline class="{kind}" points="{path}"/>')
        parts.append(f'<polyline class="{kind}" points="{at},{top + 16} {at + 24},{top + 16}"/>')
        parts.append(f'<text x="{at + 30}" y="{top + 20}">{name} ({points[-1][1]:.2f})</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{top + _HEIGHT - 6}" text-anchor="middle">step</text>')
    return "".join(parts)
