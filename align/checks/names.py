"""What must go through a translation unchanged: Latin words of the source, e-mail and web addresses."""

# ruff: noqa: ARG001 - every check has the signature of `Finder`
from __future__ import annotations

import re
import unicodedata

from align.checks.base import Context
from align.checks.fold import fold

__all__ = ["addresses", "latin_words"]

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'()\[\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@])@\w{2,}"
    r"|(?<![\w.@])[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|int|info|io|co|uk|eg|sa|ae|qa|jo|lb|ma|tn|dz)(?:/[^\s<>\"']*)?(?![\w])",
    re.IGNORECASE | re.ASCII,
)
_LATIN = re.compile(
    r"(?<![\w@./])[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f&'-]*[A-Za-z0-9\u00c0-\u024f](?![\w@])"
)
_TRAILING = ".,;:!?\N{ARABIC COMMA}\N{ARABIC SEMICOLON}\N{ARABIC QUESTION MARK}/"


def addresses(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """E-mail and web addresses and handles that only one side has."""
    mine, theirs = _addresses(source), _addresses(hypothesis)
    lost = [address for address in mine if address.lower() not in {item.lower() for item in theirs}]
    added = [address for address in theirs if address.lower() not in {item.lower() for item in mine}]
    if len(lost) + len(added) < threshold:
        return None
    return "; ".join(
        f"{label}: {', '.join(items)}"
        for label, items in (("missing", lost), ("not in the source", added))
        if items
    )


def latin_words(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Words in Latin letters of an Arabic source that the English lacks (accents and case do not count)."""
    if context.src_lang[:2] != "ar" or context.tgt_lang[:2] != "en":
        return None
    wanted = dict.fromkeys(_LATIN.findall(_ADDRESS.sub(" ", fold(source))))
    text = _plain(hypothesis)
    lost = [word for word in wanted if _plain(word) not in text and not _nearly(_plain(word), text)]
    return "missing: " + ", ".join(lost) if len(lost) >= threshold else None


def _addresses(text: str) -> list[str]:
    return [match.rstrip(_TRAILING) for match in _ADDRESS.findall(fold(text))]


def _plain(text: str) -> str:
    """Lower case, accents off, only letters and digits."""
    return re.sub(r"[^a-z0-9]", "", "".join(unicodedata.normalize("NFKD", text)).lower())


def _nearly(word: str, text: str) -> bool:
    """Plural against singular, and other endings."""
    return len(word) > 4 and word[:-1] in text
