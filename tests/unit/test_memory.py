"""The store: which unit is found for which source, and what is wrong with files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from align.errors import InputError, OutputError
from align.memory import Memory, Unit, default_path, memory_path
from align.memory.translator import MemoryTranslator
from align.translate import Hypothesis, Progress
from align.translate.journal import Journal

KAF, FATHA, TATWEEL = "\N{ARABIC LETTER KAF}", "\N{ARABIC FATHA}", "\N{ARABIC TATWEEL}"
MODEL = {"model": "m", "beam": "4"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "m.sqlite") as store:
        yield store


class Echo:
    """Translates into capitals, and counts what it is asked."""

    signature = MODEL

    def __init__(self) -> None:
        self.asked: list[str] = []

    def translate_stream(
        self, texts: Iterator[str], progress: Progress | None = None
    ) -> Iterator[Hypothesis]:
        for text in texts:
            self.asked += [text] if text else []
            yield Hypothesis(text.upper(), -0.5 if text else None)


def echo(memory: Memory, texts: Sequence[str], **options: object) -> tuple[list[str], list[Hypothesis]]:
    inner = Echo()
    translator = MemoryTranslator(inner, memory, **options)  # type: ignore[arg-type]
    return inner.asked, translator.translate(texts)


def test_what_does_not_count(memory: Memory) -> None:
    memory.add([Unit(f"{KAF}{KAF} 1.", "x")])
    same = [f" {KAF}{KAF}\n1.", f"{KAF}{FATHA}{KAF} 1.", f"{KAF}{TATWEEL}{KAF} 1.", f"\u200f{KAF}{KAF} 1."]
    assert memory.human(same) == ["x"] * 4
    assert memory.human([f"{KAF}{KAF} 2.", f"{KAF}{KAF} 1!", f"{KAF} {KAF} 1.", "", "1."]) == [None] * 5


def test_the_newest_wins_but_the_same_spelling_first(memory: Memory) -> None:
    bare, marked = KAF, KAF + FATHA
    memory.add([Unit(bare, "old", changed=10), Unit(bare, "new", changed=20), Unit(bare, "older", changed=5)])
    assert memory.human([bare, marked]) == ["new", "new"]
    memory.add([Unit(marked, "marked", changed=1)])
    assert memory.human([bare, marked]) == ["new", "marked"]
    memory.add([Unit(bare, "new", status="rejected", changed=30)])
    assert memory.human([bare]) == ["old"]


def test_machine_units_need_the_same_signature(memory: Memory) -> None:
    memory.add([Unit("a", "A", "machine", signature=MODEL)])
    assert memory.machine(["a", "A"], dict(reversed(MODEL.items())))[0] is not None
    assert memory.machine(["a"], {**MODEL, "beam": "1"}) == [None]
    assert memory.machine(["a "], MODEL) == [None]
    assert memory.machine(["a"], MODEL, scored=True) == [None]
    assert memory.machine(["a"], MODEL, until=0) == [None]


def test_people_come_before_machines(memory: Memory) -> None:
    assert echo(memory, ["a", "b"])[0] == ["a", "b"]
    asked, found = echo(memory, ["a", "b", "c", ""])
    assert asked == ["c"]
    assert [hypothesis.text for hypothesis in found] == ["A", "B", "C", ""]
    memory.add([Unit("a", "by hand")])
    assert echo(memory, ["a"])[1] == [Hypothesis("by hand", origin="memory")]
    assert echo(memory, ["a"], people=False)[1] == [Hypothesis("A", -0.5)]


def test_a_job_that_goes_on_sees_what_it_saw(memory: Memory, tmp_path: Path) -> None:
    def run(*texts: str) -> list[str]:
        with Journal(tmp_path / "j", {}, say=lambda _: None) as journal:
            found = echo(memory, texts, journal=journal)[1]
            raise_for_keeps = [hypothesis.text for hypothesis in found]
            journal.close()  # as a kill leaves it
            return raise_for_keeps

    memory.add([Unit("a", "first")])
    journal = Journal(tmp_path / "j", {}, say=lambda _: None)
    before = [hypothesis.text for hypothesis in echo(memory, ["a", "b"], journal=journal)[1]]
    journal.close()
    memory.add([Unit("a", "second", changed=2**40), Unit("b", "later")])
    assert run("a", "b") == before == ["first", "B"]


def test_similar(memory: Memory) -> None:
    memory.add([Unit("the old red house on the hill", "x"), Unit("something else entirely", "y")])
    match = memory.similar("the old red mouse on the hill", 0.75)
    assert match is not None
    assert (match.src, match.tgt) == ("the old red house on the hill", "x")
    assert match.score == pytest.approx(1 - 1 / 29, abs=1e-3)
    assert memory.similar("the old red mouse on the hill", 0.99) is None
    for odd in ("", "!?", '"', "NOT AND OR", "a_b c-d", "*"):
        assert memory.similar(odd, 0.5) is None
    memory.clear()
    assert memory.similar("the old red house on the hill", 0.75) is None


def test_the_oldest_machine_units_go(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.sqlite", kept=10) as store:
        store.add([Unit("by hand", "x"), *(Unit(str(n), "x", "machine", signature=MODEL) for n in range(25))])
        assert [unit.source for unit in store.units("machine")] == [str(n) for n in range(15, 25)]
        assert store.counts().human == 1


def test_clear_one_model(memory: Memory) -> None:
    memory.add(
        [Unit("a", "b", "machine", signature={"model": name}) for name in ("m", "n")] + [Unit("a", "c")]
    )
    assert memory.clear(model="n") == 1
    assert memory.clear(machine_only=True) == 1
    assert memory.clear() == 1


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(InputError, match="another program"):
        Memory(path)
    later = tmp_path / "later.sqlite"
    Memory(later).close()
    connection = sqlite3.connect(later)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputError, match="later version"):
        Memory(later)
    with pytest.raises(OutputError, match="folder"):
        Memory(tmp_path)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    with Memory(path) as store:
        store.add([Unit(f"source {n}", "x" * 50) for n in range(3000)])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"), Memory(path) as store:
        store.human(["source 1"])
    assert path.read_bytes() == data


def test_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert memory_path() is None  # the tests' own setting
    assert memory_path("here.sqlite") == Path("here.sqlite")
    monkeypatch.setenv("ALIGN_MEMORY", str(tmp_path / "x"))
    assert memory_path() == tmp_path / "x"
    monkeypatch.delenv("ALIGN_MEMORY")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert memory_path() == default_path() == tmp_path / "align-ar-en" / "memory.sqlite"
