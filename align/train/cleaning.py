"""From corpus files to clean training pairs, every rejection counted by its reason."""

from __future__ import annotations

import lzma
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from align.errors import InputError
from align.train.recipe import CleaningOptions, Source

__all__ = ["TextPair", "clean", "fault", "fingerprints", "mix", "read_lines", "read_pairs"]

TextPair = tuple[str, str]
_ARABIC = re.compile("[\N{ARABIC LETTER HAMZA}-\N{ARABIC LETTER YEH}]")
_LATIN = re.compile("[A-Za-z]")
_TEST_SUFFIXES = (".ar", ".en", ".jsonl", ".tmx", ".tsv", ".txt")
_LETTER = re.compile(r"[^\W\d_]")


def read_pairs(path: Path) -> Iterator[TextPair]:
    """`ARABIC<TAB>ENGLISH` lines of a .tsv or .tsv.xz file; other suffixes go to `align.formats`."""
    if path.name.endswith((".tsv", ".tsv.xz", ".txt")):
        opener = lzma.open if path.suffix == ".xz" else open
        try:
            with opener(path, "rt", encoding="utf-8") as stream:
                for number, line in enumerate(stream, 1):
                    source, tab, target = line.rstrip("\r\n").partition("\t")
                    if not tab:
                        raise InputError(
                            "no tab in this line", path=path, line=number, advice="ARABIC<TAB>ENGLISH"
                        )
                    yield source, target.partition("\t")[0]
        except (OSError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise InputError(
                str(error), path=path, advice="a UTF-8 .tsv or .tsv.xz file is expected"
            ) from None
        return
    from align.formats import read_corpus

    for pair in read_corpus(path):
        yield pair.src, pair.tgt


def read_lines(path: Path) -> Iterator[str]:
    """All texts of a test set: a folder, lines of plain text, the cells of a .tsv, both sides of others."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix in _TEST_SUFFIXES:
                yield from read_lines(file)
    elif path.suffix in (".tmx", ".jsonl"):
        for pair in read_pairs(path):
            yield from pair
    else:
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                yield from line.split("\t")
        except OSError as error:
            raise InputError(
                error.strerror or str(error), path=path, advice="check the path of the test set"
            ) from None
        except UnicodeDecodeError:
            raise InputError("not UTF-8", path=path, advice="test sets are UTF-8 text") from None


def fault(pair: TextPair, options: CleaningOptions) -> str:
    """Why a pair must not be trained on, or ''."""
    source, target = pair
    words = (len(source.split()), len(target.split()))
    if min(words) < options.min_words:
        return "empty or too short"
    if max(words) > options.max_words:
        return "too long"
    # Two words of slack: short headings differ by more than prose does.
    if (max(words) + 2) / (min(words) + 2) > options.max_ratio:
        return "length ratio"
    if source == target:
        return "copied"
    for text, script in ((source, _ARABIC), (target, _LATIN)):
        letters = len(_LETTER.findall(text))
        if not letters or len(script.findall(text)) / letters < options.min_script:
            return "wrong script"
    return ""


def _key(text: str) -> str:
    return "".join(_LETTER.findall(text.casefold()))


def fingerprints(texts: Iterable[str], min_words: int = 4) -> frozenset[str]:
    """Letters-only forms of test set lines, for the overlap check (short lines overlap by chance)."""
    return frozenset(_key(text) for text in texts if len(text.split()) >= min_words)


def clean(
    pairs: Iterable[TextPair], options: CleaningOptions, held_out: frozenset[str], counts: Counter[str]
) -> list[TextPair]:
    """The pairs without fault, each once, none of whose sides occurs in a test set."""
    seen, kept = set(), []
    for source, target in pairs:
        pair = (" ".join(source.split()), " ".join(target.split()))
        reason = fault(pair, options)
        if not reason and pair in seen:
            reason = "duplicate"
        elif not reason and held_out and (_key(pair[0]) in held_out or _key(pair[1]) in held_out):
            reason = "in a test set"
        counts[reason or "kept"] += 1
        if not reason:
            seen.add(pair)
            kept.append(pair)
    return kept


def mix(corpora: Iterable[tuple[Source, list[TextPair]]], seed: int) -> list[TextPair]:
    """One epoch: every corpus by its weight, shuffled together."""
    chosen: list[TextPair] = []
    rng = random.Random(seed)  # noqa: S311 - reproducible shuffling, no secret
    for source, pairs in corpora:
        whole, part = divmod(source.weight, 1)
        chosen += pairs * int(whole)
        chosen += rng.sample(pairs, round(part * len(pairs)))
    rng.shuffle(chosen)
    return chosen
