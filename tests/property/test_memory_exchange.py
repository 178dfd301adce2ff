"""What a memory exports, another one imports: nothing is lost, whatever the text."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.memory import Memory, Unit
from align.memory.exchange import export_units, read_units
from align.memory.units import folded, normal

TEXT = st.text(max_size=12)
LOGPROB = st.none() | st.floats(-50, 0)
DATES = st.integers(1, 2**31)
UNITS = st.lists(
    st.builds(
        Unit,
        source=TEXT.map(lambda text: "s" + text),
        target=TEXT.map(lambda text: "t" + text),
        status=st.sampled_from(["draft", "confirmed", "rejected"]),
        document=st.from_regex("[a-z]{1,8}", fullmatch=True),
        created=DATES,
        changed=DATES,
    )
    | st.builds(
        Unit,
        source=st.from_regex("s[a-z ]{0,8}s", fullmatch=True),
        target=st.from_regex("t[a-z ]{0,8}t", fullmatch=True),
        origin=st.just("machine"),
        document=st.from_regex("[a-z]{1,8}", fullmatch=True),
        signature=st.dictionaries(
            st.sampled_from(["model", "beam"]), st.from_regex('[a-z0-9"<&]{1,5}', fullmatch=True), min_size=1
        ),
        logprob=LOGPROB,
        lowest=LOGPROB,
        created=DATES,
        changed=DATES,
    ),
    max_size=6,
)


@pytest.mark.parametrize("suffix", [".tmx", ".tsv", ".jsonl"])
@settings(max_examples=15, deadline=None)
@given(units=UNITS)
def test_round_trip(units: list[Unit], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"x{suffix}")
        with Memory(Path(folder, "a")) as one, Memory(Path(folder, "b")) as other:
            one.add(units)
            export_units(one.units(), file)
            other.add(read_units(file))
            assert list(other.units()) == list(one.units())


@given(TEXT)
def test_folds_are_idempotent(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert folded(normal(text)) == folded(text)
