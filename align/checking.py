"""From files to what can be checked: systems, references and sources, segment by segment.

Inputs are corpora (a format of `align.formats`), plain files that correspond line by line, or
documents that do not: those are split into sentences and aligned first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from align.checks.residue import dominant_script
from align.corpus import Bead, Corpus, Document, Pair
from align.errors import InputError
from align.formats import FORMATS, read_corpus
from align.formats.moses import moses_paths
from align.formats.text import read_lines, read_text
from align.similarity import Encoder

__all__ = ["Material", "read_material"]

_SCRIPTS = {"ar": "ARABIC", "en": "LATIN"}
#: A file of more lines than this is told by its first ones.
_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be checked: a corpus for each system, all of the same sources, and the references' lines.

    `has_source` is False where only translations and references were given: pairs then hold
    translations alone, which can be scored but not checked against a source.
    """

    systems: Mapping[str, Corpus]
    references: tuple[tuple[str, ...], ...] = ()
    has_source: bool = True

    @property
    def lines(self) -> dict[str, list[str]]:
        """Each system's translations."""
        return {name: [pair.tgt for pair in corpus] for name, corpus in self.systems.items()}


def read_material(
    inputs: Sequence[str],
    references: Sequence[str],
    *,
    lines: bool,
    encoder: Encoder,
    source: str | None = None,
    languages: tuple[str, str] = ("ar", "en"),
) -> Material:
    """Read everything. `lines` says that all files are plain and correspond line by line.

    `source` is the file of source lines for plain translations. Raises InputError where counts
    differ, nothing is there, or a text is in the wrong language.
    """
    names = _names(inputs)
    if not (references or source or all(map(_is_corpus, inputs))):
        raise InputError(
            "plain translations have nothing to be checked against",
            path=inputs[0],
            advice="add --reference FILE, or --lines with --source FILE; a corpus holds its source",
        )
    if lines or not all(map(_is_corpus, inputs)):
        material = (
            _plain(dict(zip(names, inputs, strict=True)), references, source, languages)
            if lines
            else _documents(dict(zip(names, inputs, strict=True)), references, source, languages, encoder)
        )
    else:
        corpora = {name: _read_corpus(path, languages) for name, path in zip(names, inputs, strict=True)}
        material = _corpora(corpora, references, languages)
    _judge_languages(material)
    return material


def _plain(
    inputs: Mapping[str, str], references: Sequence[str], source: str | None, languages: tuple[str, str]
) -> Material:
    src, tgt = languages
    systems = {name: list(read_lines(path, lang=tgt)) for name, path in inputs.items()}
    others = tuple(tuple(read_lines(path, lang=tgt)) for path in references)
    sources = list(read_lines(source, lang=src)) if source else None
    first = next(iter(systems.values()))
    _same_count({**{inputs[name]: len(rows) for name, rows in systems.items()},
                 **{path: len(rows) for path, rows in zip(references, others, strict=True)},
                 **({source: len(sources)} if source and sources is not None else {})})  # fmt: skip
    if not first:
        raise InputError(
            "0 segments: the file is empty", path=next(iter(inputs.values())), advice="give a file with text"
        )
    return Material(
        {name: _corpus(name, languages, sources or [""] * len(rows), rows) for name, rows in systems.items()},
        others,
        has_source=sources is not None,
    )


def _corpora(corpora: dict[str, Corpus], references: Sequence[str], languages: tuple[str, str]) -> Material:
    first_name, first = next(iter(corpora.items()))
    if not len(first):
        raise InputError(f"{first_name} holds 0 segments", advice="give a corpus with text")
    for name, corpus in corpora.items():
        if [pair.src for pair in corpus] != [pair.src for pair in first]:
            raise InputError(
                f"{name} and {first_name} are not translations of the same segments",
                advice="systems are compared segment by segment: give corpora of the same source",
            )
    twofold = [pair.machine is not None for pair in first if pair.src and pair.tgt]
    if not references and twofold and all(twofold):
        return _against_human(corpora)
    return Material(corpora, tuple(_reference(path, first, languages) for path in references))


def _against_human(corpora: Mapping[str, Corpus]) -> Material:
    """Corpora that hold a machine translation beside the human one: that one is the reference."""
    first = next(iter(corpora.values()))
    machine = {
        name: replace(corpus, pairs=[replace(pair, tgt=pair.machine or "", machine=None) for pair in corpus])
        for name, corpus in corpora.items()
    }
    return Material(machine, (tuple(pair.tgt for pair in first),))


def _reference(path: str, corpus: Corpus, languages: tuple[str, str]) -> tuple[str, ...]:
    """The reference of every pair: by order where the counts are equal, else by the source's text."""
    if not _is_corpus(path):
        rows = tuple(read_lines(path, lang=languages[1]))
        _same_count({corpus.name: len(corpus), path: len(rows)})
        return rows
    other = _read_corpus(path, languages)
    if [pair.src for pair in other] == [pair.src for pair in corpus]:
        return tuple(pair.tgt for pair in other)
    known = {pair.src: pair.tgt for pair in other}
    lost = [pair for pair in corpus if pair.src not in known]
    if lost:
        raise InputError(
            f"{len(lost)} of {len(corpus)} segments have no reference, the first is {lost[0].src[:40]!r}",
            path=path,
            advice="the reference must hold the same source segments",
        )
    return tuple(known[pair.src] for pair in corpus)


def _documents(
    inputs: Mapping[str, str],
    references: Sequence[str],
    source: str | None,
    languages: tuple[str, str],
    encoder: Encoder,
) -> Material:
    """Translations and references that are documents: sentences are aligned, and joined as needed."""
    if len(inputs) != 1 or len(references) != 1 or source is not None:
        raise InputError(
            "documents are compared in pairs: one translation with one reference",
            advice="for more systems or references give line-parallel files with --lines, or corpora",
        )
    (name, path), lang = next(iter(inputs.items())), languages[1]
    from align.aligner import align_texts

    hypothesis, reference = (_sentences(place, lang) for place in (path, references[0]))
    beads = align_texts(hypothesis.lines, reference.lines, encoder=encoder).beads
    rows = [_joined(hypothesis, reference, bead) for bead in beads]
    corpus = _corpus(name, languages, [""] * len(rows), [row[0] for row in rows])
    return Material({name: corpus}, (tuple(row[1] for row in rows),), has_source=False)


def _sentences(path: str, lang: str) -> Document:
    document = read_text(path, lang=lang)
    if not document.segments:
        raise InputError("0 segments: the file holds no text", path=path, advice="give a file with text")
    return document


def _joined(hypothesis: Document, reference: Document, bead: Bead) -> tuple[str, str]:
    return (
        " ".join(hypothesis.lines[bead.src_start : bead.src_end]),
        " ".join(reference.lines[bead.tgt_start : bead.tgt_end]),
    )


def _read_corpus(path: str, languages: tuple[str, str]) -> Corpus:
    return read_corpus(path, src_lang=languages[0], tgt_lang=languages[1])


def _is_corpus(path: str) -> bool:
    """By suffix; `.ar` and `.en` only where both files of the pair are there."""
    suffix = Path(path).suffix.lower()
    name = next((form.name for form in FORMATS.values() if suffix in form.suffixes and form.reads), None)
    if name != "moses":
        return name is not None
    stem = Path(path).with_suffix("")
    return all(side.exists() for side in moses_paths(stem))


def _corpus(name: str, languages: tuple[str, str], sources: Sequence[str], targets: Sequence[str]) -> Corpus:
    rows = enumerate(zip(sources, targets, strict=True), 1)
    return Corpus(name, *languages, tuple(Pair(number, src, tgt) for number, (src, tgt) in rows))


def _names(inputs: Sequence[str]) -> list[str]:
    """File names without the part that all share; whole paths where two would be the same."""
    names = [Path(path).name for path in inputs]
    return names if len(set(names)) == len(names) else list(inputs)


def _same_count(counts: Mapping[str, int]) -> None:
    (first, wanted), *others = counts.items()
    for name, count in others:
        if count != wanted:
            raise InputError(
                f"{name} has {count} segments, {first} {wanted}",
                advice="--lines compares line by line: every file needs the same number of lines",
            )


def _judge_languages(material: Material) -> None:
    """A text in another script than its language has is a mistake that every figure would hide."""
    first = next(iter(material.systems.values()))
    texts = {f"the reference {count}": lines for count, lines in enumerate(material.references, 1)}
    texts |= {name: tuple(pair.tgt for pair in corpus) for name, corpus in material.systems.items()}
    for name, lines in texts.items():
        _judge_language(name, lines, first.tgt_lang)
    if material.has_source:
        _judge_language("the source", [pair.src for pair in first], first.src_lang)


def _judge_language(name: str, lines: Sequence[str], lang: str) -> None:
    wanted, found = _SCRIPTS.get(lang[:2]), dominant_script(" ".join(lines[:_SAMPLE]))
    if wanted and found and found != wanted:
        raise InputError(
            f"{name} is mostly in {found.title()} script, but its language should be {lang}",
            advice="are two files exchanged? Languages are set with --src-lang and --tgt-lang",
        )
