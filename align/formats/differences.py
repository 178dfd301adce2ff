"""Where a translation and its reference differ, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

__all__ = ["Piece", "compare"]

_TOKEN = re.compile(r"\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}.,]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both (`same`), or on this side only (`own`). Space stays where it was."""

    kind: Literal["same", "own"]
    text: str


def compare(hypothesis: str, reference: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts cut into pieces that join to the text again; upper and lower case count as equal."""
    mine, theirs = (list(_TOKEN.finditer(text)) for text in (hypothesis, reference))
    matcher = SequenceMatcher(
        None, [token[0].lower() for token in mine], [token[0].lower() for token in theirs], autojunk=False
    )
    own_mine, own_theirs = [True] * len(mine), [True] * len(theirs)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            own_mine[block.a + step] = own_theirs[block.b + step] = False
    return _pieces(hypothesis, mine, own_mine), _pieces(reference, theirs, own_theirs)


def _pieces(text: str, tokens: Sequence[re.Match[str]], own: Sequence[bool]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    position = index = 0
    while index < len(tokens):
        if not own[index]:
            index += 1
            continue
        first = index
        while index < len(tokens) and own[index]:
            index += 1
        start, end = tokens[first].start(), tokens[index - 1].end()
        pieces += [Piece("same", text[position:start]), Piece("own", text[start:end])]
        position = end
    pieces.append(Piece("same", text[position:]))
    return tuple(piece for piece in pieces if piece.text)
