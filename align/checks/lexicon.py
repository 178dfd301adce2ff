"""The words that the checks know, from `lexicon.json` beside this file, folded once and kept.

A section is named by its path: `"months"` for Arabic, `"english.months"` for English.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from align.checks.fold import fold

__all__ = ["numbered", "readings", "section", "word_set"]


def section(path: str) -> Any:
    """One section as it stands in the file; English lists lie under `english.`."""
    part: Any = _table()
    for name in path.split("."):
        part = part[name]
    return part


@lru_cache(maxsize=64)
def numbered(path: str) -> Mapping[str, int]:
    """A section of `value: [words]` turned around: folded word -> value; the first value given wins."""
    table: dict[str, int] = {}
    for value, entries in section(path).items():
        for entry in entries:
            table.setdefault(fold(entry), int(value))
    return table


@lru_cache(maxsize=64)
def readings(path: str) -> Mapping[str, frozenset[float]]:
    """As `numbered`, for words that stand for several values."""
    table: dict[str, frozenset[float]] = {}
    for value, entries in section(path).items():
        for entry in entries:
            table[fold(entry)] = table.get(fold(entry), frozenset()) | {float(value)}
    return table


@lru_cache(maxsize=64)
def word_set(path: str) -> frozenset[str]:
    """A list of words, folded."""
    return frozenset(fold(entry) for entry in section(path))


@lru_cache(maxsize=64)
def grouped(path: str) -> Mapping[str, tuple[str, str]]:
    """A section of `group: {name: [words]}` turned around: folded word -> (group, name)."""
    return {
        fold(entry): (group, name)
        for group, names in section(path).items()
        for name, entries in names.items()
        for entry in entries
    }


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    """The whole file, read when the first check runs (not at import)."""
    table: Mapping[str, Any] = json.loads(files("align.checks").joinpath("lexicon.json").read_text("utf-8"))
    return table
