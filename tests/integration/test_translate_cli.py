"""`align translate` as people call it, with the shipped model: good input, bad input, interruption."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from align.formats import read_corpus

ROOT = Path(__file__).parent.parent.parent
SAMPLES = sorted((ROOT / "data" / "sample").glob("*.ar.txt"))
ARTICLE = ROOT / "data" / "sample" / "navigation-talks.ar.txt"


def align(
    *arguments: object, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "align", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=300)


def assert_refused(done: subprocess.CompletedProcess[bytes], *words: str) -> None:
    """One line that names the trouble, one line of advice, exit code 2, no traceback."""
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2, done.stderr.decode()
    assert len(lines) == 2, lines
    assert lines[0].startswith("align: error: ")
    assert lines[1].strip()
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo: all sample articles translated."""
    folder = tmp_path_factory.mktemp("outputs")
    done = align("translate", *SAMPLES, "-o", folder, "--format", "html,tmx,tsv,jsonl")
    assert done.returncode == 0, done.stderr.decode()
    return folder


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sentence_is_paired_in_order(outputs: Path, sample: Path) -> None:
    gold = sample.with_name(sample.name.replace(".txt", ".sentences")).read_text(encoding="utf-8")
    paragraphs = [block.splitlines() for block in gold.strip().split("\n\n")]
    corpus = read_corpus(outputs / sample.stem / "corpus.jsonl")
    found: dict[int, list[str]] = {}
    for pair in corpus:
        found.setdefault(pair.paragraph, []).append(pair.src)
        assert pair.tgt.strip(), f"sentence {pair.id} has no translation"
        assert pair.logprob is not None
        assert pair.logprob <= 0
    assert list(found.values()) == paragraphs


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_all_formats_hold_the_same_pairs(outputs: Path, sample: Path) -> None:
    folder = outputs / sample.stem
    pairs = [(pair.src, pair.tgt) for pair in read_corpus(folder / "corpus.jsonl")]
    assert [(pair.src, pair.tgt) for pair in read_corpus(folder / "corpus.tmx")] == pairs
    with (folder / "corpus.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [tuple(row) for row in rows] == pairs
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["sentences"] == len(pairs)
    assert {"model", "revision", "checksum", "beam", "segmenter", "tool"} <= set(record["signature"])


def test_lines_in_lines_out(tmp_path: Path) -> None:
    sentences = ARTICLE.read_text(encoding="utf-8").splitlines()[:3]
    text = f"{sentences[0]}\n\n***\n{sentences[1]}\n{sentences[0]}\n"
    piped = align("translate", "--lines", "-", stdin=text.encode())
    assert piped.returncode == 0, piped.stderr.decode()
    lines = piped.stdout.decode().split("\n")
    assert lines[-1] == ""
    assert len(lines) == 6
    assert lines[1] == ""
    assert lines[2] == "***"
    assert lines[0]
    assert lines[0] == lines[4], "the same segment has the same translation"
    file = tmp_path / "in.txt"
    file.write_text(text, encoding="utf-8")
    written = align("translate", "--lines", file, "-o", tmp_path / "out.txt")
    assert written.returncode == 0, written.stderr.decode()
    assert (tmp_path / "out.txt").read_bytes() == piped.stdout


def test_a_human_translation_stands_beside_the_machines(tmp_path: Path) -> None:
    human = ARTICLE.with_name(ARTICLE.name.replace(".ar.", ".en."))
    done = align("translate", ARTICLE, "--reference", human, "-o", tmp_path, "-f", "jsonl,tmx,html")
    assert done.returncode == 0, done.stderr.decode()
    gold = ARTICLE.with_name("navigation-talks.en.sentences").read_text(encoding="utf-8").split("\n")
    corpus = read_corpus(tmp_path / ARTICLE.stem / "corpus.jsonl")
    assert [pair.tgt for pair in corpus] == [line for line in gold if line]
    assert all(pair.machine and pair.origin == "human" for pair in corpus)
    assert all(pair.confidence is not None and pair.confidence > 0.5 for pair in corpus)
    memory = (tmp_path / ARTICLE.stem / "corpus.tmx").read_text(encoding="utf-8")
    assert memory.count('<prop type="x-machine">') == len(corpus)


def test_one_reference_for_several_documents_is_refused() -> None:
    assert_refused(align("translate", *SAMPLES, "--reference", ARTICLE), "one reference")


def test_columns_of_the_tsv(tmp_path: Path) -> None:
    arguments = ("translate", ARTICLE, "-o", tmp_path, "-f", "tsv", "--columns", "id,src,tgt,quality,flags")
    assert align(*arguments).returncode == 0
    rows = (tmp_path / ARTICLE.stem / "corpus.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "id\tsrc\ttgt\tquality\tflags"
    assert all(0 <= float(row.split("\t")[3]) <= 1 for row in rows[1:])
    assert_refused(align(*arguments[:-1], "colour"), "colour")


def test_standard_input_is_a_document(tmp_path: Path) -> None:
    done = align("translate", "-", "-o", tmp_path, stdin=ARTICLE.read_bytes())
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "stdin" / "corpus.html").is_file()


def test_old_encodings_are_recognised(tmp_path: Path, outputs: Path) -> None:
    text = ARTICLE.read_text(encoding="utf-8")
    expected = [pair.src for pair in read_corpus(outputs / ARTICLE.stem / "corpus.jsonl")]
    for encoding in ("cp1256", "utf-8-sig"):
        file = tmp_path / f"{encoding}.txt"
        file.write_bytes(text.encode(encoding))
        done = align("translate", file, "-o", tmp_path, "-f", "jsonl")
        assert done.returncode == 0, done.stderr.decode()
        assert [pair.src for pair in read_corpus(tmp_path / encoding / "corpus.jsonl")] == expected


def test_missing_file(tmp_path: Path) -> None:
    assert_refused(align("translate", tmp_path / "nowhere.txt"), "nowhere.txt")


def test_folder_without_text(tmp_path: Path) -> None:
    assert_refused(align("translate", tmp_path), "no text files")


def test_binary_file(tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200))
    assert_refused(align("translate", file), "picture.txt")


def test_wrong_encoding(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(ARTICLE.read_text(encoding="utf-8").encode("cp1256"))
    assert_refused(align("translate", file, "--encoding", "utf-8"), "note.txt")
    assert_refused(align("translate", file, "--encoding", "klingon"), "klingon")


@pytest.mark.parametrize("content", [b"", b" \n\n \n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.txt"
    file.write_bytes(content)
    assert_refused(align("translate", file), "empty.txt")


def test_unknown_format_and_engine() -> None:
    assert_refused(align("translate", ARTICLE, "--format", "pdf"), "pdf")
    assert_refused(align("translate", ARTICLE, "--engine", "steam"), "steam")


def test_broken_models(tmp_path: Path) -> None:
    assert_refused(align("translate", ARTICLE, "--model", "no-such-model"), "no-such-model")
    assert_refused(align("translate", ARTICLE, "--model", tmp_path), "config.json")
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert_refused(align("translate", ARTICLE, "--model", tmp_path), "config.json")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    assert_refused(align("translate", ARTICLE, "--model", tmp_path), "not a Marian model")
    (tmp_path / "config.json").write_text('{"model_type": "marian"}', encoding="utf-8")
    assert_refused(align("translate", ARTICLE, "--model", tmp_path), "config.json", "vocab_size")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_write_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert_refused(align("translate", ARTICLE, "-o", tmp_path / "out"), "permission")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder where nobody may write")
def test_folder_where_nobody_may_write() -> None:
    assert_refused(align("translate", ARTICLE, "-o", "/sys/kernel/align"), "/sys/kernel/align")


def test_output_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    assert_refused(align("translate", ARTICLE, "-o", tmp_path / "out"), "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk() -> None:
    assert_refused(align("translate", "--lines", ARTICLE, "-o", "/dev/full"), "full")


def test_input_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "in.txt"
    file.write_bytes(ARTICLE.read_bytes())
    assert_refused(align("translate", "--lines", file, "-o", file), "not overwritten")
    assert file.read_bytes() == ARTICLE.read_bytes()


def test_ten_megabytes_without_a_space_are_no_prose(tmp_path: Path) -> None:
    file = tmp_path / "data.txt"
    file.write_bytes(b"first line\n" + b"QUJD" * 2_500_000)
    assert_refused(align("translate", file), "data.txt:2", "without a space")


def test_ten_megabytes_on_one_line_are_read_and_cut(tmp_path: Path) -> None:
    """No blow-up in splitting and cutting, or this would never end; to translate them would take an hour."""
    from align.formats.text import read_text

    file = tmp_path / "long.txt"
    sentence = ARTICLE.read_text(encoding="utf-8").splitlines()[1] + " "
    file.write_text(sentence * (10_000_000 // len(sentence.encode())), encoding="utf-8")
    document = read_text(file)
    assert len(document.segments) > 1000


def test_interruption_leaves_no_half_file(tmp_path: Path) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SAMPLES)
    file = tmp_path / "long.txt"
    file.write_text(
        "\n".join(f"{number} {line}" for number in range(200) for line in text.splitlines()), encoding="utf-8"
    )
    command = [sys.executable, "-m", "align", "translate", str(file), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors.decode()
    assert errors.decode().startswith("align: error: interrupted")
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".journal"]
    assert left == [file]


def test_help_teaches() -> None:
    done = align("translate", "--help")
    assert done.returncode == 0
    for word in (b"--model", b"--lines", b"--format", b"align translate article.txt"):
        assert word in done.stdout
