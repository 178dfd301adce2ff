"""Aligners side by side on sets of documents with gold beads: F1, CPU seconds, peak memory.

    python benchmarks/alignment.py SET_FOLDER... [--only ours,galechurch,length,greedy] [--reliability]
    python benchmarks/alignment.py SET_FOLDER... --ablation [--model ar-en]

With `--ablation`, ours without some of its evidence (the other weights are as they were fitted, with all of
it), with fewer passes, and with a model's evidence: its translations, and its forced decoding of doubtful
beads. Texts are encoded once there, for the first line of each set.

A folder holds DOC.ar, DOC.en and DOC.gold, a unit a line. (A script called align.py would hide the package
of that name from every script beside it.)
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

from align.aligner import AlignOptions, align_texts, infer
from align.beads import Links, parse_links, score_beads
from align.encode import UseEncoder
from align.pairing import scorer_of
from align.similarity import Pooled
from align.weights import WEIGHTS


class TimedEncoder(UseEncoder):
    """The encoder, and the processor seconds it took; with a `memory`, no text is encoded again."""

    spent = 0.0
    memory: dict[tuple[str, ...], Pooled] | None = None

    def pool(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Pooled:
        if self.memory is not None and (known := self.memory.get(tuple(texts))) is not None:
            return known
        start = time.process_time()
        pooled = super().pool(texts, progress)
        self.spent += time.process_time() - start
        if self.memory is not None:
            self.memory[tuple(texts)] = pooled
        return pooled


ENCODER = TimedEncoder()
Beads = list[tuple[Links, float]]
COSTS = {
    (1, 1): 0.0,
    (1, 2): 2.3,
    (2, 1): 2.3,
    (1, 0): 4.5,
    (0, 1): 4.5,
    (2, 2): 4.4,
}  # after Gale and Church


def ours(src: Sequence[str], tgt: Sequence[str]) -> Beads:
    beads = align_texts(src, tgt, encoder=ENCODER).beads
    return [((tuple(bead.src), tuple(bead.tgt)), bead.score) for bead in beads]


def without(*kinds: str) -> Callable[[Sequence[str], Sequence[str]], Beads]:
    """Ours with the weights of all evidence whose name begins so set to nothing."""
    weights = {name: 0.0 if name.startswith(kinds) else weight for name, weight in WEIGHTS.items()}

    def aligned(src: Sequence[str], tgt: Sequence[str]) -> Beads:
        with mock.patch("align.aligner.infer", partial(infer, weights=weights)):
            return ours(src, tgt)

    return aligned


def in_passes(passes: int) -> Callable[[Sequence[str], Sequence[str]], Beads]:
    def aligned(src: Sequence[str], tgt: Sequence[str]) -> Beads:
        beads = align_texts(src, tgt, encoder=ENCODER, options=AlignOptions(passes=passes)).beads
        return [((tuple(bead.src), tuple(bead.tgt)), bead.score) for bead in beads]

    return aligned


def translated(model: str) -> Callable[[Sequence[str], Sequence[str]], Beads]:
    """Ours with the model's translations, whose time is counted too."""
    from align.translate import load_translator

    translator = load_translator(model)

    def aligned(src: Sequence[str], tgt: Sequence[str]) -> Beads:
        lines = [hypothesis.text for hypothesis in translator.translate(src)]
        beads = align_texts(src, tgt, encoder=ENCODER, translations=lines).beads
        return [((tuple(bead.src), tuple(bead.tgt)), bead.score) for bead in beads]

    return aligned


def scored(model: str) -> Callable[[Sequence[str], Sequence[str]], Beads]:
    """Ours, with the model's forced decoding as the judge of doubtful beads."""
    from align.translate import load_translator

    scorer = scorer_of(load_translator(model))

    def aligned(src: Sequence[str], tgt: Sequence[str]) -> Beads:
        beads = align_texts(src, tgt, encoder=ENCODER, scorer=scorer).beads
        return [((tuple(bead.src), tuple(bead.tgt)), bead.score) for bead in beads]

    return aligned


def ablation(model: str) -> dict[str, Callable[[Sequence[str], Sequence[str]], Beads]]:
    return {
        "ours": ours,
        "one pass": in_passes(1),
        "two passes": in_passes(2),
        "no lengths": without("length"),
        "no stops": without("stops"),
        "no habits": without("habit"),
        "none of these": without("length", "stops", "habit"),
        "translations": translated(model),
        "forced decoding": scored(model),
    }


def length(src: Sequence[str], tgt: Sequence[str]) -> Beads:
    """Lengths only: Gale and Church's model over the whole grid."""
    a, b = (np.concatenate([[0], np.cumsum([len(unit) + 1 for unit in side])]) for side in (src, tgt))
    ratio = b[-1] / a[-1]
    best = np.full((len(a), len(b)), np.inf)
    best[0, 0], back = 0.0, {}
    for i in range(len(a)):
        for j in range(len(b)):
            for (n, m), cost in COSTS.items():
                if i >= n and j >= m and best[i - n, j - m] < np.inf:
                    left, right = a[i] - a[i - n], b[j] - b[j - m]
                    cost += (right - left * ratio) ** 2 / (2 * 6.8 * max(left + right / ratio, 1) / 2)
                    if best[i - n, j - m] + cost < best[i, j]:
                        best[i, j], back[i, j] = best[i - n, j - m] + cost, (i - n, j - m)
    beads, cell = [], (len(src), len(tgt))
    while cell != (0, 0):
        before = back[cell]
        beads.append(((tuple(range(before[0], cell[0])), tuple(range(before[1], cell[1]))), 1.0))
        cell = before
    return beads[::-1]


def greedy(src: Sequence[str], tgt: Sequence[str]) -> Beads:
    """Every source unit with its nearest target unit, wherever that is."""
    left, right = (ENCODER.head(ENCODER.pool(side)) for side in (src, tgt))
    nearest = np.argmax(left @ right.T, axis=1)
    beads = [(((i,), (int(j),)), 1.0) for i, j in enumerate(nearest)]
    return beads + [(((), (j,)), 1.0) for j in sorted(set(range(len(tgt))) - set(nearest.tolist()))]


def galechurch(src: Sequence[str], tgt: Sequence[str]) -> Beads:
    """The package of that name: Gale and Church's program."""
    from galechurch import align

    found = align(list(src), list(tgt))
    beads = getattr(found, "beads", found)
    return [
        (
            (tuple(range(b.source_start, b.source_end)), tuple(range(b.target_start, b.target_end))),
            1.0,
        )
        for b in beads
    ]


SYSTEMS: dict[str, Callable[[Sequence[str], Sequence[str]], Beads]] = {
    "ours": ours,
    "galechurch": galechurch,
    "length": length,
    "greedy": greedy,
}


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def reliability(found: Sequence[tuple[float, bool]]) -> None:
    """How often beads of a given probability are right, and the expected calibration error."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for score, right in found:
        bins.setdefault(min(int(score * 10), 9), []).append((score, right))
    error = 0.0
    for k, values in sorted(bins.items()):
        said, true = np.mean([s for s, _ in values]), np.mean([r for _, r in values])
        error += abs(said - true) * len(values) / len(found)
        print(
            f"    {k / 10:.1f}-{(k + 1) / 10:.1f} {len(values):7d} beads, said {said:.3f}, right {true:.3f}"
        )
    print(f"    expected calibration error {error:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--only", default=",".join(SYSTEMS))
    parser.add_argument("--reliability", action="store_true")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--model", default="ar-en", help="whose translations the ablation tries")
    options = parser.parse_args()
    systems = ablation(options.model) if options.ablation else SYSTEMS
    for folder in options.folders:
        ENCODER.memory = {} if options.ablation else None
        for name in systems if options.ablation else options.only.split(","):
            spent, documents, found = 0.0, [], []
            ENCODER.spent = 0.0
            for path in sorted(folder.glob("*.gold")):
                gold = parse_links(path.read_text("utf-8"))
                sides = [lines(path.with_suffix(suffix)) for suffix in (".ar", ".en")]
                start = time.process_time()
                beads = systems[name](*sides)
                spent += time.process_time() - start
                documents.append((gold, [links for links, _ in beads]))
                right = set(gold)
                found += [(score, links in right) for links, score in beads]
            scores = score_beads(documents)
            encoding = f"({ENCODER.spent:.1f} encoding)"
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{folder.name:14s} {name:15s} strict {scores.f1_strict:.4f} lax {scores.f1_lax:.4f} "
                f"null {scores.f1_null or 0:.4f} {spent:7.1f} CPU s {encoding} {peak:6.0f} MB",
                flush=True,
            )
            if options.reliability and name == "ours":
                reliability(found)


if __name__ == "__main__":
    main()
