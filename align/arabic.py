"""Arabic characters by name, and small `str -> str` functions over them, in the manner of ftfy.

Two kinds of text must never be mixed up. What is exported is the document's own text: only
`clean_text` may touch it. What a model or an aligner sees is folded by `for_model`, and is thrown
away afterwards. Every function here is idempotent.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "arabic_share",
    "clean_text",
    "fold_alef",
    "fold_presentation_forms",
    "for_model",
    "is_arabic",
    "map_digits",
    "strip_bidi",
    "strip_diacritics",
    "strip_tatweel",
]

ALEF = "\N{ARABIC LETTER ALEF}"
COMMA = "\N{ARABIC COMMA}"
SEMICOLON = "\N{ARABIC SEMICOLON}"
QUESTION_MARK = "\N{ARABIC QUESTION MARK}"
FULL_STOP = "\N{ARABIC FULL STOP}"  # of Urdu, in spite of its name
TATWEEL = "\N{ARABIC TATWEEL}"
WAW = "\N{ARABIC LETTER WAW}"

# Marks of direction and the byte order mark. The joiners stay: between letters they are spelling.
BIDI = (
    "\N{ARABIC LETTER MARK}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}"
    "\N{LEFT-TO-RIGHT EMBEDDING}\N{RIGHT-TO-LEFT EMBEDDING}\N{POP DIRECTIONAL FORMATTING}"
    "\N{LEFT-TO-RIGHT OVERRIDE}\N{RIGHT-TO-LEFT OVERRIDE}"
    "\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"
    "\N{ZERO WIDTH NO-BREAK SPACE}"
)
_BIDI = dict.fromkeys(map(ord, BIDI))
# Honorifics, vowels, shadda, sukun and the signs of the Quran; not the hamza and madda, which are spelling.
_DIACRITICS = re.compile(
    "[\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_ALEFS = dict.fromkeys(
    map(
        ord,
        "\N{ARABIC LETTER ALEF WITH MADDA ABOVE}\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}"
        "\N{ARABIC LETTER ALEF WITH HAMZA BELOW}\N{ARABIC LETTER ALEF WASLA}",
    ),
    ALEF,
)
_DIGITS = {zero + n: str(n) for zero in (0x660, 0x6F0) for n in range(10)} | {
    ord("\N{ARABIC DECIMAL SEPARATOR}"): ".",
    ord("\N{ARABIC THOUSANDS SEPARATOR}"): ",",
    ord("\N{ARABIC PERCENT SIGN}"): "%",
}
# Presentation Forms-A and -B. NFKC over the whole text would rewrite ellipses and superscripts as well.
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_LETTER = re.compile(
    "[\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdfb\ufe70-\ufefc]"
)
# C0 controls but tab and the line ends, DEL, lone surrogates, noncharacters: none is text, XML forbids most.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def strip_bidi(text: str) -> str:
    """Without marks of direction and byte order marks."""
    return text.translate(_BIDI)


def strip_diacritics(text: str) -> str:
    """Without vowel marks and the signs of the Quran."""
    return _DIACRITICS.sub("", text)


def strip_tatweel(text: str) -> str:
    """Without the stroke that stretches words."""
    return text.replace(TATWEEL, "")


def fold_alef(text: str) -> str:
    """Plain alef for alef with hamza, madda or wasla: agencies leave them out."""
    return text.translate(_ALEFS)


def fold_presentation_forms(text: str) -> str:
    """Letters for the shaped glyphs (U+FB50-FDFF, U+FE70-FEFC) that PDF files hold."""
    return _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def map_digits(text: str) -> str:
    """ASCII for Arabic-Indic and Persian digits, their separators and the percent sign."""
    return text.translate(_DIGITS)


def for_model(text: str) -> str:
    """What a model or an aligner sees: never exported, since translators' tools match exact text."""
    text = strip_tatweel(strip_bidi(fold_presentation_forms(text)))
    return unicodedata.normalize("NFC", map_digits(text))


def clean_text(text: str) -> str:
    """NFC without what is not text (controls, lone surrogates, noncharacters): safe to export."""
    return unicodedata.normalize("NFC", _NOT_TEXT.sub("", text))


def arabic_share(text: str) -> float:
    """The share of Arabic letters among all letters, 0 to 1; 0 where there are no letters."""
    arabic = len(_LETTER.findall(text))
    letters = sum(map(str.isalpha, text))
    return min(1.0, arabic / letters) if letters else 0.0


def is_arabic(text: str) -> bool:
    """Whether half of the letters are Arabic, or more."""
    return arabic_share(text) >= 0.5
