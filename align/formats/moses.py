"""A pair of plain text files with one segment a line: `NAME.ar-en.ar` beside `NAME.ar-en.en`.

The form in which Moses, OPUS and every training tool take parallel text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from align.atomic import atomic_write
from align.corpus import Corpus, Pair
from align.errors import ConfigError, FormatError, InputError
from align.formats.files import Source, Written, numbered_lines
from align.formats.plain import cell

__all__ = ["iter_moses", "moses_paths", "read_moses", "write_moses"]


def moses_paths(path: Source, src_lang: str = "ar", tgt_lang: str = "en") -> tuple[Path, Path]:
    """The two files that `path` means: `corpus` and `corpus.moses` give `corpus.ar-en.ar` and `.en`."""
    base = Path(path)
    base = base.with_suffix("") if base.suffix == ".moses" else base
    names = (f"{base.name}.{src_lang}-{tgt_lang}.{lang}" for lang in (src_lang, tgt_lang))
    src, tgt = (base.with_name(name) for name in names)
    return src, tgt


def write_moses(corpus: Corpus, target: str | os.PathLike[str]) -> Written:
    """Write the two files of `moses_paths`; pairs with an empty side are left out.

    Raises ConfigError where both languages are one or `target` is a stream, OutputError.
    """
    if corpus.src_lang == corpus.tgt_lang:
        raise ConfigError(f"source and target are both {corpus.src_lang!r}; the files need two names")
    if not isinstance(target, (str, os.PathLike)):
        raise ConfigError("Moses text is a pair of files and cannot go to one stream", advice="give a name")
    src_path, tgt_path = moses_paths(target, corpus.src_lang, corpus.tgt_lang)
    written = left_out = 0
    with atomic_write(src_path) as src, atomic_write(tgt_path) as tgt:
        for pair in corpus:
            source, translation = cell(pair.src).strip(), cell(pair.tgt).strip()
            if not source or not translation:
                left_out += 1
                continue
            src.write(source + "\n")
            tgt.write(translation + "\n")
            written += 1
    return Written(written, left_out)


def read_moses(
    path: Source, tgt_path: Source | None = None, *, src_lang: str = "ar", tgt_lang: str = "en"
) -> Corpus:
    """Read two files that correspond line by line.

    Without `tgt_path`, `path` is either of the two or what they have in common. Empty lines are kept,
    on one side or both. Raises InputError, and FormatError where one file is longer.
    """
    src, tgt = (
        (Path(path), Path(tgt_path)) if tgt_path is not None else _partners(Path(path), src_lang, tgt_lang)
    )
    name = src.name.removesuffix(f".{src_lang}").removesuffix(f".{src_lang}-{tgt_lang}")
    return Corpus(name, src_lang, tgt_lang, tuple(iter_moses(src, tgt)))


def iter_moses(src_path: Source, tgt_path: Source) -> Iterator[Pair]:
    """The pairs of two line-parallel files, one at a time; raises as `read_moses`."""
    sides = zip_longest(numbered_lines(src_path), numbered_lines(tgt_path))
    for number, (src, tgt) in enumerate(sides):
        if src is None or tgt is None:
            raise _unequal(src_path, tgt_path, number)
        yield Pair(number, src[1], tgt[1])


def _unequal(src_path: Source, tgt_path: Source, common: int) -> FormatError:
    src_count, tgt_count = (sum(1 for _ in numbered_lines(path)) for path in (src_path, tgt_path))
    shorter, longer = (src_path, tgt_path) if src_count < tgt_count else (tgt_path, src_path)
    return FormatError(
        f"ends after {common} lines, but {longer} has {max(src_count, tgt_count)}",
        path=shorter,
        line=common,
        advice="line-parallel files have the same number of lines; to align two documents use `align pair`",
    )


def _partners(path: Path, src_lang: str, tgt_lang: str) -> tuple[Path, Path]:
    """Both files, told from either of them or from their common stem."""
    for lang in (src_lang, tgt_lang):
        if path.suffix == f".{lang}":
            return path.with_suffix(f".{src_lang}"), path.with_suffix(f".{tgt_lang}")
    for pair in (moses_paths(path, src_lang, tgt_lang), _appended(path, src_lang, tgt_lang)):
        if pair[0].exists():
            return pair
    raise InputError(
        f"found no {src_lang} file beside it", path=path, advice="name one of the two files, or both"
    )


def _appended(path: Path, src_lang: str, tgt_lang: str) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}.{src_lang}"), path.with_name(f"{path.name}.{tgt_lang}")
