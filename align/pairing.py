"""From two documents to one corpus: the aligner's part of the flow (level 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from align.aligner import DEFAULTS, Alignment, AlignOptions, Scorer, align_texts
from align.beads import parse_links
from align.corpus import Bead, Corpus, Document, Pair, Segment
from align.errors import InputError
from align.formats.text import read_lines, read_text
from align.similarity import Encoder
from align.translate.base import Translator

__all__ = [
    "corpus_of",
    "document_of_lines",
    "pair_documents",
    "paragraph_anchors",
    "read_anchors",
    "read_locked",
    "read_side",
    "scorer_of",
    "sure_only",
]


def pair_documents(
    src: Document,
    ref: Document,
    *,
    encoder: Encoder,
    options: AlignOptions = DEFAULTS,
    paragraphs: bool = False,
    anchors: Sequence[tuple[int, int]] = (),
    locked: Sequence[Bead] = (),
    translations: Sequence[str] | None = None,
    judge: Translator | None = None,
) -> tuple[Corpus, Alignment]:
    """Align a document with its human translation.

    With `paragraphs`, no bead crosses a paragraph mark, provided that both documents have as many of
    them (else a warning says so). `translations`, one a source sentence, become the pairs' `machine`; as
    evidence they did more harm than good (docs/alignment.md). `judge` is asked about doubtful beads.
    The segments of a bead are joined with a space. Raises what `align_texts` raises, and `InputError` if the
    number of translations is wrong.
    """
    if translations is not None and len(translations) != len(src.segments):
        raise InputError(f"{len(translations)} translations for {len(src.segments)} source sentences")
    warnings: tuple[str, ...] = ()
    if paragraphs:
        marks = paragraph_anchors(src, ref)
        anchors = [*anchors, *marks]
        if not marks and src.segments and ref.segments:
            warnings = ("the texts have unlike numbers of paragraphs: their marks are not kept to",)
    alignment = align_texts(
        src.lines,
        ref.lines,
        encoder=encoder,
        options=options,
        anchors=anchors,
        locked=locked,
        scorer=scorer_of(judge) if judge else None,
    )
    alignment = replace(alignment, warnings=alignment.warnings + warnings)
    signature = {"aligner": "semi-markov", "encoder": encoder.name}
    if judge:
        signature["judge"] = "{model}@{checksum}".format(**judge.signature)
    return corpus_of(src, ref, alignment.beads, translations=translations, signature=signature), alignment


def scorer_of(translator: Translator) -> Scorer:
    """A translator as the judge of doubtful beads, by forced decoding."""
    return lambda pairs: translator.score([src for src, _ in pairs], [tgt for _, tgt in pairs])


def paragraph_anchors(src: Document, ref: Document) -> list[tuple[int, int]]:
    """Where the paragraphs of both documents begin, or nothing if their numbers differ."""
    starts = [
        [k for k, s in enumerate(doc.segments) if not k or s.paragraph != doc.segments[k - 1].paragraph]
        for doc in (src, ref)
    ]
    return list(zip(*starts, strict=True)) if len(starts[0]) == len(starts[1]) else []


def corpus_of(
    src: Document,
    ref: Document,
    beads: Sequence[Bead],
    *,
    translations: Sequence[str] | None = None,
    signature: Mapping[str, str],
) -> Corpus:
    """The pairs that beads stand for, in order; an added passage goes to the paragraph before it."""
    pairs: list[Pair] = []
    paragraph = 0
    for number, bead in enumerate(beads, start=1):
        if bead.src:
            paragraph = src.segments[bead.src_start].paragraph
        machine = " ".join(translations[i] for i in bead.src) if translations is not None else None
        pairs.append(
            Pair(
                id=number,
                src=" ".join(src.segments[i].text for i in bead.src),
                tgt=" ".join(ref.segments[j].text for j in bead.tgt),
                paragraph=paragraph,
                origin="human",
                confidence=bead.score,
                machine=machine or None,
            )
        )
    return Corpus(src.name, src.lang, ref.lang, tuple(pairs), signature)


def sure_only(corpus: Corpus, min_confidence: float) -> Corpus:
    """The pairs that have both sides and at least this probability."""
    pairs = [p for p in corpus if p.src and p.tgt and (p.confidence or 0.0) >= min_confidence]
    return replace(corpus, pairs=tuple(pairs))


def read_anchors(path: str) -> list[tuple[int, int]]:
    """Read anchors, one a line: the source and the target unit that begin together, counted from 0.

    They are parted by white space, a comma or a colon; `#` begins a comment. Raises `InputError`.
    """
    anchors = []
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.partition("#")[0].replace(",", " ").replace(":", " ").split()
        if not fields:
            continue
        if len(fields) != 2 or not all(field.isascii() and field.isdigit() for field in fields):
            raise InputError(
                f"not an anchor: {line.strip()[:60]}",
                path=path,
                line=number,
                advice="an anchor looks like 12:14",
            )
        anchors.append((int(fields[0]), int(fields[1])))
    return anchors


def read_locked(path: str) -> list[Bead]:
    """Read beads that are settled, as `format_beads` writes them, probabilities passed over.

    Not all beads of the texts need to be there, but those that are stand in order. One without counterpart
    has its place from the bead on the line before, which must end right there. Raises `InputError`.
    """
    beads: list[Bead] = []
    for number, line in enumerate(read_lines(path), start=1):
        for src, tgt in parse_links(line, path=path, first=number):
            before = beads[-1] if beads else Bead(0, 0, 0, 0)
            spans = _span(src, before.src_end), _span(tgt, before.tgt_end)
            problem = ""
            if None in spans:
                problem = "units of a bead are not consecutive"
            elif not (src or tgt):
                problem = "a bead without units"
            elif not (src and tgt) and spans != (
                (before.src_end, before.src_end + len(src)),
                (before.tgt_end, before.tgt_end + len(tgt)),
            ):
                problem = "a unit without counterpart does not follow upon the bead before it"
            if problem:
                raise InputError(
                    problem,
                    path=path,
                    line=number,
                    advice="mend the line, or remove it: then it is not locked",
                )
            (i, end), (j, stop) = (span for span in spans if span is not None)
            beads.append(Bead(i, end, j, stop))
    return beads


def _span(units: Sequence[int], empty: int) -> tuple[int, int] | None:
    """First unit and end of consecutive units; those of no units are `empty`."""
    if not units:
        return empty, empty
    return (units[0], units[-1] + 1) if list(units) == list(range(units[0], units[0] + len(units))) else None


def read_side(path: str, *, lang: str) -> Document:
    """Read and segment one side; unlike for `read_text`, a file without a character is no error.

    A text that was left out altogether has an alignment too: all of the other side stands alone.
    """
    file = Path(path)
    if file.is_file() and not file.read_bytes().strip():
        return Document(file.stem, lang, "", ())
    return read_text(path, lang=lang)


def document_of_lines(path: str, *, lang: str) -> Document:
    """A document whose segments are the lines of a file that is segmented already."""
    lines = list(read_lines(path, lang=lang))
    segments, start = [], 0
    for number, line in enumerate(lines):
        segments.append(Segment(line, start, start + len(line), number))
        start += len(line) + 1
    return Document(Path(path).stem, lang, "\n".join(lines), tuple(segments))
