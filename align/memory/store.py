"""The memory itself: look up, add, count, clear. Several processes may use one file at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from align.corpus import Match
from align.memory.database import connect, reported, writing
from align.memory.fuzzy import Finder
from align.memory.units import Unit, digest, folded, normal, signature_text, stored

__all__ = ["Counts", "Memory"]

_Item = TypeVar("_Item")
_AT_ONCE = 500  # keys in one question; SQLite takes 999 at least
_BATCH = 20_000  # units in one transaction
_KEPT = 1_000_000  # machine units; the oldest go first. People's are never dropped.


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a memory holds: `machine` maps signatures (as JSON) to numbers of units."""

    path: Path
    human: int
    machine: dict[str, int]
    size: int

    @property
    def machines(self) -> int:
        return sum(self.machine.values())


class Memory:
    """A translation memory from Arabic to English; a context manager.

    Raises InputError where the file is no memory, OutputError where it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], *, kept: int = _KEPT) -> None:
        self.path = Path(path)
        self._kept = kept
        self._connection = connect(self.path)
        self._finder = Finder(self._connection)

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._connection.close()

    def human(self, sources: Sequence[str]) -> list[str | None]:
        """The translation by people for each source, None where there is none.

        The same spelling to the letter goes before one with other vowel marks, then the newest wins.
        Rejected units are never given.
        """
        keys = {source: digest(normal(source)) for source in sources}
        best: dict[int, list[tuple[str, str]]] = {}
        query = (
            "SELECT key, source, target FROM human WHERE key IN ({}) AND status != 'rejected' "
            "ORDER BY changed, id"
        )
        for key, source, target in self._rows(query, set(keys.values())):
            best.setdefault(key, []).append((source, target))
        return [_best(source, best.get(keys[source], ())) for source in sources]

    def machine(
        self, sources: Sequence[str], signature: Mapping[str, str], *, scored: bool = False, until: int = -1
    ) -> list[Unit | None]:
        """What the model with this signature made of each source, to the letter.

        With `scored`, units without `Unit.lowest` do not count; nor do those that came after the
        moment `until` (see `moment`), if it is given.
        """
        keys = {source: digest(source) for source in sources}
        found: dict[int, Unit] = {}
        query = (
            "SELECT key, source, target, logprob, lowest FROM machine WHERE key IN ({}) "
            "AND status != 'rejected' AND (? < 0 OR id <= ?) "
            "AND model = (SELECT id FROM model WHERE signature = ?)"
        )
        for key, source, target, logprob, lowest in self._rows(
            query, set(keys.values()), until, until, signature_text(signature)
        ):
            if lowest is not None or not scored:
                found[key] = Unit(source, target, "machine", logprob=logprob, lowest=lowest)
        units = (found.get(keys[source]) for source in sources)
        return [
            unit if unit and unit.source == source else None
            for source, unit in zip(sources, units, strict=True)
        ]

    def made_by_machine(self, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether some model made this translation of this source, by the memory's knowledge."""
        keys = {digest(source) for source, _ in pairs}
        rows = self._rows("SELECT source, target FROM machine WHERE key IN ({})", keys)
        known = {(source, target.strip()) for source, target in rows}
        return [(source, target.strip()) in known for source, target in pairs]

    def moment(self) -> int:
        """The number of the last machine unit; it rises with every new one."""
        with reported(self.path):
            last: int = self._connection.execute("SELECT coalesce(max(id), 0) FROM machine").fetchone()[0]
        return last

    def similar(self, source: str, least: float) -> Match | None:
        """The translation by people of the most similar source, if their similarity is `least` or more."""
        with reported(self.path):
            return self._finder.best(source, least)

    def add(self, units: Iterable[Unit]) -> int:
        """Store units, many in one transaction, and count those that were not there yet.

        A unit that is there gets the later date of change, and a machine's is replaced.
        """
        before = self._size()
        for batch in _batches(units, _BATCH):
            now = int(time.time())
            people = [_human_row(unit, now) for unit in batch if unit.origin == "human"]
            machines = [unit for unit in batch if unit.origin == "machine"]
            with reported(self.path), writing(self._connection):
                self._connection.executemany(_ADD_HUMAN, people)
                if machines:
                    self._add_machine(machines, now)
        self._finder.forget()
        return self._size() - before

    def units(self, origin: str | None = None) -> Iterator[Unit]:
        """All units, or those of one origin, in the order in which they came."""
        if origin in (None, "human"):
            query = "SELECT source, target, status, document, created, changed FROM human WHERE id > ? {}"
            for source, target, status, *rest in self._pages("human", query):
                yield Unit(source, target, "human", status, rest[0], {}, None, None, *rest[1:])
        if origin in (None, "machine"):
            query = (
                "SELECT source, target, status, document, signature, logprob, lowest, created, changed "
                "FROM machine JOIN model ON model.id = model WHERE machine.id > ? {}"
            )
            for source, target, status, document, signature, *rest in self._pages("machine", query):
                yield Unit(source, target, "machine", status, document, json.loads(signature or "{}"), *rest)

    def counts(self) -> Counts:
        """How much there is."""
        query = "SELECT signature, count(*) FROM machine JOIN model ON model.id = model GROUP BY model"
        with reported(self.path):
            (people,) = self._connection.execute("SELECT count(*) FROM human").fetchone()
            machine = dict(self._connection.execute(query).fetchall())
        files = (self.path.with_name(self.path.name + end) for end in ("", "-wal"))
        return Counts(self.path, people, machine, sum(f.stat().st_size for f in files if f.exists()))

    def clear(self, *, machine_only: bool = False, model: str | None = None) -> int:
        """Forget everything, or machine units only, or those of one model; the number of units."""
        before = self._size()
        chosen = "model IN (SELECT id FROM model WHERE json_extract(signature, '$.model') = ?)"
        with reported(self.path):
            with writing(self._connection):
                if model is not None:
                    self._connection.execute(f"DELETE FROM machine WHERE {chosen}", (model,))  # noqa: S608
                else:
                    self._connection.execute("DELETE FROM machine")
                    if not machine_only:
                        self._connection.execute("DELETE FROM human")
                self._connection.execute("DELETE FROM model WHERE id NOT IN (SELECT model FROM machine)")
            after = self._size()
            self._connection.execute("VACUUM")
        self._finder.forget()
        return before - after

    def _add_machine(self, units: Sequence[Unit], now: int) -> None:
        signatures = {signature_text(unit.signature) for unit in units}
        self._connection.executemany(
            "INSERT OR IGNORE INTO model (signature) VALUES (?)", [(text,) for text in signatures]
        )
        ids = dict(self._connection.execute("SELECT signature, id FROM model").fetchall())
        self._connection.executemany(
            _ADD_MACHINE, [_machine_row(unit, ids[signature_text(unit.signature)], now) for unit in units]
        )
        self._connection.execute(
            "DELETE FROM machine WHERE id <= (SELECT max(id) FROM machine) - ?", (self._kept,)
        )

    def _rows(self, query: str, keys: Iterable[int], *arguments: object) -> Iterator[Any]:
        with reported(self.path):
            for some in _batches(keys, _AT_ONCE):
                marks = ",".join("?" * len(some))
                yield from self._connection.execute(query.format(marks), (*some, *arguments))

    def _pages(self, table: str, query: str) -> Iterator[Any]:
        """Rows without their ids, read in pages: a transaction kept open would let the log grow."""
        last, query = 0, query.replace("SELECT ", f"SELECT {table}.id, ", 1)
        page = query.format(f"ORDER BY {table}.id LIMIT {_BATCH}")
        while True:
            with reported(self.path):
                rows = self._connection.execute(page, (last,)).fetchall()
            if not rows:
                return
            yield from (row[1:] for row in rows)
            last = rows[-1][0]

    def _size(self) -> int:
        with reported(self.path):
            query = "SELECT (SELECT count(*) FROM human) + (SELECT count(*) FROM machine)"
            size: int = self._connection.execute(query).fetchone()[0]
        return size


_ADD_HUMAN = """
INSERT INTO human (key, pair, source, target, folded, length, status, document, created, changed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (pair) DO UPDATE SET status = excluded.status, document = excluded.document,
  created = min(created, excluded.created), changed = excluded.changed
WHERE excluded.changed >= changed
"""
_ADD_MACHINE = """
INSERT INTO machine (key, model, source, target, logprob, lowest, status, document, created, changed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key, model) DO UPDATE SET source = excluded.source, target = excluded.target,
  logprob = excluded.logprob, lowest = excluded.lowest, status = excluded.status,
  document = excluded.document, changed = excluded.changed
"""


def _human_row(unit: Unit, now: int) -> tuple[object, ...]:
    source, target = stored(unit.source), stored(unit.target)
    similar = folded(source)
    return (
        *(digest(normal(source)), digest(source, target), source, target, similar, len(similar)),
        *(unit.status, unit.document, unit.created or now, unit.changed or now),
    )


def _machine_row(unit: Unit, model: int, now: int) -> tuple[object, ...]:
    return (
        *(digest(unit.source), model, unit.source, unit.target, unit.logprob, unit.lowest),
        *(unit.status, unit.document, unit.created or now, unit.changed or now),
    )


def _best(source: str, candidates: Sequence[tuple[str, str]]) -> str | None:
    """The last of those with the very same spelling, else the last of all that are the same."""
    wanted, spelling = normal(source), source.split()
    same = [pair for pair in candidates if normal(pair[0]) == wanted]
    exact = [pair for pair in same if pair[0].split() == spelling]
    return (exact or same)[-1][1] if same else None


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    source = iter(items)
    return iter(lambda: list(islice(source, size)), [])
