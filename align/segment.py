"""Arabic and English text into paragraphs and sentences, by rules.

A sentence ends at `. ! ?`, the Arabic question mark or an ellipsis, together with the quotation marks
and brackets that close after it; never at a comma, semicolon or colon. The rest of this module says
where such a mark does not end a sentence: abbreviations, initials, list numbers, decimals, domains. A
paragraph's end always does: a line without a final mark is a headline. See also UAX #29 (sentence
boundaries) and Kiss and Strunk (2006, "Unsupervised multilingual sentence boundary detection").

All regular expressions here are character classes without nesting, and every look back is bounded:
time grows in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from align import arabic
from align.corpus import Document, Segment

__all__ = ["segment", "split_paragraphs", "split_sentences"]

Span = tuple[int, int]

_CLOSERS = (
    "\"')]}\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
)
_OPENERS = (
    "\"'([{\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
)
_STOPS = f".{arabic.FULL_STOP}"
_STRONG = f"!?{arabic.QUESTION_MARK}\N{DOUBLE EXCLAMATION MARK}\N{INTERROBANG}"
_ENDS = f"{_STOPS}{_STRONG}\N{HORIZONTAL ELLIPSIS}"
_CONTINUES = f",;:{arabic.COMMA}{arabic.SEMICOLON}"
# A mark with all that closes after it, a footnote's number, and a closing mark set apart by a space.
_MARK = re.compile(
    rf"([{_ENDS}][{_ENDS}{re.escape(_CLOSERS)}{arabic.BIDI}]*)"
    r"(?:\[\d{1,3}\])?"
    r"(?:\s[)\]\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}])?"
)
_NOT_SPACE = re.compile(rf"[^\s{arabic.BIDI}]")
_TOKEN = re.compile(rf"[^\s{re.escape(_OPENERS)}]*")  # read backwards
_ARABIC_WORD = re.compile(rf"[{re.escape(_OPENERS)}{arabic.BIDI}]*[\u0620-\u0652]{{3}}")
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*\.?")
_LIST_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,2})*")
_LINE = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WIDEST_WRAP, _NARROWEST_WRAP = 120, 40
_LOOK_BACK = 64  # characters: longer than any abbreviation
_BRACKET = 400  # characters: a longer bracket is not looked through


@cache
def _words(kind: str) -> frozenset[str]:
    """One section of the list of abbreviations; all but the starters are folded."""
    listing = (files("align") / "data" / "abbreviations.txt").read_text(encoding="utf-8")
    section = listing.partition(f"[{kind}]\n")[2].partition("\n[")[0]
    words = " ".join(line for line in section.splitlines() if not line.startswith("#")).split()
    return frozenset(words if kind == "starter" else map(_fold, words))


def _fold(word: str) -> str:
    return arabic.fold_alef(arabic.strip_tatweel(arabic.strip_diacritics(arabic.strip_bidi(word)))).lower()


def segment(name: str, text: str, lang: str = "ar") -> Document:
    """Split a text into the sentences of a document, each knowing its paragraph.

    Args:
        name: the document's name.
        text: any text; the document holds it as it is.
        lang: its BCP 47 tag. The rules go by the script of each word, so that English in Arabic is
            split like English; the tag is only noted.
    """
    segments = tuple(
        Segment(text[start:end], start, end, number)
        for number, paragraph in enumerate(split_paragraphs(text))
        for start, end in split_sentences(text, *paragraph)
    )
    return Document(name, lang, text, segments)


def split_paragraphs(text: str) -> list[Span]:
    """The paragraphs as spans without white space around them.

    A line is a paragraph, unless the text is hard-wrapped: then blank lines part paragraphs. It is
    taken for hard-wrapped if, of at least four lines that another line follows at once, nine in ten
    could not have held the next line's first word within the width of the widest line (as programs
    wrap), no line is wider than 120 characters, and not half of them end like a sentence.
    """
    lines = [span for match in _LINE.finditer(text) if (span := _trim(text, *match.span()))]
    joined = [_is_next_line(text[a[1] : b[0]]) for a, b in zip(lines, lines[1:], strict=False)]  # noqa: RUF007
    if not _is_wrapped(text, lines, joined):
        return lines
    paragraphs = lines[:1]
    for line, follows in zip(lines[1:], joined, strict=True):
        if follows:
            paragraphs[-1] = (paragraphs[-1][0], line[1])
        else:
            paragraphs.append(line)
    return paragraphs


def _trim(text: str, start: int, end: int) -> Span | None:
    stripped = text[start:end].lstrip()
    return (end - len(stripped), end - len(stripped) + len(stripped.rstrip())) if stripped else None


def _is_next_line(gap: str) -> bool:
    """Whether the white space between two lines is one line end."""
    return gap.replace("\r\n", "\n").strip(" \t\xa0") in ("\n", "\r")


def _is_wrapped(text: str, lines: list[Span], joined: list[bool]) -> bool:
    width = max((end - start for start, end in lines), default=0)
    inner = [(line, lines[i + 1]) for i, line in enumerate(lines[:-1]) if joined[i]]
    if len(inner) < 4 or not _NARROWEST_WRAP <= width <= _WIDEST_WRAP:
        return False
    full = sum(end - start + 1 + len(text[slice(*after)].split()[0]) > width for (start, end), after in inner)
    ended = sum(text[end - 1] in _ENDS + _CLOSERS for (_, end), _ in inner)
    return full >= 0.9 * len(inner) and ended <= 0.5 * len(inner)


def split_sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """The sentences of one paragraph, `text[start:end]`, as spans without white space around them."""
    end = len(text) if end is None else end
    for mark in _MARK.finditer(text, start, end):
        if mark.end() < end and _ends_sentence(text, start, mark, end):
            if span := _trim(text, start, mark.end()):
                yield span
            start = mark.end()
    if span := _trim(text, start, end):
        yield span


def _ends_sentence(text: str, start: int, mark: re.Match[str], end: int) -> bool:
    """Whether the sentence that began at `start` ends with `mark`, which is not the paragraph's last."""
    found = _NOT_SPACE.search(text, mark.end(), end)
    if not found or text[found.start()] in _CONTINUES + _ENDS:  # of marks set apart the last one counts
        return False
    after = found.start()
    signs = arabic.strip_bidi(mark[1])
    if _in_running_bracket(text, start, mark.start(), signs):
        return False
    token = _token_before(text, start, mark.start())
    if not any(map(str.isspace, text[mark.end() : after])):
        return _space_is_missing(token, text[after : after + _LOOK_BACK], signs)
    word = _WORD.search(text, after, min(end, after + _LOOK_BACK))
    following = word[0] if word else ""
    if following[:1].islower():
        return False
    if any(sign in _STRONG for sign in signs):
        return True
    if not _is_full_stop(signs):
        return _opens_after_ellipsis(following)
    if len(signs) > 1:  # a quotation mark or bracket closed
        return True
    return not _is_list_number(text, start, mark.start(), token) and not _is_abbreviation(token, following)


def _is_full_stop(signs: str) -> bool:
    """Whether the last marks, apart from what closes, are one full stop: so in `...".`, not in `..."`."""
    marks = signs.rstrip(_CLOSERS)
    return marks[-1] in _STOPS and (len(marks) == 1 or marks[-2] not in _ENDS)


def _token_before(text: str, start: int, end: int) -> str:
    """The word that a mark follows, back to white space or an opening mark."""
    backwards = text[max(start, end - _LOOK_BACK) : end][::-1]
    match = _TOKEN.match(arabic.strip_bidi(backwards))
    return match[0][::-1] if match else ""


def _in_running_bracket(text: str, start: int, end: int, signs: str) -> bool:
    """Whether the mark stands in a bracket inside a sentence, `(at last!) he`, or is an omission, `(...)`."""
    trailing = signs[len(signs.rstrip(_CLOSERS)) :]
    if not any(closer in ")]" for closer in trailing):
        return False
    from_ = max(start, end - _BRACKET)
    opening = max(text.rfind("(", from_, end), text.rfind("[", from_, end))
    if opening < 0:
        return False
    is_omission = not text[opening + 1 : end].strip()
    return is_omission or bool(text[from_:opening].strip(_OPENERS + arabic.BIDI + " \t\xa0"))


def _space_is_missing(token: str, following: str, signs: str) -> bool:
    """Whether a sentence begins though no space follows the mark: agencies drop it.

    Between Arabic words of three letters stands no decimal, no domain and (nearly) no abbreviation.
    """
    if any(sign in _STRONG for sign in signs):
        return arabic.is_arabic(following[:1])
    word = _fold(token)  # none where a quotation mark, a bracket or a space stands before the full stop
    long_enough = not word or word.isdigit() or (len(word) >= 3 and arabic.is_arabic(word))
    return _is_full_stop(signs) and long_enough and bool(_ARABIC_WORD.match(following))


def _opens_after_ellipsis(word: str) -> bool:
    folded = _fold(word)
    return word in _words("starter") or (folded[:1] == arabic.WAW and folded[1:] in _words("saying"))


def _is_list_number(text: str, start: int, end: int, token: str) -> bool:
    """Whether `token` is the number of a list's item: it opens the sentence or follows a colon."""
    if not _LIST_NUMBER.fullmatch(token):
        return False
    before = arabic.strip_bidi(text[max(start, end - _LOOK_BACK) : end]).removesuffix(token)
    return not before.strip(_OPENERS + " \t\xa0") or before.rstrip().endswith(":")


def _is_abbreviation(token: str, following: str) -> bool:
    """Whether the full stop after `token` belongs to it alone, given the word that follows."""
    folded = _fold(token)
    if arabic.is_arabic(token):
        return _is_arabic_abbreviation(folded.removeprefix(arabic.WAW) or folded, _fold(following))
    if folded in _words("title"):
        return True
    if folded in _words("number"):
        return following[:1].isdigit()
    if folded in _words("hour"):
        return not following[:1].isupper()
    letters = token.split(".")
    is_initials = all(len(letter) == 1 for letter in letters) and folded.replace(".", "").isalpha()
    return (is_initials or folded in _words("ender")) and following not in _words("starter")


def _is_arabic_abbreviation(token: str, following: str) -> bool:
    parts = token.split(".")
    if len(token) == 1 or (len(parts) > 1 and all(len(part) <= 2 for part in parts)):
        return True
    letters = _words("letter")
    is_spelt = token in letters and following.endswith(".") and following.rstrip(".") in letters
    return is_spelt or token in _words("arabic")
