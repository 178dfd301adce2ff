"""Finding a Marian model: shipped with the package, in a folder, or on the Hugging Face hub.

Models are untrusted input: weights are read from safetensors, or from pytorch_model.bin by the
restricted unpickler that loads tensors and runs no code; no code of a repository is ever run.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from align.errors import ModelError

__all__ = ["DEFAULT_MODEL", "ModelFiles", "find_model", "shipped_models"]

DEFAULT_MODEL = "ar-en"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_WANTED = ["*.json", "source.spm", "target.spm", "model.safetensors", "pytorch_model.bin"]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A complete Marian directory. `name` is what the user asked for, `revision` a commit or ''."""

    name: str
    folder: Path
    revision: str
    config: dict[str, Any]

    @property
    def weights(self) -> Path:
        safe = self.folder / "model.safetensors"
        return safe if safe.is_file() else self.folder / "pytorch_model.bin"

    @property
    def target_vocab(self) -> Path:
        separate = self.folder / "target_vocab.json"
        return separate if separate.is_file() else self.folder / "vocab.json"

    def checksum(self) -> str:
        """SHA-256 over the weights and the vocabulary: the same model has the same sum anywhere."""
        digest = hashlib.sha256()
        for path in (
            self.weights,
            self.folder / "source.spm",
            self.folder / "target.spm",
            self.folder / "vocab.json",
        ):
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
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(name, folder, "")
    if _HUB_ID.fullmatch(name) and not name.startswith("."):
        folder = _from_hub(name, revision)
        # The hub keeps each commit in a folder of its own: snapshots/<commit>.
        return _checked(name, folder, folder.name)
    known = ", ".join(shipped) or "none in this installation"
    raise ModelError(
        f"no model '{name}'",
        advice=f"shipped: {known}; or give a Marian folder or a hub id like Helsinki-NLP/opus-mt-ar-en",
    )


def _checked(name: str, folder: Path, revision: str) -> ModelFiles:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder} holds no config.json", advice="a Marian model folder is expected"
        ) from None
    except (ValueError, OSError) as error:
        raise ModelError(
            f"{folder}/config.json cannot be read: {error}", advice="download the model again"
        ) from None
    if not isinstance(config, dict) or config.get("model_type") != "marian":
        kind = config.get("model_type") if isinstance(config, dict) else None
        raise ModelError(
            f"{folder} is not a Marian model (model_type: {kind})", advice="choose a MarianMT model"
        )
    files = ModelFiles(name, folder, revision, config)
    needed = [folder / "source.spm", folder / "target.spm", folder / "vocab.json", files.weights]
    missing = [path.name for path in needed if not path.is_file()]
    if missing:
        raise ModelError(f"{folder} lacks {', '.join(missing)}", advice="download the model again, whole")
    if any(path.stat().st_size == 0 for path in needed) or files.weights.read_bytes()[:7] == b"version":
        raise ModelError(f"{folder} holds empty files or Git LFS pointers", advice="run `git lfs pull` there")
    return files


def _from_hub(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        # What was downloaded before is used without a look at the network.
        return Path(snapshot_download(name, revision=revision, allow_patterns=_WANTED, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        pass
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=_WANTED))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"{name} is not on this machine and cannot be fetched ({reason})",
            advice="connect to the network once, or copy the model folder here and give its path; "
            "without --model the shipped model is used",
        ) from None
