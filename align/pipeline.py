"""The flow: read -> segment -> translate -> pair -> check -> write. Each step can be used alone."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from align import __version__
from align.atomic import atomic_write, make_folder, sweep
from align.corpus import Corpus, Document, Pair
from align.errors import InputError, OutputError
from align.formats import FORMATS, Written, creation_time, paths_of, writer_for
from align.translate import Hypothesis, Progress, Translator

if TYPE_CHECKING:
    from align.similarity import Encoder

__all__ = [
    "Output",
    "Stopwatch",
    "check_translations",
    "find_documents",
    "output_folders",
    "spare_inputs",
    "translate_beside",
    "translate_document",
    "translate_documents",
    "translate_lines",
    "write_outputs",
]

_TEXT_SUFFIXES = (".txt", ".text")


@dataclass(frozen=True, slots=True)
class Output:
    """What was written for one document: by format, the files and how many pairs are not in them."""

    folder: Path
    files: Mapping[str, tuple[Path, ...]]
    left_out: Mapping[str, int]


def find_documents(paths: Iterable[str]) -> list[str]:
    """The files that the arguments mean: files as they are, folders for the text files in them.

    Files of a folder come in order of name; hidden ones are passed over. `-` (standard input)
    stays. Raises `InputError` for what does not exist and for folders without text files.
    """
    found: list[str] = []
    for path in map(Path, paths):
        if str(path) == "-" or not path.is_dir():
            found.append(str(path))
            continue
        inside = sorted(
            file for file in path.rglob("*") if file.suffix.lower() in _TEXT_SUFFIXES and _visible(file, path)
        )
        if not inside:
            raise InputError(
                "no text files in this folder", path=path, advice="files named *.txt are looked for"
            )
        found += map(str, inside)
    return list(dict.fromkeys(found))


def _visible(file: Path, root: Path) -> bool:
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(root).parts)


def output_folders(names: Sequence[str], root: Path) -> list[Path]:
    """A folder for each document name; the second `report` goes to `report-2`."""
    taken: set[str] = set()
    folders = []
    for name in names:
        unique, number = name, 1
        while unique.casefold() in taken:  # case does not tell folders apart everywhere
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique.casefold())
        folders.append(root / unique)
    return folders


def translate_document(
    document: Document,
    translator: Translator,
    progress: Progress | None = None,
    *,
    encoder: Encoder | None = None,
) -> Corpus:
    """Translate a segmented document sentence by sentence: every sentence is one pair, in order.

    With an `encoder` the quality of each translation is estimated and its faults are flagged.
    """
    hypotheses = translator.translate(document.lines, progress)
    return _corpus(document, hypotheses, translator, encoder)


def translate_documents(
    documents: Iterable[Document],
    translator: Translator,
    progress: Progress | None = None,
    *,
    encoder: Encoder | None = None,
) -> Iterator[Corpus]:
    """Translate documents, in order, with batches that go across them; see `translate_document`.

    Documents are read some way ahead (see `TranslationOptions.window`) and given out as soon as they
    are complete.
    """
    begun: deque[Document] = deque()

    def sentences() -> Iterator[str]:
        for document in documents:
            begun.append(document)
            yield from document.lines

    hypotheses: list[Hypothesis] = []
    for hypothesis in translator.translate_stream(sentences(), progress):
        while not begun[0].segments:
            yield _corpus(begun.popleft(), [], translator, encoder)
        hypotheses.append(hypothesis)
        if len(hypotheses) == len(begun[0].segments):
            yield _corpus(begun.popleft(), hypotheses, translator, encoder)
            hypotheses = []
    for document in begun:
        yield _corpus(document, [], translator, encoder)


def _corpus(
    document: Document, hypotheses: Sequence[Hypothesis], translator: Translator, encoder: Encoder | None
) -> Corpus:
    pairs = tuple(
        Pair(
            number,
            segment.text,
            hypothesis.text,
            segment.paragraph,
            hypothesis.origin,
            logprob=hypothesis.logprob,
            match=hypothesis.match,
        )
        for number, (segment, hypothesis) in enumerate(zip(document.segments, hypotheses, strict=True), 1)
    )
    corpus = Corpus(document.name, document.lang, "en", pairs, _signature(translator))
    return check_translations(corpus, hypotheses, encoder) if encoder else corpus


def translate_beside(
    document: Document,
    reference: Document,
    translator: Translator,
    progress: Progress | None = None,
    *,
    encoder: Encoder,
) -> Corpus:
    """Pair a document with a human translation, and keep the machine's beside it as `Pair.machine`.

    The machine's translation helps to find the pairs.
    """
    from align.pairing import pair_documents

    translations = [hypothesis.text for hypothesis in translator.translate(document.lines, progress)]
    corpus, _ = pair_documents(document, reference, encoder=encoder, translations=translations)
    return replace(corpus, signature={**_signature(translator), **corpus.signature})


def check_translations(corpus: Corpus, hypotheses: Sequence[Hypothesis], encoder: Encoder) -> Corpus:
    """The corpus with flags and estimated quality; see `align.check`."""
    from align.check import check_corpus, similarity_by

    return check_corpus(corpus, similarity=similarity_by(encoder), evidence=hypotheses)


def _signature(translator: Translator) -> dict[str, str]:
    return {"tool": f"align-ar-en {__version__}", **translator.signature, "segmenter": f"align {__version__}"}


def translate_lines(
    lines: Iterable[str], translator: Translator, progress: Progress | None = None
) -> Iterator[str]:
    """Exactly one translation a line, in order and in constant memory; empty lines stay empty."""
    for hypothesis in translator.translate_stream(lines, progress):
        yield " ".join(hypothesis.text.split())


def write_outputs(
    corpus: Corpus,
    folder: Path,
    formats: Sequence[str],
    inputs: Sequence[str],
    *,
    seconds: Mapping[str, float],
    source: str,
    columns: Sequence[str] = (),
) -> Output:
    """Write `folder/corpus.*` in each format, and run.json last.

    `seconds` go into run.json, but not where SOURCE_DATE_EPOCH asks for outputs that can be reproduced.
    `columns` are those of the TSV, which then gets a header; see `align.formats.tsv.COLUMNS`.

    Raises `OutputError` where an output would overwrite one of `inputs`.
    """
    sweep(make_folder(folder))
    targets = {name: folder / f"corpus{FORMATS[name].suffix}" for name in formats}
    files = {name: paths_of(name, target, corpus) for name, target in targets.items()}
    record = folder / "run.json"
    for path in (record, *(path for paths in files.values() for path in paths)):
        spare_inputs(path, inputs)
    created = creation_time()
    options: dict[str, dict[str, Any]] = {"html": {"created": created}, "tmx": {"created": created}}
    if columns:
        options["tsv"] = {"columns": columns, "header": True}
    written = {
        name: writer_for(name)(corpus, target, **options.get(name, {})) for name, target in targets.items()
    }
    report = _report(corpus, written, seconds, source, created)
    with atomic_write(record) as stream:
        json.dump(report, stream, ensure_ascii=False, indent=1)
        stream.write("\n")
    return Output(folder, files, {name: result.left_out for name, result in written.items()})


def spare_inputs(path: Path, inputs: Sequence[str]) -> None:
    for name in inputs:
        if name != "-" and path.exists() and Path(name).exists() and path.samefile(name):
            raise OutputError(
                "this is an input file and is not overwritten", path=path, advice="choose -o elsewhere"
            )


def _report(
    corpus: Corpus,
    written: Mapping[str, Written],
    seconds: Mapping[str, float],
    source: str,
    created: datetime,
) -> dict[str, Any]:
    return {
        "document": corpus.name,
        "source": source,
        "created": created.isoformat(timespec="seconds"),
        "signature": dict(corpus.signature),
        "counts": {
            "paragraphs": len({pair.paragraph for pair in corpus}),
            "sentences": len(corpus),
            "source_words": sum(len(pair.src.split()) for pair in corpus),
            "target_words": sum(len(pair.tgt.split()) for pair in corpus),
            "flagged": sum(bool(pair.flags) for pair in corpus),
        },
        "outputs": {
            name: {"units": result.pairs, "left_out": result.left_out} for name, result in written.items()
        },
        "seconds": {
            name: round(value, 2) for name, value in seconds.items() if "SOURCE_DATE_EPOCH" not in os.environ
        },
    }


class Stopwatch:
    """Seconds by step: `with watch("translate"): ...`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._since = "", 0.0

    def __call__(self, step: str) -> Stopwatch:
        self._step = step
        return self

    def __enter__(self) -> Stopwatch:
        self._since = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        spent = time.monotonic() - self._since
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + spent
