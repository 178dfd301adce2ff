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
from align.errors import OutputError
from align.formats import FORMATS, Written, creation_time, paths_of, writer_for
from align.translate import Hypothesis, Progress, Translator

if TYPE_CHECKING:
    from align.similarity import Encoder

__all__ = [
    "Output",
    "Stopwatch",
    "check_translations",
    "lines_corpus",
    "spare_inputs",
    "translate_beside",
    "translate_document",
    "translate_documents",
    "translate_lines",
    "write_outputs",
]


@dataclass(frozen=True, slots=True)
class Output:
    """What was written for one document: by format, the files and how many pairs are not in them."""

    folder: Path
    files: Mapping[str, tuple[Path, ...]]
    left_out: Mapping[str, int]


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
        _pair(number, segment.text, segment.paragraph, hypothesis)
        for number, (segment, hypothesis) in enumerate(zip(document.segments, hypotheses, strict=True), 1)
    )
    corpus = Corpus(document.name, document.lang, "en", pairs, _signature(translator))
    return check_translations(corpus, hypotheses, encoder) if encoder else corpus


def _pair(number: int, text: str, paragraph: int, hypothesis: Hypothesis) -> Pair:
    return Pair(
        number,
        text,
        hypothesis.text,
        paragraph,
        hypothesis.origin,
        logprob=hypothesis.logprob,
        match=hypothesis.match,
    )


def translate_beside(
    document: Document,
    reference: Document,
    translator: Translator,
    progress: Progress | None = None,
    *,
    encoder: Encoder,
) -> Corpus:
    """Pair a document with a human translation, and keep the machine's beside it as `Pair.machine`.

    The translator is asked about doubtful pairs.
    """
    from align.pairing import pair_documents

    translations = [hypothesis.text for hypothesis in translator.translate(document.lines, progress)]
    corpus, _ = pair_documents(
        document, reference, encoder=encoder, translations=translations, judge=translator
    )
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


def lines_corpus(
    name: str, lines: Iterable[str], translator: Translator, progress: Progress | None = None
) -> Corpus:
    """A corpus with a pair for each line, translated while it is written: its pairs can be had once.

    It has no length and is for the writers of TMX, TSV and JSONL, which take one pair at a time.
    """
    begun: deque[str] = deque()

    def sources() -> Iterator[str]:
        for line in lines:
            begun.append(line)
            yield line

    pairs = (
        Pair(
            number,
            begun.popleft(),
            hypothesis.text,
            origin=hypothesis.origin,
            logprob=hypothesis.logprob,
            match=hypothesis.match,
        )
        for number, hypothesis in enumerate(translator.translate_stream(sources(), progress), 1)
    )
    return Corpus(name, "ar", "en", pairs, _signature(translator))  # type: ignore[arg-type]


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
