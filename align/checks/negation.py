"""A negation that one side has and nothing on the other side answers."""

from __future__ import annotations

import re
from functools import lru_cache

from align.checks.base import Context
from align.checks.fold import fold, strip_clitics, words
from align.checks.lexicon import word_set

__all__ = ["negation"]

#: Words that carry the negation in a prefix or suffix: unknown, impossible, dislike, homeless.
_PREFIXED = re.compile(
    r"un(?!der|it|i[ofv]|til|less|cle|to$)[a-z]{3}|non[a-z]{3}|mis(?:s|t[ru]|und|lead|manag|inform|use)"
    r"|in(?:ab|acc(?:ur|es)|act|ad[ev]|app|attent|cap(?!it)|compl|compat|compet|con(?:ceiv|cl|sist|ven)|corr|cred|curab"
    r"|decis|def|dire|eff|elig|ev|exp[el]|form[a]l|freq|hum|sec|signif|sol|stab|suff|tang|toler|val|vis|volunt)"
    r"|im(?:bal|mat|mob|mor|part|pat|per[fsmv]|poss|pract|prec|prob|prop|pun)|il(?:leg|lit|log|lic)|ir(?:r[aeo])"
    r"|dis(?:a|beli|conn|cont|cour|hon|int|like|miss|ob|org|pl|prop|prov|qual|reg|rep|resp|rupt|satis|trust)"
    r"|[a-z]{3,}less(?:ly|ness)?$"
)
_AND = "\N{ARABIC LETTER WAW}\N{ARABIC LETTER FEH}"
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"


def negation(source: str, hypothesis: str, context: Context, threshold: float) -> str | None:
    """Sure negators on one side (at least `threshold`), no word at all that could carry one on the other."""
    (firm_here, soft_here), (firm_there, soft_there) = (
        _negators(source, context.src_lang),
        _negators(hypothesis, context.tgt_lang),
    )
    if len(firm_here) >= threshold and not (firm_there or soft_there):
        return f"not in the translation: {', '.join(firm_here)}"
    if len(firm_there) >= threshold and not (firm_here or soft_here):
        return f"not in the source: {', '.join(firm_there)}"
    return None


@lru_cache(maxsize=1024)
def _negators(text: str, lang: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sure negators and words that may negate."""
    return _english(text) if lang[:2] == "en" else _arabic(text)


def _arabic(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    row = words(fold(text))
    firm: list[str] = []
    soft: list[str] = []
    for index, word in enumerate(row):
        after = row[index + 1] if index + 1 < len(row) else ""
        forms = strip_clitics(word)
        if {word, word[1:] if word[0] in _AND else word} & word_set("negation.firm"):
            (soft if _exempt(row, index, after) else firm).append(word)
        elif word_set("negation.soft") & set(forms):
            soft.append(word)
    return tuple(firm), tuple(soft)


def _exempt(row: list[str], index: int, after: str) -> bool:
    """Still (does not cease), only (not ... but), must, especially: negative in form alone."""
    return after in word_set("negation.exempt_next") or bool(
        {fold(word) for word in row[index + 1 : index + 9]} & word_set("negation.only")
    )


def _english(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    row = [word.replace(_APOSTROPHE, "'").lower() for word in words(text)]
    firm, soft = [], []
    for index, word in enumerate(row):
        if (word in word_set("english.negation.firm") or word.endswith("n't")) and row[
            index + 1 : index + 2
        ] != ["only"]:
            firm.append(word)
        elif word in word_set("english.negation.soft") or _PREFIXED.match(word):
            soft.append(word)
    return tuple(firm), tuple(soft)
