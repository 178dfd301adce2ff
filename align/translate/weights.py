"""Reading a model's weights as hostile input: tensors only, never code, every shape checked.

Both engines are fed from here. Tensors are read one at a time, when they are needed: a large
model never lies in memory twice.
"""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from align.errors import ModelError
from align.translate.files import ModelFiles
from align.translate.layout import Layout

__all__ = ["Tensor", "load_weights"]

_ENCODER, _DECODER = "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"
_HEAD, _SHARED, _BIAS = "lm_head.weight", "model.shared.weight", "final_logits_bias"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that has not been read yet; `read()` gives a new fp32 array each time."""

    shape: tuple[int, ...]
    read: Callable[[], Any]


def load_weights(files: ModelFiles) -> dict[str, Tensor]:
    """Exactly the tensors of `Layout.shapes`. Raises `ModelError`.

    Shared tables are one and the same `Tensor`, wherever the file keeps them. Position vectors and
    the output bias, which many files leave out, are sinusoids and zeros.
    """
    path, layout = files.weights, files.layout
    try:
        found = _safetensors(path) if path.suffix == ".safetensors" else _checkpoint(path)
    except pickle.UnpicklingError:
        raise ModelError(
            f"{path} holds more than tensors and was refused",
            advice="such a file can run code; get the model as safetensors",
        ) from None
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{path} cannot be read ({reason})", advice="download the model again") from None
    chosen = {name: _choose(name, found, layout) for name in layout.shapes()}
    for name, shape in layout.shapes().items():
        tensor = chosen[name]
        if tensor is None:
            raise ModelError(f"{path} lacks {name}", advice="a complete Marian model is needed")
        if tensor.shape != shape:
            raise ModelError(
                f"{path}: {name} has shape {tensor.shape}, config.json says {shape}",
                advice="weights and config.json are not of the same model",
            )
    return {name: tensor for name, tensor in chosen.items() if tensor is not None}


def _choose(name: str, found: dict[str, Tensor], layout: Layout) -> Tensor | None:
    """The tensor that plays the part of `name`; files name shared tables in several ways."""
    names: tuple[str, ...] = (name,)
    if name in (_ENCODER, _DECODER, _HEAD) and layout.shared and layout.tied:
        names = (_SHARED, _DECODER, _ENCODER, _HEAD)
    elif name in (_DECODER, _HEAD) and layout.tied:
        names = (_DECODER, _HEAD)
    elif name in (_ENCODER, _DECODER) and layout.shared:
        names = (_SHARED, _DECODER, _ENCODER)
    for candidate in names:
        if candidate in found:
            return found[candidate]
    if name.endswith("embed_positions.weight"):
        shape = (layout.positions, layout.width)
        return Tensor(shape, partial(_sinusoids, *shape))
    if name == _BIAS:
        return Tensor((1, layout.target_vocab), partial(_zeros, layout.target_vocab))
    return None


def _sinusoids(length: int, width: int) -> Any:
    """Marian's position vectors: sines in the first half, cosines in the second."""
    import numpy as np

    angle = np.arange(length)[:, None] / 10000 ** (2 * np.arange(width // 2) / width)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def _zeros(size: int) -> Any:
    import numpy as np

    return np.zeros((1, size), np.float32)


def _safetensors(path: Path) -> dict[str, Tensor]:
    """Read with numpy alone, which knows no bfloat16 (the upper half of a float32).

    Not by way of a memory map, whose pages would stay with the process for as long as it lives.
    """
    import numpy as np
    from safetensors import safe_open

    with safe_open(str(path), framework="np"):
        pass  # checks the header, every offset and the file's length
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}

    def read(kind: str, start: int, shape: tuple[int, ...]) -> Any:
        values = np.fromfile(path, kinds[kind], math.prod(shape), offset=8 + length + start)
        if kind == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32, copy=False).reshape(shape)

    tensors = {}
    for name, entry in header.items():
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if kind in kinds:  # others are no weights of a Marian model
            tensors[name] = Tensor(shape, partial(read, kind, entry["data_offsets"][0], shape))
    return tensors


def _checkpoint(path: Path) -> dict[str, Tensor]:
    """A PyTorch checkpoint through the restricted unpickler, which builds tensors and nothing else."""
    import torch

    mapped = zipfile.is_zipfile(path)  # older files cannot be mapped into memory
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError("not a dictionary of tensors")

    def read(tensor: Any) -> Any:
        return tensor.to(torch.float32, copy=True).contiguous().numpy()

    return {str(name): Tensor(tuple(value.shape), partial(read, value)) for name, value in state.items()}
