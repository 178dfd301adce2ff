"""Finding a Marian model: shipped with the package, in a folder, or on the Hugging Face hub.

Models are untrusted input: weights are read from safetensors, or from pytorch_model.bin by the
restricted unpickler that loads tensors and runs no code; no code of a repository is ever run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from align.errors import ModelError
from align.translate.layout import Layout, read_layout

__all__ = ["DEFAULT_MODEL", "ModelFiles", "find_model", "read_json", "shipped_models"]

DEFAULT_MODEL = "ar-en"
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_SMALL = ["*.json", "source.spm", "target.spm"]
_POINTER = b"version https://git-lfs"  # how a file begins that Git LFS has not fetched
_AGAIN = "download the model again, whole"


@dataclass(frozen=True, slots=True)
class Generation:
    """How a model's makers would have it decoded: generation_config.json, or what is usual."""

    beam: int = 4
    length_penalty: float = 1.0
    no_repeat_ngram: int = 0


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A complete Marian directory. `name` is what the user asked for, `revision` a commit or ''."""

    name: str
    folder: Path
    revision: str
    layout: Layout

    @property
    def weights(self) -> Path:
        safe = self.folder / "model.safetensors"
        return safe if safe.is_file() else self.folder / "pytorch_model.bin"

    @property
    def target_vocab(self) -> Path:
        separate = self.folder / "target_vocab.json"
        return separate if separate.is_file() else self.folder / "vocab.json"

    def generation(self) -> Generation:
        """The decoding settings of generation_config.json. Raises `ModelError` if they make no sense."""
        path = self.folder / "generation_config.json"
        settings = read_json(path) if path.is_file() else {}
        try:
            own = Generation(
                int(settings.get("num_beams") or 4),
                float(settings.get("length_penalty", 1.0)),
                int(settings.get("no_repeat_ngram_size") or 0),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelError(f"{path}: {error}", advice=_AGAIN) from None
        if not (1 <= own.beam <= 100 and 0 <= own.length_penalty <= 100 and own.no_repeat_ngram >= 0):
            raise ModelError(f"{path} holds settings that make no sense", advice=_AGAIN)
        return own

    def checksum(self) -> str:
        """SHA-256 over what decides the output: the same model has the same sum anywhere."""
        names = ("config.json", "source.spm", "target.spm", "vocab.json")
        paths = [*(self.folder / name for name in names), self.target_vocab, self.weights]
        try:
            return _digest(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in paths))
        except OSError as error:
            raise ModelError(f"{error.filename} cannot be read: {error.strerror}", advice=_AGAIN) from None


@lru_cache(maxsize=16)
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Sizes and times are there for the cache only: an edited file is read again."""
    digest = hashlib.sha256()
    for path, size, _ in files:
        digest.update(f"{path.name} {size}\n".encode())  # where a file ends counts, too
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def shipped_models() -> dict[str, Path]:
    """Name -> folder of the models that come with the package (or lie in the repository)."""
    package = Path(__file__).parent.parent
    for root in (package / "models", package.parent / "models"):
        found = {path.parent.name: path.parent for path in sorted(root.glob("*/config.json"))}
        if found:
            return found
    return {}


def find_model(name: str = DEFAULT_MODEL, revision: str | None = None) -> ModelFiles:
    """Find a model by shipped name, folder or hub id, and make sure that it is complete.

    Raises `ModelError` with what is missing and how to get it.
    """
    shipped = shipped_models()
    if name in shipped:
        return _checked(name, shipped[name], "")
    folder = os.path.expanduser(name)  # noqa: PTH111 - Path.expanduser and is_dir raise for odd names
    if os.path.isdir(folder):  # noqa: PTH112
        return _checked(name, Path(folder), "")
    if _HUB_ID.fullmatch(name):
        return _from_hub(name, revision)
    known = ", ".join(shipped) or "none in this installation"
    raise ModelError(
        f"no model '{name}'",
        advice=f"shipped: {known}; or give a Marian folder or a hub id like Helsinki-NLP/opus-mt-ar-en",
    )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a model. Raises `ModelError`."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path.parent} holds no {path.name}", advice="a Marian model folder is expected"
        ) from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", advice="check the permissions") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}", advice=_AGAIN) from None
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds no JSON object", advice=_AGAIN)
    return value


def _checked(name: str, folder: Path, revision: str) -> ModelFiles:
    _refuse_pointers(folder / "config.json")
    config = read_json(folder / "config.json")
    if config.get("model_type") != "marian":
        kind = repr(config.get("model_type"))[:40]
        raise ModelError(
            f"{folder} is not a Marian model (model_type: {kind})", advice="choose a MarianMT model"
        )
    files = ModelFiles(name, folder, revision, read_layout(config, folder))
    needed = [folder / "source.spm", folder / "target.spm", folder / "vocab.json", files.weights]
    settings = folder / "tokenizer_config.json"
    if settings.is_file() and read_json(settings).get("separate_vocabs"):
        needed.append(folder / "target_vocab.json")
    missing = [path.name for path in needed if not path.is_file()]
    if missing:
        raise ModelError(f"{folder} lacks {', '.join(missing)}", advice=_AGAIN)
    for path in needed:
        _refuse_pointers(path)
    return files


def _refuse_pointers(path: Path) -> None:
    if not path.is_file():
        return
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_POINTER))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", advice="check the permissions") from None
    if not start:
        raise ModelError(f"{path} is empty", advice=_AGAIN)
    if start == _POINTER:
        raise ModelError(f"{path} is a Git LFS pointer, not the file", advice="run `git lfs pull` there")


def _from_hub(name: str, revision: str | None) -> ModelFiles:
    """What was downloaded before is used without a look at the network, if it is complete."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return _downloaded(name, revision, offline=True)
    except (LocalEntryNotFoundError, OSError, ValueError, ModelError):
        pass
    try:
        return _downloaded(name, revision, offline=False)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"{name} is not on this machine and cannot be fetched ({reason})",
            advice="connect to the network once, or copy the model folder here and give its path; "
            "without --model the shipped model is used",
        ) from None


def _downloaded(name: str, revision: str | None, *, offline: bool) -> ModelFiles:
    """The model's snapshot; the pickled weights are fetched only where there are no safe ones."""
    from huggingface_hub import snapshot_download

    folder = Path()
    for weights in ("model.safetensors", "pytorch_model.bin"):
        patterns = [*_SMALL, weights]
        folder = Path(
            snapshot_download(name, revision=revision, allow_patterns=patterns, local_files_only=offline)
        )
        if (folder / weights).is_file():
            break
    # The hub keeps each commit in a folder of its own: snapshots/<commit>.
    return _checked(name, folder, folder.name)
