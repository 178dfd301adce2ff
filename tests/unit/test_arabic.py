"""Named folds, one by one, and what they must leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align import arabic

ALEF_HAMZA = "\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}"
LAM_ALEF = "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}"
FOLDS = [
    arabic.clean_text,
    arabic.fold_alef,
    arabic.fold_presentation_forms,
    arabic.for_model,
    arabic.map_digits,
    arabic.strip_bidi,
    arabic.strip_diacritics,
    arabic.strip_tatweel,
]
UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no fault of the code
# Any character, with those that the folds are about in every second place.
TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
        st.sampled_from("\x00\x0b\t\n\ud800\ufeff\ufffe\u200f\u2067\ufb50\ufdf2\ufefb\ufefe\u0653\u0627 "),
    )
)


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: fold.__name__)
@UNHURRIED
@given(text=TEXT)
def test_folds_are_idempotent(fold, text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: fold.__name__)
@UNHURRIED
@given(text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_ascii_stays(fold, text: str) -> None:
    assert fold(text) == text


@UNHURRIED
@given(text=TEXT)
def test_clean_text_can_be_stored(text: str) -> None:
    clean = arabic.clean_text(text)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert not any(c < " " and c not in "\t\n\r" for c in clean)


def test_export_keeps_what_only_the_model_does_without() -> None:
    """Translators' tools match exact text: marks, tatweel, vowels, digits and glyphs stay."""
    text = f"\N{RIGHT-TO-LEFT MARK}\N{ARABIC TATWEEL}\N{ARABIC FATHA}\N{ARABIC-INDIC DIGIT ONE}{LAM_ALEF}\xa0"
    assert arabic.clean_text(text) == text


def test_for_model() -> None:
    text = (
        f"\N{ZERO WIDTH NO-BREAK SPACE}{LAM_ALEF}\N{ARABIC TATWEEL}\N{ARABIC FATHA}\N{LEFT-TO-RIGHT ISOLATE}"
    )
    assert arabic.for_model(text) == "\N{ARABIC LETTER LAM}\N{ARABIC LETTER ALEF}\N{ARABIC FATHA}"


def test_digits_of_both_kinds() -> None:
    indic = "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC THOUSANDS SEPARATOR}\N{ARABIC-INDIC DIGIT NINE}"
    persian = (
        "\N{EXTENDED ARABIC-INDIC DIGIT ZERO}\N{ARABIC DECIMAL SEPARATOR}\N{EXTENDED ARABIC-INDIC DIGIT FOUR}"
    )
    assert arabic.map_digits(f"{indic} {persian}\N{ARABIC PERCENT SIGN}") == "1,9 0.4%"


def test_only_presentation_forms_are_folded() -> None:
    kept = "\N{HORIZONTAL ELLIPSIS}\N{SUPERSCRIPT TWO}\N{LATIN SMALL LIGATURE FI}\N{NO-BREAK SPACE}"
    assert arabic.fold_presentation_forms(kept) == kept
    assert len(arabic.fold_presentation_forms("\N{ARABIC LIGATURE ALLAH ISOLATED FORM}")) == 4


def test_diacritics_go_and_hamzas_stay() -> None:
    assert arabic.strip_diacritics(f"{ALEF_HAMZA}\N{ARABIC FATHA}\N{ARABIC SHADDA}") == ALEF_HAMZA
    assert arabic.fold_alef(ALEF_HAMZA) == arabic.ALEF


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0),
        ("12.5", 0),
        ("abc", 0),
        ("\N{ARABIC LETTER BEH}\N{ARABIC FATHA} 3", 1),
        ("a\N{ARABIC LETTER BEH}", 0.5),
    ],
)
def test_arabic_share(text: str, share: float) -> None:
    assert arabic.arabic_share(text) == share
    assert arabic.is_arabic(text) == (share >= 0.5)
