"""Arabic folded for comparison only: what a reader takes for the same word becomes the same string.

Diacritics and tatweel go, the forms of alef, yaa and taa marbuta become one, Arabic-Indic and
Persian digits and separators become ASCII. Text is never stored or exported in this form.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["ARABIC_LETTER", "fold", "strip_clitics", "words"]

ARABIC_LETTER = (
    "\u0620-\u063f\u0641-\u064a\u066e-\u066f\u0671-\u06d3\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc"
)

_DIGITS = {
    ord(unicodedata.lookup(f"{kind} {name}")): str(value)
    for kind in ("ARABIC-INDIC DIGIT", "EXTENDED ARABIC-INDIC DIGIT")
    for value, name in enumerate(
        ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
    )
}
_DELETED = [*range(0x064B, 0x0653), 0x0670, 0x0640, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x061C,
            *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]  # fmt: skip
_TABLE: dict[int, str | None] = {
    **_DIGITS,
    **dict.fromkeys(_DELETED),
    ord("\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}"): "\N{ARABIC LETTER ALEF}",
    ord("\N{ARABIC LETTER ALEF WITH HAMZA BELOW}"): "\N{ARABIC LETTER ALEF}",
    ord("\N{ARABIC LETTER ALEF WITH MADDA ABOVE}"): "\N{ARABIC LETTER ALEF}",
    ord("\N{ARABIC LETTER ALEF WASLA}"): "\N{ARABIC LETTER ALEF}",
    ord("\N{ARABIC LETTER ALEF MAKSURA}"): "\N{ARABIC LETTER YEH}",
    ord("\N{ARABIC LETTER FARSI YEH}"): "\N{ARABIC LETTER YEH}",
    ord("\N{ARABIC LETTER KEHEH}"): "\N{ARABIC LETTER KAF}",
    ord("\N{ARABIC LETTER TEH MARBUTA}"): "\N{ARABIC LETTER HEH}",
    ord("\N{ARABIC PERCENT SIGN}"): "%",
    ord("\N{ARABIC DECIMAL SEPARATOR}"): ".",
    ord("\N{ARABIC THOUSANDS SEPARATOR}"): ",",
    ord("\N{FULLWIDTH PERCENT SIGN}"): "%",
}
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_WORD = re.compile(
    rf"[{ARABIC_LETTER}]+|[A-Za-z\u00c0-\u024f]+(?:['\N{{RIGHT SINGLE QUOTATION MARK}}][a-z]+)?"
)
_COMMA = re.compile(r"(?<=\d)\N{ARABIC COMMA}(?=\d)")

_AND = "\N{ARABIC LETTER WAW}\N{ARABIC LETTER FEH}"
_IN_TO_LIKE = "\N{ARABIC LETTER BEH}\N{ARABIC LETTER LAM}\N{ARABIC LETTER KAF}"
_THE = "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM}"
_TO_THE = "\N{ARABIC LETTER LAM}\N{ARABIC LETTER LAM}"


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Fold a text for comparison; English passes unchanged."""
    text = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _COMMA.sub(",", text.translate(_TABLE))


def words(text: str) -> list[str]:
    """Words of letters, in order, without digits and marks."""
    return _WORD.findall(text)


def strip_clitics(word: str) -> tuple[str, ...]:
    """A folded Arabic word and what is left when and-, in-, to-, like- and the- are taken off its front.

    Longest first: a lexicon is asked for each form until one is found.
    """
    forms = [word]
    rest = word
    if rest[:1] in tuple(_AND) and len(rest) > 2:
        rest = rest[1:]
        forms.append(rest)
    if rest.startswith(_TO_THE) and len(rest) > 4:
        forms.append(rest[2:])
    if rest[:1] in tuple(_IN_TO_LIKE) and len(rest) > 3:
        rest = rest[1:]
        forms.append(rest)
    if rest.startswith(_THE) and len(rest) > 3:
        forms.append(rest[2:])
    return tuple(forms)
