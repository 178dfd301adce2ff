"""The file formats of parallel text: which there are, and which function reads or writes each.

Every format has a module with the same verbs: `read_x(path) -> Corpus` and
`write_x(corpus, target) -> Written`, the target a path or an open text stream. The modules are
imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from align.corpus import Corpus
from align.errors import ConfigError
from align.formats.files import Source, Target, Written, creation_time

__all__ = [
    "FORMATS",
    "Format",
    "Reader",
    "Writer",
    "Written",
    "creation_time",
    "format_of",
    "paths_of",
    "read_corpus",
    "reader_for",
    "write_corpus",
    "writer_for",
]

Reader = Callable[..., Corpus]
Writer = Callable[..., Written]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the `suffix` its files get, all `suffixes` that it is known by, and its functions.

    Functions are named `module:function`, "" where there is none. `paths` is that of a format which
    makes other files than the one named.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    writes: str
    reads: str = ""
    paths: str = ""

    @property
    def suffix(self) -> str:
        return self.suffixes[0]


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("html", "a page with both texts side by side", (".html", ".htm"), "page:write_page"),
        Format("tmx", "translation memory for CAT tools", (".tmx",), "tmx:write_tmx", "tmx:read_tmx"),
        Format("tsv", "tab-separated, a pair a line", (".tsv", ".tab"), "tsv:write_tsv", "tsv:read_tsv"),
        Format(
            "jsonl",
            "a JSON object a line, with every field",
            (".jsonl", ".ndjson"),
            "jsonl:write_jsonl",
            "jsonl:read_jsonl",
        ),
        Format("srx", "sentence rules for CAT tools, to match the TMX", (".srx",), "srx:write_rules"),
        Format(
            "moses",
            "two plain text files, a segment a line",
            (".moses", ".ar", ".en"),
            "moses:write_moses",
            "moses:read_moses",
            "moses:moses_paths",
        ),
    )
}


def _function(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"align.formats.{module}"), name)


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise ConfigError(f"no format is called {name!r}", key="format", allowed=FORMATS)
    return FORMATS[name]


def writer_for(name: str) -> Writer:
    """The function that writes a format. Raises ConfigError, listing the names, if there is none."""
    writer: Writer = _function(_named(name).writes)
    return writer


def reader_for(name: str) -> Reader:
    """The function that reads a format. Raises ConfigError, listing those that can be read."""
    form = _named(name)
    if not form.reads:
        readable = [other.name for other in FORMATS.values() if other.reads]
        raise ConfigError(f"{name} can be written but not read", key="format", allowed=readable)
    reader: Reader = _function(form.reads)
    return reader


def format_of(path: Source) -> Format:
    """The format that a file name's suffix tells. Raises ConfigError, listing the suffixes."""
    suffix = Path(path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.suffixes:
            return form
    allowed = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    raise ConfigError(f"{path}: the suffix {suffix!r} tells no format", key="format", allowed=allowed)


def paths_of(name: str, target: Source, corpus: Corpus) -> tuple[Path, ...]:
    """The files that writing `corpus` to `target` makes: one, or the two of Moses. Raises ConfigError."""
    form = _named(name)
    if not form.paths:
        return (Path(target),)
    paths: tuple[Path, ...] = _function(form.paths)(target, corpus.src_lang, corpus.tgt_lang)
    return paths


def read_corpus(path: Source, name: str | None = None, **options: Any) -> Corpus:
    """Read a corpus in the format `name`, or the one that the suffix tells.

    `options` go to the reader. Raises ConfigError, InputError, FormatError.
    """
    return reader_for(name or format_of(path).name)(path, **options)


def write_corpus(corpus: Corpus, target: Target, name: str | None = None, **options: Any) -> Written:
    """Write a corpus in the format `name`, or the one that the suffix of a path tells.

    `options` go to the writer. Raises ConfigError, OutputError.
    """
    if name is None:
        if not isinstance(target, (str, Path)):
            raise ConfigError("a stream has no suffix: name the format", key="format", allowed=FORMATS)
        name = format_of(target).name
    return writer_for(name)(corpus, target, **options)
