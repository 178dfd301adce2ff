"""Opening the SQLite file of a memory: its tables, its version, and what can be wrong with it.

Write-ahead logging lets processes read while one writes; those that want to write wait for each
other. See https://sqlite.org/wal.html (which wants a local disk) and https://sqlite.org/fts5.html.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from align.atomic import make_folder
from align.errors import AlignError, InputError, OutputError

__all__ = ["connect", "reported", "writing"]

_APPLICATION = 0x416C4D65  # "AlMe", written into the file so that no other program's is mistaken for ours
VERSION = 1
_PATIENCE = 60.0  # seconds to wait for another process
_ELSEWHERE = "use another file with --memory, or none with --no-memory"
_DAMAGED = "restore it from a copy, or move it away to begin a new one; --no-memory works without it"

# Times are seconds since 1970. Keys are hashes: sources that only look alike are told apart on reading.
_SCHEMA = """
CREATE TABLE human (
  id INTEGER PRIMARY KEY, key INTEGER NOT NULL, pair INTEGER NOT NULL UNIQUE,
  source TEXT NOT NULL, target TEXT NOT NULL, folded TEXT NOT NULL, length INTEGER NOT NULL,
  status TEXT NOT NULL, document TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX human_key ON human (key);
CREATE VIRTUAL TABLE words USING fts5 (
  folded, content = 'human', content_rowid = 'id', detail = none, columnsize = 0,
  tokenize = 'unicode61 remove_diacritics 0'
);
CREATE VIRTUAL TABLE word_counts USING fts5vocab (words, 'row');
CREATE TRIGGER human_added AFTER INSERT ON human BEGIN
  INSERT INTO words (rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER human_removed AFTER DELETE ON human BEGIN
  INSERT INTO words (words, rowid, folded) VALUES ('delete', old.id, old.folded);
END;
CREATE TABLE model (id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE);
CREATE TABLE machine (
  id INTEGER PRIMARY KEY, key INTEGER NOT NULL, model INTEGER NOT NULL REFERENCES model,
  source TEXT NOT NULL, target TEXT NOT NULL, logprob REAL, lowest REAL,
  status TEXT NOT NULL, document TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,
  UNIQUE (key, model)
);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a memory, or begin one where there is no file.

    Raises InputError for a file that is no memory, is damaged, or was made by a later version of this
    program (none of them is touched); OutputError where it cannot be written.
    """
    if path.is_dir():
        raise OutputError("is a folder, not a file", path=path, advice=_ELSEWHERE)
    make_folder(path.parent)
    with reported(path):
        # Thread checks are off because translators may run in a worker thread; one at a time uses it.
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    application, version = _identity(connection)
    if (application, version) == (0, 0) and not connection.execute("SELECT * FROM sqlite_master").fetchone():
        _patiently(connection, "PRAGMA journal_mode = WAL")
        with writing(connection):
            if _identity(connection) == (0, 0):  # no other process was faster
                _create(connection)
        application, version = _identity(connection)
    if application != _APPLICATION:
        raise InputError("is an SQLite file of another program", path=path, advice=_ELSEWHERE)
    if version > VERSION:
        raise InputError(
            f"was made by a later version of align (schema {version}; this one knows {VERSION})",
            path=path,
            advice=f"update align-ar-en; or {_ELSEWHERE}",
        )
    connection.execute("PRAGMA synchronous = NORMAL")  # with WAL a power cut costs the last writes only


def _identity(connection: sqlite3.Connection) -> tuple[int, int]:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    return application, version


def _create(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in _SCHEMA.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Changing the journal mode is the one thing for which SQLite does not wait by itself."""
    until = time.monotonic() + _PATIENCE
    while not _done(connection, statement, last=time.monotonic() > until):
        time.sleep(0.02)


def _done(connection: sqlite3.Connection, statement: str, *, last: bool) -> bool:
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if last or "locked" not in str(error):
            raise
        return False
    return True


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that takes its turn at once, so that it cannot fail half-way for another's sake."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one line and a remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(error, path) from error


def _explained(error: sqlite3.DatabaseError, path: Path) -> AlignError:
    """SQLite's result codes: https://sqlite.org/rescode.html. Python 3.10 has their texts only."""
    text = str(error)
    if "not a database" in text:
        return InputError("is no translation memory (not an SQLite file)", path=path, advice=_ELSEWHERE)
    if "malformed" in text or type(error) is sqlite3.DatabaseError:
        return InputError(f"the translation memory is damaged ({text})", path=path, advice=_DAMAGED)
    if "no such module: fts5" in text:
        return InputError("this Python's SQLite has no full-text search", path=path, advice="use --no-memory")
    reasons = {
        "readonly": "no permission to write the translation memory",
        "unable to open": "the translation memory cannot be opened for writing",
        "full": "the disk is full; what the translation memory held is unchanged",
        "locked": f"another program has kept the translation memory busy for {_PATIENCE:.0f} seconds",
        "disk I/O": "the disk reports an error",
    }
    for sign, reason in reasons.items():
        if sign in text:
            return OutputError(reason, path=path, advice=_ELSEWHERE)
    raise error
