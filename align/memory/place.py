"""Where a person's memory lies, by the habits of each platform."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["default_path", "memory_path"]

_VARIABLE = "ALIGN_MEMORY"


def memory_path(given: str | os.PathLike[str] | None = None) -> Path | None:
    """The memory to use: the one that is given, or that ALIGN_MEMORY names, or the user's own.

    ALIGN_MEMORY=off means none.
    """
    if not given and os.environ.get(_VARIABLE) == "off":
        return None
    chosen = given or os.environ.get(_VARIABLE)
    return Path(chosen).expanduser() if chosen else default_path()


def default_path() -> Path:
    """`align-ar-en/memory.sqlite` in the user's folder for data (XDG base directories on Linux)."""
    home = Path("~").expanduser()
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        data = os.environ.get("XDG_DATA_HOME", "")  # the specification says to pass over relative ones
        folder = Path(data) if Path(data).is_absolute() else home / ".local" / "share"
    return folder / "align-ar-en" / "memory.sqlite"
