"""Models as hostile or broken input: refused in one line with advice, and nothing in them is run."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import marian_folder
import numpy as np
import pytest

from align.errors import ModelError
from align.translate import load_translator
from align.translate.files import find_model
from align.translate.weights import load_weights

ROOT = Path(__file__).parent.parent.parent
HUB_ID = "Helsinki-NLP/opus-mt-ar-en"


class Trap:
    """What a full unpickler would obey: it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marian_folder.build(tmp_path_factory.mktemp("models") / "opus", width=8, ffn=8, layers=1)


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    copy = tmp_path / "model"
    copy.mkdir()
    for path in good.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


def assert_refused(folder: Path, *words: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_weights(load_translator(str(folder)).files)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.advice
    for word in words:
        assert word in message


def test_the_good_model_is_read(good: Path) -> None:
    weights = load_weights(find_model(str(good)))
    original = marian_folder.random_weights(json.loads((good / "config.json").read_text()))
    name = "model.encoder.layers.0.fc1.weight"
    assert np.array_equal(weights[name].read(), original[name])
    assert weights["lm_head.weight"] is weights["model.encoder.embed_tokens.weight"]


# Code in weights


@pytest.mark.parametrize("form", ["zip", "zip-among-tensors", "old", "bare"])
def test_a_pickle_that_would_run_code_is_refused(folder: Path, tmp_path: Path, form: str) -> None:
    import torch

    (folder / "model.safetensors").unlink()
    weights, mark = folder / "pytorch_model.bin", tmp_path / "it-ran"
    if form == "bare":
        weights.write_bytes(pickle.dumps(Trap(mark)))
    else:
        content = {"x": torch.zeros(2), "y": Trap(mark)} if form == "zip-among-tensors" else Trap(mark)
        torch.save(content, weights, _use_new_zipfile_serialization=form != "old")
    assert_refused(folder, "pytorch_model.bin")
    assert not mark.exists()
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists(), "the trap works where it is allowed to"


def test_code_beside_the_weights_is_not_looked_at(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSeq2SeqLM": "modeling.Model", "AutoTokenizer": "modeling.Tokenizer"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling.py").write_text(f"import os; os.mkdir({str(tmp_path / 'it-ran')!r})")
    load_weights(load_translator(str(folder)).files)
    assert not (tmp_path / "it-ran").exists()


# Damaged weights


@pytest.mark.parametrize("keep", [4, 100, -1])
def test_cut_safetensors(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert_refused(folder, "model.safetensors")


def test_cut_checkpoint(folder: Path, good: Path) -> None:
    config = json.loads((good / "config.json").read_text())
    marian_folder.save_checkpoint(marian_folder.random_weights(config), folder)
    (folder / "model.safetensors").unlink()
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert_refused(folder, "pytorch_model.bin")


@pytest.mark.parametrize("span", [[0, 1 << 40], [8, 4], [-4, 4]])
def test_safetensors_that_lie_about_their_offsets(folder: Path, span: list[int]) -> None:
    header = json.dumps({"x": {"dtype": "F32", "shape": [1], "data_offsets": span}}).encode()
    data = struct.pack("<Q", len(header)) + header + bytes(16)
    (folder / "model.safetensors").write_bytes(data)
    assert_refused(folder, "model.safetensors")


def test_weights_of_another_model(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    weights = marian_folder.random_weights(config)
    marian_folder.save_safetensors({**weights, "model.shared.weight": np.zeros((3, 8), np.float32)}, folder)
    assert_refused(folder, "embed_tokens", "(3, 8)")
    del weights["model.decoder.layers.0.fc2.bias"]
    marian_folder.save_safetensors(weights, folder)
    assert_refused(folder, "lacks model.decoder.layers.0.fc2.bias")


# Incomplete folders


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "model.safetensors"])
def test_git_lfs_pointers(folder: Path, name: str) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 62613438\n"
    (folder / name).write_text(pointer)
    assert_refused(folder, name, "Git LFS")


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "target.spm"])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert_refused(folder, name)


def test_missing_weights_and_vocabulary_are_named_together(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer_config.json").write_text('{"separate_vocabs": true}')
    assert_refused(folder, "pytorch_model.bin", "target_vocab.json")


@pytest.mark.parametrize(
    "vocabulary",
    [{"</s>": 0, "<unk>": 0}, {"</s>": "0"}, {"</s>": 0, "<unk>": True}, {"</s>": [0]}, {"</s>": 1.5}],
)
def test_vocabularies_that_do_not_number_their_pieces(folder: Path, vocabulary: dict[str, object]) -> None:
    table = json.loads((folder / "vocab.json").read_text("utf-8"))
    (folder / "vocab.json").write_text(json.dumps({**table, **vocabulary}), encoding="utf-8")
    assert_refused(folder, "vocab.json")


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("config.json", "d_model", 8.0),
        ("config.json", "d_model", 1 << 60),
        ("config.json", "d_model", 9),
        ("config.json", "encoder_attention_heads", 0),
        ("config.json", "scale_embedding", "yes"),
        ("config.json", "activation_function", {"gelu": 1}),
        ("config.json", "decoder_start_token_id", 0),
        ("config.json", "eos_token_id", [0]),
        ("config.json", "vocab_size", 7),
        ("config.json", "model_type", ["marian"]),
        ("generation_config.json", "num_beams", "many"),
        ("generation_config.json", "num_beams", -3),
        ("generation_config.json", "length_penalty", None),
        ("generation_config.json", "length_penalty", float("nan")),
        ("generation_config.json", "length_penalty", float("inf")),
        ("generation_config.json", "num_beams", float("inf")),
    ],
)
def test_values_of_the_wrong_kind(folder: Path, name: str, key: str, value: object) -> None:
    path = folder / name
    settings = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**settings, key: value}))
    assert_refused(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[]", b"[" * 100_000, b'{"a": 1', b"null"])
def test_configurations_that_are_no_json_object(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    assert_refused(folder, "config.json")


@pytest.mark.parametrize(
    "name", ["no-such-model", "", "a/b/c", "..", "x" * 5000, "bad\0name", "~nobody-here/x/y"]
)
def test_names_that_lead_nowhere(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        find_model(name)
    assert caught.value.advice


# The hub, without a network


def offline(code: str, cache: Path) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_hub_model_that_cannot_be_fetched(tmp_path: Path) -> None:
    code = f"""
from align.errors import ModelError
from align.translate import load_translator
try:
    load_translator({HUB_ID!r})
except ModelError as error:
    print(error)
    print(error.advice)
"""
    message, advice = offline(code, tmp_path).splitlines()
    assert message.startswith(f"{HUB_ID} is not on this machine")
    assert "copy the model folder" in advice


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_a_hub_model_that_was_fetched_before(tmp_path: Path, good: Path, weights: str) -> None:
    """In the layout of the hub's own cache; the commit is the revision."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / f"models--{HUB_ID.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for path in good.iterdir():
        name = weights if path.suffix == ".safetensors" else path.name
        (snapshot / name).write_bytes(path.read_bytes())
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    code = f"""
from align.translate import load_translator
files = load_translator({HUB_ID!r}).files
print(files.revision, files.weights.name)
"""
    assert offline(code, tmp_path) == f"{commit} {weights}"


def test_the_import_is_light() -> None:
    code = """
import sys, align.translate
print(sorted({"torch", "transformers", "ctranslate2", "sentencepiece", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
