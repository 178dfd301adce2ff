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


def lost_question(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return hypothesis.rstrip()[:-1] + "." if hypothesis.rstrip().endswith("?") else None


def arabic_digits(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    row = str.maketrans({str(value): chr(0x660 + value) for value in range(10)})
    match = _pick(_DIGITS, hypothesis, rng)
    return match and hypothesis[: match.start()] + match[0].translate(row) + hypothesis[match.end() :]


def mojibake(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    """The accents and marks of the translation, decoded as Windows-1252."""
    broken = hypothesis.encode().decode("cp1252", errors="ignore")
    return broken if broken != hypothesis else None


def control_character(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    at = rng.randrange(len(hypothesis))
    return hypothesis[:at] + rng.choice("\x00\x07\x1b\x7f\x85\ue001") + hypothesis[at:]


def markup_residue(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    row = hypothesis.split(" ")
    row.insert(rng.randrange(len(row)), rng.choice(["<br>", "&nbsp;", "<b>", "&amp;quot;", "</p>"]))
    return " ".join(row)


def half_arabic(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    ours, theirs = hypothesis.split(" "), source.split(" ")
    return " ".join(ours[: len(ours) // 2] + theirs[len(theirs) // 2 :])


def empty_target(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    return rng.choice([" ", ".", "..."])


def transposed_year(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    match = re.search(r"\b(1[5-9]|20)(\d)(?!\2)(\d)\b", hypothesis)
    return match and hypothesis[: match.start()] + match.expand(r"\1\3\2") + hypothesis[match.end() :]


def swapped_currency(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    turned = {"$": "\N{EURO SIGN}", "\N{POUND SIGN}": "$", "\N{EURO SIGN}": "$"}
    match = re.search(r"[$\N{POUND SIGN}\N{EURO SIGN}](?=\d)", hypothesis)
    return match and hypothesis[: match.start()] + turned[match[0]] + hypothesis[match.end() :]


def added_negation(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    broken = re.sub(r"\b(is|are|was|were|has|have|will|can|could)\b(?! not)", r"\1 not", hypothesis, count=1)
    return broken if broken != hypothesis else None


def neighbour(source: str, hypothesis: str, rng: random.Random, pairs: Pairs) -> str | None:
    """The translation of the sentence before: a shifted file."""
    at = pairs.index((source, hypothesis))
    return pairs[at - 1][1] if at else None


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
        Error("question mark lost", lost_question, ("question",)),
        Error("Arabic digits left", arabic_digits, ("digits",)),
        Error("decoded wrongly", mojibake, ("encoding",)),
        Error("control character", control_character, ("encoding",)),
        Error("markup residue", markup_residue, ("markup",)),
        Error("half left in Arabic", half_arabic, ("residue",)),
        Error("empty target", empty_target, ("empty",)),
        Error("year transposed", transposed_year, ("numbers",)),
        Error("currency swapped", swapped_currency, ("units",)),
        Error("negation added", added_negation, ("negation",)),
        Error("shifted by one", neighbour, ("meaning", "length", "numbers", "names")),
        Error("bracket lost", lost_bracket, ("brackets",)),
    )
}
