"""The flow with a translator of three lines: what is under test here needs no model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from align.corpus import Document, Segment
from align.errors import InputError, OutputError
from align.jobs import find_documents, output_folders
from align.pipeline import (
    translate_document,
    translate_lines,
    write_outputs,
)
from align.translate import Hypothesis, Progress


class Upper:
    """A translator that shouts."""

    signature: Mapping[str, str] = {"model": "upper"}

    def translate(self, texts: Sequence[str], progress: Progress | None = None) -> list[Hypothesis]:
        if progress:
            progress(len(texts), sum(len(text.split()) for text in texts))
        return [Hypothesis(text.upper(), -0.5) for text in texts]

    def translate_stream(
        self, texts: Iterable[str], progress: Progress | None = None
    ) -> Iterator[Hypothesis]:
        yield from self.translate(list(texts), progress)

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        return [0.0] * len(sources)


DOCUMENT = Document(
    "note",
    "ar",
    "one. two.\nthree.",
    (Segment("one.", 0, 4), Segment("two.", 5, 9), Segment("three.", 10, 16, 1)),
)


def test_every_sentence_becomes_a_pair_in_order() -> None:
    corpus = translate_document(DOCUMENT, Upper())
    assert [(p.id, p.src, p.tgt, p.paragraph) for p in corpus] == [
        (1, "one.", "ONE.", 0),
        (2, "two.", "TWO.", 0),
        (3, "three.", "THREE.", 1),
    ]
    assert corpus.signature["model"] == "upper"
    assert "segmenter" in corpus.signature


def test_lines_stay_lines() -> None:
    lines = ["a", "", "b\u2028c"]
    assert list(translate_lines(lines, Upper())) == ["A", "", "B C"]


def test_outputs_are_written_with_a_record(tmp_path: Path) -> None:
    corpus = translate_document(DOCUMENT, Upper())
    output = write_outputs(
        corpus, tmp_path / "out", ["html", "tmx", "tsv"], [], seconds={"translate": 1.5}, source="n"
    )
    assert sorted(path.name for path in output.folder.iterdir()) == [
        "corpus.html",
        "corpus.tmx",
        "corpus.tsv",
        "run.json",
    ]
    record = json.loads((output.folder / "run.json").read_text(encoding="utf-8"))
    assert record["counts"] == {
        "paragraphs": 2,
        "sentences": 3,
        "source_words": 3,
        "target_words": 3,
        "flagged": 0,
    }
    assert record["signature"]["model"] == "upper"
    assert record["seconds"] == {"translate": 1.5}


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    precious = tmp_path / "corpus.tsv"
    precious.write_text("mine", encoding="utf-8")
    corpus = translate_document(DOCUMENT, Upper())
    with pytest.raises(OutputError, match="not overwritten"):
        write_outputs(corpus, tmp_path, ["html", "tsv"], [str(precious)], seconds={}, source="corpus.tsv")
    assert precious.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.tsv"], (
        "nothing may be written before the check"
    )


def test_folders_are_searched_for_text(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.pdf", ".hidden.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert [Path(name).name for name in find_documents([str(tmp_path), "-"])] == ["a.txt", "b.txt", "-"]


def test_a_folder_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no text files"):
        find_documents([str(tmp_path)])


def test_equal_names_get_folders_of_their_own() -> None:
    folders = output_folders(["report", "Report", "other"], Path("out"))
    assert [folder.name for folder in folders] == ["report", "Report-2", "other"]
