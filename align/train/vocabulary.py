"""SentencePiece vocabularies: learned from text, or cut out of a pretrained model's pieces.

Token ids follow Marian's layout on both sides, which transformers and CTranslate2 rely on: 0 `</s>`,
1 `<unk>`, then the pieces, and `<pad>` last. The two tables have the same size, so that one padding
id serves both.
"""

from __future__ import annotations

import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from align.atomic import atomic_write
from align.errors import ModelError
from align.translate.files import read_json

__all__ = ["EOS", "FIRST", "UNK", "Vocabulary", "cut_pieces", "learn_pieces", "table_size"]

EOS, UNK, FIRST = range(3)
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # SentencePiece's mark for a space


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A serialised SentencePiece model and its pieces in the order of their ids.

    `origins` maps a piece to its pretrained pieces' (row, weight). `prefix` is a piece that models
    of several target languages want at the start, or ''.
    """

    model: bytes
    pieces: tuple[str, ...]
    origins: Mapping[str, tuple[tuple[int, float], ...]] | None = None
    prefix: str = ""

    def ids(self, size: int) -> dict[str, int]:
        """Piece -> id of a table of `size` rows, the content of vocab.json."""
        blank = (f"<unused{n}>" for n in range(size - 3 - len(self.pieces)))
        return {piece: n for n, piece in enumerate(("</s>", "<unk>", *self.pieces, *blank, "<pad>"))}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, `</s>` at the end."""
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor(model_proto=self.model)
        ids = {piece: n for n, piece in enumerate(self.pieces, FIRST)}
        to_id = [ids.get(processor.IdToPiece(n), UNK) for n in range(processor.GetPieceSize())]
        start = [ids[self.prefix]] if self.prefix else []
        return [[*start, *(to_id[n] for n in line), EOS] for line in processor.Encode(list(texts))]

    def save(self, model: Path, table: Path, size: int) -> None:
        """Write the SentencePiece model and the table (vocab.json) of `size` rows."""
        with atomic_write(model, "wb") as stream:
            stream.write(self.model)
        with atomic_write(table) as text:
            json.dump(self.ids(size), text, ensure_ascii=False, indent=1)
            text.write("\n")

    @staticmethod
    def load(model: Path, table: Path, prefix: str = "") -> Vocabulary:
        """Read what `save` wrote, or the files of any Marian directory.

        Raises `ModelError` where the ids are not in Marian's order.
        """
        tokens = read_json(table)
        order = sorted(tokens, key=tokens.__getitem__)
        if order[:2] != ["</s>", "<unk>"] or order[-1] != "<pad>" or tokens["<pad>"] != len(order) - 1:
            raise ModelError(
                f"{table}: </s> and <unk> must come first and <pad> last", advice="choose a Marian model"
            )
        return Vocabulary(
            model.read_bytes(), tuple(order[FIRST:-1]), prefix=prefix if prefix in tokens else ""
        )


def table_size(src: Vocabulary, tgt: Vocabulary) -> int:
    """Rows of the embedding tables: the larger vocabulary, `</s>`, `<unk>` and `<pad>`."""
    return max(len(src.pieces), len(tgt.pieces)) + 3


def learn_pieces(texts: Iterable[str], size: int, rules: Mapping[str, str]) -> Vocabulary:
    """Train a unigram model (Kudo 2018) of about `size` pieces whose normaliser applies `rules`."""
    import sentencepiece

    from align.train.normaliser import model_proto, normaliser_spec

    folded = ("".join(rules.get(c, c) for c in text) for text in texts)
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=folded,
        model_writer=out,
        vocab_size=size,
        model_type="unigram",
        character_coverage=0.9998,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        num_threads=1,
        minloglevel=2,
    )
    proto = model_proto(out.getvalue())
    proto.normalizer_spec.ParseFromString(normaliser_spec(dict(rules)))
    pieces = tuple(p.piece for p in proto.pieces if p.type == p.NORMAL)
    return Vocabulary(proto.SerializeToString(), pieces)


def cut_pieces(
    pretrained: Sequence[tuple[str, float]], texts: Sequence[str], size: int, rules: Mapping[str, str]
) -> Vocabulary:
    """The `size` pieces of a pretrained vocabulary that `texts` use most, and all their characters.

    Pieces that fold to the same string under `rules` become one: its probability is their sum, and
    `origins` says in which proportion its embedding is to be mixed from theirs.
    """
    import sentencepiece

    members: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row, (piece, score) in enumerate(pretrained):
        folded = "".join(rules.get(c, c) for c in piece)
        if folded and score < 0:  # special pieces have score 0
            members[folded].append((row, math.exp(score)))
    scores = {piece: math.log(sum(p for _, p in rows)) for piece, rows in members.items()}
    everything = sentencepiece.SentencePieceProcessor(model_proto=_assemble(scores, rules))
    counts: Counter[int] = Counter()
    for start in range(0, len(texts), 10_000):
        for line in everything.Encode(list(texts[start : start + 10_000])):
            counts.update(line)
    used = [everything.IdToPiece(n) for n, _ in counts.most_common() if n > 2]
    characters = {c for piece in used for c in piece if c in scores} | {_SPACE}
    kept = set(characters)
    for piece in used:
        if len(kept) >= size:
            break
        kept.add(piece)
    chosen = {piece: scores[piece] for piece in scores if piece in kept}
    origins = {piece: _shares(members[piece]) for piece in chosen}
    return Vocabulary(_assemble(chosen, rules), tuple(chosen), origins)


def _shares(rows: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    total = sum(weight for _, weight in rows)
    return tuple((row, weight / total) for row, weight in rows)


def _assemble(scores: Mapping[str, float], rules: Mapping[str, str]) -> bytes:
    """A unigram SentencePiece model with exactly those pieces."""
    from align.train.normaliser import model_proto, normaliser_spec

    proto = model_proto()
    for piece, kind in (("<unk>", 2), ("<s>", 3), ("</s>", 3)):
        proto.pieces.add(piece=piece, score=0.0, type=kind)
    for piece, score in scores.items():
        proto.pieces.add(piece=piece, score=score, type=1)
    proto.trainer_spec.model_type = 1  # unigram
    proto.trainer_spec.vocab_size = len(proto.pieces)
    proto.normalizer_spec.ParseFromString(normaliser_spec(dict(rules)))
    proto.normalizer_spec.add_dummy_prefix = True
    proto.normalizer_spec.remove_extra_whitespaces = True
    proto.normalizer_spec.escape_whitespaces = True
    return bytes(proto.SerializeToString())
