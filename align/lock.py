"""Advisory locks: how processes on one machine see that another is at work on a file."""

from __future__ import annotations

import errno
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows: there, nothing is locked and nothing swept
    fcntl = None  # type: ignore[assignment]

__all__ = ["LOCKS", "lock"]

LOCKS = fcntl is not None


def lock(file: IO[Any], *, wait: bool = False) -> bool:
    """Lock an open file for as long as it is open, or its process lives; False if it is locked already.

    Raises OSError where the file system knows no locks.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True
