"""Numbers in Arabic and English text, whether written in digits or in words.

Each `Mention` holds every value that it can be read as: 1.500 is one and a half or fifteen hundred,
a decade is 70 or 1970. What must be found on the other side is `firm`; what only justifies a
number there (both, a couple, half) is a hint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

__all__ = ["Mention", "Word", "digits", "lone_digits", "pool", "tokens", "unmatched", "widen_ranges"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text: how it is written, where (code points), and its possible values."""

    text: str
    start: int
    end: int
    values: frozenset[float]
    firm: bool = True
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Word:
    """A token of a text that may be part of a number."""

    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.text[0].isdecimal()  # as \d means it: a raised two is no number


_TOKEN = re.compile(
    r"\d{1,2}(?::\d\d)+(?!\d)|\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d.,]*\d)|\d+(?:[.,]\d+)*|[^\W\d_]+"
)
_YEAR_BEFORE = re.compile(r"\b(\d\d)\d\d[-/\N{EN DASH}]$")
#: The 2 of km2 and CO2 is no number of things.
_POWER = re.compile(r"(?<![^\W\d_])(?:k?m|cm|mm|mi|ft|CO|H|O)$")
_RANGE = re.compile(
    r"\s*(?:-|\N{EN DASH}|\N{EM DASH}|to|or|and"
    "|\N{ARABIC LETTER WAW}|\N{ARABIC LETTER ALEF}\N{ARABIC LETTER WAW}"
    "|\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM}\N{ARABIC LETTER YEH})?"
    r"\s*"
)


def tokens(text: str) -> list[Word]:
    """Digit groups and words of a folded text, in order."""
    return [Word(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def digits(written: str) -> frozenset[float]:
    """Every reading of a digit group: which separator is the decimal one is not always certain.

    >>> sorted(digits("1,500"))
    [1.5, 1500.0]
    >>> sorted(digits("3.5"))
    [3.5]
    """
    written = re.sub(r"[ \u00a0\u202f]", "", written)
    groups = re.split(r"[.,]", written)
    if len(groups) == 1:
        return frozenset({float(written)})
    thousands = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    mixed = "." in written and "," in written
    found: set[float] = set()
    if thousands and not mixed:
        found.add(float("".join(groups)))
    if len(groups) == 2 or mixed:
        found.add(float("".join(groups[:-1]) + "." + groups[-1]))
    return frozenset(found) or frozenset(map(float, groups))


def lone_digits(text: str, word: Word) -> Mention:
    """A digit group on its own: a clock time, the end of a range of years, or a plain number."""
    if ":" in word.text:
        return Mention(word.text, word.start, word.end, _clock(word.text))
    values = digits(word.text)
    year = _YEAR_BEFORE.search(text, 0, word.start)
    if year and len(word.text) == 2:
        values |= {float(year[1] + word.text)}
    power = values <= {2.0, 3.0} and _POWER.search(text, 0, word.start)
    return Mention(word.text, word.start, word.end, values, firm=not power)


def _clock(written: str) -> frozenset[float]:
    """9:30 as the number 9.30, so that it meets 9.30pm; told by 12 or 24 hours; a full hour alone."""
    hour, minute, *rest = map(int, written.split(":"))
    second = rest[0] if rest else 0
    hours = {hour, hour + 12, abs(hour - 12)} if hour <= 24 else {hour}
    return frozenset(round(each + minute / 100 + second / 10000, 4) for each in hours)


def widen_ranges(text: str, mentions: list[Mention]) -> list[Mention]:
    """In "4 to 5 million" the 4 may be millions as well."""
    widened = list(mentions)
    for index in range(len(mentions) - 2, -1, -1):
        first, second = widened[index], widened[index + 1]
        if second.scale > 1 and first.scale == 1 and _RANGE.fullmatch(text, first.end, second.start):
            values = first.values | {value * second.scale for value in first.values}
            widened[index] = replace(first, values=values, scale=second.scale)
    return widened


def pool(mentions: Iterable[Mention]) -> frozenset[float]:
    """All values that a text can justify; years give their last two digits as well ('09)."""
    values = {value for mention in mentions for value in mention.values}
    return frozenset(
        values | {value % 100 for value in values if 1000 <= value < 2100 and value == int(value)}
    )


def unmatched(mentions: Iterable[Mention], others: Iterable[Mention]) -> list[Mention]:
    """Firm mentions of one side that nothing on the other side justifies."""
    justified = pool(others)
    return [
        mention
        for mention in mentions
        if mention.firm and not any(_within(value, justified) for value in mention.values)
    ]


def _within(value: float, values: frozenset[float]) -> bool:
    return any(abs(value - other) <= 1e-6 * max(1.0, value) for other in values)


Finder = Callable[[str], list[Mention]]
