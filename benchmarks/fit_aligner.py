"""Fit the weights of align/weights.py to gold alignments, and print them.

    python benchmarks/fit_aligner.py GOLD_FOLDER...

A folder holds DOC.ar, DOC.en and DOC.gold. The likelihood of the gold beads is maximised by Adam, one
document a step. So that the weights also hold for texts that are unlike the gold, part of the documents are
learnt from in spoilt form as well: vectors with noise (a language or register that the encoder knows less
of), no full stops (verse, subtitles), neighbours glued together on one side (many n-m beads).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from align.aligner import AlignOptions, infer
from align.beads import Links, parse_links
from align.cuts import band_between, cells_of
from align.encode import UseEncoder
from align.evidence import SHAPES, Fit, Measured, Text, match_evidence, unit_evidence
from align.lattice import Gains, Grid, posteriors
from align.similarity import Pooled, Side, cosines, encode_side
from align.weights import WEIGHTS

RUN = "run of units alone"
NAMES = [name for name in WEIGHTS if name != RUN] + [RUN]
# Noise, glue on side 0 or 1 and its rate, stops kept (source, target), weight of the document.
PLAIN = (0.0, 0, 0.0, (1, 1), 2.0)
SPOILT = [
    (0.5, 0, 0.0, (0, 1), 1.0),
    (0.7, 0, 0.0, (0, 0), 1.0),
    (0.5, 0, 0.5, (0, 1), 0.7),
    (0.7, 1, 0.3, (0, 0), 0.7),
]


@dataclass
class Example:
    """A document ready to learn from: measured, and its gold beads."""

    name: str
    measured: Measured
    gold: list[Links]
    weight: float
    fit: Fit | None = None
    evidence: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


def glued(
    gold: Sequence[Links], side: int, rate: float, random: np.random.Generator
) -> tuple[list, list, list]:
    """Join the last and first unit of neighbouring beads on one side: groups of both sides, new gold."""
    groups: tuple[list, list] = ([], [])
    beads, k = [], 0
    while k < len(gold):
        parts = [[[unit] for unit in units] for units in gold[k]]
        following = gold[k + 1] if k + 1 < len(gold) else ((), ())
        if all(gold[k]) and all(following) and random.random() < rate:
            more = [[[unit] for unit in units] for units in following]
            more[side][0] = parts[side].pop() + more[side][0]
            both = [a + b for a, b in zip(parts, more, strict=True)]
            if (len(both[0]), len(both[1])) in SHAPES:
                parts, k = both, k + 1
            else:
                parts = [[[unit] for unit in units] for units in gold[k]]
        spans = [tuple(range(len(g), len(g) + len(p))) for g, p in zip(groups, parts, strict=True)]
        beads.append((spans[0], spans[1]))
        for group, part in zip(groups, parts, strict=True):
            group.extend(part)
        k += 1
    return groups[0], groups[1], beads


def joined(side: Side, groups: Sequence[Sequence[int]], noise: float, random: np.random.Generator) -> Side:
    sums = np.stack([side.units.sums[g].sum(axis=0) + (len(g) - 1) * side.seam.sums[0] for g in groups])
    tokens = np.array([side.units.tokens[g].sum() + (len(g) - 1) * side.seam.tokens[0] for g in groups])
    sums += noise * np.sqrt(tokens)[:, None] * random.normal(size=sums.shape)
    return Side(side.encoder, Pooled(sums.astype(np.float32), tokens.astype(np.float32)), side.seam)


def example(
    name: str, units: Sequence[Sequence[str]], sides: Sequence[Side], gold: list[Links], how: tuple
) -> Example:
    noise, glue_side, rate, stops, weight = how
    random = np.random.default_rng(len(units[0]))
    *groups, beads = glued(gold, glue_side, rate, random)
    left, right = (joined(side, group, noise, random) for side, group in zip(sides, groups, strict=True))
    texts = [
        Text.of([" ".join(lines[unit] for unit in group) for group in part])
        for lines, part in zip(units, groups, strict=True)
    ]
    texts = [Text(text.length, text.stop * keep) for text, keep in zip(texts, stops, strict=True)]
    cuts = cells_of((), (), len(left), len(right))
    grid = Grid.of(band_between(cuts, left, right, AlignOptions().radius), SHAPES)
    return Example(name, Measured(grid, cosines(left, right, grid), *texts), beads, weight)


def examples(folders: Sequence[Path]) -> Iterator[Example]:
    encoder = UseEncoder()
    for folder in folders:
        for number, path in enumerate(sorted(folder.glob("*.gold"))):
            units = [
                path.with_suffix(end).read_text("utf-8").removesuffix("\n").split("\n")
                for end in (".ar", ".en")
            ]
            sides = [encode_side(lines, encoder) for lines in units]
            gold = parse_links(path.read_text("utf-8"))
            name = f"{folder.name}/{path.stem}"
            yield example(name, units, sides, gold, PLAIN)
            if number % 3 == 0 and any(not all(bead) for bead in gold):
                for how in SPOILT:
                    yield example(f"{name} {how}", units, sides, gold, how)
            print(name, file=sys.stderr)


def weigh(doc: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All evidence as matrices with a column a weight: of matches, source units and target units."""
    assert doc.fit is not None
    measured, shape = doc.measured, doc.measured.margin.shape
    match = np.zeros((*shape, len(NAMES)), dtype=np.float32)
    for name, value in match_evidence(measured, doc.fit, slice(0, shape[0])):
        match[..., NAMES.index(name)] = value
    match[measured.grid.before == measured.grid.band.cells] = 0
    units = []
    for side, habit in zip((measured.src, measured.tgt), doc.fit.habit[len(SHAPES) :], strict=True):
        units.append(np.zeros((len(side.length), len(NAMES))))
        for name, value in unit_evidence(side, habit):
            units[-1][:, NAMES.index(name)] = value
    return match.reshape(-1, len(NAMES)), units[0], units[1]


def gold_steps(doc: Example) -> Gains:
    """The gold path in the shape of posteriors; beads outside the band or of other shapes are left out."""
    band = doc.measured.grid.band
    match = np.zeros(doc.measured.margin.shape, dtype=np.float32)
    alone = np.zeros(len(doc.measured.src.length)), np.zeros(len(doc.measured.tgt.length))
    i = j = runs = 0
    in_run = False
    for src, tgt in doc.gold:
        i, j = i + len(src), j + len(tgt)
        if src and tgt:
            if (len(src), len(tgt)) in SHAPES and band.low[i] <= j < band.high[i]:
                match[band.start[i] + j - band.low[i], SHAPES.index((len(src), len(tgt)))] = 1
        else:
            alone[0][list(src)] = alone[1][list(tgt)] = 1
            runs += not in_run
        in_run = not (src and tgt)
    return Gains(match, *alone, runs)


def gradient(doc: Example, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood of the gold and its gradient: evidence of the gold less expected evidence."""
    assert doc.evidence is not None
    evidence, grid, gold = doc.evidence, doc.measured.grid, gold_steps(doc)
    odds = [matrix @ weights for matrix in evidence]
    match = odds[0].astype(np.float32).reshape(doc.measured.margin.shape)
    match[grid.before == grid.band.cells] = -np.inf
    taken, total = posteriors(grid, Gains(match, odds[1], odds[2], weights[-1]))
    value = (
        match[gold.match > 0].sum(dtype=float)
        + gold.src @ odds[1]
        + gold.tgt @ odds[2]
        + gold.open * weights[-1]
    )
    slope = evidence[0].T @ (gold.match - taken.match).reshape(-1).astype(np.float32)
    slope = slope + evidence[1].T @ (gold.src - taken.src) + evidence[2].T @ (gold.tgt - taken.tgt)
    slope[-1] += gold.open - taken.open
    return value - total, slope


def train(docs: Sequence[Example], weights: np.ndarray, epochs: int, rate: float) -> np.ndarray:
    random = np.random.default_rng(0)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    total, step = epochs * len(docs), 0
    average, averaged = np.zeros_like(weights), 0
    for epoch in range(epochs):
        value = 0.0
        for k in random.permutation(len(docs)):
            step += 1
            likelihood, slope = gradient(docs[k], weights)
            value += likelihood
            slope = docs[k].weight * slope - 0.01 * weights
            mean, square = 0.9 * mean + 0.1 * slope, 0.98 * square + 0.02 * slope**2
            pace = rate * (1 - 0.95 * step / total)
            weights = weights + pace * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.98**step)) + 1e-6)
            if epoch == epochs - 1:
                average, averaged = average + weights, averaged + 1
        print(f"epoch {epoch}: log-likelihood {value:.1f}", file=sys.stderr, flush=True)
    return average / averaged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=2, help="alignments and fits in turn")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.15)
    options = parser.parse_args()
    docs = list(examples(options.folders))
    weights = np.array([WEIGHTS[name] for name in NAMES])
    fit_in_rounds(docs, weights, options.rounds, options.epochs, options.rate)


def fit_in_rounds(
    docs: Sequence[Example], weights: np.ndarray, rounds: int, epochs: int, rate: float
) -> np.ndarray:
    for _ in range(rounds):
        for doc in docs:
            cuts = cells_of((), (), len(doc.measured.src.length), len(doc.measured.tgt.length))
            doc.fit = infer(
                doc.measured, cuts, AlignOptions().passes, dict(zip(NAMES, weights, strict=True))
            )[0]
            doc.evidence = weigh(doc)
        weights = train(docs, weights, epochs, rate)
        for name, weight in zip(NAMES, weights, strict=True):
            print(f'    "{name}": {weight:.3f},', flush=True)
    return weights


if __name__ == "__main__":
    main()
