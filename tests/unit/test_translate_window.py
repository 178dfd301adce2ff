"""Windows, folders and options, with an engine of a few lines: no network is needed for these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import marian_folder
import pytest

from align.errors import ConfigError, ModelError
from align.translate.base import Batch, Output, TranslationOptions
from align.translate.marian import MarianTranslator, load_translator


class Echo:
    """Says what it was given; remembers how often."""

    def __init__(self) -> None:
        self.seen = 0

    def generate(self, batches: Iterable[Batch], options: TranslationOptions) -> Iterator[list[Output]]:
        for batch in batches:
            self.seen += len(batch.sources)
            yield [Output(pieces, -1.0) for pieces in batch.sources]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marian_folder.build(tmp_path_factory.mktemp("models") / "opus")


@pytest.fixture
def echo(folder: Path) -> MarianTranslator:
    translator = load_translator(str(folder))
    translator._engine = Echo()  # type: ignore[assignment]
    return translator


def test_order_duplicates_and_copies(echo: MarianTranslator) -> None:
    lines = marian_folder.sample("ar")
    texts = ["", "2014", "https://a.example/b", *lines, " \n", *reversed(lines)]
    told: list[tuple[int, int]] = []
    out = echo.translate(texts, lambda *done: told.append(done))
    assert [h.text for h in out[:3]] == texts[:3]
    assert out[3 : 3 + len(lines)] == out[: -len(lines) - 1 : -1]
    assert (sum(n for n, _ in told), sum(w for _, w in told)) == (
        len(texts),
        sum(len(t.split()) for t in texts),
    )
    echo.options = replace(echo.options, window=5)
    assert list(echo.translate_stream(iter(texts))) == out


def test_long_segments_lose_nothing(echo: MarianTranslator) -> None:
    lines = marian_folder.sample("ar")
    (whole,) = echo.translate([" ".join(lines * 3)])
    alone = [echo.tokenizer.pieces([part])[0] for part in lines * 3]
    assert len("".join(whole.text.split())) >= 0.95 * sum(len("".join(row)) - len(row) for row in alone)
    (word,) = echo.translate(["".join(lines[0].split()) * 20])
    assert len(word.text) > 1000


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.json", "[", "not JSON"),
        ("config.json", "{}", "not a Marian model"),
        ("vocab.json", "{}", "not the vocabulary"),
        ("source.spm", "broken", "source.spm"),
        ("model.safetensors", "version https://git-lfs.github.com/spec/v1", "Git LFS"),
        ("model.safetensors", "", "is empty"),
        ("tokenizer_config.json", '{"separate_vocabs": true}', "target_vocab.json"),
    ],
)
def test_broken_folders(tmp_path: Path, folder: Path, file: str, content: str, message: str) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / file).write_text(content)
    with pytest.raises(ModelError, match=message) as caught:
        load_translator(str(tmp_path))
    assert caught.value.advice


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("d_model", "512"),
        ("encoder_layers", -1),
        ("activation_function", []),
        ("pad_token_id", None),
        ("vocab_size", True),
    ],
)
def test_wrong_values_in_the_configuration_are_named(
    tmp_path: Path, folder: Path, key: str, value: object
) -> None:
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(ModelError, match=key):
        load_translator(str(tmp_path))


def test_options_are_checked() -> None:
    with pytest.raises(ConfigError, match="beam"):
        TranslationOptions(beam=-1)
    with pytest.raises(ConfigError, match="engine"):
        TranslationOptions(engine="fast")  # type: ignore[arg-type]
