"""`align pair` and `align score-beads` as people call them, with the real encoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from align.beads import parse_links
from align.formats import read_corpus

ROOT = Path(__file__).parent.parent.parent
SAMPLE, GOLD = ROOT / "data" / "sample", ROOT / "data" / "gold"
NAMES = sorted(path.name.partition(".")[0] for path in SAMPLE.glob("*.ar.txt"))


def align(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "align", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_documents_are_paired(tmp_path: Path, name: str) -> None:
    done = align("pair", SAMPLE / f"{name}.ar.txt", SAMPLE / f"{name}.en.txt", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    sides = [
        (SAMPLE / f"{name}.{lang}.sentences").read_text(encoding="utf-8").split("\n") for lang in ("ar", "en")
    ]
    corpus = read_corpus(tmp_path / f"{name}.ar" / "corpus.jsonl")
    assert [(pair.src, pair.tgt) for pair in corpus] == [pair for pair in zip(*sides, strict=True) if pair[0]]
    for path in (tmp_path / f"{name}.ar").iterdir():
        assert path.name == "run.json" or str(path) in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_beads_are_written_and_scored(tmp_path: Path, name: str) -> None:
    beads = tmp_path / f"{name}.beads"
    assert (
        align("pair", "--lines", GOLD / f"{name}.ar", GOLD / f"{name}.en", "--beads", beads, "-q").returncode
        == 0
    )
    lines = beads.read_text(encoding="utf-8").splitlines()
    assert all(0 <= float(line.split(":")[2]) <= 1 for line in lines)
    scored = align("score-beads", GOLD / f"{name}.gold", beads)
    assert scored.returncode == 0, scored.stderr
    strict = next(line for line in scored.stdout.splitlines() if line.startswith("strict"))
    measured = {"coral-study": 0.93, "gorgol-flood": 0.84, "navigation-talks": 1.0}  # see tests/golden
    assert float(strict.split()[-1]) > measured[name] - 0.05


def test_a_model_judges_doubtful_pairs(tmp_path: Path) -> None:
    """Without it, a sentence that was added to this article goes with the one before it."""
    beads, gold = tmp_path / "judged", GOLD / "coral-study.gold"
    sides = gold.with_suffix(".ar"), gold.with_suffix(".en")
    done = align("pair", "--lines", *sides, "--beads", beads, "--judge", "ar-en")
    assert done.returncode == 0, done.stderr
    assert parse_links(beads.read_text(encoding="utf-8")) == parse_links(gold.read_text(encoding="utf-8"))
    written = align("pair", "--lines", *sides, "-o", tmp_path, "-f", "jsonl", "--judge", "ar-en")
    assert written.returncode == 0, written.stderr
    assert '"judge": "ar-en@' in (tmp_path / "coral-study" / "run.json").read_text(encoding="utf-8")
    refused = align("pair", *sides, "--judge", tmp_path / "nowhere", "-o", tmp_path)
    assert refused.returncode == 2
    assert "nowhere" in refused.stderr


def test_only_the_sure_ones(tmp_path: Path) -> None:
    arguments = (
        "pair",
        GOLD / "gorgol-flood.ar",
        GOLD / "gorgol-flood.en",
        "--lines",
        "-o",
        tmp_path,
        "-f",
        "jsonl",
    )
    assert align(*arguments, "--min-confidence", "0.99").returncode == 0
    corpus = read_corpus(tmp_path / "gorgol-flood" / "corpus.jsonl")
    assert 0 < len(corpus) < 17
    assert all(pair.src and pair.tgt and (pair.confidence or 0) >= 0.99 for pair in corpus)


def test_unrelated_and_exchanged_texts_are_told(tmp_path: Path) -> None:
    other = align("pair", SAMPLE / "coral-study.ar.txt", SAMPLE / "gorgol-flood.en.txt", "-o", tmp_path)
    assert other.returncode == 0
    assert "unrelated" in other.stderr
    exchanged = align("pair", SAMPLE / "coral-study.en.txt", SAMPLE / "coral-study.ar.txt", "-o", tmp_path)
    assert exchanged.returncode == 0
    assert "exchanged" in exchanged.stderr


def test_bad_anchors_are_refused(tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.txt"
    anchors.write_text("0:0\nfour:5\n", encoding="utf-8")
    done = align("pair", SAMPLE / "coral-study.ar.txt", SAMPLE / "coral-study.en.txt", "--anchors", anchors)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith(f"align: error: {anchors}:2")


def test_an_empty_side_leaves_everything_alone(tmp_path: Path) -> None:
    empty = tmp_path / "empty.en.txt"
    empty.write_text("\n", encoding="utf-8")
    done = align("pair", SAMPLE / "coral-study.ar.txt", empty, "-o", tmp_path, "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    assert "warning: one side has no text" in done.stderr
    corpus = read_corpus(tmp_path / "coral-study.ar" / "corpus.jsonl")
    assert len(corpus) > 5
    assert all(pair.src and not pair.tgt for pair in corpus)


def test_no_pair_crosses_an_anchor_from_a_file(tmp_path: Path) -> None:
    anchors, beads = tmp_path / "anchors", tmp_path / "beads"
    anchors.write_text("3:5\n", encoding="utf-8")
    source, reference = GOLD / "coral-study.ar", GOLD / "coral-study.en"
    done = align("pair", "--lines", source, reference, "--anchors", anchors, "--beads", beads, "-q")
    assert done.returncode == 0, done.stderr
    ends = [(0, 0)]
    for src, tgt in parse_links(beads.read_text(encoding="utf-8")):
        ends.append((ends[-1][0] + len(src), ends[-1][1] + len(tgt)))
    assert (3, 5) in ends


def test_corrected_beads_are_given_back(tmp_path: Path) -> None:
    """Beads that are locked come out as they are, those without counterpart too; the rest is aligned."""
    source, reference = GOLD / "coral-study.ar", GOLD / "coral-study.en"
    locked, beads = tmp_path / "locked", tmp_path / "beads"
    locked.write_text("[0]:[0, 1]:0.4\n[1]:[]\n[5, 6]:[7]\n", encoding="utf-8")
    arguments = ("pair", "--lines", source, reference, "--beads", beads, "-q", "--locked", locked)
    done = align(*arguments)
    assert done.returncode == 0, done.stderr
    found = parse_links(beads.read_text(encoding="utf-8"))
    assert found[:2] == [((0,), (0, 1)), ((1,), ())]
    assert ((5, 6), (7,)) in found
    assert [unit for src, _ in found for unit in src] == list(
        range(len(source.read_text("utf-8").splitlines()))
    )

    for text, line, reason in (
        ("[0]:[0]\n[2, 4]:[3]\n", 2, "not consecutive"),
        ("[0]:[0]\n[3]:[]\n", 2, "does not follow"),
        ("[0]:[0]\n[]:[]\n", 2, "without units"),
        ("[0]:[0]\nzero:one\n", 2, "not a bead"),
    ):
        locked.write_text(text, encoding="utf-8")
        done = align(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"align: error: {locked}:{line}: ")
        assert reason in done.stderr
    locked.write_text("[99]:[99]\n", encoding="utf-8")
    done = align(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"align: error: {locked}: ")


def test_paragraph_marks_are_kept_to_where_both_sides_have_as_many(tmp_path: Path) -> None:
    source, reference = tmp_path / "a.ar.txt", tmp_path / "a.en.txt"
    arabic, english = (
        (SAMPLE / f"coral-study.{lang}.txt").read_text("utf-8").splitlines()[1:4] for lang in ("ar", "en")
    )
    source.write_text("\n".join(arabic), encoding="utf-8")
    reference.write_text("\n".join(english), encoding="utf-8")
    arguments = ("pair", source, reference, "-o", tmp_path, "-f", "jsonl", "--paragraphs")
    done = align(*arguments)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    corpus = read_corpus(tmp_path / "a.ar" / "corpus.jsonl")
    for number, paragraph in enumerate(english):
        assert " ".join(pair.tgt for pair in corpus if pair.paragraph == number) == paragraph
    reference.write_text(english[0], encoding="utf-8")
    assert "warning: the texts have unlike numbers of paragraphs" in align(*arguments).stderr
    refused = align(*arguments, "--lines")
    assert refused.returncode == 2
    assert "--paragraphs means nothing with --lines" in refused.stderr
