"""The sizes of a Marian network, read from config.json and checked before anything is built from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from align.errors import ModelError

__all__ = ["Layout", "read_layout"]

ACTIVATIONS = ("gelu", "relu", "silu", "swish")
_LARGEST = 1 << 20  # nothing in a Marian model counts more than a million; what says so is broken


@dataclass(frozen=True, slots=True)
class Layout:
    """The network's shape, with the names of `transformers.MarianConfig`'s fields shortened.

    `vocab` and `target_vocab` are rows of the embedding tables, padding included. `shared`: both
    sides have one table; `tied`: the output matrix is the target table.
    """

    width: int
    encoder_layers: int
    decoder_layers: int
    encoder_heads: int
    decoder_heads: int
    encoder_ffn: int
    decoder_ffn: int
    activation: str
    positions: int
    vocab: int
    target_vocab: int
    pad: int
    eos: int
    scaled: bool
    shared: bool
    tied: bool

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of every tensor, as transformers names them."""
        names: dict[str, tuple[int, ...]] = {
            "model.encoder.embed_tokens.weight": (self.vocab, self.width),
            "model.decoder.embed_tokens.weight": (self.target_vocab, self.width),
            "model.encoder.embed_positions.weight": (self.positions, self.width),
            "model.decoder.embed_positions.weight": (self.positions, self.width),
            "lm_head.weight": (self.target_vocab, self.width),
            "final_logits_bias": (1, self.target_vocab),
        }
        for number in range(self.encoder_layers):
            names.update(self._layer(f"model.encoder.layers.{number}", self.encoder_ffn, ("self_attn",)))
        for number in range(self.decoder_layers):
            attentions = ("self_attn", "encoder_attn")
            names.update(self._layer(f"model.decoder.layers.{number}", self.decoder_ffn, attentions))
        return names

    def _layer(
        self, prefix: str, ffn: int, attentions: tuple[str, ...]
    ) -> Iterator[tuple[str, tuple[int, ...]]]:
        width = self.width
        for attention in attentions:
            for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                yield f"{prefix}.{attention}.{name}.weight", (width, width)
                yield f"{prefix}.{attention}.{name}.bias", (width,)
        for name, rows, columns in (("fc1", ffn, width), ("fc2", width, ffn)):
            yield f"{prefix}.{name}.weight", (rows, columns)
            yield f"{prefix}.{name}.bias", (rows,)
        for name in (*(f"{attention}_layer_norm" for attention in attentions), "final_layer_norm"):
            yield f"{prefix}.{name}.weight", (width,)
            yield f"{prefix}.{name}.bias", (width,)


def read_layout(config: Mapping[str, Any], folder: Path) -> Layout:
    """The layout that config.json describes. Raises `ModelError` for what no Marian model can have."""
    entry = _Entries(config, folder)
    vocab = entry.count("vocab_size")
    layout = Layout(
        width=entry.count("d_model"),
        encoder_layers=entry.count("encoder_layers"),
        decoder_layers=entry.count("decoder_layers"),
        encoder_heads=entry.count("encoder_attention_heads"),
        decoder_heads=entry.count("decoder_attention_heads"),
        encoder_ffn=entry.count("encoder_ffn_dim"),
        decoder_ffn=entry.count("decoder_ffn_dim"),
        activation=entry.choice("activation_function", ACTIVATIONS),
        positions=entry.count("max_position_embeddings", 512),
        vocab=vocab,
        target_vocab=entry.count("decoder_vocab_size", vocab),
        pad=entry.count("pad_token_id", least=0),
        eos=entry.count("eos_token_id", least=0),
        scaled=entry.flag("scale_embedding", default=False),
        shared=entry.flag("share_encoder_decoder_embeddings", default=True),
        tied=entry.flag("tie_word_embeddings", default=True),
    )
    _check(layout, entry)
    return layout


def _check(layout: Layout, entry: _Entries) -> None:
    if layout.width % 2 or layout.width % layout.encoder_heads or layout.width % layout.decoder_heads:
        entry.fail("d_model", "an even multiple of the number of attention heads")
    if max(layout.pad, layout.eos) >= min(layout.vocab, layout.target_vocab) or layout.pad == layout.eos:
        entry.fail("pad_token_id", "a token of both vocabularies, and not the end token")
    if layout.shared and layout.vocab != layout.target_vocab:
        entry.fail("decoder_vocab_size", "vocab_size, since the embeddings are shared")
    # Marian's decoder starts from a zero vector, which transformers keeps in the padding's row.
    if entry.config.get("decoder_start_token_id", layout.pad) != layout.pad:
        entry.fail("decoder_start_token_id", "pad_token_id, as in every Marian model")


class _Entries:
    """Typed access to a configuration; whatever is wrong is reported with the key's name."""

    def __init__(self, config: Mapping[str, Any], folder: Path) -> None:
        self.config, self.folder = config, folder

    def fail(self, key: str, wanted: str) -> None:
        found = repr(self.config[key])[:40] if key in self.config else "nothing"
        raise ModelError(
            f"{self.folder / 'config.json'}: {key} must be {wanted}, not {found}",
            advice="download the model again, or choose another one",
        )

    def count(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        value = self.config.get(key)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
            self.fail(key, f"a whole number from {least}")
        return int(value or 0)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.config.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, "true or false")
        return bool(value)

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.config.get(key)
        if value not in allowed:
            self.fail(key, f"one of {', '.join(allowed)}")
        return str(value)
