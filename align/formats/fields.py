"""The fields of a `Pair` as text: the columns of a TSV and the properties of a TMX.

One table serves every format that has named fields, so that they all write a value in one way and
refuse the same nonsense.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from align.corpus import Flag, Level, Match, Origin, Pair, Status

__all__ = ["FIELDS", "Field", "gathered", "pair_from"]

_FLAG = re.compile(rf"(?s)(\S+) \(({'|'.join(get_args(Level))})\): ?(.*)")
_BETWEEN_FLAGS = re.compile(rf" \| (?=\S+ \((?:{'|'.join(get_args(Level))})\):)")


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is shown, "" where it is unknown, and read again (raising ValueError)."""

    show: Callable[[Pair], str]
    parse: Callable[[Any], Any]


def _number(value: float | None) -> str:
    """Four decimals are more than any of our numbers are good for."""
    return "" if value is None else f"{round(value, 4):g}"


def _show_flags(pair: Pair) -> str:
    return " | ".join(f"{flag.check} ({flag.level}): {flag.message}" for flag in pair.flags)


def _parse_flags(text: str) -> tuple[Flag, ...]:
    """Text that another program wrote becomes a flag of its own, so that it is not lost."""
    matches = ((part, _FLAG.fullmatch(part)) for part in _BETWEEN_FLAGS.split(text))
    return tuple(
        Flag(match[1], match[2], match[3]) if match else Flag("note", "info", part)  # type: ignore[arg-type]
        for part, match in matches
    )


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number")
    return number


def _count(value: Any) -> int:
    number = _finite(value)
    if number < 0 or not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number from 0")
    return int(number)


def _probability(value: Any) -> float:
    number = _finite(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{value!r} is not between 0 and 1")
    return number


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
        return str(value)

    return parse


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


FIELDS: Mapping[str, Field] = {
    "id": Field(lambda pair: str(pair.id), _count),
    "paragraph": Field(lambda pair: str(pair.paragraph), _count),
    "src": Field(lambda pair: pair.src, _text),
    "tgt": Field(lambda pair: pair.tgt, _text),
    "machine": Field(lambda pair: pair.machine or "", _text),
    "origin": Field(lambda pair: pair.origin, _one_of(get_args(Origin))),
    "status": Field(lambda pair: pair.status, _one_of(get_args(Status))),
    "confidence": Field(lambda pair: _number(pair.confidence), _probability),
    "quality": Field(lambda pair: _number(pair.quality), _probability),
    "logprob": Field(lambda pair: _number(pair.logprob), _finite),
    "flags": Field(_show_flags, _parse_flags),
    "match": Field(lambda pair: _number(pair.match.score) if pair.match else "", _probability),
    "match_src": Field(lambda pair: pair.match.src if pair.match else "", _text),
    "match_tgt": Field(lambda pair: pair.match.tgt if pair.match else "", _text),
}
_MATCH = ("match", "match_src", "match_tgt")


def pair_from(number: int, fields: Mapping[str, Any]) -> Pair:
    """A pair from its fields, None where unknown. `number` is its id if it has none.

    Raises ValueError, naming the field.
    """
    values: dict[str, Any] = {"id": number, "src": "", "tgt": ""}
    for name, value in fields.items():
        if value is None:
            continue
        try:
            values[name] = FIELDS[name].parse(value)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from error
    return Pair(**gathered(values))


def gathered(values: dict[str, Any]) -> dict[str, Any]:
    """The three fields of a match as one value, or none where one of them is missing."""
    parts = [values.pop(name, None) for name in _MATCH]
    score, src, tgt = parts
    return values if score is None or not src or not tgt else {**values, "match": Match(score, src, tgt)}
