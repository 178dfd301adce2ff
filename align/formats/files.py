"""What every format needs of a file: a stream to write to, numbered lines to read, the time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, TextIO

from align.atomic import atomic_write
from align.errors import ConfigError, FormatError, InputError

__all__ = ["Source", "Target", "Written", "creation_time", "numbered_lines", "open_input", "open_output"]

Source = str | os.PathLike[str]
Target = str | os.PathLike[str] | TextIO


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer did: `pairs` written, and `left_out` for having an empty side.

    TMX and Moses files cannot hold a pair without a source or a target; the others leave out none.
    """

    pairs: int
    left_out: int = 0


@contextmanager
def open_output(target: Target) -> Iterator[TextIO]:
    """A stream of UTF-8 text: `target` itself if it is one (its owner closes it), or a new file.

    The file appears whole or not at all. Raises OutputError.
    """
    if isinstance(target, (str, os.PathLike)):
        with atomic_write(target) as stream:
            yield stream
    else:
        yield target


@contextmanager
def open_input(path: Source) -> Iterator[BinaryIO]:
    """A file opened for reading bytes. Raises InputError where that is refused."""
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(reason, path=path, advice="check the name and the permissions") from error


def numbered_lines(path: Source) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file without their ends, counted from 1.

    A line ends at LF or CR LF and nowhere else; a byte order mark at the start is dropped.
    Raises InputError, and FormatError at the first line that is not UTF-8.
    """
    with open_input(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"not UTF-8 text (byte {raw[error.start]:#04x})",
                    path=path,
                    line=number,
                    column=error.start + 1,
                    advice="save the file as UTF-8",
                ) from error
            yield number, line.removesuffix("\n").removesuffix("\r")


def creation_time() -> datetime:
    """Now, or the time in SOURCE_DATE_EPOCH (seconds since 1970), so that output can be reproduced.

    See https://reproducible-builds.org/specs/source-date-epoch/. Raises ConfigError.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(timezone.utc)
    try:
        return datetime.fromtimestamp(int(epoch), timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(
            f"SOURCE_DATE_EPOCH is {epoch!r}, which is no time",
            key="SOURCE_DATE_EPOCH",
            advice="give the seconds since 1970 as a whole number, or unset the variable",
        ) from error
