"""What must hold for every alignment, with an encoder of random but reproducible vectors."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.aligner import Alignment, align_texts
from align.corpus import Bead
from align.errors import InputError
from align.lattice import Band, Gains, Grid, best_path, posteriors
from align.similarity import Pooled

SHAPES = ((1, 1), (1, 2), (2, 1))


class WordEncoder:
    """Every word has a random vector, and a text the sum of its words'."""

    name = "words"

    def pool(self, texts: Sequence[str]) -> Pooled:
        words = [text.split() or [""] for text in texts]
        sums = np.array([sum(_vector(word) for word in part) for part in words], dtype=np.float32)
        return Pooled(sums, np.array([len(part) for part in words], dtype=np.float32))

    def head(self, pooled: Pooled) -> np.ndarray:
        return pooled.sums / np.linalg.norm(pooled.sums, axis=1, keepdims=True)


@cache
def _vector(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).normal(size=64).astype(np.float32)


def text(seed: int, units: int, words: int = 6) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(f"w{k}" for k in random.integers(0, 5000, words)) + "." for _ in range(units)]


def align(src: Sequence[str], tgt: Sequence[str], **more: object) -> Alignment:
    return align_texts(src, tgt, encoder=WordEncoder(), **more)  # type: ignore[arg-type]


def spans(alignment: Alignment) -> list[tuple[int, int, int, int]]:
    return [(b.src_start, b.src_end, b.tgt_start, b.tgt_end) for b in alignment.beads]


def assert_covers(beads: Sequence[Bead], n: int, m: int) -> None:
    assert [i for bead in beads for i in bead.src] == list(range(n))
    assert [j for bead in beads for j in bead.tgt] == list(range(m))
    assert all(0 <= bead.score <= 1 for bead in beads)


edits = st.lists(st.sampled_from(["keep", "keep", "keep", "drop", "merge", "add"]), max_size=40)


def edited(src: Sequence[str], plan: Sequence[str]) -> list[str]:
    tgt: list[str] = []
    for k, (unit, edit) in enumerate(zip(src, plan, strict=True)):
        if edit == "merge" and tgt:
            tgt[-1] += " " + unit
        elif edit != "drop":
            tgt.append(unit)
        if edit == "add":
            tgt.append(f"new{k} words{k} that{k} nobody{k} said{k}.")
    return tgt


@settings(max_examples=25, deadline=None)
@given(edits, st.integers(0, 1000))
def test_every_unit_is_covered_once_and_in_order(plan: list[str], seed: int) -> None:
    src = text(seed, len(plan))
    tgt = edited(src, plan)
    assert_covers(align(src, tgt).beads, len(src), len(tgt))


@settings(max_examples=15, deadline=None)
@given(edits, st.integers(0, 1000))
def test_exchanging_the_sides_mirrors_the_beads(plan: list[str], seed: int) -> None:
    src = text(seed, len(plan))
    tgt = edited(src, plan)
    # A gap on both sides may be written in either order; matches must be the same.
    there = {span for span in spans(align(src, tgt)) if span[0] < span[1] and span[2] < span[3]}
    back = {span for span in spans(align(tgt, src)) if span[0] < span[1] and span[2] < span[3]}
    assert there == {(i, j, k, end) for k, end, i, j in back}


def test_a_text_with_itself_is_all_one_to_one() -> None:
    src = text(1, 120)
    alignment = align(src, src)
    assert {bead.kind for bead in alignment.beads} == {"1-1"}
    assert min(bead.score for bead in alignment.beads) > 0.9
    assert not alignment.warnings


def exact(n: int, m: int, gains: Gains, match: dict[tuple[int, int, int, int], float]) -> float:
    """The plain dynamic program over the whole grid: the best score."""

    @cache
    def best(i: int, j: int, in_gap: bool) -> float:
        if i == j == 0:
            return -math.inf if in_gap else 0.0
        if in_gap:
            ways = [(i - 1, j, gains.src[i - 1])] if i else []
            ways += [(i, j - 1, gains.tgt[j - 1])] if j else []
            return max(g + max(best(a, b, True), best(a, b, False) + gains.open) for a, b, g in ways)
        starts = [(i - a, j - b) for a, b in SHAPES if i >= a and j >= b]
        return max(
            (match[a, b, i, j] + max(best(a, b, True), best(a, b, False)) for a, b in starts),
            default=-math.inf,
        )

    return max(best(n, m, True), best(n, m, False))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_the_lattice_agrees_with_an_exact_dynamic_program(n: int, m: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    band = Band(np.zeros(n + 1, dtype=int), np.full(n + 1, m + 1))
    grid = Grid.of(band, SHAPES)
    odds = np.where(grid.before < band.cells, random.normal(size=grid.before.shape), -np.inf)
    gains = Gains(odds, random.normal(size=n), random.normal(size=m), -0.5)
    match = {
        (i - a, j - b, i, j): float(odds[band.start[i] + j, k])
        for k, (a, b) in enumerate(SHAPES)
        for i in range(a, n + 1)
        for j in range(b, m + 1)
    }
    path = best_path(grid, gains)
    score, in_gap = 0.0, False
    for (i, j), (end, stop) in zip(path[:-1].tolist(), path[1:].tolist(), strict=True):
        gap = end == i or stop == j
        if gap:
            score += (gains.src[i] if stop == j else gains.tgt[j]) + (0 if in_gap else gains.open)
        else:
            score += match[i, j, end, stop]
        in_gap = gap
    assert score == pytest.approx(exact(n, m, gains, match))
    taken, total = posteriors(grid, gains)
    assert total >= score
    used = taken.src.sum() + sum(taken.match[:, k].sum() * a for k, (a, _) in enumerate(SHAPES))
    assert used == pytest.approx(n)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0)])
def test_an_empty_side_leaves_the_other_without_counterpart(n: int, m: int) -> None:
    alignment = align(text(1, n), text(2, m))
    assert_covers(alignment.beads, n, m)
    assert alignment.warnings


def test_a_side_ten_times_longer() -> None:
    tgt = text(3, 300)
    alignment = align(tgt[100:130], tgt)
    assert_covers(alignment.beads, 30, 300)
    assert (
        sum(bead.kind == "1-1" and bead.tgt_start - bead.src_start == 100 for bead in alignment.beads) >= 25
    )


def test_unrelated_texts_are_called_so() -> None:
    alignment = align(text(4, 80), text(5, 80))
    assert any("unrelated" in warning for warning in alignment.warnings)
    assert np.mean([bead.score for bead in alignment.beads if bead.src and bead.tgt] or [0]) < 0.8


def test_thousands_of_identical_units() -> None:
    alignment = align(["the same words."] * 3000, ["the same words."] * 3000)
    assert_covers(alignment.beads, 3000, 3000)


def test_no_bead_crosses_an_anchor_and_locked_beads_stay() -> None:
    src = text(6, 40)
    lock = Bead(20, 22, 25, 26)
    alignment = align(src, src, anchors=[(10, 11)], locked=[lock])
    assert_covers(alignment.beads, 40, 40)
    assert (10, 11) in {(bead.src_start, bead.tgt_start) for bead in alignment.beads}
    assert lock in alignment.beads


@pytest.mark.parametrize("anchors", [[(5, 99)], [(5, 8), (6, 7)], [(-1, 0)]])
def test_impossible_anchors_are_refused(anchors: list[tuple[int, int]]) -> None:
    with pytest.raises(InputError, match="anchor"):
        align(text(7, 10), text(7, 10), anchors=anchors)
