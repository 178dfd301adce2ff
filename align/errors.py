"""The error tree. The command line catches `AlignError` and nothing else.

    AlignError
    ├── InputError    a file or text that the user gave cannot be used
    │   └── FormatError   it can be read, but is not the format that it claims to be
    ├── OutputError   a result cannot be written
    ├── ConfigError   an option has a value that it cannot have
    └── ModelError    a translation model is missing, broken or refused

Every error prints as one line that says what is wrong and where, and carries
`advice`: one more line that says what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

__all__ = ["AlignError", "ConfigError", "FormatError", "InputError", "ModelError", "OutputError"]


class AlignError(Exception):
    """The root: `str(error)` is the one-line message, `error.advice` the remedy."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(" ".join(message.split()))
        self.advice = advice


class InputError(AlignError):
    """A file or text that the user gave cannot be used.

    The message is prefixed with the place, as compilers write it: `path:line:column: message`.
    Lines and columns count from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        column: int | None = None,
        advice: str = "",
    ) -> None:
        self.path, self.line, self.column = path, line, column
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if place else message, advice=advice)


class FormatError(InputError):
    """A file can be read, but is not the format that it claims to be."""


class OutputError(AlignError):
    """A result cannot be written (no permission, disk full, the path is an input)."""

    def __init__(self, message: str, *, path: str | PathLike[str], advice: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {message}", advice=advice)


class ConfigError(AlignError):
    """An option has a value that it cannot have; the advice lists the allowed ones."""

    def __init__(
        self, message: str, *, key: str = "", allowed: Iterable[object] = (), advice: str = ""
    ) -> None:
        self.key, self.allowed = key, tuple(allowed)
        if self.allowed and not advice:
            advice = "allowed: " + ", ".join(str(value) for value in self.allowed)
        super().__init__(message, advice=advice)


class ModelError(AlignError):
    """A translation model is missing, broken or refused; the advice says how to get one."""
