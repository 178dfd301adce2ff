"""Writing files so that nobody ever finds half of one.

Results go to a temporary file in the same folder, reach the disk, and take the old file's place in
one step. Whatever goes wrong before that step leaves the old file as it was.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, overload

from align.errors import OutputError
from align.lock import LOCKS, lock

__all__ = ["atomic_write", "make_folder", "output_error", "sweep"]

_ELSEWHERE = "choose another place with -o"
_FREE_SPACE = f"free some space or {_ELSEWHERE}; what was there before is unchanged"
# What the operating system says -> what the user reads, and what to do about it.
_REASONS = {
    errno.EACCES: ("no permission to write here", f"change the permissions or {_ELSEWHERE}"),
    errno.EPERM: ("no permission to write here", f"change the permissions or {_ELSEWHERE}"),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.ENOSPC: ("the disk is full", _FREE_SPACE),
    errno.EDQUOT: ("the disk quota is used up", _FREE_SPACE),
    errno.EFBIG: ("the file is too large for this file system", _FREE_SPACE),
    errno.EIO: ("the disk reports an error", _ELSEWHERE),
    errno.EISDIR: ("is a folder, not a file", "name a file inside it"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", _ELSEWHERE),
    errno.EEXIST: ("a file with the name of the folder exists", _ELSEWHERE),
    errno.ENOENT: ("the folder does not exist", "make the folder first"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
}


def output_error(error: OSError, path: str | os.PathLike[str]) -> OutputError:
    """What the user reads when the operating system refuses to write `path`."""
    unknown = (error.strerror or str(error), _ELSEWHERE)
    message, advice = _REASONS.get(error.errno or 0, unknown)
    return OutputError(message, path=path, advice=advice)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder for results, with its parents; it may exist. Raises OutputError."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, path) from error
    return folder


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that killed processes left in a folder; those in use are locked."""
    for path in Path(folder).glob(".align-*.tmp") if LOCKS else ():
        with suppress(OSError), path.open("rb") as file:
            if lock(file):
                path.unlink()


@contextmanager
def _reported(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the system says about writing into an OutputError.

    Writing to an open file fails without a file name; an error that carries one comes from the
    caller's own work with some other file and is not ours to explain.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _REASONS:
            raise output_error(error, path) from error
        raise


def _open(path: Path, mode: str) -> IO[Any]:
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    return path.open(mode, **text)  # type: ignore[call-overload, no-any-return]


def _prepare(path: Path, mode: str) -> tuple[IO[Any], Path, Path]:
    """An open temporary file, its name, and the file that it will replace."""
    target = Path(os.path.realpath(path))  # Path.resolve answers a loop of links with a RuntimeError
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "")
    if target.exists() and not os.access(target, os.W_OK):  # replacing needs the folder's permission only
        raise PermissionError(errno.EACCES, "")
    temporary = target.with_name(f".align-{secrets.token_hex(8)}.tmp")
    file = _open(temporary, mode.replace("w", "x"))  # permissions after the umask, unlike tempfile's
    with suppress(OSError):  # a file system without locks: nothing will be swept there either
        lock(file)
    if target.exists():
        temporary.chmod(target.stat().st_mode & 0o777)
    return file, temporary, target


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["w"] = "w"
) -> AbstractContextManager[TextIO]: ...
@overload
def atomic_write(path: str | os.PathLike[str], mode: Literal["wb"]) -> AbstractContextManager[BinaryIO]: ...
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> AbstractContextManager[IO[Any]]:
    """Open a file that appears, whole, when the block ends without an exception.

    Text is UTF-8 with LF. A link is followed, and a file that exists keeps its permissions. Devices
    and pipes (`/dev/stdout`) are written directly: there is nothing to replace.
    Raises OutputError where the file cannot be written, whichever step finds out.
    """
    return (_direct if _is_device(Path(path)) else _replacing)(Path(path), mode)


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # not there yet, or out of reach: opening it will tell
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def _direct(path: Path, mode: str) -> Iterator[IO[Any]]:
    try:
        file = _open(path, mode)
    except OSError as error:
        raise output_error(error, path) from error
    with _reported(path), file:
        yield file


@contextmanager
def _replacing(path: Path, mode: str) -> Iterator[IO[Any]]:
    try:
        file, temporary, target = _prepare(path, mode)
    except OSError as error:
        raise output_error(error, path) from error
    try:
        with _reported(path):
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
        try:
            temporary.replace(target)
        except OSError as error:
            raise output_error(error, path) from error
    finally:  # also after Ctrl-C; once in place, there is nothing left to remove
        with suppress(OSError):  # a full disk refuses the rest of the buffer once more
            file.close()
        temporary.unlink(missing_ok=True)
