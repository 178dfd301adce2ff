"""`align check` as people call it: scores, flags, exit codes, and input that cannot be checked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from align.check import CHECKS
from align.cli import app
from align.corpus import Corpus, Pair
from align.encode import UseEncoder
from align.formats import write_corpus

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "data" / "sample"
REFERENCE = ["The minister arrived in Cairo on Monday.", "Twenty people were hurt.", "It rained all night."]
OURS = ["The minister came to Cairo on Monday.", "Twenty people were injured.", "It rained all the night."]
THEIRS = ["Minister in Cairo.", "There were people.", "Rain at night fell."]
METRICS = ["BLEU", "chrF2", "chrF2++", "TER"]


def align(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "align", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=300)


def assert_refused(done: subprocess.CompletedProcess[bytes], *words: str) -> None:
    """One line that names the trouble, one line of advice, exit code 2, nothing on standard output."""
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2, done.stderr.decode()
    assert len(lines) == 2, lines
    assert lines[0].startswith("align: error: ")
    assert lines[1].strip()
    assert done.stdout == b""
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def encoder() -> UseEncoder:
    return UseEncoder()


@pytest.fixture
def inside(encoder: UseEncoder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command in this process: the sentence encoder, which takes seconds to load, is loaded once."""
    monkeypatch.setattr("align.encode.UseEncoder", lambda: encoder)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


def result(done: Any) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert getattr(done, "returncode", None) == 0 or done.exit_code == 0, done.stderr
    return json.loads(done.stdout, parse_constant=refuse)


def lines_file(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {"reference": REFERENCE, "ours": OURS, "theirs": THEIRS}
    return {name: lines_file(tmp_path / f"{name}.txt", lines) for name, lines in texts.items()}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """An article with its human translation, and one number changed."""
    sides = [
        (SAMPLE / f"navigation-talks.{lang}.sentences").read_text(encoding="utf-8").split("\n")
        for lang in ("ar", "en")
    ]
    rows = [(src, tgt) for src, tgt in zip(*sides, strict=False) if src and tgt]
    pairs = [Pair(number, src, tgt) for number, (src, tgt) in enumerate(rows, 1)]
    source = "\N{ARABIC LETTER WAW} 25."  # and 25.
    return Corpus("article", "ar", "en", (*pairs, Pair(len(pairs) + 1, source, "And 52 visitors.")))


def test_one_system(files: dict[str, Path]) -> None:
    (system,) = result(align("check", files["ours"], "--reference", files["reference"], "--lines", "--json"))[
        "systems"
    ]
    assert system["name"] == "ours.txt"
    assert [metric["name"] for metric in system["metrics"]] == METRICS
    for metric in system["metrics"]:
        low, high = metric["ci"]
        assert low <= high
        assert isinstance(metric["score"], float)
        assert "version:" in metric["signature"]


def test_two_systems_are_compared_with_the_first(files: dict[str, Path]) -> None:
    both = ("check", files["ours"], files["theirs"], "-r", files["reference"], "--lines")
    document = result(align(*both, "--json"))
    scores = [
        {metric["name"]: metric["score"] for metric in system["metrics"]} for system in document["systems"]
    ]
    assert [system["name"] for system in document["systems"]] == ["ours.txt", "theirs.txt"]
    assert scores[0]["chrF2"] > scores[1]["chrF2"]
    assert scores[0]["TER"] < scores[1]["TER"]
    assert document["significance"]["baseline"] == "ours.txt"
    text = align(*both).stdout.decode()
    assert f"chrF2: {document['systems'][0]['metrics'][1]['signature']}" in text
    assert "differs from ours.txt" in text


def test_two_systems_that_are_the_reference_have_a_report(files: dict[str, Path], tmp_path: Path) -> None:
    copy = lines_file(tmp_path / "copy.txt", REFERENCE)
    report = tmp_path / "report.html"
    both = (files["reference"], copy)
    done = align("check", *both, "-r", files["reference"], "--lines", "--report", report)
    assert done.returncode == 0, done.stderr.decode()
    assert "</html>" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("system", "figures"), [("opusmt", (33.9, 61.0)), ("argos", (29.5, 57.3)), ("google", (45.1, 70.0))]
)
def test_published_figures(
    shared: Path,
    inside: Callable[..., Any],
    system: str,
    figures: tuple[float, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With two resamples and without TER, on which these scores do not depend and minutes do."""
    import align.score

    few, metrics = align.score.score, align.score._metrics()
    monkeypatch.setattr(align.score, "score", partial(few, resamples=2))
    monkeypatch.setattr(align.score, "_metrics", lambda: {name: metrics[name] for name in ("BLEU", "chrF2")})
    sets = shared / "testsets"
    hypothesis, reference = (sets / f"flores101-devtest.{name}" for name in (f"{system}.en", "en"))
    (scored,) = result(inside("check", hypothesis, "-r", reference, "--lines", "--json"))["systems"]
    assert [(item["name"], round(item["score"], 1)) for item in scored["metrics"]] == [
        ("BLEU", figures[0]),
        ("chrF2", figures[1]),
    ]


@pytest.mark.parametrize("suffix", ["tsv", "tmx", "jsonl"])
def test_faults_without_a_reference(
    tmp_path: Path, corpus: Corpus, inside: Callable[..., Any], suffix: str
) -> None:
    file = tmp_path / f"article.{suffix}"
    write_corpus(corpus, file)
    document = result(inside("check", file, "--no-reference", "--json"))
    assert document["systems"] == []
    (checks,) = document["checks"]
    assert checks["segments"] == len(corpus)
    assert checks["counts"]["numbers"] >= 1
    assert all(0 <= pair["quality"] <= 1 for pair in checks["pairs"])
    assert "numbers" in [flag["check"] for flag in checks["pairs"][-1]["flags"]]
    assert checks["flagged"] < len(corpus) / 2, "a good translation is mostly left in peace"


def test_list_names_every_check() -> None:
    done = align("check", "--list")
    assert done.returncode == 0
    rows = [line.split()[0] for line in done.stdout.decode().splitlines()]
    assert rows == [check.name for check in CHECKS]


def test_limits_decide_the_exit_code(
    tmp_path: Path, corpus: Corpus, files: dict[str, Path], inside: Callable[..., Any]
) -> None:
    file = tmp_path / "article.tsv"
    write_corpus(corpus, file)
    failed = align("check", file, "--max-flags", 0)
    assert failed.returncode == 1, failed.stderr.decode()
    assert b"segments flagged" in failed.stdout
    assert inside("check", file, "--max-flags", len(corpus), "--min-score", 0.1).exit_code == 0
    assert inside("check", file, "--min-score", 1).exit_code == 1
    scored = ("check", files["ours"], "-r", files["reference"], "--lines", "--min-score")
    assert inside(*scored, 30).exit_code == 0
    assert inside(*scored, 99).exit_code == 1


def test_limits_on_what_is_not_measured_are_refused(
    tmp_path: Path, corpus: Corpus, files: dict[str, Path]
) -> None:
    scored = ("check", files["ours"], "-r", files["reference"], "--lines")
    assert_refused(align(*scored, "--max-flags", 0), "--max-flags", "source")
    assert_refused(align(*scored, "--min-score", 0.5), "--min-score", "source")
    file = tmp_path / "article.tsv"
    write_corpus(corpus, file)
    assert_refused(align("check", file, "--min-score", 60), "--min-score", "reference")


def test_documents_are_aligned_first(tmp_path: Path) -> None:
    """The same article cut into sentences otherwise: two are one, and the line breaks differ."""
    human = (SAMPLE / "navigation-talks.en.txt").read_text(encoding="utf-8")
    reference, hypothesis = tmp_path / "reference.txt", tmp_path / "hypothesis.txt"
    reference.write_text(human, encoding="utf-8")
    hypothesis.write_text(human.replace(". ", "; ", 1), encoding="utf-8")
    (system,) = result(align("check", hypothesis, "-r", reference, "--json"))["systems"]
    scores = {metric["name"]: metric["score"] for metric in system["metrics"]}
    assert 97 < scores["chrF2"] < 100


def test_unequal_counts(tmp_path: Path, files: dict[str, Path]) -> None:
    short = lines_file(tmp_path / "short.txt", REFERENCE[:2])
    done = align("check", files["ours"], "-r", short, "--lines")
    assert_refused(done, "short.txt has 2 segments", "ours.txt 3")


@pytest.mark.parametrize("mode", [["--lines"], []])
def test_references_without_text(tmp_path: Path, files: dict[str, Path], mode: list[str]) -> None:
    for content in ("", " \n\t\n \n"):
        file = tmp_path / "blank.txt"
        file.write_text(content, encoding="utf-8")
        assert_refused(align("check", files["ours"], "-r", file, *mode))


def test_nothing_at_all(tmp_path: Path) -> None:
    empty = lines_file(tmp_path / "empty.txt", [])
    assert_refused(align("check", empty, "-r", empty, "--lines"), "0 segments")
    for suffix in ("tsv", "jsonl"):
        file = tmp_path / f"empty.{suffix}"
        file.write_text("", encoding="utf-8")
        assert_refused(align("check", file, "--no-reference"), f"empty.{suffix}")
    memory = tmp_path / "empty.tmx"
    write_corpus(Corpus("empty", "ar", "en", ()), memory)
    assert_refused(align("check", memory, "--no-reference"), "0 segments")


def test_wrong_language(tmp_path: Path, files: dict[str, Path], corpus: Corpus) -> None:
    arabic = lines_file(tmp_path / "arabic.txt", [pair.src for pair in corpus][:3])
    assert_refused(align("check", arabic, "-r", files["reference"], "--lines"), "arabic.txt", "Arabic")
    assert_refused(align("check", files["ours"], "-r", arabic, "--lines"), "Arabic", "en")
    assert_refused(align("check", files["ours"], "-s", files["reference"], "--lines"), "source", "Latin")


def test_missing_files(tmp_path: Path, files: dict[str, Path]) -> None:
    nowhere = tmp_path / "nowhere.txt"
    assert_refused(align("check", nowhere, "-r", files["reference"], "--lines"), "nowhere.txt")
    assert_refused(align("check", files["ours"], "-r", nowhere, "--report", files["theirs"]), "nowhere.txt")
    assert_refused(align("check", nowhere.with_suffix(".tmx")), "nowhere.tmx")
    report = tmp_path / "no" / "where" / "report.html"
    report.parent.parent.write_text("a file", encoding="utf-8")
    assert_refused(
        align("check", files["ours"], "-r", files["reference"], "--lines", "--report", report), "report.html"
    )


def test_what_makes_no_sense(files: dict[str, Path]) -> None:
    ours, reference = files["ours"], files["reference"]
    assert_refused(align("check"), "nothing to check")
    assert_refused(align("check", ours), "ours.txt")
    assert_refused(align("check", ours, "-r", reference, "--no-reference"), "--no-reference")
    assert_refused(align("check", ours, "-r", reference, "--paired", "coin"), "coin")
    assert_refused(align("check", ours, "-r", reference, "--min-score", "nan"), "--min-score", "nan")


@pytest.mark.parametrize("constant", ["NaN", "-Infinity", "1e999"])
def test_numbers_that_are_none(tmp_path: Path, corpus: Corpus, constant: str) -> None:
    file = tmp_path / "article.jsonl"
    write_corpus(corpus, file)
    rows = file.read_text(encoding="utf-8").splitlines()
    rows[1] = rows[1].replace('"confidence": null', f'"confidence": {constant}')
    assert constant in rows[1]
    lines_file(file, rows)
    assert_refused(align("check", file, "--no-reference"), "article.jsonl:2")


def test_a_report_does_not_overwrite_what_is_checked(files: dict[str, Path]) -> None:
    scored = ("check", files["ours"], "-r", files["reference"], "--lines", "--report")
    for file in (files["ours"], files["reference"]):
        before = file.read_bytes()
        assert_refused(align(*scored, file), file.name)
        assert file.read_bytes() == before
