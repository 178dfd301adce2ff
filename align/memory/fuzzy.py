"""Finding the most similar source in a large memory, in milliseconds.

Two sources of which few words differ share most of their rare words. So the rarest words of a
sentence are looked up in the full-text index, and only what has one of them is compared, by the
Levenshtein distance of its letters. This is prefix filtering (Chaudhuri, Ganti and Kaushik 2006,
"A primitive operator for similarity joins in data cleaning") with a bound on the work in place of
one on the overlap.
"""

from __future__ import annotations

import sqlite3

from align.corpus import Match
from align.memory.units import folded, terms

__all__ = ["Finder", "similarity"]

_LOOKED_AT = 2_000  # candidates at which no further, more common word is looked up
_MOST_TERMS = 8
_CANDIDATES = """
SELECT human.id, folded FROM human WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?)
AND length BETWEEN ? AND ? AND status != 'rejected' ORDER BY changed DESC, id DESC
"""


def similarity(one: str, other: str, *, least: float = 0.0) -> float:
    """One minus the edit distance over the longer length, 0 to 1; 0 where that is below `least`."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.normalized_similarity(folded(one), folded(other), score_cutoff=least)


class Finder:
    """Searches the words of one open memory, and remembers how common each word is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._counts: dict[str, int] = {}

    def forget(self) -> None:
        """The counts have changed."""
        self._counts.clear()

    def best(self, source: str, least: float) -> Match | None:
        """The most similar source and its translation; of equals the newest."""
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import extractOne

        wanted = folded(source)
        chosen = self._rare(terms(wanted))
        if not chosen:
            return None
        lengths = int(len(wanted) * least), int(len(wanted) / max(least, 0.01)) + 1
        candidates = self._connection.execute(_CANDIDATES, (_any_of(chosen), *lengths)).fetchall()
        found = extractOne(
            wanted,
            [text for _, text in candidates],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=least,
        )
        if found is None:
            return None
        _, score, position = found
        row = self._connection.execute(
            "SELECT source, target FROM human WHERE id = ?", (candidates[position][0],)
        ).fetchone()
        return Match(round(score, 4), *row) if row else None

    def _rare(self, words: list[str]) -> list[str]:
        """The rarest words of those that the memory knows, one at least."""
        counts = {word: self._count(word) for word in words}
        known = sorted((word for word in words if counts[word]), key=lambda word: counts[word])
        chosen: list[str] = []
        total = 0
        for word in known[:_MOST_TERMS]:
            total += counts[word]
            if chosen and total > _LOOKED_AT:
                break
            chosen.append(word)
        return chosen

    def _count(self, word: str) -> int:
        if word not in self._counts:
            row = self._connection.execute("SELECT doc FROM word_counts WHERE term = ?", (word,)).fetchone()
            self._counts[word] = row[0] if row else 0
        return self._counts[word]


def _any_of(words: list[str]) -> str:
    """As FTS5 asks for it; quotes keep its own words (AND, NEAR) from meaning anything."""
    return " OR ".join(f'"{word}"' for word in words)
