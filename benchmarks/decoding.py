"""How the shipped model is decoded best, and what it does with short and long sentences.

    python benchmarks/decoding.py settings [--model ar-en] [--limit N]
    python benchmarks/decoding.py lengths [--model ar-en] [--limit N]

`settings` varies beam size, length penalty and forbidden repetition one at a time on FLORES-101
dev, from which settings may be chosen. `lengths` takes NTREX-128, joined to up to 120 words, and
Tatoeba for the shortest: chrF by length of the source, loops, empty outputs, and the share of
segments whose numbers, or addresses and Latin words, the checks of `align check` find missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from quality import LOOP, test_set

from align.check import check_corpus
from align.corpus import Corpus, Pair
from align.score import score
from align.translate import TranslationOptions, load_translator

_SETTINGS = (
    *({"beam": beam} for beam in (1, 2, 4, 6)),
    *({"length_penalty": penalty} for penalty in (0.6, 1.4)),
    *({"no_repeat_ngram": size} for size in (0, 4)),
)
_BANDS = ((1, 5), (6, 15), (16, 30), (31, 50), (51, 80), (81, 120))


def settings(model: str, limit: int) -> None:
    """Every setting by itself; the others are the model's own."""
    sources, references = (side[:limit] for side in test_set("flores-dev"))
    print(f"{'setting':>20} {'BLEU':>6} {'chrF':>6} {'loops':>6} {'words':>7}")
    for setting in ({}, *_SETTINGS):
        translator = load_translator(model, options=TranslationOptions(**setting))
        outputs = [hypothesis.text for hypothesis in translator.translate(sources)]
        scores = score({"ours": outputs}, [references], resamples=100)[0]
        name = " ".join(f"{key} {value}" for key, value in setting.items()) or "the model's own"
        words = sum(len(line.split()) for line in outputs) / sum(len(line.split()) for line in references)
        print(
            f"{name:>20} {scores['BLEU'].score:6.1f} {scores['chrF2'].score:6.1f} "
            f"{_loops(outputs):6} {words:7.3f}",
            flush=True,
        )


def lengths(model: str, limit: int) -> None:
    """One row a band of source lengths."""
    translator = load_translator(model)
    print(
        f"{'words':>8} {'segments':>8} {'chrF':>6} {'loops':>6} {'empty':>6} {'numbers':>8} {'addresses':>9}"
    )
    for low, high in _BANDS:
        rows = [row for row in _rows(low, high) if low <= len(row[0].split()) <= high][:limit]
        sources, references = [row[0] for row in rows], [row[1] for row in rows]
        outputs = [hypothesis.text for hypothesis in translator.translate(sources)]
        chrf = score({"ours": outputs}, [references], resamples=100)[0]["chrF2"].score
        empty = sum(not line.strip() for line in outputs)
        flags = _flagged(sources, outputs)
        print(
            f"{low:>4}-{high:<3} {len(rows):8} {chrf:6.1f} {_loops(outputs):6} {empty:6}"
            f" {flags['numbers']:8.1%} {flags['addresses']:9.1%}",
            flush=True,
        )


def _rows(low: int, high: int) -> Iterator[tuple[str, str]]:
    """Pairs of about that length: neighbours are joined where single segments are too short."""
    name = "tatoeba" if high <= 5 else "ntrex"
    source: list[str] = []
    target: list[str] = []
    for ar, en in zip(*test_set(name), strict=True):
        if source and len(" ".join([*source, ar]).split()) > high:
            yield " ".join(source), " ".join(target)
            source, target = [], []
        if high <= 50:
            yield ar, en
            continue
        source.append(ar)
        target.append(en)
        if len(" ".join(source).split()) >= low:
            yield " ".join(source), " ".join(target)
            source, target = [], []


def _flagged(sources: Sequence[str], outputs: Sequence[str]) -> dict[str, float]:
    """Share of the pairs on which each kind of check found something."""
    pairs = [Pair(n, a, b) for n, (a, b) in enumerate(zip(sources, outputs, strict=True), 1)]
    checked = check_corpus(Corpus("lengths", "ar", "en", pairs))
    kinds = {"numbers": {"numbers"}, "addresses": {"addresses", "latin"}}
    return {
        kind: sum(any(flag.check in names for flag in pair.flags) for pair in checked) / max(1, len(pairs))
        for kind, names in kinds.items()
    }


def _loops(outputs: Sequence[str]) -> int:
    return sum(bool(LOOP.search(line)) for line in outputs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("settings", "lengths"))
    parser.add_argument("--model", default="ar-en")
    parser.add_argument("--limit", type=int, default=300, help="segments of a set or band (default 300)")
    arguments = parser.parse_args()
    {"settings": settings, "lengths": lengths}[arguments.what](arguments.model, arguments.limit)


if __name__ == "__main__":
    main()
