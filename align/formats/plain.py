"""Which characters a file format cannot carry, and what becomes of them.

Exports hold the document's own text: translators' tools look sentences up by exact text, and lose
the match if diacritics, tatweel, direction marks or digits were normalised. So nothing is touched
here but what the format forbids. `str.isprintable` is the fast way to see that there is nothing to do: no
control, line end, surrogate or noncharacter is printable.
"""

from __future__ import annotations

import re

__all__ = ["cell", "one_line", "storable", "xml_text"]

# Everything that some program takes for the end of a line (Python's str.splitlines and UAX #14).
_LINE_END = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_CELL_END = re.compile("\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
# XML 1.0, production [2] Char: all but these may stand in a document.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Controls have no meaning in a cell, and a zero-width no-break space is taken for a byte order mark.
_NOT_CELL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Without lone surrogates, which are no characters: UTF-8 cannot hold them."""
    return text if text.isprintable() else _SURROGATE.sub("", text)


def one_line(text: str) -> str:
    """With a space for every line end."""
    return text if text.isprintable() else _LINE_END.sub(" ", text)


def xml_text(text: str) -> str:
    """Without the characters that XML 1.0 forbids, even as character references."""
    return text if text.isprintable() else _NOT_XML.sub("", text)


def cell(text: str) -> str:
    """As one cell of a tab-separated line: tabs and line ends become spaces, controls vanish."""
    return text if text.isprintable() else _NOT_CELL.sub("", _CELL_END.sub(" ", text))
