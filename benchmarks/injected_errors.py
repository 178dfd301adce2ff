"""Errors put into good translations by script: what the checks must find.

Each maker takes a pair and a random generator and gives a broken translation, or None where the
pair offers no place for that error.
"""

# ruff: noqa: ARG001 - every maker has the signature of `Maker`
from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["ERRORS", "Error"]

Pairs = Sequence[tuple[str, str]]
Maker = Callable[[str, str, random.Random, Pairs], str | None]

_DIGITS = re.compile(r"(?<![\w.,])\d[\d.,]*\d|(?<![\w.,])\d(?![\w])")
_ARABIC_WORD = re.compile("[\u0621-\u064a]{3,}")
_WORDS = [
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "fifteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
]
_MONTHS = [
    "January",
    "February",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_NEGATION = re.compile(
    r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should|will)(?: not|n't)\b|\b(can)(?:not|'t)\b"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_CLAUSE = re.compile(r",\s[^,]{25,}?(?=[,.])")


@dataclass(frozen=True, slots=True)
class Error:
    """A kind of error: how to make it, and the checks that should speak."""

    name: str
    make: Maker
    checks: tuple[str, ...]


def _swap_first(pattern: str, choices: list[str], hypothesis: str, rng: random.Random) -> str | None:
    match = re.search(pattern, hypothesis)
    if not match:
        return None
    other = rng.choice([word for word in choices if word.lower() != match[0].lower()])
    return hypothesis[: match.start()] + other + hypothesis[match.end() :]


def _pick(pattern: re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return rng.choice(found) if found else None


def dropped_number(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    match = _pick(_DIGITS, hypothesis, rng)
    if match is None:
        return None
    return re.sub(r"\s+", " ", hypothesis[: match.start()] + hypothesis[match.end() :])


def changed_number(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    match = _pick(_DIGITS, hypothesis, rng)
    if match is None:
        return None
    places = [index for index, letter in enumerate(match[0]) if letter.isdigit()]
    at = rng.choice(places)
    digit = rng.choice([other for other in "123456789" if other != match[0][at]])
    return (
        hypothesis[: match.start()] + match[0][:at] + digit + match[0][at + 1 :] + hypothesis[match.end() :]
    )


def changed_number_word(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return _swap_first(rf"\b(?:{'|'.join(_WORDS)})\b", _WORDS, hypothesis, rng)


def changed_magnitude(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return _swap_first(
        r"\b(?:million|billion|thousand)\b", ["million", "billion", "thousand"], hypothesis, rng
    )


def changed_month(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return _swap_first(rf"\b(?:{'|'.join(_MONTHS)})\b", _MONTHS, hypothesis, rng)


def changed_day(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return _swap_first(rf"\b(?:{'|'.join(_DAYS)})\b", _DAYS, hypothesis, rng)


def lost_percent(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    broken = re.sub(r"\s?(?:%|per ?cent\b)", "", hypothesis)
    return broken if broken != hypothesis else None


def changed_unit(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    units = {"kilometers": "miles", "km": "miles", "miles": "kilometers", "meters": "feet", "feet": "meters"}
    match = re.search(rf"(?<=\d )(?:{'|'.join(units)})\b", hypothesis)
    return match and hypothesis[: match.start()] + units[match[0]] + hypothesis[match.end() :]


def untranslated_word(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    word = _pick(_ARABIC_WORD, source, rng)
    row = hypothesis.split(" ")
    if word is None or len(row) < 4:
        return None
    row[rng.randrange(len(row))] = word[0]
    return " ".join(row)


def loop(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    row = hypothesis.rstrip(".").split(" ")
    size, times = rng.randint(1, min(6, len(row))), rng.randint(2, 6)
    end = rng.randint(size, len(row))
    return " ".join(row[:end] + row[end - size : end] * times + row[end:])


def doubled_phrase(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    row = hypothesis.split(" ")
    if len(row) < 8:
        return None
    size = rng.randint(2, 5)
    end = rng.randint(size, len(row))
    return " ".join(row[:end] + row[end - size : end] + row[end:])


def dropped_clause(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    match = _pick(_CLAUSE, hypothesis, rng)
    return match and hypothesis[: match.start()] + hypothesis[match.end() :]


def cut_half(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    row = hypothesis.split(" ")
    return " ".join(row[: len(row) // 2]) if len(row) >= 10 else None


def swapped_name(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    match = _pick(_NAME, hypothesis, rng)
    other = _pick(_NAME, rng.choice(pairs)[1], rng)
    if match is None or other is None or other[0] in hypothesis:
        return None
    return hypothesis[: match.start()] + other[0] + hypothesis[match.end() :]


def wrong_pairing(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    other = rng.choice(pairs)[1]
    return other if other != hypothesis else None


def lost_negation(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    broken = _NEGATION.sub(lambda match: match[1] or match[2], hypothesis, count=1)
    return broken if broken != hypothesis else None


def copied_source(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return source


def lost_bracket(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return hypothesis.replace(")", "", 1) if ")" in hypothesis else None


ERRORS: Mapping[str, Error] = {
    error.name: error
    for error in (
        Error("number dropped", dropped_number, ("numbers",)),
        Error("number changed", changed_number, ("numbers",)),
        Error("number word changed", changed_number_word, ("numbers",)),
        Error("million for billion", changed_magnitude, ("numbers",)),
        Error("month changed", changed_month, ("dates",)),
        Error("weekday changed", changed_day, ("dates",)),
        Error("per cent lost", lost_percent, ("percent",)),
        Error("unit changed", changed_unit, ("units",)),
        Error("word untranslated", untranslated_word, ("residue",)),
        Error("source copied", copied_source, ("copied",)),
        Error("loop", loop, ("repetition",)),
        Error("phrase doubled", doubled_phrase, ("repetition",)),
        Error("clause dropped", dropped_clause, ("length", "meaning")),
        Error("half cut off", cut_half, ("length", "meaning")),
        Error("name swapped", swapped_name, ("names",)),
        Error("wrong pairing", wrong_pairing, ("meaning", "length", "numbers", "names")),
        Error("negation lost", lost_negation, ("negation",)),
        Error("bracket lost", lost_bracket, ("brackets",)),
    )
}
