"""From a Marian directory to CTranslate2's form, on first use, kept in a cache.

Made from the weights alone (no transformers; PyTorch for pytorch_model.bin only). CTranslate2's own
converter is not used because it knows one vocabulary only and, given two, would emit source pieces.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from align.errors import ModelError
from align.translate.files import ModelFiles
from align.translate.layout import Layout
from align.translate.tokens import Tokenizer
from align.translate.weights import Tensor, load_weights

__all__ = ["cache_folder", "convert", "converted"]

_VERSION = "2"  # to be raised when what `convert` writes changes
_ROWS = 4096  # of a matrix that are rounded at a time


def cache_folder() -> Path:
    """Where converted models are kept: $ALIGN_CACHE, or align-ar-en in the user's cache folder."""
    if own := os.environ.get("ALIGN_CACHE"):
        return Path(own)
    root = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return (Path(root) if root else Path(os.path.expanduser("~/.cache"))) / "align-ar-en"  # noqa: PTH111


@contextmanager
def converted(files: ModelFiles, tokenizer: Tokenizer, *, anew: bool = False) -> Iterator[Path]:
    """The folder of the converted model, from the cache or made now (`anew`: in any case).

    Where the cache cannot be written, the folder is a temporary one and is gone after the block:
    CTranslate2 reads the model into memory. Raises `ModelError`.
    """
    target = cache_folder() / f"{files.checksum()[:32]}-int8-{_VERSION}"
    if _complete(target) and not anew:
        yield target
        return
    with _scratch(target.parent) as scratch:
        fresh = scratch / "model"
        try:
            fresh.mkdir()
            convert(files, tokenizer, fresh)
        except OSError as error:
            raise ModelError(
                f"the converted model cannot be written: {error}",
                advice="free some space, or set ALIGN_CACHE to a folder with room",
            ) from None
        if anew:
            with suppress(OSError):
                target.replace(scratch / "damaged")
        elif _complete(target):  # another process was faster, with the same result
            yield target
            return
        with suppress(OSError):
            fresh.replace(target)
        yield fresh if fresh.is_dir() else target


def _complete(folder: Path) -> bool:
    """Folders are moved into the cache whole, so that one file stands for all."""
    return (folder / "model.bin").is_file()


@contextmanager
def _scratch(cache: Path) -> Iterator[Path]:
    """A temporary folder in the cache, or in the system's place for such where that is impossible."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(dir=cache, prefix=".half-")
    except OSError:  # a read-only home: convert again in every run
        folder = tempfile.mkdtemp(prefix="align-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def convert(files: ModelFiles, tokenizer: Tokenizer, folder: Path, quantization: str = "int8") -> None:
    """Write the model into `folder` as CTranslate2 reads it. Raises `ModelError`."""
    with _without_torch():
        from ctranslate2.specs import common_spec, transformer_spec

    layout = files.layout
    activations = {"gelu": "GELU", "relu": "RELU", "silu": "SWISH", "swish": "SWISH"}
    spec = transformer_spec.TransformerSpec.from_config(
        (layout.encoder_layers, layout.decoder_layers),
        layout.encoder_heads,
        pre_norm=False,
        activation=common_spec.Activation[activations[layout.activation]],
    )
    spec.decoder.num_heads = spec.decoder.num_heads.dtype.type(layout.decoder_heads)
    rounded = quantization == "int8"
    _Filler(spec, load_weights(files), layout, rounded=rounded).fill()
    spec.register_source_vocabulary(_tokens(tokenizer.vocab, layout.pad))
    spec.register_target_vocabulary(_tokens(tokenizer.target_vocab, layout.pad))
    spec.config.bos_token = spec.config.eos_token = spec.config.decoder_start_token = "</s>"  # noqa: S105
    spec.config.unk_token = "<unk>"  # noqa: S105
    spec.validate()
    spec.optimize(quantization=None if rounded else quantization)
    spec.save(str(folder))


@contextmanager
def _without_torch() -> Iterator[None]:
    """CTranslate2's specifications load PyTorch if they can: 200 MB and seconds for nothing here."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["torch"]


def _tokens(vocab: dict[str, int], pad: int) -> list[str]:
    """Tokens in the order of their ids, without the padding, whose row is left out too."""
    return [token for token, number in sorted(vocab.items(), key=lambda item: item[1]) if number != pad]


class _Filler:
    """Copies weights from transformers' names into a CTranslate2 specification.

    Matrices are `rounded` to int8 as they are read, so that a large model never lies in memory whole
    in float32: CTranslate2 would do it at the end, with the same result.
    """

    def __init__(self, spec: Any, weights: dict[str, Tensor], layout: Layout, *, rounded: bool) -> None:
        self.spec, self.weights, self.layout, self.rounded = spec, weights, layout, rounded
        self.tables: dict[int, tuple[Any, Any]] = {}

    def fill(self) -> None:
        for name, spec in (("encoder", self.spec.encoder), ("decoder", self.spec.decoder)):
            embeddings = spec.embeddings[0] if isinstance(spec.embeddings, list) else spec.embeddings
            self._table(embeddings, f"model.{name}.embed_tokens.weight")
            spec.scale_embeddings = self.layout.width**0.5 if self.layout.scaled else 1.0
            spec.position_encodings.encodings = self._read(f"model.{name}.embed_positions.weight")
            for number, layer in enumerate(spec.layer):
                self._layer(layer, f"model.{name}.layers.{number}", cross=name == "decoder")
        self.spec.decoder.start_from_zero_embedding = True
        self._table(self.spec.decoder.projection, "lm_head.weight")
        self.spec.decoder.projection.bias = self._without_pad(self._read("final_logits_bias")[0])

    def _read(self, name: str) -> Any:
        return self.weights[name].read()

    def _table(self, spec: Any, name: str) -> None:
        """An embedding table without the padding's row; a shared one is the same array every time."""
        tensor = self.weights[name]
        if id(tensor) not in self.tables:
            self._weight(spec, self._without_pad(tensor.read()))
            self.tables[id(tensor)] = spec.weight, spec.weight_scale
        spec.weight, spec.weight_scale = self.tables[id(tensor)]

    def _weight(self, spec: Any, matrix: Any) -> None:
        if self.rounded:
            spec.weight, spec.weight_scale = _int8(matrix)
        else:
            spec.weight = matrix

    def _without_pad(self, rows: Any) -> Any:
        import numpy as np

        return rows[:-1] if self.layout.pad == len(rows) - 1 else np.delete(rows, self.layout.pad, axis=0)

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

        self._weight(spec, np.concatenate([self._read(f"{name}.weight") for name in names]))
        spec.bias = np.concatenate([self._read(f"{name}.bias") for name in names])

    def _norm(self, spec: Any, name: str) -> None:
        spec.gamma, spec.beta = self._read(f"{name}.weight"), self._read(f"{name}.bias")


def _int8(matrix: Any) -> tuple[Any, Any]:
    """Rows scaled so that the largest value of each is 127, and the scales; a block of rows at a time."""
    import numpy as np

    rounded, scales = np.empty(matrix.shape, np.int8), np.empty(len(matrix), np.float32)
    for start in range(0, len(matrix), _ROWS):
        rows = matrix[start : start + _ROWS]
        largest = np.abs(rows).max(axis=1)
        largest[largest == 0] = 127
        scale = 127 / largest
        rounded[start : start + _ROWS] = np.rint(rows * scale[:, None])
        scales[start : start + _ROWS] = scale
    return rounded, scales
