"""How far the engines are apart: CTranslate2 in int8 and float32 against PyTorch in float32.

    python benchmarks/tolerance.py [--model ar-en] [--set devtest] [--beam 1] [--sentences 200] [--alone N]

Prints the share of identical translations, chrF between the two, and what each scores against the reference
of FLORES-101 (ALIGN_SHARED or ../shared). `--alone N` also translates N sentences one by one and counts
those whose wording is the same as in a batch.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sacrebleu

from align.translate import TranslationOptions, ctranslate, load_translator, torch_engine
from align.translate.convert import convert
from align.translate.marian import MarianTranslator

SHARED = Path(os.environ.get("ALIGN_SHARED", Path(__file__).parent.parent.parent / "shared"))


def engines(model: str, beam: int, folder: Path) -> dict[str, MarianTranslator]:
    """PyTorch in float32 first; the same settings for all."""
    import ctranslate2
    import torch

    float32: Any = torch.float32
    torch_engine._dtype = lambda device: float32  # noqa: ARG005 - whatever the processor likes best

    def load(engine: Any) -> MarianTranslator:
        return load_translator(model, options=TranslationOptions(beam=beam, threads=1, engine=engine))

    found = {"torch float32": load("torch"), "ctranslate2 int8": load("ctranslate2")}
    exact = load("ctranslate2")
    convert(exact.files, exact.tokenizer, folder, quantization="float32")
    engine = ctranslate.CTranslate2Engine(exact.files, exact.tokenizer, exact.options)
    engine._translator = ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)
    exact._engine = engine
    return {**found, "ctranslate2 float32": exact}


def chrf(output: Sequence[str], reference: Sequence[str]) -> float:
    return float(sacrebleu.corpus_chrf(list(output), [list(reference)]).score)


def texts(translator: MarianTranslator, lines: Sequence[str]) -> list[str]:
    return [hypothesis.text for hypothesis in translator.translate(lines)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="ar-en")
    parser.add_argument("--set", default="devtest", choices=("dev", "devtest"))
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--sentences", type=int)
    parser.add_argument("--alone", type=int, default=0)
    options = parser.parse_args()
    sources, references = (
        (SHARED / "testsets" / f"flores101-{options.set}.{language}")
        .read_text("utf-8")
        .splitlines()[: options.sentences]
        for language in ("ar", "en")
    )
    print(f"FLORES-101 {options.set}, {len(sources)} segments, beam {options.beam}")
    with tempfile.TemporaryDirectory() as folder:
        found = engines(options.model, options.beam, Path(folder))
    reference: list[str] = []
    for name, translator in found.items():
        output = texts(translator, sources)
        reference = reference or output
        same = sum(a == b for a, b in zip(output, reference, strict=True)) / len(output)
        print(
            f"{name:20} identical {same:6.1%}  chrF to torch {chrf(output, reference):5.1f}  "
            f"chrF to the reference {chrf(output, references):5.2f}",
            flush=True,
        )
        if options.alone:
            lines = sources[: options.alone]
            equal = sum(texts(translator, [line])[0] == output[n] for n, line in enumerate(lines))
            print(f"{'':20} the same alone as in a batch: {equal} of {len(lines)}", flush=True)


if __name__ == "__main__":
    main()
