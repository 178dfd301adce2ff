"""Units to and from TMX, TSV and JSONL, with all that the memory knows of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TextIO

from align.corpus import Corpus, Pair
from align.errors import ConfigError
from align.formats import format_of
from align.formats.files import Source, Target, Written
from align.memory.store import Memory
from align.memory.units import Unit, signature_text

__all__ = ["FORMATS", "corrections", "export_units", "read_units"]

FORMATS = ("tmx", "tsv", "jsonl")
_MORE = ("document", "signature", "lowest", "creationdate", "changedate")
_COLUMNS = ("src", "tgt", "origin", "status", "logprob", *_MORE)
_TIME = "%Y%m%dT%H%M%SZ"  # as TMX has it
_HEAD = Corpus("translation memory", "ar", "en", ())
Entries = Iterator[tuple[Pair, Mapping[str, object]]]


def read_units(path: Source, origin: Literal["human", "machine"] | None = None) -> Iterator[Unit]:
    """The units of a file, with `origin` in place of what it says itself; "memory" counts as human.

    Pairs with an empty side and rejected machine translations are passed over. A machine's unit
    without a signature could never be reused and is passed over too.
    Raises ConfigError for other formats, InputError, FormatError.
    """
    document = Path(path).stem
    for pair, more in _entries(path):
        if not pair.src.strip() or not pair.tgt.strip():
            continue
        unit = _unit(pair, more, origin or ("machine" if pair.origin == "machine" else "human"), document)
        if unit.origin == "human" or unit.signature:
            yield unit


def corrections(path: Source, units: Sequence[Unit], memory: Memory) -> list[Unit]:
    """Those units that are not just what a machine said and the memory knows it to have said.

    `units` are what `read_units` read from `path`.
    """
    marked = {(pair.src, pair.tgt) for pair, _ in _entries(path) if pair.origin == "machine"}
    marked -= {(pair.src, pair.tgt) for pair, _ in _entries(path) if pair.status == "confirmed"}
    known = memory.made_by_machine([(unit.source, unit.target) for unit in units])
    return [
        unit
        for unit, made in zip(units, known, strict=True)
        if not made or (unit.source, unit.target) not in marked
    ]


def export_units(units: Iterable[Unit], target: Target, name: str | None = None) -> Written:
    """Write units in the format `name`, or the one that the suffix tells. Raises ConfigError, OutputError."""
    name = name or _format(target)
    entries = (_entry(number, unit) for number, unit in enumerate(units, 1))
    if name == "tmx":
        from align.formats.tmx import write_units

        return write_units(_HEAD, entries, target)
    if name == "tsv":
        from align.formats.tsv import write_rows

        return write_rows(entries, target, columns=_COLUMNS)
    if name == "jsonl":
        from align.formats.jsonl import write_records

        return write_records(_HEAD, entries, target)
    raise ConfigError(f"a memory cannot be written as {name!r}", key="format", allowed=FORMATS)


def _format(target: Target) -> str:
    if isinstance(target, TextIO) or not isinstance(target, (str, Path)):
        raise ConfigError("a stream has no suffix: name the format", key="format", allowed=FORMATS)
    return format_of(target).name


def _entries(path: Source) -> Iterator[tuple[Pair, Mapping[str, Any]]]:
    name = format_of(path).name
    if name == "tmx":
        from align.formats.tmx import iter_units

        return ((pair, _plain(more)) for pair, more in iter_units(path))
    if name == "tsv":
        from align.formats.tsv import iter_rows

        return iter_rows(path, others=_MORE)
    if name == "jsonl":
        from align.formats.jsonl import iter_records

        return iter_records(path)
    raise ConfigError(f"a memory cannot be read from {name}", key="format", allowed=FORMATS)


def _plain(properties: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("x-"): text for key, text in properties.items()}


def _entry(number: int, unit: Unit) -> tuple[Pair, Mapping[str, object]]:
    pair = Pair(number, unit.source, unit.target, origin=unit.origin, status=unit.status)
    more = {
        "document": unit.document,
        "signature": signature_text(unit.signature),
        "logprob": unit.logprob,  # every digit of it
        "lowest": unit.lowest,
        "creationdate": _date(unit.created),
        "changedate": _date(unit.changed),
    }
    return pair, {name: value for name, value in more.items() if value not in ("", None)}


def _unit(pair: Pair, more: Mapping[str, Any], origin: Literal["human", "machine"], document: str) -> Unit:
    machine = origin == "machine"
    created, changed = _seconds(more.get("creationdate")), _seconds(more.get("changedate"))
    return Unit(
        pair.src,
        pair.tgt,
        origin,
        pair.status,
        str(more.get("document") or document),
        _signature(more.get("signature")) if machine else {},
        pair.logprob if machine else None,
        _number(more.get("lowest")) if machine else None,
        created or changed,
        changed or created,
    )


def _signature(text: Any) -> dict[str, str]:
    """What another program left there, or nothing, makes no signature."""
    try:
        entries = json.loads(text or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in entries.items()} if isinstance(entries, dict) else {}


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(_TIME) if seconds else ""


def _seconds(text: Any) -> int:
    """0 where there is no date that can be read."""
    try:
        return int(datetime.strptime(text, _TIME).replace(tzinfo=timezone.utc).timestamp())
    except (TypeError, ValueError, OverflowError):
        return 0
