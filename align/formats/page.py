"""The side-by-side page: one HTML file that needs nothing else, and runs nothing.

The page holds no script. Its filter is CSS, its jumps are links, and its Content-Security-Policy
forbids every request and every script that the text of a document could smuggle in. All text goes
through Jinja's autoescape.

Layout: the table runs in the direction of the source language, so that an Arabic source stands on the
right and its English on the left, as in bilingual contracts and facing-page editions: each
text hangs from its own margin, while a screen reader and a narrow screen, where the cells stack,
still meet the source first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from align import __version__
from align.corpus import Corpus, Pair
from align.formats.files import Target, Written, creation_time, open_output
from align.formats.template import style_of, template

__all__ = ["HIGH", "MEDIUM", "band", "write_page"]

# Bands of the alignment's probability. Below one half the pair is more likely wrong than right.
HIGH, MEDIUM = 0.9, 0.5
_RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "syr", "ug", "ur", "yi"}
_NAMES = {"ar": "Arabic", "en": "English", "fa": "Persian", "fr": "French", "he": "Hebrew", "ur": "Urdu"}
_CHUNK = 64  # template pieces that are written at once


def band(probability: float) -> str:
    """`high`, `medium` or `low`."""
    return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"


@dataclass(frozen=True, slots=True)
class Language:
    """A language as the page needs it: its BCP 47 tag, its English name, its direction."""

    tag: str

    @property
    def name(self) -> str:
        return _NAMES.get(self._primary, self.tag)

    @property
    def direction(self) -> str:
        return "rtl" if self._primary in _RIGHT_TO_LEFT else "ltr"

    @property
    def _primary(self) -> str:
        return self.tag.replace("_", "-").partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Row:
    """A pair and its place: `label` is its anchor, `following` the next one that wants a look."""

    pair: Pair
    label: int
    following: int | None = None

    @property
    def kind(self) -> str:
        """`omitted` and `added` where one side is empty."""
        if not self.pair.tgt.strip():
            return "omitted"
        return "" if self.pair.src.strip() else "added"

    @property
    def flagged(self) -> bool:
        return any(flag.level != "info" for flag in self.pair.flags)

    @property
    def marked(self) -> bool:
        """Wants a look: flagged, omitted or added."""
        return self.flagged or bool(self.kind)


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of the header."""

    paragraphs: int
    sentences: int
    src_words: int
    tgt_words: int
    flagged: int
    omitted: int
    added: int
    origins: tuple[tuple[str, int], ...]

    @property
    def marked(self) -> int:
        return self.flagged + self.omitted + self.added

    @property
    def origin(self) -> str:
        """Where most translations come from."""
        return self.origins[0][0] if self.origins else ""


def write_page(corpus: Corpus, target: Target, *, created: datetime | None = None) -> Written:
    """Write the page. `created` defaults to `creation_time()`. Raises OutputError.

    A third column holds the machine's translation where any pair has one beside a human one.
    """
    rows = _rows(corpus.pairs)
    paragraphs = [list(group) for _, group in groupby(rows, key=lambda row: row.pair.paragraph)]
    style, policy = style_of("page.css")
    summary = _summary(rows, len(paragraphs))
    scored = any(pair.confidence is not None or pair.quality is not None for pair in corpus.pairs)
    stream = template("page.html.jinja").stream(
        corpus=corpus,
        source=Language(corpus.src_lang),
        target=Language(corpus.tgt_lang),
        paragraphs=paragraphs,
        summary=summary,
        first=next((row.label for row in rows if row.marked), None),
        machine=any(pair.machine is not None for pair in corpus.pairs),
        scored=scored,
        noted=scored or len(summary.origins) > 1 or any(pair.status != "draft" for pair in corpus.pairs),
        created=created or creation_time(),
        version=__version__,
        thresholds=(HIGH, MEDIUM),
        band=band,
        style=style,
        policy=policy,
    )
    stream.enable_buffering(_CHUNK)
    with open_output(target) as out:
        for chunk in stream:
            out.write(chunk)
    return Written(len(rows))


def _rows(pairs: Sequence[Pair]) -> list[Row]:
    """Labelled by id, so that the page can be compared with the TMX; by position if ids repeat."""
    unique = len({pair.id for pair in pairs}) == len(pairs)
    rows: list[Row] = []
    following = None
    for position, pair in reversed(list(enumerate(pairs, 1))):
        row = Row(pair, pair.id if unique else position, following)
        following = row.label if row.marked else following
        rows.append(row)
    return rows[::-1]


def _summary(rows: Sequence[Row], paragraphs: int) -> Summary:
    kinds = Counter(row.kind for row in rows)
    translated = (row.pair.origin for row in rows if row.kind != "omitted")
    return Summary(
        paragraphs=paragraphs,
        sentences=len(rows),
        src_words=sum(len(row.pair.src.split()) for row in rows),
        tgt_words=sum(len(row.pair.tgt.split()) for row in rows),
        flagged=sum(row.flagged for row in rows),
        omitted=kinds["omitted"],
        added=kinds["added"],
        origins=tuple(Counter(translated).most_common()),
    )
