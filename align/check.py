"""Which translations look wrong, without a reference: the registry of checks and how to run them.

Each check is a small pure function with a threshold and a unit (see `align.checks`). `check_pair`
runs them on one pair; `check_corpus` on a corpus, with what only a corpus shows (two sources with
the same translation) and the estimated quality of every pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from typing import Protocol

from align.checks.base import Check, Context
from align.checks.carried import digits, encoding, hashtags, placeholders, question
from align.checks.dates import dates
from align.checks.evidence import confidence, meaning, twin
from align.checks.fold import fold
from align.checks.length import length
from align.checks.names import addresses, latin_words
from align.checks.negation import negation
from align.checks.numbers import numbers, percentages
from align.checks.punctuation import brackets, quotes
from align.checks.repetition import repetition
from align.checks.residue import copied, empty, language, markup, residue, script
from align.checks.spelling import names
from align.checks.units import units
from align.corpus import Corpus, Flag, Pair
from align.errors import ConfigError
from align.quality import estimate
from align.similarity import Encoder

__all__ = [
    "CHECKS",
    "Check",
    "Context",
    "ModelEvidence",
    "Similarity",
    "check_corpus",
    "check_pair",
    "describe",
    "select",
    "similarity_by",
]

#: All checks, in the order in which flags appear. Rates of false alarm are in docs/checking.md.
CHECKS: tuple[Check, ...] = (
    Check("empty", "error", 1, "letters or digits", "the source has text, the translation none", empty),
    Check("copied", "error", 0.5, "share of words", "the translation is the source", copied),
    Check(
        "residue", "error", 1, "words", "words in the source's script, or marks of unknown tokens", residue
    ),
    Check(
        "script",
        "error",
        0.05,
        "share of letters",
        "letters of a script that neither side should hold",
        script,
    ),
    Check("language", "error", 0.05, "share of words", "hardly any English function words", language),
    Check("markup", "warning", 1, "entities or tags", "HTML that the source does not have", markup),
    Check("digits", "error", 1, "signs", "digits or punctuation of the Arabic script", digits),
    Check("encoding", "error", 1, "places", "control characters, or text decoded wrongly", encoding),
    Check("placeholders", "error", 1, "placeholders", "{0} or %s missing or added", placeholders),
    Check("repetition", "error", 3, "times", "a phrase again and again", repetition),
    Check("length", "warning", 4, "robust standard deviations", "far longer or shorter than usual", length),
    Check("numbers", "error", 1, "numbers", "numbers, in digits or words, missing or changed", numbers),
    Check("dates", "error", 1, "months or days", "months or days of the week missing or changed", dates),
    Check("percent", "error", 1, "mentions", "per cent on one side only", percentages),
    Check("units", "error", 1, "units", "the unit of a number changed", units),
    Check("addresses", "error", 1, "addresses", "e-mail or web addresses missing or changed", addresses),
    Check("latin", "warning", 1, "words", "Latin words of the Arabic source missing", latin_words),
    Check("names", "warning", 1, "names", "a name that sounds like nothing in the source", names),
    Check("negation", "warning", 1, "negators", "a negation that the other side does not answer", negation),
    Check("brackets", "warning", 1, "brackets", "brackets without a partner", brackets),
    Check("quotes", "info", 1, "marks", "quotation marks without a partner", quotes),
    Check("question", "warning", 1, "marks", "a question that is none in the translation", question),
    Check("hashtags", "warning", 1, "hashtags", "fewer hashtags than the source has", hashtags),
    Check("duplicate", "warning", 4, "words", "different sources with the same translation", twin),
    Check("meaning", "warning", 0.35, "cosine", "sentence vectors far apart", meaning),
    Check("confidence", "info", -1.5, "mean log-probability", "the model was unsure", confidence),
)


class ModelEvidence(Protocol):
    """What a translation run knows of one segment, such as a `Hypothesis`.

    `lowest` is used where it has one: see `Context`.
    """

    @property
    def logprob(self) -> float | None: ...


#: Cosines of pairs of texts: (sources, translations) -> one number each. The caller brings the encoder.
Similarity = Callable[[Sequence[str], Sequence[str]], Sequence[float]]


def similarity_by(encoder: Encoder) -> Similarity:
    """Likeness of meaning by a sentence encoder."""

    def cosines(sources: Sequence[str], hypotheses: Sequence[str]) -> list[float]:
        mine, theirs = (encoder.head(encoder.pool(texts)) for texts in (sources, hypotheses))
        return [float(value) for value in (mine * theirs).sum(axis=1)]

    return cosines


def check_pair(
    source: str, hypothesis: str, context: Context | None = None, checks: Sequence[Check] = CHECKS
) -> tuple[Flag, ...]:
    """The flags of one pair; an empty translation gets no other flag.

    HTML entities are told by the check `markup`; the others read what they stand for.
    """
    context = context or Context()
    flags: list[Flag] = []
    text = unescape(hypothesis)
    for check in checks:
        flag = check(source, hypothesis if check.find is markup else text, context)
        if flag is not None:
            flags.append(flag)
            if check.name == "empty":
                break
    return tuple(flags)


def check_corpus(
    corpus: Corpus,
    *,
    similarity: Similarity | None = None,
    evidence: Sequence[ModelEvidence] | None = None,
    checks: Sequence[Check] = CHECKS,
) -> Corpus:
    """The corpus with the flags and the estimated quality (0 to 1) of every pair.

    Flags of earlier runs are replaced, those of other origin stay. `evidence` has an entry for each
    pair; without it the pairs' own `logprob` is used. Pairs with an empty side get no quality.
    """
    cosines: Iterable[float | None] = [None] * len(corpus)
    if similarity is not None and corpus.pairs:
        cosines = similarity([pair.src for pair in corpus], [pair.tgt for pair in corpus])
    known = evidence if evidence is not None else corpus.pairs
    contexts = [
        Context(
            corpus.src_lang,
            corpus.tgt_lang,
            similarity=cosine if pair.src.strip() and pair.tgt.strip() else None,
            logprob=fact.logprob,
            lowest=getattr(fact, "lowest", None),
            twin=other,
        )
        for pair, cosine, fact, other in zip(corpus, cosines, known, twins(corpus.pairs), strict=True)
    ]
    pairs = [_checked(pair, context, checks) for pair, context in zip(corpus, contexts, strict=True)]
    return replace(corpus, pairs=tuple(pairs))


def twins(pairs: Sequence[Pair]) -> Iterator[str | None]:
    """For each pair another pair's source that got the same translation, though it says something else."""
    first: dict[str, str] = {}
    for pair in pairs:
        first.setdefault(_key(pair.tgt), pair.src)
    later = {_key(pair.tgt): pair.src for pair in pairs if _key(pair.src) != _key(first[_key(pair.tgt)])}
    for pair in pairs:
        other = first[_key(pair.tgt)]
        if _key(other) == _key(pair.src):
            other = later.get(_key(pair.tgt), pair.src)
        yield other if pair.tgt.strip() and _key(other) != _key(pair.src) else None


def describe(checks: Sequence[Check] = CHECKS) -> list[tuple[str, str, str, str]]:
    """Name, level, threshold with unit, description: the rows of `align check --list`."""
    return [
        (check.name, check.level, f"{check.threshold:g} {check.unit}", check.description) for check in checks
    ]


def select(names: Sequence[str], checks: Sequence[Check] = CHECKS) -> tuple[Check, ...]:
    """The checks of these names. Raises ConfigError, listing the names, for an unknown one."""
    known = {check.name: check for check in checks}
    for name in names:
        if name not in known:
            raise ConfigError(f"no check is called {name!r}", key="check", allowed=known)
    return tuple(known[name] for name in names)


def _checked(pair: Pair, context: Context, checks: Sequence[Check]) -> Pair:
    ours = {check.name for check in CHECKS}
    kept = tuple(flag for flag in pair.flags if flag.check not in ours)
    if not pair.src.strip():
        return replace(pair, flags=kept, quality=None)
    flags = check_pair(pair.src, pair.tgt, context, checks)
    quality = estimate(pair.src, unescape(pair.tgt), context) if pair.tgt.strip() else None
    return replace(pair, flags=kept + flags, quality=quality)


def _key(text: str) -> str:
    return " ".join(fold(text).lower().split())
