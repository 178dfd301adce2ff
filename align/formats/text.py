"""Plain text in: bytes into characters, whatever program saved them.

UTF-8 is tried first and strictly, for no other encoding looks like it by chance. What is not UTF-8 is
windows-1256 or ISO-8859-6, the two single-byte encodings that Arabic text was saved in; the letters tell
which. They agree on the first half of the alphabet and differ after it, so text read wrongly is full of
letters and signs that are rare in Arabic.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from align.arabic import arabic_share, clean_text, is_arabic
from align.corpus import Document
from align.errors import ConfigError, FormatError, InputError
from align.formats.files import open_input
from align.segment import segment

__all__ = ["decode", "read_lines", "read_stream", "read_text"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_GUESSES = ("windows-1256", "iso-8859-6")
_SAMPLE = 1 << 20  # bytes: enough for any statistics, and for the start of a stream
_LEAST_ARABIC = 0.3  # of the letters: an accented French text is not to pass for Arabic
_SAVE = "save it as UTF-8 or name its encoding with --encoding"
_TEXT_ONLY = "give a plain text file"
_LONGEST_WORD = 20_000  # characters: data in disguise, which no translation model is to be fed with
_ENDLESS = re.compile(rf"\S{{{_LONGEST_WORD}}}")


def decode(
    data: bytes, encoding: str | None = None, path: Path | str | None = None, *, lang: str = "ar"
) -> tuple[str, str]:
    """The text of `data` with LF line ends and without what is not text, and the encoding it was in.

    English text that is not UTF-8 is taken for windows-1252.

    Raises ConfigError for an encoding that does not exist, FormatError for what is not text, and
    InputError, with the line, for bytes that the encoding does not have.
    """
    used = known_encoding(encoding) if encoding else _detect(data, path, lang)
    text = clean_text(_decoded(data, used, path, chosen=encoding is not None)).removeprefix(_BOM)
    return text.replace("\r\n", "\n").replace("\r", "\n"), used


def known_encoding(name: str) -> str:
    """The name under which Python knows a text encoding. Raises ConfigError."""
    try:
        "".encode(name)  # refuses codecs such as base64 as well
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        common = ("utf-8", "utf-16", *_GUESSES)
        advice = f"common ones: {', '.join(common)}"
        raise ConfigError(f"no encoding is called {name!r}", key="encoding", advice=advice) from error


def _detect(data: bytes, path: Path | str | None, lang: str) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    if _is_binary(data[:_SAMPLE]):
        raise FormatError("this is a binary file, not text", path=path, advice=_TEXT_ONLY)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not lang.startswith("ar"):
            return "windows-1252"
        line = data.count(b"\n", 0, error.start) + 1
        if _is_damaged_utf8(data[:_SAMPLE]):
            advice = "repair that line, or name the encoding with --encoding"
            raise InputError(
                "a character of this UTF-8 text is damaged", path=path, line=line, advice=advice
            ) from error
        return _guess(data[:_SAMPLE], path, line)
    return "utf-8"


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether most bytes beyond ASCII form characters: read as windows-1256 it would be Arabic rubbish."""
    high = sum(byte > 0x7F for byte in sample)
    valid = sum(len(c.encode()) for c in sample.decode("utf-8", "ignore") if c > "\x7f")
    return valid > high / 2


def _guess(sample: bytes, path: Path | str | None, line: int) -> str:
    """The single-byte encoding whose reading looks most like Arabic."""
    best = max(_GUESSES, key=lambda encoding: _likeness(sample, encoding))
    if arabic_share(sample.decode(best, "replace")) < _LEAST_ARABIC:
        raise InputError(
            "the encoding is neither UTF-8 nor an Arabic one", path=path, line=line, advice=_SAVE
        )
    return best


def _is_binary(sample: bytes) -> bool:
    if b"\0" in sample:
        return True
    controls = sum(sample.count(byte) for byte in (*range(1, 9), *range(14, 32), 127))
    return controls > len(sample) / 100


# The most and the least frequent letters of Arabic prose. Counts for one text or another do not matter.
_COMMON = frozenset(
    "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM}\N{ARABIC LETTER YEH}\N{ARABIC LETTER MEEM}"
    "\N{ARABIC LETTER NOON}\N{ARABIC LETTER REH}\N{ARABIC LETTER TEH}\N{ARABIC LETTER WAW}"
    "\N{ARABIC LETTER BEH}\N{ARABIC LETTER AIN}\N{ARABIC LETTER DAL}\N{ARABIC LETTER TEH MARBUTA}"
    "\N{ARABIC LETTER HEH}\N{ARABIC LETTER FEH}\N{ARABIC LETTER SEEN}"
)
_RARE = frozenset(
    "\N{ARABIC LETTER ZAH}\N{ARABIC LETTER GHAIN}\N{ARABIC LETTER THAL}\N{ARABIC LETTER DAD}"
    "\N{ARABIC LETTER THEH}\N{ARABIC LETTER WAW WITH HAMZA ABOVE}\N{ARABIC LETTER YEH WITH HAMZA ABOVE}"
    "\N{ARABIC LETTER ALEF WITH MADDA ABOVE}\N{ARABIC LETTER HAMZA}"
)


def _likeness(sample: bytes, encoding: str) -> float:
    """How much the sample, read so, looks like Arabic: the mean of points for its characters."""
    points = count = 0
    for byte in range(0x80, 0x100):
        times = sample.count(byte)
        character = bytes([byte]).decode(encoding, "replace")
        points += times * _points(character)
        count += times
    return points / max(count, 1)


def _points(character: str) -> int:
    if character in _COMMON:
        return 3
    if character in _RARE:
        return 0
    if character == "\N{REPLACEMENT CHARACTER}":
        return -6
    return 1 if is_arabic(character) else -1


def _decoded(data: bytes, encoding: str, path: Path | str | None, *, chosen: bool, line: int = 1) -> str:
    """Decode bytes that begin on `line` of the file."""
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        place = line + data.count(b"\n", 0, getattr(error, "start", 0))
        advice = "leave --encoding out to have it recognised" if chosen else _SAVE
        raise InputError(f"this is not {encoding}", path=path, line=place, advice=advice) from error


def read_text(path: Path | str, *, encoding: str | None = None, lang: str = "ar") -> Document:
    """Read a plain text file and split it into sentences; `-` is standard input.

    The document is called like the file without its suffix. Raises InputError for a file that is
    missing, empty or without text; see `decode` for what else.
    """
    if str(path) == "-":
        return read_stream(sys.stdin.buffer, encoding=encoding, lang=lang)
    with open_input(path) as file:
        data = file.read()
    return _document(Path(path).stem, data, path, encoding, lang)


def read_stream(
    stream: BinaryIO, *, name: str = "stdin", encoding: str | None = None, lang: str = "ar"
) -> Document:
    """Read a stream of bytes to its end and split it into sentences; see `read_text`."""
    return _document(name, stream.read(), name, encoding, lang)


def _document(name: str, data: bytes, path: Path | str, encoding: str | None, lang: str) -> Document:
    text, _ = decode(data, encoding, path, lang=lang)
    if not any(map(str.isalnum, text)):
        state = "the file holds no text" if data else "the file is empty"
        raise InputError(state, path=path, advice="give a file with sentences in it")
    if endless := _ENDLESS.search(text):
        line = text.count("\n", 0, endless.start()) + 1
        message = f"more than {_LONGEST_WORD:,} characters without a space: this is no prose"
        raise InputError(message, path=path, line=line, advice=_TEXT_ONLY)
    return segment(name, text, lang)


def read_lines(path: Path | str, *, encoding: str | None = None, lang: str = "ar") -> Iterator[str]:
    """The lines of a file, or of standard input for `-`, one by one; empty ones are kept.

    A line ends at LF or CR LF and nowhere else. The encoding is recognised by the first megabyte.
    Raises as `decode` does; an empty file has no lines, which is no error.
    """
    if str(path) == "-":
        yield from _lines(sys.stdin.buffer, "stdin", encoding, lang)
        return
    with open_input(path) as file:
        yield from _lines(file, path, encoding, lang)


def _lines(stream: BinaryIO, path: Path | str, encoding: str | None, lang: str) -> Iterator[str]:
    head = stream.read(_SAMPLE) + stream.readline()
    used = known_encoding(encoding) if encoding else _detect(head, path, lang)
    source: Iterable[bytes] = chain(BytesIO(head), stream)
    if used.startswith(("utf-16", "utf-32")):  # their LF is more than one byte: read at once
        text = _decoded(head + stream.read(), used, path, chosen=bool(encoding))
        source, used = BytesIO(text.encode("utf-8", "ignore")), "utf-8"
    for number, line in enumerate(source, 1):
        text = _decoded(line, used, path, chosen=bool(encoding), line=number)
        yield clean_text(text.removesuffix("\n").removesuffix("\r")).removeprefix(_BOM)
