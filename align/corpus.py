"""The values that everything else passes around. All are immutable; none touches a file.

A `Document` is text with its sentences (`Segment`) marked. An aligner answers with `Bead`s, index
spans over the segments of two documents. A `Corpus` is what people take away: an ordered
sequence of `Pair`s (translation units) with a signature that says how it was made. Every format
reads and writes that one thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Bead", "Corpus", "Document", "Flag", "Level", "Match", "Origin", "Pair", "Segment", "Status"]

Level = Literal["info", "warning", "error"]
Origin = Literal["machine", "human", "memory"]
Status = Literal["draft", "confirmed", "rejected"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence of a document: `document.text[start:end] == text`, always.

    `paragraph` counts the document's paragraphs from 0.
    """

    text: str
    start: int
    end: int
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A text and its sentences.

    `lang` is a BCP 47 tag. Segments are in order and do not overlap; between them lies nothing
    but white space, so that the text can be put together again. Without segments the document
    has not been split yet.
    """

    name: str
    lang: str
    text: str
    segments: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        end = 0
        for segment in self.segments:
            if segment.start < end or self.text[segment.start : segment.end] != segment.text:
                raise ValueError(f"segment at {segment.start} overlaps or is not the document's text")
            if self.text[end : segment.start].strip():
                raise ValueError(f"text before {segment.start} belongs to no segment")
            end = segment.end
        if self.segments and self.text[end:].strip():
            raise ValueError(f"text after {end} belongs to no segment")

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentences as plain strings."""
        return tuple(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Bead:
    """Which source segments correspond to which target segments, as half-open spans.

    The beads of an alignment are in order and cover each side exactly once. A source span with
    an empty target span (1-0) was omitted in the translation; the reverse (0-1) was added.
    `score` is the posterior probability of the bead, 0 to 1. The term is Gale and Church's
    (1993, "A program for aligning sentences in bilingual corpora").
    """

    src_start: int
    src_end: int
    tgt_start: int
    tgt_end: int
    score: float = 1.0

    @property
    def src(self) -> range:
        return range(self.src_start, self.src_end)

    @property
    def tgt(self) -> range:
        return range(self.tgt_start, self.tgt_end)

    @property
    def kind(self) -> str:
        """`1-1`, `2-1`, `1-0` and so on."""
        return f"{len(self.src)}-{len(self.tgt)}"


@dataclass(frozen=True, slots=True)
class Flag:
    """What one check found on one pair: `check` is its name, `message` holds the evidence."""

    check: str
    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Match:
    """A translation of a similar source, offered by a translation memory; `score` is 0 to 1 (the same)."""

    score: float
    src: str
    tgt: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A translation unit: source text and its translation.

    `src` or `tgt` is empty where the other side has no counterpart (1-0, 0-1).
    `confidence` is the probability of the alignment and `quality` the estimated quality of the
    translation, both 0 to 1 and None where unknown. `machine` holds the machine's translation
    where `tgt` is a human one. `logprob` is the model's mean log-probability a token (natural
    logarithm) of the machine translation. `paragraph` counts the source's paragraphs from 0.
    `origin` is "memory" where `tgt` is a translation by people that the memory held for the very same
    source; `match` is what it held for a similar one.
    """

    id: int
    src: str
    tgt: str
    paragraph: int = 0
    origin: Origin = "machine"
    status: Status = "draft"
    confidence: float | None = None
    quality: float | None = None
    logprob: float | None = None
    machine: str | None = None
    flags: tuple[Flag, ...] = ()
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Parallel text: pairs in document order, and the signature of how they were made.

    The signature holds what is needed to make the same corpus again (model, revision, checksum,
    beam, segmenter, version), as sacrebleu does for scores.
    """

    name: str
    src_lang: str
    tgt_lang: str
    pairs: Sequence[Pair]
    signature: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)
