"""Reading a model's weights as hostile input: tensors only, never code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from align.errors import ModelError

__all__ = ["load_weights"]


def load_weights(path: Path) -> dict[str, Any]:
    """Tensor name -> fp32 numpy array, of a safetensors file or a PyTorch checkpoint.

    The checkpoint goes through PyTorch's restricted unpickler, which builds tensors and refuses
    everything else. Raises `ModelError`.
    """
    try:
        if path.suffix == ".safetensors":
            return _safetensors(path)
        return _checkpoint(path)
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a broken or hostile file makes the parsers raise
        raise ModelError(
            f"{path}: weights cannot be read ({error})", advice="download the model again"
        ) from None


def _safetensors(path: Path) -> dict[str, Any]:
    import numpy as np
    from safetensors import safe_open

    with safe_open(str(path), framework="np") as file:
        names = list(file.keys())
        if not any(file.get_slice(name).get_dtype() == "BF16" for name in names):
            return {name: file.get_tensor(name).astype(np.float32) for name in names}
    # numpy knows no bfloat16, but it is the upper half of a float32. The file was checked above.
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
    out = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[start:end], dtype=kinds[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        out[name] = values.astype(np.float32).reshape(entry["shape"])
    return out


def _checkpoint(path: Path) -> dict[str, Any]:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.float().numpy() for name, tensor in state.items()}
