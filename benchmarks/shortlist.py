"""Does a vocabulary shortlist pay? CTranslate2 then scores only words that go with the source's words.

    python benchmarks/shortlist.py WORK [--model ar-en] [--limit N]

WORK is the work folder of the model's training (`align train ... -o DIR` leaves it as DIR/work): its word
alignments say which target pieces each source piece has stood for. Prints processor seconds and scores on
FLORES-101 dev without a shortlist and with two sizes of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import ctranslate2
import numpy as np
from quality import test_set

from align.score import score
from align.train.data import TrainingData
from align.train.evaluate import load_vocabularies
from align.train.vocabulary import table_size
from align.translate import TranslationOptions, load_translator
from align.translate.convert import converted
from align.translate.tokens import model_input

METRICS = ("BLEU", "chrF2")
SIZES = ((30, 500), (100, 1000))  # target pieces for each source piece; the most frequent, always allowed


def write_map(
    data: TrainingData, sources: list[str], targets: list[str], size: int, common: int, path: Path
) -> None:
    """A vmap.txt: a source piece and its target pieces a line; the first line is for all sources."""
    linked = data.links >= 0
    pair = np.repeat(np.arange(len(data.src_at) - 1), np.diff(data.tgt_at))[linked]
    source = data.src[data.src_at[pair] + data.links[linked]]
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for (a, b), count in Counter(zip(source.tolist(), data.tgt[linked].tolist(), strict=True)).items():
        counts[a][b] = count
    frequent = np.argsort(-np.bincount(data.tgt, minlength=len(targets)), kind="stable")[:common]
    with path.open("w", encoding="utf-8") as file:
        file.write("\t" + " ".join(targets[n] for n in frequent) + "\n")
        for a, found in counts.items():
            file.write(sources[a] + "\t" + " ".join(targets[b] for b, _ in found.most_common(size)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", default="ar-en")
    parser.add_argument("--limit", type=int, default=300)
    given = parser.parse_args()
    lines, references = (side[: given.limit] for side in test_set("flores-dev"))
    translator = load_translator(given.model, options=TranslationOptions(threads=1))
    pieces = [
        [*found, "</s>"] for found in translator.tokenizer.pieces([model_input(line) for line in lines])
    ]
    order = sorted(range(len(lines)), key=lambda n: -len(pieces[n]))
    data = TrainingData.load(given.work / "data.npz")
    vocabularies = load_vocabularies(given.work)
    source, target = (list(one.ids(table_size(*vocabularies))) for one in vocabularies)
    print(f"{'beam':>4} {'shortlist':>10} {'CPU s':>7} {'BLEU':>6} {'chrF':>6}")
    with converted(translator.files, translator.tokenizer) as model, tempfile.TemporaryDirectory() as name:
        for size, common in ((0, 0), *SIZES):
            folder = Path(name) / str(size)
            shutil.copytree(model, folder)
            if size:
                write_map(data, source, target, size, common, folder / "vmap.txt")
            engine = ctranslate2.Translator(
                str(folder), compute_type="int8", inter_threads=1, intra_threads=1
            )
            for beam in (1, 4):
                seconds, found = timed(engine, [pieces[n] for n in order], beam, shortlist=bool(size))
                outputs = [""] * len(lines)
                for number, output in zip(order, found, strict=True):
                    outputs[number] = translator.tokenizer.text(output)
                bleu, chrf = (score({"it": outputs}, [references], resamples=100)[0][m] for m in METRICS)
                label = f"{size} + {common}" if size else "none"
                print(f"{beam:4} {label:>10} {seconds:7.1f} {bleu.score:6.2f} {chrf.score:6.2f}", flush=True)


def timed(
    engine: ctranslate2.Translator, pieces: list[list[str]], beam: int, *, shortlist: bool
) -> tuple[float, list[list[str]]]:
    """The better processor seconds of two rounds, and the output as pieces."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        results = engine.translate_batch(
            pieces,
            beam_size=beam,
            no_repeat_ngram_size=3,
            max_batch_size=2048,
            batch_type="tokens",
            max_decoding_length=200,
            use_vmap=shortlist,
            disable_unk=True,
        )
        best = min(best, time.process_time() - start)
    return best, [result.hypotheses[0] for result in results]


if __name__ == "__main__":
    main()
