"""Tab-separated lines: raw, unquoted, UTF-8 without a byte order mark, LF.

Quoted TSV breaks in most programs; here a cell is what lies between two tabs, and what would end
it (a tab, any line end) becomes a space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from align.corpus import Corpus, Pair
from align.errors import ConfigError, FormatError
from align.formats.fields import FIELDS, pair_from
from align.formats.files import Source, Target, Written, numbered_lines, open_output
from align.formats.plain import cell

__all__ = ["COLUMNS", "iter_rows", "iter_tsv", "read_tsv", "write_rows", "write_tsv"]

COLUMNS = tuple(FIELDS)
_TEXTS = ("src", "tgt")


def write_tsv(
    corpus: Corpus, target: Target, *, columns: Sequence[str] = _TEXTS, header: bool = False
) -> Written:
    """Write one line a pair, cells in the order of `columns` (names in `COLUMNS`), after a header.

    Pairs with an empty side are kept. Raises ConfigError for a column that does not exist, OutputError.
    """
    names = _known(columns)
    return write_rows(((pair, {}) for pair in corpus), target, columns=names, header=header)


def write_rows(
    rows: Iterable[tuple[Pair, Mapping[str, object]]],
    target: Target,
    *,
    columns: Sequence[str],
    header: bool = True,
) -> Written:
    """Write pairs with more fields of each, which go before the pair's own where `columns` names them."""
    count = 0
    with open_output(target) as stream:
        if header:
            stream.write("\t".join(columns) + "\n")
        for pair, more in rows:
            texts = (str(more[name]) if name in more else _shown(pair, name) for name in columns)
            stream.write("\t".join(map(cell, texts)) + "\n")
            count += 1
    return Written(count)


def _shown(pair: Pair, name: str) -> str:
    return FIELDS[name].show(pair) if name in FIELDS else ""


def read_tsv(
    path: Source, *, columns: Sequence[str] | None = None, src_lang: str = "ar", tgt_lang: str = "en"
) -> Corpus:
    """Read a TSV; see `iter_tsv`. Its languages are not written in it."""
    pairs = tuple(iter_tsv(path, columns=columns, src_lang=src_lang, tgt_lang=tgt_lang))
    return Corpus(Path(path).stem, src_lang, tgt_lang, pairs)


def iter_tsv(
    path: Source, *, columns: Sequence[str] | None = None, src_lang: str = "ar", tgt_lang: str = "en"
) -> Iterator[Pair]:
    """The pairs of a TSV, one at a time.

    The columns are those given, or those that a header line names (the languages will do as names
    of the two texts), or source and target. Raises InputError, ConfigError, and FormatError with
    the line.
    """
    return (pair for pair, _ in iter_rows(path, columns=columns, src_lang=src_lang, tgt_lang=tgt_lang))


def iter_rows(
    path: Source,
    *,
    columns: Sequence[str] | None = None,
    others: Sequence[str] = (),
    src_lang: str = "ar",
    tgt_lang: str = "en",
) -> Iterator[tuple[Pair, Mapping[str, str]]]:
    """The pairs with all the cells of their lines by name.

    A header may also name `others`, columns that are no fields of a pair. Otherwise as `iter_tsv`.
    """
    names = None if columns is None else _known(columns)
    alias = {src_lang: "src", tgt_lang: "tgt"}
    number = 0
    for line, text in numbered_lines(path):
        if not text:
            continue
        cells = text.split("\t")
        if line == 1:
            header = [alias.get(name, name) for name in cells]
            if {*_TEXTS} <= {*header} <= {*FIELDS, *others}:
                names = header
                continue
        yield _pair(number, names or _TEXTS, cells, path, line)
        number += 1


def _pair(
    number: int, names: Sequence[str], cells: list[str], path: Source, line: int
) -> tuple[Pair, Mapping[str, str]]:
    if len(cells) != len(names):
        raise FormatError(
            f"{len(cells)} cells where {len(names)} are expected ({', '.join(names)})",
            path=path,
            line=line,
            advice="name the columns in a header line; known are " + ", ".join(COLUMNS),
        )
    row = dict(zip(names, cells, strict=True))
    try:
        return pair_from(number, {name: row[name] or None for name in names if name in FIELDS}), row
    except ValueError as error:
        raise FormatError(str(error), path=path, line=line, advice="correct the cell or empty it") from error


def _known(columns: Sequence[str]) -> Sequence[str]:
    for name in columns:
        if name not in FIELDS:
            raise ConfigError(f"no column is called {name!r}", key="columns", allowed=COLUMNS)
    if not columns:
        raise ConfigError("no columns are given", key="columns", allowed=COLUMNS)
    return columns
