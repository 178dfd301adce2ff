"""A toy language: Arabic letters on one side, English words on the other, word for word.

Small enough for a model of width 32 to learn, and not a sentence that anybody wrote.
"""

from __future__ import annotations

import random
from pathlib import Path

_ENGLISH = ("minister", "border", "council", "talks", "oil", "city", "report", "army", "water", "school")
_ENGLISH += ("market", "river", "court", "trade", "night")
_LETTERS = [chr(point) for point in (*range(0x628, 0x63B), *range(0x641, 0x649))]


def _word(number: int) -> str:
    return "".join(random.Random(number).choices(_LETTERS, k=4))


LEXICON = {_word(number): english for number, english in enumerate(_ENGLISH)}


def pairs(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Different pairs of 4 to 8 words."""
    rng = random.Random(seed)
    made: dict[str, str] = {}
    while len(made) < count:
        words = rng.choices(list(LEXICON), k=rng.randint(4, 8))
        made[" ".join(words)] = " ".join(LEXICON[word] for word in words)
    return list(made.items())


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in rows), encoding="utf-8")
    return path


def recipe(path: Path, file: str = "toy.tsv", **training: object) -> Path:
    """A recipe for a model of width 32; `training` adds to its [training] table."""
    options = {
        "steps": 30, "batch_tokens": 400, "learning_rate": 4e-3, "encoder_rate": 1.0,
        "warmup_steps": 10, "label_smoothing": 0.0, "checkpoint_steps": 10, "log_steps": 10, **training,
    }  # fmt: skip
    lines = "".join(f"{key} = {str(value).lower()}\n" for key, value in options.items())
    path.write_text(
        'name = "toy"\n[model]\nwidth = 32\nffn = 64\nheads = 4\nencoder_layers = 1\ndecoder_layers = 1\n'
        f'src_vocab = 60\ntgt_vocab = 60\n[[sources]]\nfile = "{file}"\nlicence = "CC0"\n[training]\n{lines}',
        encoding="utf-8",
    )
    return path
