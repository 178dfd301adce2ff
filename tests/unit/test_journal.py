"""The journal alone: torn lines, other jobs, full disks."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from align.errors import OutputError
from align.lock import LOCKS
from align.translate.journal import Journal

JOB = {"model": "one"}


def filled(path: Path, count: int = 5) -> bytes:
    """A journal whose job was stopped after so many records."""
    journal = Journal(path, JOB)
    for number in range(count):
        journal.record(f"key {number}", {"text": f"\N{ARABIC LETTER SEEN}\n\ud800 {number}"}, segments=2)
    journal.close()
    return path.read_bytes()


def test_records_are_found_in_any_order_and_once(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    said: list[str] = []
    with Journal(tmp_path / "j", JOB, say=said.append) as journal:
        assert journal.segments == 10
        assert "10 sentences" in said[0]
        assert journal.find("key 3") == {"text": "\N{ARABIC LETTER SEEN}\n\ud800 3"}
        assert journal.find("key 0")["text"].endswith("0")
        assert journal.find("key 3") is None
        assert journal.recorded("key 1", lambda: "new")["text"].endswith("1")
        assert journal.recorded("other", lambda: "new") == "new"
    assert not (tmp_path / "j").exists(), "a job that is complete needs none"


@pytest.mark.parametrize("cut", [1, 2, 9, 20])
def test_a_torn_last_record_is_dropped(tmp_path: Path, cut: int) -> None:
    whole = filled(tmp_path / "j")
    (tmp_path / "j").write_bytes(whole[:-cut])
    journal = Journal(tmp_path / "j", JOB)
    assert journal.segments == 8
    assert journal.find("key 4") is None
    journal.record("key 4", 1)
    journal.close()
    again = Journal(tmp_path / "j", JOB)
    assert again.find("key 4") == 1
    again.close()


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff\x00 no journal\n", b"00000000 []\n"])
def test_what_is_no_journal_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "j").write_bytes(damage)
    said: list[str] = []
    journal = Journal(tmp_path / "j", JOB, say=said.append)
    assert journal.segments == 0
    assert len(said) == bool(damage)
    journal.close()


def test_another_job_and_no_resume_begin_anew(tmp_path: Path) -> None:
    for job, resume in ((JOB, False), ({"model": "two"}, True)):
        filled(tmp_path / "j")
        journal = Journal(tmp_path / "j", job, resume=resume)
        assert journal.find("key 0") is None
        journal.close()


@pytest.mark.skipif(not LOCKS, reason="needs POSIX locks")
def test_two_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", JOB), pytest.raises(OutputError, match="another process") as caught:
        Journal(tmp_path / "j", JOB)
    assert caught.value.advice


def test_a_full_disk_is_told_and_leaves_what_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(tmp_path / "j")
    journal = Journal(tmp_path / "j", JOB)

    def full(line: bytes) -> None:
        journal._file.write(line[:7])  # a part still fits
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal, "_write", full)
    with pytest.raises(OutputError, match="disk is full") as caught:
        journal.record("key 5", 1)
    journal.close()
    assert caught.value.advice
    assert (tmp_path / "j").read_bytes().startswith(before)
    again = Journal(tmp_path / "j", JOB)
    assert again.segments == 10
    again.close()


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder does not exist"):
        Journal(tmp_path / "none" / "j", JOB)


def test_a_disk_too_full_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Journal, line: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "_write", full)
    with pytest.raises(OutputError, match="disk is full"):
        Journal(tmp_path / "j", JOB)
    assert not list(tmp_path.iterdir())
