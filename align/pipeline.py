"""The flow: read -> segment -> translate -> pair -> check -> write. Each step can be used alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from align import __version__
from align.atomic import atomic_write, make_folder
from align.corpus import Corpus, Document, Pair
from align.errors import InputError, OutputError
from align.formats import FORMATS, Written, creation_time, writer_for
from align.translate import Progress, Translator

__all__ = [
    "Output",
    "find_documents",
    "output_folders",
    "spare_inputs",
    "translate_document",
    "translate_lines",
    "write_outputs",
]

_TEXT_SUFFIXES = (".txt", ".text")
_LINES_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Output:
    """What was written for one document: format -> path, and what the formats left out."""

    folder: Path
    files: Mapping[str, Path]
    left_out: int


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
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in _TEXT_SUFFIXES and _visible(file, path))
        if not inside:
            raise InputError("no text files in this folder", path=path, advice="files named *.txt are looked for")
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


def translate_document(document: Document, translator: Translator, progress: Progress | None = None) -> Corpus:
    """Translate a segmented document sentence by sentence: every sentence is one pair, in order."""
    hypotheses = translator.translate(document.lines, progress)
    pairs = tuple(
        Pair(number, segment.text, hypothesis.text, segment.paragraph, logprob=hypothesis.logprob)
        for number, (segment, hypothesis) in enumerate(zip(document.segments, hypotheses, strict=True), 1)
    )
    signature = {"tool": f"align-ar-en {__version__}", **translator.signature, "segmenter": f"align {__version__}"}
    return Corpus(document.name, document.lang, "en", pairs, signature)


def translate_lines(lines: Iterable[str], translator: Translator, progress: Progress | None = None) -> Iterator[str]:
    """Exactly one translation a line, in order, some thousand lines at a time; empty ones stay empty."""
    window: list[str] = []
    for line in lines:
        window.append(line)
        if len(window) == _LINES_AT_ONCE:
            yield from _translated(window, translator, progress)
            window = []
    yield from _translated(window, translator, progress)


def _translated(lines: Sequence[str], translator: Translator, progress: Progress | None) -> Iterator[str]:
    for hypothesis in translator.translate(lines, progress):
        yield " ".join(hypothesis.text.split())


def write_outputs(
    corpus: Corpus,
    folder: Path,
    formats: Sequence[str],
    inputs: Sequence[str],
    *,
    seconds: Mapping[str, float],
    source: str,
) -> Output:
    """Write `folder/corpus.*` in each format, and run.json last.

    Raises `OutputError` where an output would overwrite one of `inputs`.
    """
    make_folder(folder)
    files = {name: folder / f"corpus{FORMATS[name].suffix}" for name in formats}
    record = folder / "run.json"
    for path in (*files.values(), record):
        spare_inputs(path, inputs)
    created = creation_time()
    written = {name: _write(name, corpus, path, created) for name, path in files.items()}
    left_out = max((result.left_out for result in written.values()), default=0)
    report = _report(corpus, written, seconds, source, created)
    with atomic_write(record) as stream:
        json.dump(report, stream, ensure_ascii=False, indent=1)
        stream.write("\n")
    return Output(folder, files, left_out)


def _write(name: str, corpus: Corpus, path: Path, created: datetime) -> Written:
    options: dict[str, Any] = {"created": created} if name in ("html", "tmx") else {}
    return writer_for(name)(corpus, path, **options)


def spare_inputs(path: Path, inputs: Sequence[str]) -> None:
    for name in inputs:
        if path.exists() and name != "-" and os.path.samefile(path, name):
            raise OutputError("this is an input file and is not overwritten", path=path, advice="choose -o elsewhere")


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
        "outputs": {name: {"units": result.pairs, "left_out": result.left_out} for name, result in written.items()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
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


Assess = Callable[[Corpus], Corpus]


def with_signature(corpus: Corpus, **more: str) -> Corpus:
    """The corpus with entries added to its signature."""
    return replace(corpus, signature={**corpus.signature, **more})
