"""Marian models on CTranslate2: int8 on CPUs, several times faster than PyTorch there.

The model is converted on first use, from its weights alone (no transformers, no PyTorch), into a
cache folder named by its checksum. CTranslate2's own converter is not used because it knows one
vocabulary only and, given two, would emit source pieces.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from align.errors import ConfigError, ModelError
from align.translate.base import TokenScores, TranslationOptions
from align.translate.files import ModelFiles
from align.translate.tokens import Tokenizer
from align.translate.weights import load_weights

__all__ = ["CTranslate2Engine", "cache_folder", "convert"]

_LAYOUT = "1"  # to be raised when what `convert` writes changes


def cache_folder() -> Path:
    """Where converted models are kept: $ALIGN_CACHE, or align-ar-en in the user's cache folder."""
    if own := os.environ.get("ALIGN_CACHE"):
        return Path(own)
    root = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return (Path(root) if root else Path.home() / ".cache") / "align-ar-en"


class CTranslate2Engine:
    """A converted model with a worker for each core."""

    name = "ctranslate2"

    def __init__(self, files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> None:
        import ctranslate2

        device = (
            "cpu" if options.device == "auto" and not ctranslate2.get_cuda_device_count() else options.device
        )
        device = "cuda" if device == "auto" else device
        self.workers = (options.threads or _cores()) if device == "cpu" else 1
        folder = _converted(files, tokenizer)
        try:
            self._translator = ctranslate2.Translator(
                str(folder),
                device=device,
                compute_type="int8" if device == "cpu" else "default",
                inter_threads=self.workers,
                intra_threads=1,
            )
        except (ValueError, RuntimeError) as error:
            raise ConfigError(f"CTranslate2 cannot use device {device}: {error}", key="device") from None

    def generate(self, batch: Sequence[Sequence[str]], options: TranslationOptions) -> list[TokenScores]:
        """See `Engine`. Outputs are at most twice as long as their sources, and 20 pieces."""
        results = self._translator.translate_batch(
            [[*pieces, "</s>"] for pieces in batch],
            max_batch_size=options.batch_tokens,
            batch_type="tokens",
            beam_size=options.beam,
            length_penalty=options.length_penalty,
            max_decoding_length=2 * max(len(pieces) for pieces in batch) + 20,
            no_repeat_ngram_size=options.no_repeat_ngram,
            disable_unk=True,
        )
        outputs = [result.hypotheses[0] for result in results]
        return list(zip(outputs, self.score(batch, outputs), strict=True))

    def score(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[float]]:
        """See `Engine`."""
        results = self._translator.score_batch(
            [[*pieces, "</s>"] for pieces in sources],
            [list(pieces) for pieces in targets],
            max_batch_size=2048,
            batch_type="tokens",
        )
        return [list(result.log_probs) for result in results]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _converted(files: ModelFiles, tokenizer: Tokenizer) -> Path:
    """The folder of the converted model, made now if it is not in the cache."""
    target = cache_folder() / f"{files.checksum()[:32]}-int8-{_LAYOUT}"
    if (target / "model.bin").is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=target.parent, prefix=".half-"))
    except OSError:  # a read-only home: convert again in every run
        half = target = Path(tempfile.mkdtemp(prefix="align-"))
    try:
        convert(files, tokenizer, half)
        if half != target:
            with suppress(OSError):  # another process was faster; its result is the same
                half.replace(target)
    except OSError as error:
        raise ModelError(
            f"cannot write the converted model to {target}: {error}", advice="set ALIGN_CACHE"
        ) from None
    finally:
        if half != target:
            shutil.rmtree(half, ignore_errors=True)
    return target


def convert(files: ModelFiles, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the model as CTranslate2 reads it, with int8 weights. Raises `ModelError`."""
    from ctranslate2.specs import common_spec, transformer_spec

    config, state = files.config, load_weights(files.weights)
    activations = {
        "relu": common_spec.Activation.RELU,
        "gelu": common_spec.Activation.GELU,
        "swish": common_spec.Activation.SWISH,
        "silu": common_spec.Activation.SWISH,
    }
    try:
        spec = transformer_spec.TransformerSpec.from_config(
            (config["encoder_layers"], config["decoder_layers"]),
            config["encoder_attention_heads"],
            pre_norm=False,
            activation=activations[config["activation_function"]],
            layernorm_embedding=False,
        )
        _Filler(spec, state, config).fill()
    except KeyError as error:
        raise ModelError(
            f"{files.folder}: the model lacks {error}", advice="a complete Marian model is needed"
        ) from None
    pad = int(config["pad_token_id"])
    spec.register_source_vocabulary(_tokens(tokenizer.vocab, pad))
    spec.register_target_vocabulary(_tokens(tokenizer.target_vocab, pad))
    spec.config.bos_token = spec.config.eos_token = spec.config.decoder_start_token = "</s>"  # noqa: S105
    spec.config.unk_token = "<unk>"  # noqa: S105
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))


def _tokens(vocab: dict[str, int], pad: int) -> list[str]:
    """Tokens in the order of their ids, without the padding, whose row is left out too."""
    return [token for token, number in sorted(vocab.items(), key=lambda item: item[1]) if number != pad]


class _Filler:
    """Copies weights from transformers' names into a CTranslate2 specification."""

    def __init__(self, spec: Any, state: dict[str, Any], config: dict[str, Any]) -> None:
        self.spec, self.state, self.config = spec, state, config
        self.pad = int(config["pad_token_id"])

    def fill(self) -> None:
        import numpy as np

        shared = self.state.get("model.shared.weight")
        for name, spec in (("encoder", self.spec.encoder), ("decoder", self.spec.decoder)):
            table = self.state.get(f"model.{name}.embed_tokens.weight", shared)
            if table is None:
                raise KeyError(f"model.{name}.embed_tokens.weight")
            rows = np.delete(table, self.pad, axis=0)
            embeddings = spec.embeddings[0] if isinstance(spec.embeddings, list) else spec.embeddings
            embeddings.weight = rows
            width = rows.shape[1]
            spec.scale_embeddings = width**0.5 if self.config.get("scale_embedding") else 1.0
            spec.position_encodings.encodings = _sinusoids(int(self.config["max_position_embeddings"]), width)
            for number, layer in enumerate(spec.layer):
                self._layer(layer, f"model.{name}.layers.{number}", cross=name == "decoder")
        self.spec.decoder.start_from_zero_embedding = True
        self.spec.decoder.projection.weight = rows
        if "final_logits_bias" in self.state:
            self.spec.decoder.projection.bias = np.delete(
                self.state["final_logits_bias"].reshape(-1), self.pad
            )

    def _layer(self, spec: Any, prefix: str, *, cross: bool) -> None:
        self._attention(
            spec.self_attention, f"{prefix}.self_attn", (("q_proj", "k_proj", "v_proj"), ("out_proj",))
        )
        if cross:
            parts = (("q_proj",), ("k_proj", "v_proj"), ("out_proj",))
            self._attention(spec.attention, f"{prefix}.encoder_attn", parts)
        self._linear(spec.ffn.linear_0, f"{prefix}.fc1")
        self._linear(spec.ffn.linear_1, f"{prefix}.fc2")
        self._norm(spec.ffn.layer_norm, f"{prefix}.final_layer_norm")

    def _attention(self, spec: Any, prefix: str, parts: tuple[tuple[str, ...], ...]) -> None:
        for linear, names in zip(spec.linear, parts, strict=True):
            self._linear(linear, *(f"{prefix}.{name}" for name in names))
        self._norm(spec.layer_norm, f"{prefix}_layer_norm")

    def _linear(self, spec: Any, *names: str) -> None:
        import numpy as np

        spec.weight = np.concatenate([self.state[f"{name}.weight"] for name in names])
        spec.bias = np.concatenate([self.state[f"{name}.bias"] for name in names])

    def _norm(self, spec: Any, name: str) -> None:
        spec.gamma, spec.beta = self.state[f"{name}.weight"], self.state[f"{name}.bias"]


def _sinusoids(length: int, width: int) -> Any:
    """Marian's position vectors: sines in the first half, cosines in the second."""
    import numpy as np

    angle = np.arange(length)[:, None] / 10000 ** (2 * np.arange(width // 2) / width)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
