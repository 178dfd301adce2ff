"""One JSON object a line, with every field of the pair.

`{"id": 1, "translation": {"ar": "...", "en": "..."}, ...}` is the shape that Hugging Face's
`datasets` and OPUS use for parallel text. The numbers are exact; nothing of a pair is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from align.corpus import Corpus, Flag, Match, Pair
from align.errors import ConfigError, FormatError
from align.formats.fields import FIELDS, pair_from
from align.formats.files import Source, Target, Written, numbered_lines, open_output
from align.formats.plain import storable

__all__ = ["iter_jsonl", "iter_records", "read_jsonl", "write_jsonl", "write_records"]

_SCALARS = tuple(
    name for name in FIELDS if name not in ("id", "src", "tgt", "flags") and not name.startswith("match")
)
# JSON allows them in a string, but programs that split lines as Unicode does would cut there.
_LINE_END = re.compile("[\x85\u2028\u2029]")


def write_jsonl(corpus: Corpus, target: Target) -> Written:
    """Write one object a pair; pairs with an empty side are kept.

    Raises ConfigError where both languages are one, since they name the two texts; OutputError.
    """
    return write_records(corpus, ((pair, {}) for pair in corpus), target)


def write_records(
    head: Corpus, records: Iterable[tuple[Pair, Mapping[str, object]]], target: Target
) -> Written:
    """Write pairs with more fields of each, in the languages of `head`; otherwise as `write_jsonl`."""
    if head.src_lang == head.tgt_lang:
        raise ConfigError(f"source and target are both {head.src_lang!r}; JSONL needs two languages")
    count = 0
    with open_output(target) as stream:
        for pair, more in records:
            stream.write(_line(pair, more, head.src_lang, head.tgt_lang) + "\n")
            count += 1
    return Written(count)


def _line(pair: Pair, more: Mapping[str, object], src_lang: str, tgt_lang: str) -> str:
    record: dict[str, Any] = {"id": pair.id, "translation": {src_lang: pair.src, tgt_lang: pair.tgt}}
    record.update((name, getattr(pair, name)) for name in _SCALARS)
    record["flags"] = [
        {"check": flag.check, "level": flag.level, "message": flag.message} for flag in pair.flags
    ]
    match = pair.match
    record["match"] = {"score": match.score, "src": match.src, "tgt": match.tgt} if match else None
    line = storable(json.dumps({**record, **more}, ensure_ascii=False))
    return _LINE_END.sub(lambda end: f"\\u{ord(end[0]):04x}", line)


def read_jsonl(path: Source, *, src_lang: str | None = None, tgt_lang: str | None = None) -> Corpus:
    """Read a JSONL; see `iter_jsonl`. The languages are those of the first line unless given."""
    first = next(iter(_records(path)), None)
    languages = (*first[1]["translation"], "", "")[:2] if first else ("ar", "en")
    src_lang, tgt_lang = src_lang or languages[0], tgt_lang or languages[1]
    pairs = tuple(iter_jsonl(path, src_lang=src_lang, tgt_lang=tgt_lang))
    return Corpus(Path(path).stem, src_lang, tgt_lang, pairs)


def iter_jsonl(path: Source, *, src_lang: str = "ar", tgt_lang: str = "en") -> Iterator[Pair]:
    """The pairs of a JSONL, one at a time. Only `translation` must be there; unknown keys are skipped.

    Raises InputError, and FormatError with the line.
    """
    return (pair for pair, _ in iter_records(path, src_lang=src_lang, tgt_lang=tgt_lang))


def iter_records(
    path: Source, *, src_lang: str = "ar", tgt_lang: str = "en"
) -> Iterator[tuple[Pair, Mapping[str, Any]]]:
    """The pairs with all the fields of their lines; otherwise as `iter_jsonl`."""
    for number, (line, record) in enumerate(_records(path)):
        texts = record["translation"]
        for language in (src_lang, tgt_lang):
            if language not in texts:
                found = ", ".join(texts) or "none"
                raise FormatError(
                    f"no text in {language!r} (languages: {found})",
                    path=path,
                    line=line,
                    advice="set the languages with --src-lang and --tgt-lang",
                )
        values = {name: record.get(name) for name in ("id", *_SCALARS)}
        try:
            pair = pair_from(number, {**values, "src": texts[src_lang], "tgt": texts[tgt_lang]})
            yield _matched(_flagged(pair, record.get("flags")), record.get("match")), record
        except ValueError as error:
            raise FormatError(
                str(error), path=path, line=line, advice="correct the value or leave the field out"
            ) from error


def _records(path: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in numbered_lines(path):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else None
            raise FormatError(
                "not a JSON object",
                path=path,
                line=line,
                column=column,
                advice="JSONL holds one object a line",
            ) from error
        if not isinstance(record, dict) or not isinstance(record.get("translation"), dict):
            raise FormatError(
                "no object with a 'translation'",
                path=path,
                line=line,
                advice='each line looks like {"translation": {"ar": "...", "en": "..."}}',
            )
        yield line, record


def _flagged(pair: Pair, flags: Any) -> Pair:
    if not flags:
        return pair
    try:
        return replace(pair, flags=tuple(Flag(f["check"], f["level"], f["message"]) for f in flags))
    except (TypeError, KeyError) as error:
        raise ValueError("flags are no list of check, level and message") from error


def _matched(pair: Pair, match: Any) -> Pair:
    if not match:
        return pair
    try:
        values = match["score"], match["src"], match["tgt"]
    except (TypeError, KeyError) as error:
        raise ValueError("match has no score, src and tgt") from error
    names = ("match", "match_src", "match_tgt")
    return replace(pair, match=Match(*(FIELDS[n].parse(v) for n, v in zip(names, values, strict=True))))
