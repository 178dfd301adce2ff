"""How fast systems translate the same sentences, side by side in one run: the table in docs/evaluation.md.

    python benchmarks/translate.py [--model shipped|large|FOLDER] [--beam 1,4] [--only ours,raw,argos]
                                   [--sentences N] [--file TEXT] [--rounds N] [--threads N]

Systems: `naive` and `batched` (transformers' generate in float32, a sentence at a time and in batches of 32
of like length), `ours-torch`, `argos` (CTranslate2 as Argos Translate calls it: a sentence a call, always its
own beam of 4), `raw` (CTranslate2 by hand, the best of several settings), `ours`, `ours-scored` (with the
least certain token: `TranslationOptions(token_scores=True)`) and `ours-cold` (converting the model first).

Each runs in its own process, in turns, `--rounds` times; the best of its rounds counts. Processor seconds
are the measure: wall time suffers from whatever else the machine does. The slow systems translate every
fourth or eighth sentence only, since their speed does not grow with the number. `large` is a model of
opus-mt-ar-en's size and layout with random weights: every output of a batch is forced to the length of the
longest source in it, by the same wrapper around every system's own call. For that, sentences are cut to whole
multiples of 8 pieces, so that hardly a batch holds two lengths and all systems have as much to do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from align.translate.files import find_model, shipped_models
from align.translate.tokens import Tokenizer, model_input

ROOT = Path(__file__).parent.parent
SLOW = {"naive": 8, "batched": 4, "ours-torch": 4, "argos": 4}
SETTINGS = [(1, 1, 1024), (1, 1, 2048), (1, 1, 4096), (2, 1, 2048), (1, 2, 2048)]  # inter, intra, tokens
ORDER = ("naive", "batched", "ours-torch", "argos", "raw", "ours", "ours-scored", "ours-cold")
Result = dict[str, Any]


def articles(count: int) -> list[str]:
    """Distinct sentences of natural length: the sample articles', and the same with words exchanged."""
    names = sorted((ROOT / "data" / "sample").glob("*.ar.sentences"))
    own = [line for name in names for line in name.read_text("utf-8").splitlines() if line]
    words = [word for line in own for word in line.split()]
    choice, found = random.Random(0), dict.fromkeys(own)
    while len(found) < count:
        row = own[len(found) % len(own)].split()
        changed = [word if choice.random() < 0.75 else choice.choice(words) for word in row]
        found[" ".join(changed)] = None
    return list(found)[:count]


def cut(sentences: list[str], folder: str) -> list[str]:
    """Their longest beginnings whose pieces, with the end mark, are a whole multiple of 8 in number."""
    tokenizer, found = Tokenizer(find_model(folder)), dict.fromkeys([""])
    for sentence in sentences:
        words = sentence.split()
        while words and (len(tokenizer.pieces([model_input(" ".join(words))])[0]) + 1) % 8:
            words.pop()
        found[" ".join(words)] = None
    return list(found)[1:]


def large(folder: Path) -> Path:
    """76 million random weights in opus-mt-ar-en's layout, with the pieces of the shipped model."""
    sys.path.insert(0, str(ROOT / "tests"))
    from marian_folder import build

    pieces = shipped_models()["ar-en"]
    return build(folder, width=512, ffn=2048, layers=6, heads=8, rows=62834, pieces_from=pieces)


def measured(system: str, job: Result, scratch: Path, cache: Path) -> Result:
    """One run in a fresh process."""
    if system == "ours-cold":
        with tempfile.TemporaryDirectory(dir=scratch) as empty:
            return measured("ours", job, scratch, Path(empty))
    path = scratch / "job.json"
    path.write_text(json.dumps({**job, "system": system}), encoding="utf-8")
    command = [sys.executable, str(Path(__file__).parent / "translation_systems.py"), str(path)]
    threads = str(max(job["threads"], job.get("intra", 1)))
    own = {"ALIGN_CACHE": str(cache), "OMP_NUM_THREADS": threads, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{system} failed:\n{done.stderr}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return {**result, "rate": result["words"] / result["cpu"], "wall_rate": result["words"] / result["wall"]}


def best_setting(job: Result, scratch: Path, cache: Path) -> Result:
    """The setting of raw CTranslate2 that does most in a processor second, among some.

    With all sentences: of few, a batch holds short and long ones together.
    """
    rates = {}
    for inter, intra, tokens in SETTINGS:
        setting = {"inter": inter, "intra": intra, "tokens": tokens}
        result = measured("raw", {**job, **setting}, scratch, cache)
        rates[result["rate"]] = setting
        print(
            f"  raw, {inter} x {intra} threads, {tokens} tokens a batch: "
            f"{result['rate']:.0f} words a CPU second, {result['wall_rate']:.0f} a second",
            flush=True,
        )
    return rates[max(rates)]


def rounds(job: Result, systems: list[str], count: int, scratch: Path, cache: Path) -> dict[str, Result]:
    """The best round of each system, which take turns so that a busy minute hurts all alike."""
    best: dict[str, Result] = {}
    for _ in range(count):
        for system in systems:
            part = {**job, "sentences": job["sentences"][:: SLOW.get(system, 1)]}
            new = measured(system, part, scratch, cache)
            print(f"  {system}: {new['rate']:.1f} words a CPU second, {new['peak']:.0f} MB", flush=True)
            old = best.get(system, new)
            best[system] = {**new, **{key: max(old[key], new[key]) for key in ("rate", "wall_rate", "peak")}}
    return best


def table(best: dict[str, Result]) -> Iterator[str]:
    yield (
        "| system | words a CPU second | a second | of raw | times argos | times naive | words out/in "
        "| peak MB |\n|---|---|---|---|---|---|---|---|"
    )
    for system, result in best.items():
        ratios = (
            f"{result['rate'] / best[other]['rate']:.{digits}f}" if other in best else "-"
            for other, digits in (("raw", 2), ("argos", 1), ("naive", 1))
        )
        yield (
            f"| {system} | {result['rate']:.1f} | {result['wall_rate']:.1f} | {' | '.join(ratios)} "
            f"| {result['made'] / result['words']:.2f} | {result['peak']:.0f} |"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="shipped", help="shipped, large, or a Marian folder")
    parser.add_argument("--forced", action="store_true", help="force lengths with a model of your own too")
    parser.add_argument("--beam", default="1,4")
    parser.add_argument("--only", default=",".join(ORDER))
    parser.add_argument("--sentences", type=int, default=480)
    parser.add_argument("--file", type=Path, help="sentences to translate, one a line (default: the samples)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    lines = options.file.read_text("utf-8").splitlines() if options.file else articles(options.sentences)
    sentences = list(dict.fromkeys(line for line in lines if line.strip()))[: options.sentences]
    systems = [system for system in ORDER if system in options.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="align-") as temporary:
        scratch = Path(temporary)
        folder = {"shipped": shipped_models().get("ar-en"), "large": None}.get(options.model, options.model)
        job = {
            "folder": str(folder or large(scratch / "large")),
            "forced": options.forced or options.model == "large",
            "sentences": sentences,
            "threads": options.threads,
        }
        if job["forced"]:
            job["sentences"] = sentences = cut(sentences, job["folder"])
        cache = scratch / "cache"
        words = sum(len(line.split()) for line in sentences)
        print(
            f"{options.model}: {len(sentences)} sentences, {words} words, {options.threads} thread(s)",
            flush=True,
        )
        measured("ours", {**job, "sentences": sentences[:2], "beam": 1}, scratch, cache)  # fills the cache
        for beam in map(int, options.beam.split(",")):
            print(f"\nbeam {beam}", flush=True)
            now: Result = {**job, "beam": beam}
            if "raw" in systems:
                now.update(best_setting(now, scratch, cache))
            print("\n".join(table(rounds(now, systems, options.rounds, scratch, cache))), flush=True)


if __name__ == "__main__":
    main()
