"""The aligner's small parts: anchors from files, paragraph marks, cuts, and what encoders hand over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from align.corpus import Document, Segment
from align.cuts import cells_of
from align.encode import UseEncoder
from align.errors import InputError
from align.evidence import SHAPES, bare
from align.lattice import Band, Grid
from align.pairing import pair_documents, paragraph_anchors, read_anchors
from align.similarity import Floats, Pooled, Side, cosines, encode_side


def document(*paragraphs: int) -> Document:
    """A document whose n-th sentence stands in the paragraph that is the n-th argument."""
    segments = tuple(Segment("x", 2 * k, 2 * k + 1, number) for k, number in enumerate(paragraphs))
    return Document("d", "ar", "x " * len(paragraphs), segments)


def test_anchors_are_read_with_comments_and_any_separator(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    path.write_text("# where chapters begin\n0:0\n12, 14  # the second\n\n20 25\n", encoding="utf-8")
    assert read_anchors(str(path)) == [(0, 0), (12, 14), (20, 25)]


def test_paragraphs_anchor_where_both_sides_have_as_many() -> None:
    assert paragraph_anchors(document(0, 0, 1, 2), document(0, 1, 1, 2)) == [(0, 0), (2, 1), (3, 3)]
    assert paragraph_anchors(document(0, 0, 1), document(0, 1, 2)) == []


def test_cuts_hold_both_ends_and_refuse_what_crosses() -> None:
    assert cells_of([(2, 3)], [], 5, 6).tolist() == [[0, 0], [2, 3], [5, 6]]
    with pytest.raises(InputError, match="cross"):
        cells_of([(2, 3), (3, 1)], [], 5, 6)


@pytest.mark.parametrize("units", [1000, 4000])
def test_the_band_grows_with_the_length_and_not_with_its_square(units: int) -> None:
    diagonal = np.stack([np.arange(units + 1)] * 2, axis=1)
    assert Band.around(diagonal, 8).cells <= 17 * (units + 1)


def test_vowel_signs_and_tatweel_do_not_count() -> None:
    assert bare("\N{ARABIC LETTER BEH}\N{ARABIC FATHA}\N{ARABIC TATWEEL}") == "\N{ARABIC LETTER BEH}"


def test_a_block_vector_is_near_that_of_the_joined_sentences() -> None:
    encoder = UseEncoder()
    texts = ["The school opened in March.", "Two hundred pupils came.", "The roof was still missing."]
    side = encode_side(texts, encoder)
    joined = encoder.head(encoder.pool([" ".join(texts)]))
    assert float(side.ending(3, 4, 3)[0] @ joined[0]) > 0.97


def test_each_block_vector_is_made_once() -> None:
    rows = 0

    class Counting(UseEncoder):
        def head(self, pooled: Pooled) -> Floats:
            nonlocal rows
            rows += len(pooled)
            vectors: Floats = pooled.sums / np.linalg.norm(pooled.sums, axis=1, keepdims=True)
            return vectors

    units = 1200
    sums = np.random.default_rng(0).normal(size=(units, 8)).astype(np.float32)
    side = Side(
        Counting(), Pooled(sums, np.ones(units, np.float32)), Pooled(sums[:1] * 0, np.zeros(1, np.float32))
    )
    diagonal = np.stack([np.arange(units + 1)] * 2, axis=1)
    cosines(side, side, Grid.of(Band.around(diagonal, 8), SHAPES))
    blocks = 2 * 5 * units  # of either side, of one to five units
    assert blocks < rows < 1.2 * blocks


def test_as_many_translations_as_sentences_are_needed() -> None:
    with pytest.raises(InputError, match="1 translations for 2 source sentences"):
        pair_documents(document(0, 0), document(0), encoder=UseEncoder(), translations=["x"])
