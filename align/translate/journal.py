"""What was translated already, on disk, so that a job that was killed goes on where it was.

How segments are put into batches is decided by the segments and the options alone, and what comes out
of a batch by the batch alone. So it is enough to remember outputs by batch: a job that is started again
makes the same batches, takes from the journal what is there, and computes the rest. Its results are those
of a job that was never stopped, even where (int8) a sentence may be worded otherwise in other company.

The journal is a text file that is only ever appended to. Each line is a checksum (CRC-32) and a JSON
array: the first line names the job, every other one is a record `[key, segments, value]`. A last line
that was cut off by a kill is dropped. Records come as batches are completed, which is nearly the order in
which they are asked for: so they are read once, in order, and only those that were passed over are held.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any, TypeVar
from zlib import crc32

from align.atomic import output_error
from align.errors import OutputError
from align.lock import lock

__all__ = ["Journal"]

_FORMAT = "align journal 1"
_SYNC = 1.0  # seconds: how much a power failure may cost; a kill costs nothing that was recorded
_Value = TypeVar("_Value")


def _say(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201


class Journal:
    """The journal of one job, open and locked until it is closed.

    `job` holds whatever decides the results (strings by name). A journal of another job, or a damaged
    one, is begun anew, as with `resume=False`; `say` gets one line about it, or about what was found.
    Used in a `with` block, it is removed when the block ends well, and stays when it does not.
    Raises `OutputError` where it cannot be written or another process holds it.
    """

    def __init__(
        self,
        path: Path,
        job: Mapping[str, str],
        *,
        resume: bool = True,
        say: Callable[[str], None] = _say,
    ) -> None:
        self.path = path
        self.segments = 0  # how many the records found were about
        self._file = _locked(path)
        self._writing = Lock()
        self._synced = time.monotonic()
        self._empty = True
        self._passed: dict[str, deque[Any]] = defaultdict(deque)
        try:
            end = self._survey([_FORMAT, dict(job)], resume, say)
            self._old = _records(path.open("rb"), end)
            next(self._old, None)
        except OSError as error:
            if not os.fstat(self._file.fileno()).st_size:
                path.unlink(missing_ok=True)
            self._file.close()
            raise output_error(error, path) from error

    def recorded(self, key: str, compute: Callable[[], _Value]) -> _Value:
        """What was recorded for `key`, or else what `compute` gives now, recorded.

        For whatever else must be the same in the run that goes on. The value is one that JSON holds.
        """
        known: _Value | None = self.find(key)
        if known is not None:
            return known
        value = compute()
        self.record(key, value)
        return value

    def find(self, key: str) -> Any:
        """The value recorded for `key` before this run began, or None; each record is given once."""
        if waiting := self._passed.get(key):
            value = waiting.popleft()
            if not waiting:
                del self._passed[key]
            return value
        for other, _, value in self._old:
            if other == key:
                return value
            self._passed[other].append(value)
        return None

    def record(self, key: str, value: Any, segments: int = 0) -> None:
        """Append a record; it survives a kill at once, and a power failure after a second.

        May be called from several threads. Raises `OutputError`, above all where the disk is full.
        """
        line = _line([key, segments, value])
        with self._writing:
            try:
                self._write(line)
            except OSError as error:
                raise output_error(error, self.path) from error
            self._empty = False

    def close(self, *, complete: bool = False) -> None:
        """Release the journal; one of a job that is `complete`, or without records, is removed."""
        self._old.close()
        if complete or self._empty:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self.close(complete=kind is None)

    def _survey(self, head: list[Any], resume: bool, say: Callable[[str], None]) -> int:
        """Count what is there, cut off what is damaged, and return where the good records end."""
        size = end = self._file.seek(0, os.SEEK_END)
        if size:
            with self.path.open("rb") as stream:
                lines = _records(stream, size)
                known = resume and next(lines, None) == head
                end = stream.tell() if known else 0
                for _, segments, _ in lines if known else ():
                    self._empty, end = False, stream.tell()
                    self.segments += segments
            if not known and resume:
                say(f"{self.path} is damaged or of another job: beginning anew")
        if end < size:
            self._file.truncate(end)
        if not end:
            end = len(line := _line(head))
            self._write(line)
        elif not self._empty:
            say(f"going on where the last run stopped: {self.segments:,} sentences were translated already")
        return end

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        if (now := time.monotonic()) - self._synced >= _SYNC:
            os.fsync(self._file.fileno())
            self._synced = now


def _line(values: list[Any]) -> bytes:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return b"%08x %s\n" % (crc32(text), text)


def _records(stream: IO[bytes], end: int) -> Generator[Any, None, None]:
    """The values of the lines before `end`, as long as they are whole."""
    with stream:
        while stream.tell() < end:
            line = stream.readline()
            if line[:9] != b"%08x " % crc32(line[9:-1]) or not line.endswith(b"\n"):
                return
            yield json.loads(line[9:].decode("utf-8", "surrogatepass"))


def _locked(path: Path) -> IO[bytes]:
    """The file, opened for appending and locked."""
    while True:
        try:
            file = path.open("ab", buffering=0)  # nothing that a full disk refused is tried again
            free = lock(file)
        except OSError as error:
            raise output_error(error, path) from error
        if not free:
            file.close()
            raise OutputError(
                "another process is at work on this job",
                path=path,
                advice="wait until it is done, or choose another place with -o",
            )
        with suppress(FileNotFoundError):  # removed by its owner after we opened and before we locked it
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()
