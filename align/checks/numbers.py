"""Numbers and percentages that are missing from a translation or changed in it."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from align.checks.arabic_quantities import arabic_quantities, hide_percent
from align.checks.base import Context
from align.checks.dates import month_values
from align.checks.english_quantities import english_quantities
from align.checks.fold import fold
from align.checks.quantities import Mention, unmatched

__all__ = ["number_faults", "numbers", "percentages", "quantities"]

_READERS: Mapping[str, Callable[[str], list[Mention]]] = {"ar": arabic_quantities, "en": english_quantities}
_SLASH_DATE = re.compile(r"\b\d{1,4}([/.-])\d{1,2}\1\d{1,4}\b")
_PERCENT = re.compile(r"%|\bper ?cent(?:ages?|ile)?\b|\bpct\b|\bhundredths?\b", re.IGNORECASE)


def numbers(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Numbers of the source that the translation lacks, and numbers that it adds."""
    missing, added = number_faults(source, hypothesis, context)
    if len(missing) + len(added) < threshold:
        return None
    return "; ".join(
        f"{label}: {', '.join(item.text for item in items)}"
        for label, items in (("missing", missing), ("not in the source", added))
        if items
    )


def number_faults(source: str, hypothesis: str, context: Context) -> tuple[list[Mention], list[Mention]]:
    """The mentions of each side that nothing on the other side justifies: missing, added."""
    here, there = quantities(source, context.src_lang), quantities(hypothesis, context.tgt_lang)
    missing = [
        item
        for item in unmatched(here, there)
        if not _written_as_month(item, fold(source), month_values(hypothesis, context.tgt_lang))
    ]
    added = [
        item
        for item in unmatched(there, here)
        if not _written_as_month(item, fold(hypothesis), month_values(source, context.src_lang))
    ]
    return missing, added


@lru_cache(maxsize=1024)
def quantities(text: str, lang: str) -> tuple[Mention, ...]:
    """All numbers of a text in one of the two languages; none where the language is not known."""
    reader = _READERS.get(lang[:2].lower())
    return tuple(reader(text)) if reader else ()


def percentages(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Per cent on one side and nowhere on the other."""
    here, there = _percents(source), _percents(hypothesis)
    if max(here, there) < threshold or (here and there):
        return None
    return f"per cent stands {here} times in the source, {there} times in the translation"


def _percents(text: str) -> int:
    return len(_PERCENT.findall(hide_percent(fold(text))))


def _written_as_month(item: Mention, text: str, months: frozenset[int]) -> bool:
    """The 5 of 12/5/2019 may be written May on the other side."""
    dated = any(match.start() <= item.start < match.end() for match in _SLASH_DATE.finditer(text))
    return dated and any(value in months for value in item.values)
