"""How good the shipped model's English is, beside other systems: the table in docs/evaluation.md.

    python benchmarks/quality.py [--model ar-en] [--beam N] [--limit N] [--sets flores,ntrex,...]

Needs the test sets (ALIGN_SHARED or ../shared). On FLORES-101 devtest the published output of
other systems is scored by the same sacrebleu in the same run. Repetition loops are counted on
every set.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from align.score import score
from align.translate import TranslationOptions, load_translator

SHARED = Path(os.environ.get("ALIGN_SHARED", Path(__file__).parent.parent.parent / "shared"))
SYSTEMS = ("argos", "opusmt", "nllb", "bergamot-base-memory", "bergamot-base", "microsoft", "google")
TABLES = {"ntrex": "ntrex128.tsv", "tico": "tico19.tsv", "tatoeba": "tatoeba-2021.tsv"}
# The same one to four words three times in a row.
LOOP = re.compile(r"\b(\w+(?:\W+\w+){0,3})(?:\W+\1\b){2,}", re.IGNORECASE)


def test_set(name: str) -> tuple[list[str], list[str]]:
    """Sources and references."""
    folder = SHARED / "testsets"
    if name in ("flores", "flores-dev"):
        stem = "flores101-devtest" if name == "flores" else "flores101-dev"
        sides = [
            (folder / f"{stem}.{lang}").read_text(encoding="utf-8").splitlines() for lang in ("ar", "en")
        ]
        return sides[0], sides[1]
    rows = [line.split("\t") for line in (folder / TABLES[name]).read_text(encoding="utf-8").splitlines()]
    return [row[0] for row in rows], [row[1] for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="ar-en")
    parser.add_argument("--beam", type=int, help="default: the model's own")
    parser.add_argument("--limit", type=int, help="only the first N segments of each set")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--sets", default="flores,ntrex,tico,tatoeba")
    arguments = parser.parse_args()
    translator = load_translator(arguments.model, options=TranslationOptions(beam=arguments.beam or 0))
    print("signature:", dict(translator.signature))
    print(
        f"{'set':12} {'system':22} {'segments':>8} {'BLEU':>6} {'± 95%':>6} {'chrF':>6} {'± 95%':>6} "
        f"{'loops':>6}  words/s"
    )
    for name in arguments.sets.split(","):
        sources, references = (side[: arguments.limit] for side in test_set(name))
        started = time.monotonic()
        outputs = {arguments.model: [hypothesis.text for hypothesis in translator.translate(sources)]}
        rate = sum(len(line.split()) for line in sources) / (time.monotonic() - started)
        if name == "flores":
            for system in SYSTEMS:
                path = SHARED / "testsets" / f"flores101-devtest.{system}.en"
                outputs[system] = path.read_text(encoding="utf-8").splitlines()[: arguments.limit]
        for system in score(outputs, [references], resamples=arguments.resamples):
            bleu, chrf = system["BLEU"], system["chrF2"]
            loops = sum(bool(LOOP.search(line)) for line in outputs[system.name])
            speed = f"{rate:8.0f}" if system.name == arguments.model else ""
            print(
                f"{name:12} {system.name:22} {len(references):8} {bleu.score:6.1f} {_half(bleu.ci):6.1f}"
                f" {chrf.score:6.1f} {_half(chrf.ci):6.1f} {loops:6} {speed}"
            )
            sys.stdout.flush()
    print("BLEU:", bleu.signature)
    print("chrF:", chrf.signature)


def _half(interval: tuple[float, float]) -> float:
    return (interval[1] - interval[0]) / 2


if __name__ == "__main__":
    main()
