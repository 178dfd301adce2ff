"""Text to Marian's pieces and back, and the cutting of what is too long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from align.arabic import (
    COMMA,
    QUESTION_MARK,
    SEMICOLON,
    arabic_share,
    clean_text,
    for_model,
    map_digits,
    strip_bidi,
)
from align.errors import ModelError
from align.translate.files import ModelFiles, read_json

__all__ = ["Tokenizer", "copied", "model_input", "needs_model", "split_long"]

# Moses' normalize-punctuation.perl, which OPUS-MT ran over its training text and MarianTokenizer
# does not run. A model that folds more by itself (ours) sees no difference.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
        **dict.fromkeys("\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}", '"'),
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
        **dict.fromkeys("\N{SINGLE LOW-9 QUOTATION MARK}\N{GRAVE ACCENT}\N{ACUTE ACCENT}", "'"),
        "\N{EN DASH}": "-",
        "\N{EM DASH}": " - ",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)
_ENGLISH_MARKS = str.maketrans({COMMA: ",", SEMICOLON: ";", QUESTION_MARK: "?"})
# Where a sentence that is too long may be cut, best places first.
_CUTS = (
    re.compile(rf"(?<=[.!?{QUESTION_MARK}\N{{HORIZONTAL ELLIPSIS}}])\s+"),
    re.compile(rf"(?<=[;:{SEMICOLON}])\s+"),
    re.compile(rf"(?<=[,{COMMA}])\s+|\s+(?=[-\N{{EN DASH}}\N{{EM DASH}}]\s)"),
    re.compile(r"\s+"),
)
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_ENGLISH = ">>eng<<"  # models with several target languages want the language first


def needs_model(text: str) -> bool:
    """Whether there is Arabic to translate. Figures, symbols, Latin names and addresses stay as they are."""
    return arabic_share(text) > 0


def model_input(text: str) -> str:
    """What the model sees of a segment: one line, folded, with the punctuation of its training."""
    return " ".join(for_model(clean_text(text)).translate(_PLAIN).split())


def copied(text: str) -> str:
    """The translation of what needs none: the same, in one line, with English digits and marks."""
    return " ".join(map_digits(strip_bidi(clean_text(text))).translate(_ENGLISH_MARKS).split())


class Tokenizer:
    """The SentencePiece models and vocabularies of a model folder.

    The same pieces as `transformers.MarianTokenizer` gives (a test compares them), without its
    import of many seconds. Raises `ModelError` where the files are broken.
    """

    def __init__(self, files: ModelFiles) -> None:
        import sentencepiece

        layout = files.layout
        self.vocab = _vocabulary(files, "vocab.json", layout.vocab)
        self.target_vocab = _vocabulary(files, files.target_vocab.name, layout.target_vocab)
        self._prefix = [_ENGLISH] if _ENGLISH in self.vocab else []
        try:
            self._source = sentencepiece.SentencePieceProcessor(str(files.folder / "source.spm"))
            self._target = sentencepiece.SentencePieceProcessor(str(files.folder / "target.spm"))
        except (RuntimeError, OSError) as error:
            raise ModelError(
                f"{files.folder}: source.spm or target.spm is broken ({error})",
                advice="download the model again",
            ) from None

    def pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """Source pieces of each text; what the vocabulary does not know becomes `<unk>`."""
        encoded = self._source.Encode(list(texts), out_type=str)
        return [
            self._prefix + [piece if piece in self.vocab else "<unk>" for piece in row] for row in encoded
        ]

    def target_pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """Target pieces of each text, for forced decoding."""
        encoded = self._target.Encode(list(texts), out_type=str)
        return [_known(row, self.target_vocab) for row in encoded]

    def text(self, pieces: Sequence[str]) -> str:
        """Target pieces -> text."""
        return str(self._target.DecodePieces(list(pieces))).replace(_SPACE, " ").strip()


def _known(pieces: Sequence[str], vocab: Mapping[str, int]) -> list[str]:
    return [piece if piece in vocab else "<unk>" for piece in pieces]


def _vocabulary(files: ModelFiles, name: str, rows: int) -> dict[str, int]:
    """Piece -> id; the ids are 0 to `rows` - 1, each once, as the embedding table's rows."""
    path = files.folder / name
    table = read_json(path)
    ids = table.values()
    whole = all(type(number) is int for number in ids) and sorted(ids) == list(range(rows))
    if not whole or table.get("</s>") != files.layout.eos or "<unk>" not in table:
        raise ModelError(
            f"{path} is not the vocabulary that config.json describes ({rows} pieces, </s>, <unk>)",
            advice="download the model again",
        )
    return table


def split_long(text: str, tokenizer: Tokenizer, limit: int) -> list[str]:
    """Parts of `text` of at most `limit` pieces, of like length, cut at the best marks that suffice.

    Sentence ends are preferred to semicolons, those to commas, those to spaces; a single word
    longer than the limit is cut between characters. Nothing is lost but the white space at the cuts.
    """
    return _split(text, tokenizer, limit, 0)


def _split(text: str, tokenizer: Tokenizer, limit: int, level: int) -> list[str]:
    if _size(text, tokenizer) <= limit or len(text) == 1:
        return [text]
    if level == len(_CUTS):
        middle = len(text) // 2
        halves = (text[:middle], text[middle:])
        return [part for half in halves for part in _split(half, tokenizer, limit, level)]
    parts = [part for part in _CUTS[level].split(text) if part]
    joined = _packed(parts, tokenizer, limit) if len(parts) > 1 else parts
    return [piece for part in joined for piece in _split(part, tokenizer, limit, level + 1)]


def _packed(parts: Sequence[str], tokenizer: Tokenizer, limit: int) -> list[str]:
    """Neighbours joined again while they fit: the fewer and the more equal, the better translated."""
    sizes = [len(pieces) for pieces in tokenizer.pieces(parts)]
    total = sum(sizes)
    goal = total / -(-total // limit)
    packed: list[list[str]] = []
    filled = 0
    for part, size in zip(parts, sizes, strict=True):
        if packed and filled < goal and filled + size <= limit:
            packed[-1].append(part)
            filled += size
        else:
            packed.append([part])
            filled = size
    return [" ".join(group) for group in packed]


def _size(text: str, tokenizer: Tokenizer) -> int:
    return len(tokenizer.pieces([text])[0])
