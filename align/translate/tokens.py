"""Text to Marian's pieces and back, and the cutting of what is too long."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from align.errors import ModelError
from align.translate.files import ModelFiles

__all__ = ["Tokenizer", "has_words", "split_long"]

_WORD = re.compile(r"[^\W_]")
# Where a sentence that is too long may be cut, best places first.
_CUTS = (
    re.compile(r"(?<=[.!?\N{ARABIC QUESTION MARK}\N{HORIZONTAL ELLIPSIS}])\s+"),
    re.compile(r"(?<=[;:\N{ARABIC SEMICOLON}])\s+"),
    re.compile(r"(?<=[,\N{ARABIC COMMA}])\s+|\s+(?=[-\N{EN DASH}\N{EM DASH}]\s)"),
    re.compile(r"\s+"),
)
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"


def has_words(text: str) -> bool:
    """Whether there is anything to translate: a letter or a digit."""
    return _WORD.search(text) is not None


class Tokenizer:
    """The SentencePiece models and vocabularies of a model folder.

    The same pieces as `transformers.MarianTokenizer` gives (a test compares them), without its
    import of 7 seconds.
    """

    def __init__(self, files: ModelFiles) -> None:
        import sentencepiece

        try:
            self._source = sentencepiece.SentencePieceProcessor(str(files.folder / "source.spm"))
            self._target = sentencepiece.SentencePieceProcessor(str(files.folder / "target.spm"))
            self.vocab = _vocabulary(files.folder / "vocab.json")
            self.target_vocab = _vocabulary(files.target_vocab)
        except (RuntimeError, OSError, ValueError) as error:
            raise ModelError(
                f"{files.folder}: broken vocabulary ({error})", advice="download the model again"
            ) from None

    def pieces(self, text: str) -> list[str]:
        """Source pieces; what the vocabulary does not know becomes `<unk>`."""
        return [
            piece if piece in self.vocab else "<unk>" for piece in self._source.Encode(text, out_type=str)
        ]

    def target_pieces(self, text: str) -> list[str]:
        return [
            piece if piece in self.target_vocab else "<unk>"
            for piece in self._target.Encode(text, out_type=str)
        ]

    def text(self, pieces: Sequence[str]) -> str:
        """Target pieces -> text."""
        return "".join(pieces).replace(_SPACE, " ").strip()


def _vocabulary(path: Path) -> dict[str, int]:
    table: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(table, dict) or "</s>" not in table or "<unk>" not in table:
        raise ValueError(f"{path.name} is not a Marian vocabulary")
    return table


def split_long(text: str, tokenizer: Tokenizer, limit: int) -> list[str]:
    """Parts of `text` of at most `limit` pieces, cut at the best marks that suffice.

    Sentence ends are preferred to semicolons, those to commas, those to spaces; a single word
    longer than the limit is cut between characters. Nothing is lost but the white space at the cuts.
    """
    return _split(text, tokenizer, limit, 0)


def _split(text: str, tokenizer: Tokenizer, limit: int, level: int) -> list[str]:
    if len(tokenizer.pieces(text)) <= limit:
        return [text]
    if level == len(_CUTS):
        middle = len(text) // 2
        return (
            [text]
            if middle == 0
            else [
                part
                for half in (text[:middle], text[middle:])
                for part in _split(half, tokenizer, limit, level)
            ]
        )
    parts = [part for part in _CUTS[level].split(text) if part]
    if len(parts) == 1:
        return _split(text, tokenizer, limit, level + 1)
    return [
        piece
        for part in _packed(parts, tokenizer, limit)
        for piece in _split(part, tokenizer, limit, level + 1)
    ]


def _packed(parts: Sequence[str], tokenizer: Tokenizer, limit: int) -> list[str]:
    """Neighbours joined again as long as they fit: the fewer the cuts, the better the translation."""
    packed: list[str] = []
    room = 0
    for part in parts:
        size = len(tokenizer.pieces(part))
        if packed and size <= room:
            packed[-1] += " " + part
            room -= size
        else:
            packed.append(part)
            room = limit - size
    return packed
