"""A number whose unit turned into another of the same kind: kilometres into miles, dollars into euros."""

from __future__ import annotations

import re
from functools import lru_cache

from align.checks.base import Context
from align.checks.fold import fold, strip_clitics
from align.checks.lexicon import grouped
from align.checks.numbers import quantities

__all__ = ["units"]

_WORD = re.compile(r"[^\W\d_]+|[$\N{POUND SIGN}\N{EURO SIGN}\N{YEN SIGN}]")
_Unit = tuple[str, str]


def units(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """A unit changed: each side names another for the same number.

    Where both units stand on both sides (40 miles, 64 km), one amount that differs is a change.
    """
    here, there = _by_value(source, context.src_lang), _by_value(hypothesis, context.tgt_lang)
    known_here, known_there = _named(source, context.src_lang), _named(hypothesis, context.tgt_lang)
    changed = [
        f"{value:g} {unit[1]} became {value:g} {there[value][1]}"
        for value, unit in here.items()
        if value in there
        and _differs(unit, there[value])
        and (unit not in known_there or there[value] not in known_here or _converted(here, there, value))
    ]
    return "; ".join(changed) if len(changed) >= max(threshold, 1) else None


def _converted(here: dict[float, _Unit], there: dict[float, _Unit], value: float) -> bool:
    """Both sides give the same amounts, in one unit and in another, and only this amount differs."""
    differing = [shared for shared in here.keys() & there.keys() if _differs(here[shared], there[shared])]
    return differing == [value] and len(here.keys() & there.keys()) > 1


def _differs(one: _Unit, other: _Unit) -> bool:
    return one[0] == other[0] and one[1] != other[1]


@lru_cache(maxsize=1024)
def _by_value(text: str, lang: str) -> dict[float, _Unit]:
    """The unit that follows each number directly, or the currency sign before it."""
    folded = fold(text)
    found: dict[float, _Unit] = {}
    for mention in quantities(text, lang):
        after = re.match(r"[\s-]*([^\W\d_]+)", folded[mention.end :])
        before = re.search(r"([^\w\s])\s*$", folded[: mention.start])
        for match in (before, after):
            unit = _unit(match[1], lang) if match else None
            if unit:
                found.update(dict.fromkeys(mention.values, unit))
    return found


@lru_cache(maxsize=1024)
def _named(text: str, lang: str) -> frozenset[_Unit]:
    units_found = (_unit(word, lang) for word in _WORD.findall(fold(text)))
    return frozenset(unit for unit in units_found if unit)


def _unit(word: str, lang: str) -> _Unit | None:
    if lang[:2] == "en":
        return grouped("english.units").get(word.lower())
    return next((grouped("units")[form] for form in strip_clitics(word) if form in grouped("units")), None)
