"""Text that was not translated: nothing at all, the source again, or parts of it left standing."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from align.checks.base import Context
from align.checks.fold import ARABIC_LETTER, fold, words
from align.checks.lexicon import word_set

__all__ = ["copied", "dominant_script", "empty", "language", "markup", "residue", "script"]

_ARABIC = re.compile(f"[{ARABIC_LETTER}]+(?:[\u064b-\u0652\u0670\u0640{ARABIC_LETTER}]*)")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]{2,}")
_PLACEHOLDER = re.compile(
    "\N{REPLACEMENT CHARACTER}|\N{DOUBLE QUESTION MARK}|<unk>|\\[UNK\\]|</?s>|<pad>|\u2581", re.IGNORECASE
)
_MARKUP = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]{2,8}) ?;|</?[a-z]+(?:\s[^<>]*)?/?>")
_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")

#: Scripts by language; a language that is not listed is not judged.
_SCRIPTS = {
    "ar": "ARABIC",
    "fa": "ARABIC",
    "ur": "ARABIC",
    "en": "LATIN",
    "fr": "LATIN",
    "de": "LATIN",
    "es": "LATIN",
}


def empty(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Fewer than `threshold` letters or digits in the translation, though the source has some."""
    if not _LETTERS_AND_DIGITS.search(source):
        return None
    count = sum(map(len, _LETTERS_AND_DIGITS.findall(hypothesis)))
    return "nothing but white space or marks" if count < threshold else None


def copied(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Share of the translation's words that are the source's own, where the source has any to translate."""
    theirs = words(fold(hypothesis))
    if len(theirs) < 2 or not any(_foreign(word, context.tgt_lang) for word in words(fold(source))):
        return None
    mine = Counter(words(fold(source)))
    shared = sum((Counter(theirs) & mine).values()) / len(theirs)
    return f"{shared:.0%} of the words are the source's" if shared >= threshold else None


def residue(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Words in the source's script, and marks of unknown tokens, in the translation."""
    left = _PLACEHOLDER.findall(hypothesis)
    if _script_of(context.tgt_lang) == "LATIN":
        left += _ARABIC.findall(hypothesis)
    elif _script_of(context.tgt_lang) == "ARABIC":
        known = {word.lower() for word in _LATIN.findall(source) if not word.islower()}
        left += [word for word in _LATIN.findall(hypothesis) if word.islower() and word not in known]
    return "not translated: " + ", ".join(left[:5]) if len(left) >= threshold else None


def markup(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """HTML entities and tags in the translation that the source does not have."""
    found = [item for item in _MARKUP.findall(hypothesis) if item not in source]
    return "not in the source: " + ", ".join(found[:5]) if len(found) >= threshold else None


def script(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Share of letters that belong neither to the target's script nor (see `residue`) to the source's."""
    wanted = _script_of(context.tgt_lang)
    if wanted is None:
        return None
    counts = Counter(_letter_scripts(hypothesis))
    other = Counter(
        {name: number for name, number in counts.items() if name not in (wanted, "ARABIC", "LATIN")}
    )
    quoted = Counter(_letter_scripts(source))
    strange = other - quoted
    total = sum(counts.values())
    if not total or sum(strange.values()) / total < threshold:
        return None
    return "letters of " + ", ".join(name.title() for name, _ in strange.most_common(3))


def language(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """A long translation with a smaller share than `threshold` of words that every English sentence needs."""
    if context.tgt_lang[:2] != "en":
        return None
    found = [word for word in words(hypothesis) if word.isascii() or len(word) > 1]
    if len(found) < _LEAST_WORDS or sum(word[0].isupper() for word in found) > len(found) / 2:
        return None
    share = sum(word.lower() in word_set("english.function") for word in found) / len(found)
    return f"{share:.0%} English function words among {len(found)}" if share < threshold else None


#: Below this many words nothing can be said about the language.
_LEAST_WORDS = 8


def dominant_script(text: str) -> str | None:
    """The script of most letters, as Unicode names it (`ARABIC`, `LATIN`); None without letters."""
    counts = Counter(_letter_scripts(text))
    return counts.most_common(1)[0][0] if counts else None


def _script_of(lang: str) -> str | None:
    return _SCRIPTS.get(lang[:2].lower())


def _letter_scripts(text: str) -> list[str]:
    return [_script(letter) for letter in text if letter.isalpha() and letter not in _MATHEMATICAL]


#: Letters that texts of every language use as symbols (micro, ohm, pi).
_MATHEMATICAL = frozenset(
    "\N{MICRO SIGN}\N{OHM SIGN}\N{GREEK SMALL LETTER MU}\N{GREEK SMALL LETTER PI}"
    "\N{MODIFIER LETTER TURNED COMMA}\N{MODIFIER LETTER APOSTROPHE}"
)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0]


def _foreign(word: str, target: str) -> bool:
    return _script(word[0]) != _script_of(target)
