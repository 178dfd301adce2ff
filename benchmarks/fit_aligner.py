"""Fit the weights of align/weights.py to gold alignments, and print them.

    python benchmarks/fit_aligner.py GOLD_FOLDER... [--pairs FILE.tsv.xz...]

A folder holds DOC.ar, DOC.en and DOC.gold. From every file of sentence pairs, documents are made whose beads
are known (see made_documents.py). The likelihood of the gold beads is maximised by Adam, one document a
step. So that the weights also hold for texts that are unlike these, a third of the documents are learnt from
in spoilt form as well: vectors with noise (a language or register that the encoder knows less of), no full
stops.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from made_documents import Made, made_documents

from align.aligner import AlignOptions, infer
from align.beads import Links, parse_links
from align.cuts import band_between, cells_of
from align.encode import UseEncoder
from align.evidence import SHAPES, Fit, Measured, Text, match_evidence, unit_evidence, units_alone
from align.lattice import Gains, Grid, posteriors
from align.similarity import Pooled, Side, cosines, encode_side
from align.weights import WEIGHTS

RUN = "run of units alone"
NAMES = [name for name in WEIGHTS if name != RUN] + [RUN]
NOISES = (0.0, 0.6, 0.9)
DOCUMENTS = 4  # made from each file of pairs


@dataclass
class Example:
    """A document ready to learn from: measured, and its gold beads."""

    measured: Measured
    gold: list[Links]
    fit: Fit | None = None
    evidence: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


def noisy(side: Side, noise: float, random: np.random.Generator) -> Side:
    """A side whose vectors are spoilt, as those of a language or register that the encoder knows less of."""
    spoilt = side.units.sums + noise * np.sqrt(side.units.tokens)[:, None] * random.normal(
        size=side.units.sums.shape
    )
    return Side(side.encoder, Pooled(spoilt.astype(np.float32), side.units.tokens), side.seam)


def examples(folders: Sequence[Path], pairs: Sequence[Path]) -> Iterator[Example]:
    encoder = UseEncoder()
    documents = [*(doc for folder in folders for doc in gold_documents(folder))]
    documents += [doc for seed, path in enumerate(pairs) for doc in made_documents(path, DOCUMENTS, seed)]
    for number, doc in enumerate(documents):
        print(doc.name, file=sys.stderr)
        units = (doc.src, doc.tgt)
        sides = [encode_side(lines, encoder) for lines in units]
        for noise in NOISES if number % 3 == 0 else NOISES[:1]:
            random = np.random.default_rng(number)
            left, right = (noisy(side, noise, random) if noise else side for side in sides)
            texts = [Text.of(lines) for lines in units]
            if noise and number % 2:  # no full stops either
                texts = [Text.measured(text.length, text.length * 0) for text in texts]
            cuts = cells_of((), (), len(left), len(right))
            grid = Grid.of(band_between(cuts, left, right, AlignOptions().radius), SHAPES)
            yield Example(Measured(grid, cosines(left, right, grid), *texts), doc.gold)


def gold_documents(folder: Path) -> Iterator[Made]:
    for path in sorted(folder.glob("*.gold")):
        src, tgt = (
            path.with_suffix(end).read_text("utf-8").removesuffix("\n").split("\n") for end in (".ar", ".en")
        )
        yield Made(f"{folder.name}/{path.stem}", src, tgt, parse_links(path.read_text("utf-8")))


def weigh(doc: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All evidence as matrices with a column a weight: of matches, source units and target units."""
    assert doc.fit is not None
    measured, shape = doc.measured, doc.measured.margin.shape
    match = np.zeros((*shape, len(NAMES)), dtype=np.float32)
    for name, value in match_evidence(measured, doc.fit, slice(0, shape[0])):
        match[..., NAMES.index(name)] = value
    match[measured.grid.before == measured.grid.band.cells] = 0
    units = []
    for side, habit in units_alone(measured, doc.fit):
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
            slope = slope - 0.01 * weights
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
    parser.add_argument("--pairs", nargs="+", type=Path, default=[])
    parser.add_argument("--rounds", type=int, default=2, help="alignments and fits in turn")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.15)
    options = parser.parse_args()
    docs = list(examples(options.folders, options.pairs))
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
