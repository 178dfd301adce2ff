"""Loops: the same words again and again, the best known fault of neural translation."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
from collections import Counter

from align.checks.base import Context
from align.checks.fold import fold

__all__ = ["repetition"]

_WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?\N{ARABIC QUESTION MARK}])\s+")
_RUN = re.compile(r"([^\W\d_])\1{4,}|([^\W\d_]{2,4}?)\2{4,}", re.IGNORECASE)
#: Words that English doubles rightly.
_DOUBLED = frozenset(
    {
        "very",
        "that",
        "had",
        "is",
        "so",
        "no",
        "yes",
        "ha",
        "bye",
        "far",
        "many",
        "really",
        "more",
        "never",
        "again",
    }
)
_LONGEST = 12


def repetition(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """A phrase that stands more than once in a row, or `threshold` times in all, and not so in the source."""
    theirs, mine = _words(hypothesis), _words(source)
    found = _row(theirs) or _run(hypothesis, source)
    if found and not _row(mine):
        return found
    return _often(theirs, mine, int(threshold))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(fold(text))]


def _row(words: list[str]) -> str | None:
    """Consecutive copies of a phrase of 1 to 12 words; one word twice counts unless English doubles it."""
    for size in range(1, min(_LONGEST, len(words) // 2) + 1):
        for start in range(len(words) - 2 * size + 1):
            phrase = words[start : start + size]
            copies = 1
            while words[start + copies * size : start + (copies + 1) * size] == phrase:
                copies += 1
            if copies > 1 and _is_loop(phrase, copies):
                return f'"{" ".join(phrase)}" {copies} times in a row'
    return None


def _is_loop(phrase: list[str], copies: int) -> bool:
    if all(word.isdigit() or len(word) == 1 for word in phrase):
        return copies > 3
    if len(phrase) == 1:
        return copies > 2 or phrase[0] not in _DOUBLED
    return True


def _run(hypothesis: str, source: str) -> str | None:
    """A letter or syllable five times over inside a word."""
    match = _RUN.search(hypothesis)
    if match is None or _RUN.search(source):
        return None
    return f'"{match[0][:20]}"'


def _often(theirs: list[str], mine: list[str], times: int) -> str | None:
    """Four words that come back, though not side by side; the source's own repetition excuses it."""
    here, there = _most_frequent(theirs, 4), _most_frequent(mine, 2)
    if here is None or here[1] < times or (there is not None and there[1] >= here[1]):
        return None
    return f'"{here[0]}" {here[1]} times'


def _most_frequent(words: list[str], size: int) -> tuple[str, int] | None:
    grams = Counter(" ".join(words[start : start + size]) for start in range(len(words) - size + 1))
    return grams.most_common(1)[0] if grams else None
