"""Marian directories with random weights, laid out as Helsinki-NLP/opus-mt-ar-en is, at any size.

The same files, the same keys in config.json, one joint vocabulary with `</s>` 0, `<unk>` 1 and
`<pad>` last, the padding's embedding zero. What differs from the real model is the size and that
nothing was learned.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece

DATA = Path(__file__).parent.parent / "data" / "sample"
Weights = dict[str, np.ndarray]


def sample(language: str) -> list[str]:
    """The lines of the sample articles."""
    lines = (
        line
        for path in sorted(DATA.glob(f"*.{language}.txt"))
        for line in path.read_text("utf-8").splitlines()
    )
    return [line.strip() for line in lines if line.strip()]


def train_pieces(lines: Iterable[str], size: int) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def pieces_of(model: bytes) -> list[str]:
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return [processor.IdToPiece(n) for n in range(3, processor.GetPieceSize())]


def opus_config(rows: int, width: int, ffn: int, layers: int, heads: int) -> dict[str, Any]:
    return {
        "activation_dropout": 0.0,
        "activation_function": "swish",
        "add_bias_logits": False,
        "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"],
        "attention_dropout": 0.0,
        "bad_words_ids": [[rows - 1]],
        "bos_token_id": 0,
        "classif_dropout": 0.0,
        "classifier_dropout": 0.0,
        "d_model": width,
        "decoder_attention_heads": heads,
        "decoder_ffn_dim": ffn,
        "decoder_layerdrop": 0.0,
        "decoder_layers": layers,
        "decoder_start_token_id": rows - 1,
        "decoder_vocab_size": rows,
        "dropout": 0.1,
        "encoder_attention_heads": heads,
        "encoder_ffn_dim": ffn,
        "encoder_layerdrop": 0.0,
        "encoder_layers": layers,
        "eos_token_id": 0,
        "forced_eos_token_id": 0,
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "max_length": 512,
        "max_position_embeddings": 512,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "num_beams": 4,
        "num_hidden_layers": layers,
        "pad_token_id": rows - 1,
        "scale_embedding": True,
        "share_encoder_decoder_embeddings": True,
        "static_position_embeddings": True,
        "use_cache": True,
        "vocab_size": rows,
    }


def random_weights(config: dict[str, Any], seed: int = 0) -> Weights:
    """Weights under the names of a checkpoint of opus-mt, every table that it holds twice held twice."""
    rng = np.random.default_rng(seed)
    width, ffn, rows = config["d_model"], config["encoder_ffn_dim"], config["vocab_size"]

    def matrix(*shape: int, scale: float) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)

    table = matrix(rows, width, scale=3 * width**-0.5)  # decided enough for int8 to choose alike
    table[-1] = 0
    bias = matrix(1, rows, scale=1.0)
    bias[0, 0] = 6  # sentences end
    weights = {"model.shared.weight": table, "final_logits_bias": bias}
    angle = np.arange(512)[:, None] / 10000 ** (2 * np.arange(width // 2) / width)
    for side, attentions in (("encoder", ("self_attn",)), ("decoder", ("self_attn", "encoder_attn"))):
        weights[f"model.{side}.embed_tokens.weight"] = table
        sinusoids = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
        weights[f"model.{side}.embed_positions.weight"] = sinusoids.astype(np.float32)
        for number in range(config[f"{side}_layers"]):
            prefix = f"model.{side}.layers.{number}"
            shapes = {f"{a}.{p}_proj": (width, width) for a in attentions for p in ("q", "k", "v", "out")}
            shapes |= {"fc1": (ffn, width), "fc2": (width, ffn)}
            for name, shape in shapes.items():
                weights[f"{prefix}.{name}.weight"] = matrix(*shape, scale=1.5 * shape[1] ** -0.5)
                weights[f"{prefix}.{name}.bias"] = matrix(shape[0], scale=0.1)
            for name in (*(f"{a}_layer_norm" for a in attentions), "final_layer_norm"):
                weights[f"{prefix}.{name}.weight"] = 1 + matrix(width, scale=0.1)
                weights[f"{prefix}.{name}.bias"] = matrix(width, scale=0.1)
    return weights


def save_safetensors(weights: Weights, folder: Path) -> None:
    """As converters write it: a table that occurs three times is stored once."""
    from safetensors.numpy import save_file

    unique = {name: array for name, array in weights.items() if not name.endswith("embed_tokens.weight")}
    save_file(unique, folder / "model.safetensors", metadata={"format": "pt"})


def save_checkpoint(weights: Weights, folder: Path) -> None:
    import torch

    tensors: dict[int, Any] = {}
    state = {name: tensors.setdefault(id(array), torch.from_numpy(array)) for name, array in weights.items()}
    torch.save(state, folder / "pytorch_model.bin")


def build(
    folder: Path,
    *,
    width: int = 32,
    ffn: int = 64,
    layers: int = 2,
    heads: int = 4,
    rows: int | None = None,
    safetensors: bool = True,
    checkpoint: bool = False,
    pieces_from: Path | None = None,
) -> Path:
    """Write a directory of opus-mt-ar-en's layout; `rows` fills the vocabulary up to that size.

    `pieces_from` is a folder whose source.spm and target.spm are taken; else small ones are made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {"source.spm": "ar", "target.spm": "en"}
    models = {
        name: (pieces_from / name).read_bytes() if pieces_from else train_pieces(sample(language), 300)
        for name, language in names.items()
    }
    for name, model in models.items():
        (folder / name).write_bytes(model)
    pieces = dict.fromkeys(piece for model in models.values() for piece in pieces_of(model))
    tokens = ["</s>", "<unk>", *pieces]
    tokens += [f"<unused{n}>" for n in range((rows or 0) - len(tokens) - 1)]
    vocab = {token: number for number, token in enumerate([*tokens, "<pad>"])}
    config = opus_config(len(vocab), width, ffn, layers, heads)
    settings = {"source_lang": "ar", "target_lang": "en"}
    for name, value in (("vocab.json", vocab), ("config.json", config), ("tokenizer_config.json", settings)):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    weights = random_weights(config)
    if safetensors:
        save_safetensors(weights, folder)
    if checkpoint:
        save_checkpoint(weights, folder)
    return folder
