"""The normaliser that is compiled into the SentencePiece models, and Marian's order of ids."""

from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece
import toy_language
from hypothesis import given
from hypothesis import strategies as st

from align.errors import ModelError
from align.train.normaliser import arabic_rules, english_rules
from align.train.vocabulary import EOS, UNK, Vocabulary, cut_pieces, learn_pieces, table_size

ALEF, BEH = "\N{ARABIC LETTER ALEF}", "\N{ARABIC LETTER BEH}"
FOLDS = [
    ("\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}", ALEF),
    ("\N{ARABIC LETTER ALEF WITH HAMZA BELOW}", ALEF),
    ("\N{ARABIC LETTER ALEF WITH MADDA ABOVE}", ALEF),
    ("\N{ARABIC LETTER ALEF ISOLATED FORM}", ALEF),
    ("\N{ARABIC LETTER ALEF WITH HAMZA ABOVE FINAL FORM}", ALEF),
    (f"{BEH}\N{ARABIC FATHA}\N{ARABIC SHADDA}{BEH}", BEH * 2),
    (f"{BEH}\N{ARABIC TATWEEL}{BEH}", BEH * 2),
    ("\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}", f"\N{ARABIC LETTER LAM}{ALEF}"),
    ("\N{ARABIC-INDIC DIGIT FIVE}\N{EXTENDED ARABIC-INDIC DIGIT SIX}", "56"),
    (f"{BEH}\N{RIGHT-TO-LEFT MARK}{BEH}", BEH * 2),
    (f"{BEH}\N{NO-BREAK SPACE}{BEH}", f"{BEH} {BEH}"),
    ("\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}", '"'),
]


@pytest.fixture(scope="module")
def source() -> Vocabulary:
    return learn_pieces([a for a, _ in toy_language.pairs(60)], 60, arabic_rules())


@pytest.mark.parametrize(("text", "folded"), FOLDS)
def test_the_compiled_model_folds(source: Vocabulary, text: str, folded: str) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=source.model)
    assert (
        processor.Normalize(text)
        .lstrip("\N{LOWER ONE EIGHTH BLOCK}")
        .replace("\N{LOWER ONE EIGHTH BLOCK}", " ")
        == folded
    )


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    for rules in (arabic_rules(), english_rules()):
        once = "".join(rules.get(c, c) for c in text)
        assert "".join(rules.get(c, c) for c in once) == once


def test_english_keeps_accents() -> None:
    assert "\N{LATIN SMALL LETTER E WITH ACUTE}" not in english_rules()


def test_ids_follow_marian(source: Vocabulary) -> None:
    size = len(source.pieces) + 10
    ids = source.ids(size)
    assert (ids["</s>"], ids["<unk>"], ids["<pad>"]) == (EOS, UNK, size - 1)
    assert sorted(ids.values()) == list(range(size))


def test_encoding_ends_and_marks_the_unknown(source: Vocabulary) -> None:
    known, unknown = source.encode([toy_language.pairs(1)[0][0], "\N{SNOWMAN}"])
    assert known[-1] == EOS
    assert UNK not in known
    assert UNK in unknown


def test_save_and_load(source: Vocabulary, tmp_path: Path) -> None:
    size = len(source.pieces) + 5
    source.save(tmp_path / "a.spm", tmp_path / "a.json", size)
    loaded = Vocabulary.load(tmp_path / "a.spm", tmp_path / "a.json")
    texts = [a for a, _ in toy_language.pairs(5)]
    assert loaded.encode(texts) == source.encode(texts)
    assert loaded.ids(size) == source.ids(size)


def test_load_refuses_another_order(source: Vocabulary, tmp_path: Path) -> None:
    (tmp_path / "a.spm").write_bytes(source.model)
    (tmp_path / "a.json").write_text('{"<unk>": 0, "</s>": 1, "<pad>": 2}', encoding="utf-8")
    with pytest.raises(ModelError, match="must come first"):
        Vocabulary.load(tmp_path / "a.spm", tmp_path / "a.json")


def test_cut_pieces_mixes_those_that_fold_together() -> None:
    mark = "\N{LOWER ONE EIGHTH BLOCK}"
    hamza = "\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}"
    pretrained = [
        ("<s>", 0.0),
        (mark, -2.0),
        (mark + ALEF, -1.0),
        (mark + hamza, -1.0),
        (BEH, -3.0),
        (ALEF, -3.0),
    ]
    cut = cut_pieces(pretrained, [f"{hamza}{BEH} {ALEF}"], 10, arabic_rules())
    assert set(cut.pieces) == {mark, mark + ALEF, BEH, ALEF}
    assert cut.origins is not None
    assert dict(cut.origins[mark + ALEF]) == pytest.approx({2: 0.5, 3: 0.5})
    assert table_size(cut, cut) == len(cut.pieces) + 3
