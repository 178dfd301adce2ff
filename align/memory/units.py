"""What a memory holds, and when two sources are the same to it. No file is touched here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from align.arabic import (
    clean_text,
    fold_alef,
    fold_presentation_forms,
    strip_bidi,
    strip_diacritics,
    strip_tatweel,
)
from align.corpus import Status
from align.formats.plain import cell, xml_text

__all__ = ["Unit", "digest", "folded", "normal", "signature_text", "stored", "terms"]

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")  # what the tokenizer of the index takes for a word


@dataclass(frozen=True, slots=True)
class Unit:
    """A source and its translation.

    `signature` says how a machine made it and is empty for people's; `logprob` and `lowest` are as in
    `align.translate.Hypothesis`. `document` is the name of the text that it comes from. `created`
    and `changed` are seconds since 1970, 0 for now.
    """

    source: str
    target: str
    origin: Literal["human", "machine"] = "human"
    status: Status = "draft"
    document: str = ""
    signature: Mapping[str, str] = field(default_factory=dict)
    logprob: float | None = None
    lowest: float | None = None
    created: int = 0
    changed: int = 0


def stored(text: str) -> str:
    """The text as a memory keeps it: on one line, of characters that every format can carry."""
    return xml_text(cell(text)).strip()


def normal(source: str) -> str:
    """Sources that are equal by this have the same translation, to be reused without a look.

    White space, forms of encoding (Unicode, shaped glyphs), marks of direction, tatweel and vowel marks
    do not count. Letters, hamzas, digits and punctuation do: each may change what is said.
    """
    text = strip_tatweel(strip_bidi(fold_presentation_forms(clean_text(source))))
    return _SPACE.sub(" ", strip_diacritics(text)).strip()


def folded(source: str) -> str:
    """What is compared when a similar source will do: also without hamzas on alef, and in one case."""
    return fold_alef(normal(source)).casefold()


def terms(text: str) -> list[str]:
    """The distinct words of a folded text, in order."""
    return list(dict.fromkeys(_WORD.findall(text)))


def digest(*texts: str) -> int:
    """64 bits of the texts' hash, signed as SQLite's integers are."""
    joined = "\0".join(texts).encode(errors="surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big", signed=True)


def signature_text(signature: Mapping[str, str]) -> str:
    """A signature as the memory compares it: every entry counts, their order does not."""
    return json.dumps(dict(signature), ensure_ascii=False, sort_keys=True) if signature else ""
