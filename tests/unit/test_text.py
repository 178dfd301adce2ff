"""Bytes into text: encodings, line ends, and everything that is not text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from align.errors import ConfigError, FormatError, InputError
from align.formats.text import decode, read_lines, read_stream, read_text

SAMPLES = sorted((Path(__file__).parents[2] / "data" / "sample").glob("*.ar.sentences"))
SENTENCES = [line for path in SAMPLES for line in path.read_text(encoding="utf-8").splitlines() if line]
ARABIC = SENTENCES[0]


def old(text: str, encoding: str) -> bytes:
    """As an old program would have saved it, without the characters that it did not know."""
    return text.encode(encoding, "ignore")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings(encoding: str) -> None:
    assert decode(ARABIC.encode(encoding)) == (ARABIC, encoding)


@pytest.mark.parametrize("encoding", ["windows-1256", "iso-8859-6"])
def test_single_sentences_in_old_encodings(encoding: str) -> None:
    wrong = [text for text in SENTENCES if decode(old(text, encoding))[1] != encoding]
    assert not wrong


@pytest.mark.parametrize("encoding", ["windows-1256", "iso-8859-6"])
@pytest.mark.parametrize("lines", [1, 3, 10])
def test_sixty_samples_in_old_encodings(shared: Path, encoding: str, lines: int) -> None:
    rows = (shared / "testsets" / "ntrex128.tsv").read_text(encoding="utf-8").splitlines()
    arabic = [row.split("\t")[0] for row in rows]
    samples = ["\n".join(arabic[start : start + lines]) for start in range(0, 60 * 30, 30)]
    assert sum(decode(old(text, encoding))[1] == encoding for text in samples) == 60


def test_a_named_encoding_is_obeyed() -> None:
    assert decode(old(ARABIC, "iso-8859-6"), "ISO-8859-6") == (ARABIC, "iso8859-6")
    assert decode(ARABIC.encode("utf-16-le"), "utf-16-le")[0] == ARABIC


def test_a_named_encoding_that_fails_tells_the_line() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"one\ntwo\n" + old(ARABIC, "windows-1256"), "utf-8", "a.txt")
    assert str(caught.value) == "a.txt:3: this is not utf-8"
    assert caught.value.advice == "leave --encoding out to have it recognised"


@pytest.mark.parametrize("name", ["klingon", "base64", "a\0b"])
def test_unknown_encodings(name: str) -> None:
    with pytest.raises(ConfigError, match="no encoding is called"):
        decode(b"", name)
    with pytest.raises(ConfigError, match="no encoding is called"):
        list(read_lines(SAMPLES[0], encoding=name))


def test_damaged_utf8_is_not_taken_for_windows_1256() -> None:
    data = f"{SENTENCES[0]}\n{SENTENCES[1]}".encode()
    with pytest.raises(InputError, match=r"a\.txt:2: a character of this UTF-8 text is damaged"):
        decode(data[:-1] + b"\xd8", None, "a.txt")


def test_other_languages_are_not_taken_for_arabic() -> None:
    french = "Les \xe9l\xe8ves ont \xe9t\xe9 re\xe7us \xe0 l'\xe9cole de la r\xe9gion.\n".encode("latin-1")
    with pytest.raises(InputError, match="neither UTF-8 nor an Arabic one"):
        decode(french)


def test_english_falls_back_to_windows_1252() -> None:
    assert decode(b"It\x92s late.", lang="en") == ("It\N{RIGHT SINGLE QUOTATION MARK}s late.", "windows-1252")


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04\0\0", bytes(range(1, 32)) * 9]
)
def test_binary_files_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="binary"):
        decode(data)


def test_line_ends_and_controls() -> None:
    assert decode(b"\xef\xbb\xbfone\r\ntwo\rthree\x07\n")[0] == "one\ntwo\nthree\n"


def test_read_text_splits(tmp_path: Path) -> None:
    path = tmp_path / "note.ar.txt"
    path.write_bytes(b"\xef\xbb\xbfA title\r\n\r\nOne. Two.\r\n")
    document = read_text(path, lang="en")
    assert (document.name, document.lang, document.lines) == ("note.ar", "en", ("A title", "One.", "Two."))
    assert [segment.paragraph for segment in document.segments] == [0, 1, 1]


def test_read_stream() -> None:
    document = read_stream(io.BytesIO(ARABIC.encode()))
    assert (document.name, document.text) == ("stdin", ARABIC)


@pytest.mark.parametrize(
    ("data", "message"), [(b"", "the file is empty"), (b" \n ... \n", "the file holds no text")]
)
def test_nothing_to_read(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_text(path)
    assert str(caught.value) == f"{path}: {message}"
    assert caught.value.advice


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(InputError) as caught:
            read_text(path)
        assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1256"])
def test_lines_are_kept_one_by_one(tmp_path: Path, encoding: str) -> None:
    """Only LF and CR LF end a line, and empty lines count."""
    path = tmp_path / "a.txt"
    path.write_bytes(f"\n{ARABIC}\r\n\n a\x85b\x0cc \nlast".encode(encoding, "ignore"))
    lines = list(read_lines(path))
    assert len(lines) == 5
    assert (lines[0], lines[1], lines[2], lines[4]) == ("", ARABIC, "", "last")


def test_lines_stream(tmp_path: Path) -> None:
    """A bad byte far into the file is met only when its line is read."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"line\n" * 400_000 + b"\xff\n")
    lines = read_lines(path)
    assert next(lines) == "line"
    with pytest.raises(InputError) as caught:
        list(lines)
    assert str(caught.value) == f"{path}:400001: this is not utf-8"


def test_no_lines_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert list(read_lines(tmp_path / "a.txt")) == []
