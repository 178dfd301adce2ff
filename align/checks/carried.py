"""What programs and writing systems leave behind or lose: digits, broken encodings, placeholders, marks."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
from collections import Counter

from align.checks.base import Context
from align.checks.fold import fold

__all__ = ["digits", "encoding", "hashtags", "placeholders", "question"]

#: Digits of both Arabic-script rows; comma, semicolon, question mark and per cent sign.
_ARABIC_SIGNS = re.compile(
    "[\u0660-\u0669\u06f0-\u06f9]+|[\N{ARABIC COMMA}\N{ARABIC SEMICOLON}\N{ARABIC QUESTION MARK}"
    "\N{ARABIC PERCENT SIGN}]"
)
#: Control and private characters, and UTF-8 of Latin, Arabic and typographic marks read as Windows-1252.
_BROKEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]"
    "|[\u00c2\u00c3][\u00a0-\u00bf]|\u00e2\u20ac"
    "|(?:[\u00d8-\u00db][\u00a0-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]){2,}"
)
_PLACEHOLDER = re.compile(r"\$?\{\w*\}|\{\{\s*\w+\s*\}\}|(?<![\d\w])%(?:\(\w+\)|\d+\$)?[sdif]\b", re.ASCII)
_HASHTAG = re.compile(r"(?<![\w&])#[^\W\d_]\w+")
_ASKS = re.compile(r"[?\N{ARABIC QUESTION MARK}][\s\"'\N{RIGHT DOUBLE QUOTATION MARK}\u00bb)]*$")


def digits(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Digits and punctuation of the Arabic script in an English translation."""
    if context.tgt_lang[:2] != "en":
        return None
    found = _ARABIC_SIGNS.findall(hypothesis)
    return "left as they are: " + " ".join(found[:5]) if len(found) >= threshold else None


def encoding(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Control characters and text decoded wrongly, which the source does not have."""
    found = [item for item in _BROKEN.findall(hypothesis) if item not in source]
    return "broken characters: " + ", ".join(map(ascii, found[:5])) if len(found) >= threshold else None


def placeholders(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Places that a program fills in ({0}, %s), missing or added."""
    mine, theirs = (Counter(_PLACEHOLDER.findall(fold(text))) for text in (source, hypothesis))
    changed = [*(mine - theirs).elements(), *(theirs - mine).elements()]
    return "on one side only: " + ", ".join(changed) if len(changed) >= threshold else None


def question(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """The source ends as a question; the translation asks nothing."""
    asked = bool(_ASKS.search(source)) and not re.search(r"[?\N{ARABIC QUESTION MARK}]", hypothesis)
    return "the question mark is missing" if asked >= threshold else None


def hashtags(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Fewer hashtags than the source has; their words may be translated."""
    mine, theirs = len(_HASHTAG.findall(source)), len(_HASHTAG.findall(hypothesis))
    return f"{theirs} of {mine} hashtags" if mine - theirs >= threshold else None
