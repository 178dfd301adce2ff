"""Numbers in English text: digits, number words, ordinals, decades, magnitudes, Roman numerals."""

from __future__ import annotations

import re

from align.checks.fold import fold
from align.checks.lexicon import numbered, readings
from align.checks.quantities import Mention, Word, digits, lone_digits, tokens, widen_ranges

__all__ = ["english_quantities"]

#: Letters glued to digits that multiply, or may: 5m is five metres or five million.
_SUFFIXES = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_IS_ROMAN = re.compile(r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")
_GLUE = re.compile(r"[\s\N{HYPHEN-MINUS}\N{NON-BREAKING HYPHEN}]*")
_FILLERS = {"and", "a", "of"}


def english_quantities(text: str) -> list[Mention]:
    """All numbers of an English text, in order."""
    text = fold(text)
    row = tokens(text)
    found: list[Mention] = []
    index = 0
    while index < len(row):
        mention, used = _read(text, row, index)
        if mention is not None:
            found.append(mention)
        index += used
    return widen_ranges(text, found)


def _read(text: str, row: list[Word], index: int) -> tuple[Mention | None, int]:
    word = row[index]
    lower = word.text.lower()
    if word.is_number:
        return _read_digits(text, row, index)
    if _value(lower) is not None or lower in numbered("english.scales") or _is_half_scale(row, index):
        return _read_words(text, row, index)
    if lower in numbered("english.decades"):
        decade = numbered("english.decades")[lower]
        return Mention(word.text, word.start, word.end, frozenset({decade, 1900.0 + decade})), 1
    if lower in readings("english.hints"):
        return Mention(word.text, word.start, word.end, readings("english.hints")[lower], firm=False), 1
    if _IS_ROMAN.fullmatch(word.text):
        return Mention(word.text, word.start, word.end, frozenset({_roman(word.text)}), firm=False), 1
    return None, 1


def _read_digits(text: str, row: list[Word], index: int) -> tuple[Mention, int]:
    word = row[index]
    mention = lone_digits(text, word)
    follower = row[index + 1] if index + 1 < len(row) else None
    if follower is None or ":" in word.text:  # a time of day has no thousands
        return mention, 1
    glued = follower.start == word.end
    suffix = follower.text.lower()
    if glued and suffix == "s":
        values = mention.values | {value % 100 for value in mention.values}
        return Mention(word.text + "s", word.start, follower.end, values), 2
    if glued and suffix in _SUFFIXES:
        scaled = {value * _SUFFIXES[suffix] for value in digits(word.text)}
        return Mention(word.text + suffix, word.start, follower.end, mention.values | scaled, True, 1.0), 2
    scale = numbered("english.scales").get(suffix)
    if scale and _GLUE.fullmatch(text, word.end, follower.start):
        values = frozenset(value * scale for value in digits(word.text))
        return Mention(text[word.start : follower.end], word.start, follower.end, values, True, scale), 2
    return mention, 1


def _read_words(text: str, row: list[Word], index: int) -> tuple[Mention, int]:
    """Add up number words as far as they go: two hundred and fifty-three thousand."""
    start, position, end = index, index, index
    total, group, scale, counted, ordinal = 0.0, 0.0, 1.0, False, False
    while position < len(row) and (
        position == start or _GLUE.fullmatch(text, row[position - 1].end, row[position].start)
    ):
        lower = row[position].text.lower()
        value, factor = _value(lower), numbered("english.scales").get(lower)
        if value is not None and not ordinal and _fits(value, group, counted):
            group += value
            ordinal = lower in numbered("english.ordinals")
        elif factor in (12, 100) and (group or not counted):
            group = max(group, 1.0) * factor
        elif factor and factor > 100:
            group = group or (
                0.5
                if lower
                and position > start
                and _half(row[position - 1 - (row[position - 1].text.lower() == "a")])
                else 1.0
            )
            total, group, scale = total + group * factor, 0.0, float(factor)
        elif not (lower in _FILLERS or _half(row[position])) or not _goes_on(row, position):
            break
        else:
            position += 1
            continue
        counted, end = True, position
        position += 1
    amount = total + group
    written = text[row[start].start : row[end].end]
    firm = amount > 2 and not _is_name(text, row[start]) and written.lower() != "dozen"
    return Mention(written, row[start].start, row[end].end, frozenset({amount}), firm, scale), end - start + 1


def _is_name(text: str, word: Word) -> bool:
    """A number word with a capital inside a sentence belongs to a name: Six Flags."""
    return word.text[0].isupper() and bool(re.search(r"[^\W\d_][\s,-]*$", text[: word.start]))


def _fits(value: float, group: float, counted: bool) -> bool:
    if not counted or not group:
        return True
    tens = group % 100
    return (tens == 0 and value < 100) or (tens in range(20, 100, 10) and value < 10)


def _goes_on(row: list[Word], position: int) -> bool:
    """After hundred or a scale, `and` joins a smaller number; elsewhere it starts a new one."""
    before = row[position - 1].text.lower() if position else ""
    after = row[position + 1].text.lower() if position + 1 < len(row) else ""
    if _half(row[position]) or before in _FILLERS or _half(row[position - 1]):
        return after in numbered("english.scales") or (after == "a" and _half(row[position]))
    return (
        row[position].text.lower() == "and"
        and before in numbered("english.scales")
        and _value(after) is not None
    )


def _half(word: Word) -> bool:
    return word.text.lower() == "half"


def _is_half_scale(row: list[Word], index: int) -> bool:
    """`half million` and `half a million`."""
    following = [word.text.lower() for word in row[index + 1 : index + 3]]
    scale = following[1:] if following[:1] == ["a"] else following[:1]
    return _half(row[index]) and bool(scale) and scale[0] in numbered("english.scales")


def _value(lower: str) -> int | None:
    return numbered("english.cardinals").get(lower) or numbered("english.ordinals").get(lower)


def _roman(written: str) -> float:
    values = [_ROMAN[letter] for letter in written]
    return float(sum(-value if value < max(values[index:]) else value for index, value in enumerate(values)))
