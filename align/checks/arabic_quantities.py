"""Numbers in Arabic text: digits of three scripts, number words with their compounds and duals.

The grammar is that of the news: units before tens joined by and (five and twenty), units before
ten (three ten), hundreds written as one word or two, scales with their duals (two thousand as one
word), ordinals, decades, and a half.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from align.checks.fold import fold, strip_clitics
from align.checks.lexicon import numbered, readings, word_set
from align.checks.quantities import Mention, Word, digits, lone_digits, tokens, widen_ranges

__all__ = ["arabic_quantities", "hide_percent"]

_AND = "\N{ARABIC LETTER WAW}"
#: Endings of a dual noun (also of many plurals: it only justifies a two) and its least length.
_DUALS = ("\N{ARABIC LETTER YEH}\N{ARABIC LETTER NOON}", "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER NOON}")
_LONG = 5


@dataclass(frozen=True, slots=True)
class _Part:
    """A word read as part of a number: its `value` and grammatical `kind`."""

    kind: str
    value: float
    joined: bool


@dataclass(slots=True)
class _Sum:
    """The number being put together: complete scale groups in `total`, the rest in `group`."""

    start: int
    end: int
    total: float = 0.0
    group: float = 0.0
    scale: float = 1.0
    counted: bool = False
    values: frozenset[float] = field(default_factory=frozenset)

    def add(self, part: _Part) -> bool:
        """Take one more part if the grammar allows it."""
        if part.kind in ("scale", "double"):
            return self._add_scale(part)
        if (
            part.kind in ("unit", "ordinal")
            and self.counted
            and not (part.joined and self.total and not self.group)
        ):
            return self.counted and self._join(part)
        if not self.counted or (part.joined and self.total and not self.group and part.value < self.scale):
            self.group += part.value
            self.counted = True
            return True
        return self._join(part)

    def _join(self, part: _Part) -> bool:
        unit = self.group % 100
        if not part.joined and part.value == 10 and 1 <= unit <= 9:
            self.group += 10
        elif not part.joined and part.value == 100 and 3 <= unit <= 9:
            self.group += 99 * unit
        elif part.joined and self._takes(part.value, unit):
            self.group += part.value
        else:
            return False
        return True

    def _takes(self, value: float, unit: float) -> bool:
        """Tens after units (five and twenty), anything below a hundred after hundreds."""
        return (value in range(20, 100, 10) and 1 <= unit <= 9) or (
            self.group >= 100 and not unit and value < 100
        )

    def _add_scale(self, part: _Part) -> bool:
        factor = 2.0 if part.kind == "double" else 1.0
        if self.group and not part.joined and part.kind == "scale":
            self.total += self.group * part.value
            self.group = 0.0
        elif not self.counted or (part.joined and self.total and not self.group and part.value < self.scale):
            self.total += factor * part.value
        else:
            return False
        self.scale, self.counted = part.value, True
        return True


#: A century holds these years: the nineteenth is matched by 1830s.
_YEARS = range(100)


def arabic_quantities(text: str) -> list[Mention]:
    """All numbers of an Arabic text (folded here), in order."""
    text = hide_percent(fold(text))
    found: list[Mention] = []
    row = tokens(text)
    index = 0
    while index < len(row):
        mention, used = _read(text, row, index)
        if mention is not None:
            found.append(mention)
        index += used
    return widen_ranges(text, found)


def hide_percent(text: str) -> str:
    """Write per cent as %, so that its hundred is not read as a number. Takes folded text."""
    return _percent_phrases().sub("%", text)


@cache
def _percent_phrases() -> re.Pattern[str]:
    phrases = sorted(word_set("percent"), key=len, reverse=True)
    return re.compile("|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases))


def _read(text: str, row: list[Word], index: int) -> tuple[Mention | None, int]:
    """The number that starts at a word, if any, and how many words it takes."""
    word = row[index]
    if word.is_number:
        return _read_digits(text, row, index)
    part = _part(row, index, first=True)
    if part is None:
        return _read_hint(row, index)
    amount = _Sum(word.start, word.end)
    used = 0
    while part is not None and not _starts_anew(amount, text, row, index + used) and amount.add(part):
        amount.end = row[index + used].end
        used += 1
        part = _next_part(text, row, index + used)
    value = amount.total + amount.group
    values = {value, *_century(row, index, value)}
    if _half_follows(text, row, index + used):
        values.add(value + amount.scale / 2)
        used += 1
    written = text[amount.start : amount.end]
    return Mention(written, amount.start, amount.end, frozenset(values), value > 1, amount.scale), max(
        used, 1
    )


def _starts_anew(amount: _Sum, text: str, row: list[Word], index: int) -> bool:
    """After two million, `and three` begins another number when millions follow it again."""
    after = _next_part(text, row, index + 1)
    return bool(
        amount.total and not amount.group and after and after.kind == "scale" and after.value >= amount.scale
    )


def _century(row: list[Word], index: int, value: float) -> set[float]:
    """The years of a century, where the word for it stands before an ordinal."""
    named = index > 0 and bool(word_set("century") & set(strip_clitics(row[index - 1].text)))
    return {(value - 1) * 100 + year for year in _YEARS} if named and value <= 21 else set()


def _read_digits(text: str, row: list[Word], index: int) -> tuple[Mention, int]:
    mention = lone_digits(text, row[index])
    if ":" in row[index].text:  # a time of day has no thousands
        return mention, 1
    part = _next_part(text, row, index + 1)
    if part is None or part.kind != "scale" or part.joined:
        return mention, 1
    values = {value * part.value for value in digits(row[index].text)}
    used, end = 2, row[index + 1].end
    extra = _next_part(text, row, index + 2)
    if extra is not None and extra.joined and extra.kind == "half":
        values |= {value + part.value / 2 for value in values}
    return Mention(text[mention.start : end], mention.start, end, frozenset(values), True, part.value), used


def _read_hint(row: list[Word], index: int) -> tuple[Mention | None, int]:
    word = row[index]
    if index + 1 < len(row) and word.text in word_set("half"):
        scale = numbered("scales").get(row[index + 1].text)
        if scale:
            value = frozenset({scale / 2})
            return Mention(f"{word.text} {row[index + 1].text}", word.start, row[index + 1].end, value), 2
    if word.text in numbered("weekdays"):
        return None, 1
    for form in strip_clitics(word.text):
        if form in numbered("decades"):
            decade = numbered("decades")[form]
            years = frozenset({decade, *(century + decade for century in (1700, 1800, 1900, 2000))})
            return Mention(word.text, word.start, word.end, years), 1
        if form in readings("hints"):
            return Mention(word.text, word.start, word.end, readings("hints")[form], firm=False), 1
    if len(word.text) >= _LONG and word.text.endswith(_DUALS):
        return Mention(word.text, word.start, word.end, frozenset({2.0}), firm=False), 1
    return None, 1


def _next_part(text: str, row: list[Word], index: int) -> _Part | None:
    """The word at an index as part of a number, if nothing but space lies before it."""
    if index >= len(row) or text[row[index - 1].end : row[index].start].strip():
        return None
    return _part(row, index, first=False)


def _part(row: list[Word], index: int, *, first: bool) -> _Part | None:
    word = row[index].text
    if word in numbered("weekdays"):
        return None
    for form in strip_clitics(word):
        joined = form != word and word.startswith(_AND)
        if form in numbered("teen_units"):
            if not _ten_follows(row, index):
                continue
            return _Part("unit", numbered("teen_units")[form], joined)
        for kind, path in (("unit", "cardinals"), ("ordinal", "ordinals"), ("double", "double_scales")):
            if form in numbered(path):
                return _Part(kind, numbered(path)[form], joined)
        if form in numbered("scales") and (not first or form in word_set("lone_scales")):
            return _Part("scale", numbered("scales")[form], joined)
    return None


def _ten_follows(row: list[Word], index: int) -> bool:
    """Eleven and twelfth are only told from `one of` and `second` by the ten that follows."""
    if index + 1 >= len(row):
        return False
    after = row[index + 1].text
    tens = [numbered("cardinals").get(form, 0) for form in strip_clitics(after)]
    return 10 in tens or (after.startswith(_AND) and any(20 <= value <= 90 for value in tens))


def _half_follows(text: str, row: list[Word], index: int) -> bool:
    if index >= len(row) or text[row[index - 1].end : row[index].start].strip():
        return False
    return row[index].text in {_AND + half for half in word_set("half")}
