"""Half files: none may ever be seen, whatever goes wrong."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

import pytest

from align.atomic import atomic_write, make_folder, output_error
from align.errors import OutputError


def write(path: Path, text: str = "new") -> None:
    with atomic_write(path) as file:
        file.write(text)


def only(folder: Path, *names: str) -> bool:
    return sorted(p.name for p in folder.iterdir()) == sorted(names)


def test_text_is_utf8_with_lf(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "\N{ARABIC LETTER ALEF}\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xd8\xa7\n"
    assert only(tmp_path, "a.txt")


def test_bytes(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.bin", "wb") as file:
        file.write(b"\r\n\0")
    assert (tmp_path / "a.bin").read_bytes() == b"\r\n\0"


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with atomic_write(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, GeneratorExit])
def test_an_interruption_leaves_the_old_file_and_no_rest(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(error), atomic_write(path) as file:  # noqa: PT012
        file.write("half")
        raise error
    assert path.read_text(encoding="utf-8") == "old"
    assert only(tmp_path, "a.txt")


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.txt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.touch(0o600)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "a.txt")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a.txt").read_text(encoding="utf-8") == "new"


def test_full_disk_while_the_data_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        write(path)
    assert str(caught.value) == f"{path}: the disk is full"
    assert caught.value.advice == (
        "free some space or choose another place with -o; what was there before is unchanged"
    )
    assert path.read_text(encoding="utf-8") == "old"
    assert only(tmp_path, "a.txt")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_device_that_is_always_full(size: int) -> None:
    with pytest.raises(OutputError, match="the disk is full"):
        write(Path("/dev/full"), "x" * size)
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_buffer_that_cannot_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file reaches a full disk, and closing it fails a second time."""

    def open_full(path: Path, _: str) -> IO[str]:
        path.touch()
        return Path("/dev/full").open("w")

    monkeypatch.setattr("align.atomic._open", open_full)
    with pytest.raises(OutputError, match="the disk is full"):
        write(tmp_path / "a.txt")
    assert only(tmp_path)


def test_devices_are_written_not_replaced(tmp_path: Path) -> None:
    write(Path(os.devnull))
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing/a.txt", "the folder does not exist"),
        ("file/a.txt", "a part of the path is a file, not a folder"),
        ("folder", "is a folder, not a file"),
        ("x" * 300, "the name is too long"),
    ],
)
def test_places_that_cannot_be_written(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError) as caught:
        write(tmp_path / place)
    assert str(caught.value) == f"{tmp_path / place}: {message}"
    assert caught.value.advice
    assert only(tmp_path, "file", "folder")


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda *_: False)  # an administrator may write everything
    with pytest.raises(OutputError, match="no permission to write here"):
        write(path)
    assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission to write here"):
        write(tmp_path / "a.txt")


def test_errors_about_other_files_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.txt"):
        (tmp_path / "other.txt").read_bytes()
    assert only(tmp_path)


def test_make_folder(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b").is_dir()
    assert make_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a file with the name of the folder exists"):
        make_folder(tmp_path / "file")
    with pytest.raises(OutputError, match="a part of the path is a file"):
        make_folder(tmp_path / "file" / "b")


def test_unknown_errors_keep_the_systems_words() -> None:
    assert str(output_error(OSError(errno.EBUSY, "Device busy"), "a.txt")) == "a.txt: Device busy"
