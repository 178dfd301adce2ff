"""Months and days of the week that differ between a text and its translation.

Arabic has two systems of month names, and writers often give both with a stroke between them:
they are one value here. March, May and some Arabic names are also words of another meaning; those
are demanded only beside a number or the word for month.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from align.checks.base import Context
from align.checks.fold import ARABIC_LETTER, fold
from align.checks.lexicon import numbered, section

__all__ = ["dates", "month_values"]

_DIACRITICS = re.compile("[\u064b-\u0652\u0670\u0640]")
_CLITICS = (
    "[\N{ARABIC LETTER WAW}\N{ARABIC LETTER FEH}]?"
    "[\N{ARABIC LETTER BEH}\N{ARABIC LETTER LAM}\N{ARABIC LETTER KAF}]?"
)
_MONTH_WORD = "\N{ARABIC LETTER SHEEN}\N{ARABIC LETTER HEH}\N{ARABIC LETTER REH}"
_NEAR_NUMBER = re.compile(rf"(?:\d|{_MONTH_WORD}|/)\W*$")
_BEFORE_NUMBER = re.compile(r"^\W{0,3}\d|^/")
_UNCERTAIN_ENGLISH = re.compile(
    r"(?:\d(?:st|nd|rd|th)?,?|\b(?:in|of|since|until|till|late|early|mid|last|this|next|by|and|to|from|end|on))[\s-]+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A month or a weekday (1 is January, 1 is Monday); not `firm` where the word may mean something else."""

    value: int
    text: str
    firm: bool


def dates(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Months and weekdays that only one side names."""
    faults: list[str] = []
    for label, find in (("month", _months), ("day", _weekdays)):
        here, there = find(source, context.src_lang), find(hypothesis, context.tgt_lang)
        faults += [f"{label} missing: {name}" for name in _only(here, there)]
        faults += [f"{label} not in the source: {name}" for name in _only(there, here)]
    return "; ".join(faults) if len(faults) >= max(threshold, 1) else None


def month_values(text: str, lang: str) -> frozenset[int]:
    """The months that a text names, 1 to 12."""
    return frozenset(month.value for month in _months(text, lang))


def _only(here: tuple[_Named, ...], there: tuple[_Named, ...]) -> list[str]:
    known = {item.value for item in there}
    return list(dict.fromkeys(item.text for item in here if item.firm and item.value not in known))


@lru_cache(maxsize=1024)
def _months(text: str, lang: str) -> tuple[_Named, ...]:
    spaced = " ".join(text.split())  # names of two words may stand on two lines
    return tuple(_english_months(spaced) if lang[:2] == "en" else _arabic_months(spaced))


def _arabic_months(text: str) -> Iterator[_Named]:
    folded = fold(text)
    for match in _pattern("months").finditer(folded):
        yield _Named(numbered("months")[match[1]], match[1], firm=True)
    plain = _DIACRITICS.sub("", text)
    uncertain = {word: int(value) for value, group in section("uncertain_months").items() for word in group}
    for match in _raw_pattern("uncertain_months").finditer(plain):
        beside = _NEAR_NUMBER.search(plain[: match.start()]) or _BEFORE_NUMBER.search(plain[match.end() :])
        yield _Named(uncertain[match[1]], match[1], firm=beside is not None)


def _english_months(text: str) -> Iterator[_Named]:
    for match in re.finditer(r"\b([A-Z][a-z]{2,8})\b\.?", text):
        value = numbered("english.months").get(match[1].lower())
        if value is None:
            continue
        beside = re.match(r",?\s*\d", text[match.end() :]) or _UNCERTAIN_ENGLISH.search(text[: match.start()])
        sure = len(match[1]) > 3 and match[1] not in ("March", "April", "June", "August")
        yield _Named(value, match[1], firm=sure or beside is not None)


@lru_cache(maxsize=1024)
def _weekdays(text: str, lang: str) -> tuple[_Named, ...]:
    if lang[:2] != "en":
        found = _pattern("weekdays").finditer(fold(text))
        return tuple(_Named(numbered("weekdays")[match[1]], match[1], firm=True) for match in found)
    table = numbered("english.weekdays")
    return tuple(
        _Named(table[word.lower()], word, firm=len(word) > 4)
        for word in re.findall(r"\b[A-Z][a-z]{2,9}\b", text)
        if word.lower() in table
    )


@lru_cache(maxsize=8)
def _pattern(path: str) -> re.Pattern[str]:
    return _alternatives(numbered(path))


@lru_cache(maxsize=8)
def _raw_pattern(path: str) -> re.Pattern[str]:
    return _alternatives(word for group in section(path).values() for word in group)


def _alternatives(words: Iterable[str]) -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![{ARABIC_LETTER}]){_CLITICS}({names})(?![{ARABIC_LETTER}])")
