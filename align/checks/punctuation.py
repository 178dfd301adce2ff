"""Quotation marks and brackets that do not close, or stand on one side only."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
from collections import Counter

from align.checks.base import Context

__all__ = ["brackets", "quotes"]

_PAIRS = {")": "(", "]": "[", "}": "{"}
_LIST_NUMBER = re.compile(r"(?<![^\s(])[\w\d]{1,3}\)")
_SMILEY = re.compile(r"[:;]-?[()]")
_QUOTE = re.compile(
    '["\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}]|''"
)
_INCHES = re.compile(r"(?<=\d)\"")
_SINGLE = re.compile(
    r"(?<!\w)['\N{LEFT SINGLE QUOTATION MARK}](?=\w)|(?<=[\w.,!?])['\N{RIGHT SINGLE QUOTATION MARK}](?!\w)"
)


def brackets(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Brackets open in the translation though the source's are closed, or gone altogether."""
    mine, theirs = _open(source), _open(hypothesis)
    if theirs >= threshold and not mine:
        return f"{theirs} bracket{'s' if theirs > 1 else ''} without a partner"
    return None


def quotes(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Quotation marks open in the translation though the source's are closed."""
    mine, theirs = _marks(source), _marks(hypothesis)
    if mine % 2 or theirs % 2 < threshold:
        return None
    return f"{theirs} quotation mark{'s' if theirs > 1 else ''}, {mine or 'none'} in the source"


def _open(text: str) -> int:
    """How many brackets have no partner; `1)` and smileys are not brackets."""
    text = _SMILEY.sub("", text)
    stack: list[str] = []
    lonely = 0
    for mark in text if _balanced(text) else _LIST_NUMBER.sub("", text):
        if mark in _PAIRS.values():
            stack.append(mark)
        elif mark in _PAIRS:
            lonely += not stack or stack.pop() != _PAIRS[mark]
    return lonely + len(stack)


def _balanced(text: str) -> bool:
    counts = Counter(text)
    return all(counts[opening] == counts[closing] for closing, opening in _PAIRS.items())


def _marks(text: str) -> int:
    return len(_QUOTE.findall(_INCHES.sub("", text) if text.count('"') % 2 else text))
