"""Write a trained network as a standard Marian directory.

config.json, generation_config.json, model.safetensors, source.spm, target.spm, vocab.json,
target_vocab.json and tokenizer_config.json: what `MarianMTModel` and `MarianTokenizer` of
transformers load without any code of this project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from align.atomic import atomic_write, make_folder
from align.train.network import Attention, Layer, Network
from align.train.vocabulary import EOS, Vocabulary

__all__ = ["export", "marian_state"]

MAX_LENGTH = 512


def _attention(attention: Attention, prefix: str) -> dict[str, torch.Tensor]:
    width = attention.out.weight.shape[0]
    state = {f"{prefix}.out_proj.weight": attention.out.weight, f"{prefix}.out_proj.bias": attention.out.bias}
    for part, name in enumerate(("q_proj", "k_proj", "v_proj")):
        rows = slice(part * width, (part + 1) * width)
        state[f"{prefix}.{name}.weight"] = attention.qkv.weight[rows]
        state[f"{prefix}.{name}.bias"] = attention.qkv.bias[rows]
    return state


def _layer(layer: Layer, prefix: str) -> dict[str, torch.Tensor]:
    state = _attention(layer.attention, f"{prefix}.self_attn")
    named = {"self_attn_layer_norm": layer.attention_norm, "fc1": layer.fc1, "fc2": layer.fc2}
    named["final_layer_norm"] = layer.norm
    if layer.cross is not None and layer.cross_norm is not None:
        state |= _attention(layer.cross, f"{prefix}.encoder_attn")
        named["encoder_attn_layer_norm"] = layer.cross_norm
    for name, module in named.items():
        state[f"{prefix}.{name}.weight"], state[f"{prefix}.{name}.bias"] = module.weight, module.bias
    return state


def marian_state(network: Network) -> dict[str, torch.Tensor]:
    """The network's weights under the names that transformers gives them."""
    state = {
        "model.encoder.embed_tokens.weight": network.src_embed.weight,
        "model.decoder.embed_tokens.weight": network.tgt_embed.weight,
        "final_logits_bias": network.bias[None],
    }
    for side, layers in (("encoder", network.encoder), ("decoder", network.decoder)):
        for number, layer in enumerate(layers):
            state |= _layer(layer, f"model.{side}.layers.{number}")
    return state


def _config(network: Network) -> dict[str, Any]:
    shape = network.shape
    pad = shape.vocab - 1
    return {
        "architectures": ["MarianMTModel"],
        "model_type": "marian",
        "activation_function": shape.activation,
        "bad_words_ids": [[pad]],
        "d_model": shape.width,
        "decoder_attention_heads": shape.heads,
        "decoder_ffn_dim": shape.ffn,
        "decoder_layers": shape.decoder_layers,
        "decoder_start_token_id": pad,
        "decoder_vocab_size": shape.vocab,
        "dropout": shape.dropout,
        "encoder_attention_heads": shape.heads,
        "encoder_ffn_dim": shape.ffn,
        "encoder_layers": shape.encoder_layers,
        "eos_token_id": EOS,
        "forced_eos_token_id": EOS,
        "is_encoder_decoder": True,
        "max_position_embeddings": MAX_LENGTH,
        "pad_token_id": pad,
        "scale_embedding": shape.scaled,
        "share_encoder_decoder_embeddings": shape.shared,
        "tie_word_embeddings": True,
        "vocab_size": shape.vocab,
    }


def _generation(pad: int) -> dict[str, Any]:
    return {
        "bad_words_ids": [[pad]],
        "decoder_start_token_id": pad,
        "eos_token_id": EOS,
        "forced_eos_token_id": EOS,
        "max_length": MAX_LENGTH,
        "num_beams": 4,
        "pad_token_id": pad,
    }


def export(
    network: Network, src: Vocabulary, tgt: Vocabulary, folder: Path, *, dtype: str = "bfloat16"
) -> None:
    """Write the directory; weights as bfloat16 take half the room of float32 and are no worse.

    Each file appears whole; config.json comes last, so that a folder without it was interrupted.
    """
    from safetensors.torch import save

    make_folder(folder)
    state = {
        name: tensor.detach().to("cpu", getattr(torch, dtype)).contiguous().clone()
        for name, tensor in marian_state(network).items()
    }
    if network.shape.shared:
        state["model.shared.weight"] = state.pop("model.encoder.embed_tokens.weight")
        del state["model.decoder.embed_tokens.weight"]
    with atomic_write(folder / "model.safetensors", "wb") as stream:
        stream.write(save(state, metadata={"format": "pt"}))
    size = network.shape.vocab
    src.save(folder / "source.spm", folder / "vocab.json", size)
    # Where the table is shared, both vocabularies are one, and one file holds it.
    target = "vocab.json" if network.shape.shared else "target_vocab.json"
    tgt.save(folder / "target.spm", folder / target, size)
    _write_json(folder / "tokenizer_config.json", _tokenizer(separate=not network.shape.shared))
    _write_json(folder / "generation_config.json", _generation(size - 1))
    _write_json(folder / "config.json", _config(network))


def _tokenizer(*, separate: bool) -> dict[str, Any]:
    return {
        "tokenizer_class": "MarianTokenizer",
        "separate_vocabs": separate,
        "source_lang": "ar",
        "target_lang": "en",
        "model_max_length": MAX_LENGTH,
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    with atomic_write(path) as stream:
        stream.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
