"""Names that sound like nothing in the source.

A name spelled over from one script to the other keeps its consonants, more or less: London is lndn.
English names are compared with every Arabic word by their consonants alone. Names and titles that
are translated rather than spelled (Germany, Council) are listed in the lexicon and not judged, nor
are words with endings of English common nouns.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from align.checks.base import Context
from align.checks.fold import fold, strip_clitics, words
from align.checks.lexicon import numbered, word_set

__all__ = ["names", "unheard"]

#: Names of fewer consonants say too little.
_LEAST_CONSONANTS = 3
#: Twice the common consonants, in order, over all consonants of both.
_SAME = 0.67

_DIGRAPHS = (
    ("sch", "s"),
    ("sh", "s"),
    ("ch", "c"),
    ("ph", "f"),
    ("th", "t"),
    ("kh", "k"),
    ("gh", "k"),
    ("ck", "k"),
)
#: Letters of both scripts that stand for each other. C is c and j, which may be K, S or C.
_ENGLISH = str.maketrans("bpfvtdszkqgxcjlrmn", "BBFFTDSSKKKKCCLRMN", "aeiouywh'")
_ARABIC_NAMES = {
    "B": ("BEH", "PEH"), "F": ("FEH", "VEH"), "T": ("TEH", "TAH", "THEH"), "D": ("DAL", "DAD", "THAL"),
    "S": ("SEEN", "SAD", "SHEEN", "ZAIN", "ZAH"), "K": ("KAF", "QAF", "KHAH", "GHAIN", "GAF"),
    "C": ("JEEM", "TCHEH"), "L": ("LAM",), "R": ("REH",), "M": ("MEEM",), "N": ("NOON",),
}  # fmt: skip
_ARABIC = {
    unicodedata.lookup(f"ARABIC LETTER {name}"): letter
    for letter, names in _ARABIC_NAMES.items()
    for name in names
}
#: The two letters that write the ch of Charles, and the one that they are taken for.
_TCH, _JEEM = "\N{ARABIC LETTER TEH}\N{ARABIC LETTER SHEEN}", "\N{ARABIC LETTER JEEM}"
_ALIKE = ({"C", "K"}, {"C", "S"}, {"B", "F"})
_NAME = re.compile(r"[A-Z\u00c0-\u00de][a-z\u00df-\u024f]{2,}")
_COMMON = re.compile(
    r"(?:tions?|ments?|ity|ities|ings?|ship|ness|isms?|ology|ences?|ances?|ists?|als?|ives?|ous|ics?|ians?|ers?|ors?|ly|ed|ies|ese|ish|able|ful|ary|ates?|men)$"
)
_SENTENCE_START = re.compile(
    r"(?:^|[.!?:;\N{EM DASH}\N{EN DASH}\N{HORIZONTAL ELLIPSIS}-])"
    r"[\s\"'\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}(\[]*$"
)


def names(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Names of an English translation that share their consonants with no word of an Arabic source."""
    if context.src_lang[:2] != "ar" or context.tgt_lang[:2] != "en":
        return None
    strange = unheard(source, hypothesis)
    return "not in the source: " + ", ".join(strange) if len(strange) >= threshold else None


@lru_cache(maxsize=1024)
def unheard(source: str, hypothesis: str) -> tuple[str, ...]:
    """The names of the translation that nothing in the source sounds like; headlines are not judged."""
    found = list(_NAME.finditer(hypothesis))
    if 2 * len(found) > len(words(hypothesis)):
        return ()
    skeletons = _skeletons(source)
    latin = {word.lower() for word in words(source) if word.isascii()}
    return tuple(
        dict.fromkeys(
            match[0]
            for match in found
            if _judged(match, hypothesis)
            and match[0].lower() not in latin
            and not _heard(match[0], skeletons)
        )
    )


def _judged(match: re.Match[str], text: str) -> bool:
    word = match[0].lower()
    singular = word.removesuffix("s")
    listed = (
        word_set("english.translated_names")
        | word_set("english.function")
        | numbered("english.months").keys()
    )
    return not (
        word in listed
        or singular in listed
        or word in numbered("english.weekdays")
        or _COMMON.search(word)
        or _SENTENCE_START.search(text[: match.start()])
        or len(_consonants(word)) < _LEAST_CONSONANTS
    )


def _heard(name: str, skeletons: frozenset[str]) -> bool:
    mine = _consonants(name.lower())
    return any(mine in other or _likeness(mine, other) >= _SAME for other in skeletons)


@lru_cache(maxsize=256)
def _skeletons(source: str) -> frozenset[str]:
    """The consonants of each Arabic word, without and with its clitics, and of each two words together."""
    row = words(fold(source))
    forms = {form for word in row for form in strip_clitics(word)}
    forms |= {first + second for first, second in pairwise(row)}
    return frozenset(
        _once("".join(_ARABIC.get(letter, "") for letter in form.replace(_TCH, _JEEM))) for form in forms
    )


@lru_cache(maxsize=8192)
def _consonants(name: str) -> str:
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)
    )
    for written, sound in _DIGRAPHS:
        plain = plain.replace(written, sound)
    return _once(re.sub("[^A-Z]", "", plain.translate(_ENGLISH)))


def _once(letters: str) -> str:
    return re.sub(r"(.)\1+", r"\1", letters)


@lru_cache(maxsize=65536)
def _likeness(mine: str, other: str) -> float:
    """Dice over the longest common subsequence; 0 where the first consonants differ."""
    if not mine or not other or not _alike(mine[0], other[0]):
        return 0.0
    row = [0] * (len(other) + 1)
    for letter in mine:
        following = [0]
        for index, partner in enumerate(other):
            best = row[index] + 1 if _alike(letter, partner) else max(row[index + 1], following[index])
            following.append(best)
        row = following
    return 2 * row[-1] / (len(mine) + len(other))


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} in _ALIKE
