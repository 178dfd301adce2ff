"""The SentencePiece normaliser: Arabic spelling variants folded inside the tokenizer itself.

Agencies leave out hamzas, poets write every vowel, PDF files hold presentation forms. Folding all
of that inside the SentencePiece model means that every program that loads the model directory
(transformers, CTranslate2, Marian itself) folds alike, with no code of ours.
"""

from __future__ import annotations

import io
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from align.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["arabic_rules", "english_rules", "model_proto", "normaliser_spec"]

_ALEF = "\N{ARABIC LETTER ALEF}"
_FOLDS = {
    "\N{ARABIC LETTER ALEF WITH MADDA ABOVE}": _ALEF,
    "\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}": _ALEF,
    "\N{ARABIC LETTER ALEF WITH HAMZA BELOW}": _ALEF,
    "\N{ARABIC LETTER ALEF WASLA}": _ALEF,
    "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
    "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
    "\N{ARABIC TATWEEL}": "",
    "\N{ARABIC PERCENT SIGN}": "%",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": ",",
}
_PUNCTUATION = {
    **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
    **dict.fromkeys("\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}", '"'),
    **dict.fromkeys(
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", '"'
    ),
    **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{MINUS SIGN}", "-"),
}
_DIGITS = {chr(zero + n): str(n) for zero in (0x660, 0x6F0) for n in range(10)}
# Combining marks of the Arabic block: vowels, tanwin, shadda, sukun, hamza above and below, Quranic signs.
_MARKS = {chr(c) for c in range(0x610, 0x6EE) if unicodedata.category(chr(c)) == "Mn"}
_INVISIBLE = {
    chr(c) for c in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD)
}


def _characters() -> Iterator[str]:
    for point in range(1, sys.maxunicode + 1):
        if not 0xD800 <= point <= 0xDFFF and unicodedata.category(chr(point)) != "Cn":
            yield chr(point)


def _fold(character: str, table: dict[str, str]) -> str:
    if character in "\t\n\r" or unicodedata.category(character) in ("Zs", "Zl", "Zp"):
        return " "
    if character in _INVISIBLE or unicodedata.category(character) == "Cc":
        return ""
    # NFKC may give characters that fold further: a presentation form of alef with hamza, say.
    composed = unicodedata.normalize("NFKC", table.get(character, character))
    return "".join(table.get(c, c) for c in composed)


@cache
def arabic_rules() -> dict[str, str]:
    """Character -> replacement for the Arabic side (NFKC, plus the folds above); '' deletes."""
    table = {**_FOLDS, **_PUNCTUATION, **_DIGITS, **dict.fromkeys(_MARKS, "")}
    return {c: folded for c in _characters() if (folded := _fold(c, table)) != c}


@cache
def english_rules() -> dict[str, str]:
    """Character -> replacement for the English side: NFKC and plain quotation marks and dashes."""
    return {c: folded for c in _characters() if (folded := _fold(c, _PUNCTUATION)) != c}


def model_proto(serialised: bytes = b"") -> Any:
    """A SentencePiece model as a protocol buffer. Raises `ConfigError` where protobuf is missing."""
    try:
        from sentencepiece import sentencepiece_model_pb2
    except ImportError as error:
        raise ConfigError(
            f"training needs the package protobuf ({error})", advice="pip install 'align-ar-en[train]'"
        ) from None
    return sentencepiece_model_pb2.ModelProto.FromString(serialised)  # type: ignore[attr-defined]


def _hex(text: str) -> str:
    return " ".join(f"{ord(c):X}" for c in text)


def normaliser_spec(rules: dict[str, str]) -> bytes:
    """A serialised `NormalizerSpec` with those rules compiled in.

    SentencePiece compiles rules only while it trains, so a model of a few characters is trained
    and thrown away.
    """
    import tempfile
    from pathlib import Path

    import sentencepiece

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text(
            "".join(f"{_hex(a)}\t{_hex(b)}\n" for a, b in sorted(rules.items())), encoding="utf-8"
        )
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c d e f g"] * 10),
            model_writer=model,
            vocab_size=16,
            model_type="unigram",
            hard_vocab_limit=False,
            normalization_rule_tsv=str(table),
            minloglevel=2,
        )
    proto = model_proto(model.getvalue())
    return bytes(proto.normalizer_spec.SerializeToString())
