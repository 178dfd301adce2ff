"""The log of a run, one JSON object a line: what the curves are drawn from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from align.atomic import atomic_write

__all__ = ["Log", "Report", "read_log"]

Report = Callable[[dict[str, Any]], None]


class Log:
    """Appends to `log.jsonl`: training loss every `every` steps, the dev set's figures as they come.

    `seconds` is the time of this run of the program; `rate` counts target tokens a second.
    """

    def __init__(self, path: Path, step: int, every: int, report: Report | None) -> None:
        self.path, self.every, self.report = path, every, report
        self.started = time.monotonic()
        self.losses: list[float] = []
        self.tokens = 0
        _forget_after(path, step)

    def write(self, entry: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        if self.report:
            self.report(entry)

    def tick(self, step: int, loss: float, tokens: int, shown: int, norm: float, *, last: bool) -> None:
        self.losses.append(loss)
        self.tokens += tokens
        if step % self.every and not last:
            return
        seconds = time.monotonic() - self.started
        mean = sum(self.losses) / len(self.losses)
        self.losses.clear()
        entry = {"step": step, "tokens": shown, "loss": round(mean, 4), "norm": round(norm, 3)}
        self.write(entry | {"seconds": round(seconds, 1), "rate": round(self.tokens / seconds)})


def read_log(path: Path) -> list[dict[str, Any]]:
    """The entries, oldest first; a line that a kill cut short is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def _forget_after(path: Path, step: int) -> None:
    """Steps after the last checkpoint are taken again: the log holds each once."""
    entries = read_log(path)
    kept = [entry for entry in entries if entry["step"] <= step]
    if len(kept) < len(entries):
        with atomic_write(path) as stream:
            stream.writelines(json.dumps(entry) + "\n" for entry in kept)
