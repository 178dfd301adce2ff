"""The systems that benchmarks/translate.py compares: each takes sentences and gives English, text to text.

Every one runs in a process of its own, `python benchmarks/translation_systems.py JOB.json`, and prints one
line of JSON: CPU and wall seconds (without loading and warming up), words read and made, peak memory in
MB. Heavy packages are imported by the system that needs them, so that memory is each one's own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from align.translate import TranslationOptions, load_translator
from align.translate.convert import converted
from align.translate.files import Generation, find_model
from align.translate.tokens import Tokenizer, model_input

Job = dict[str, Any]
Translate = Callable[[Sequence[str]], list[str]]
LIMIT = 256  # output pieces at most, where lengths are not forced


def forced(sources: Sequence[Sequence[Any]]) -> int:
    """Output pieces of each sentence of a batch, for models that have not learned where to stop."""
    return max(map(len, sources))


# transformers


def transformers(job: Job, size: int) -> Translate:
    """`generate` in float32 as people call it, over batches of `size` sentences of like length."""
    import torch
    from transformers import GenerationConfig, MarianMTModel
    from transformers import MarianTokenizer as Theirs

    torch.set_num_threads(job["threads"])
    theirs = Theirs.from_pretrained(job["folder"])
    model = MarianMTModel.from_pretrained(job["folder"], dtype=torch.float32).eval()
    pad = model.config.pad_token_id
    settings = Generation() if job["forced"] else find_model(job["folder"]).generation()

    def by_length(texts: Sequence[str]) -> Sequence[int]:
        lengths = [len(theirs(text).input_ids) for text in texts]
        return sorted(range(len(texts)), key=lambda n: -lengths[n])

    def translate(texts: Sequence[str]) -> list[str]:
        out = [""] * len(texts)
        order = range(len(texts)) if size == 1 else by_length(texts)
        for numbers in (order[k : k + size] for k in range(0, len(texts), size)):
            inputs = theirs([texts[n] for n in numbers], return_tensors="pt", padding=True)
            length = inputs.input_ids.shape[1] if job["forced"] else 0
            config = GenerationConfig(
                num_beams=job["beam"],
                max_new_tokens=length or LIMIT,
                min_new_tokens=length or None,
                no_repeat_ngram_size=settings.no_repeat_ngram or None,
                bad_words_ids=[[pad]],
                pad_token_id=pad,
                eos_token_id=model.config.eos_token_id,
                decoder_start_token_id=pad,
            )
            with torch.inference_mode():
                ids = model.generate(**inputs, generation_config=config)
            for n, text in zip(numbers, theirs.batch_decode(ids, skip_special_tokens=True), strict=True):
                out[n] = text
        return out

    return translate


def naive(job: Job) -> Translate:
    """A sentence at a time."""
    return transformers(job, 1)


def batched(job: Job) -> Translate:
    """Batches of 32 of like length."""
    return transformers(job, 32)


# CTranslate2, driven by hand


def raw(job: Job) -> Translate:
    """Token batches sorted by length, by CTranslate2 itself or, where lengths are forced, here."""
    tokenizer = Tokenizer(find_model(job["folder"]))
    model = loaded(job, tokenizer, inter_threads=job["inter"], intra_threads=job["intra"])
    settings = {
        "beam_size": job["beam"],
        "no_repeat_ngram_size": find_model(job["folder"]).generation().no_repeat_ngram,
    }

    def translate(texts: Sequence[str]) -> list[str]:
        rows = [[*row, "</s>"] for row in tokenizer.pieces([model_input(text) for text in texts])]
        if not job["forced"]:
            results = model.translate_batch(
                rows,
                max_batch_size=job["tokens"],
                batch_type="tokens",
                max_decoding_length=LIMIT,
                **settings,
            )
            return [tokenizer.text(result.hypotheses[0]) for result in results]
        order = sorted(range(len(rows)), key=lambda n: -len(rows[n]))
        futures: list[Any] = []
        for numbers in packed(order, rows, job["tokens"]):
            futures += model.translate_batch([rows[n] for n in numbers], asynchronous=True, **settings)
        out = [""] * len(texts)
        for n, future in zip(order, futures, strict=True):
            out[n] = tokenizer.text(future.result().hypotheses[0])
        return out

    return translate


def packed(order: Sequence[int], rows: Sequence[Sequence[str]], tokens: int) -> Iterator[list[int]]:
    pack: list[int] = []
    for n in order:
        if pack and len(rows[pack[0]]) * (len(pack) + 1) > tokens:
            yield pack
            pack = []
        pack.append(n)
    yield pack


def argos(job: Job) -> Translate:
    """As Argos Translate calls it: a call for each sentence, with its beam of 4, penalty and flags."""
    tokenizer = Tokenizer(find_model(job["folder"]))
    model = loaded(job, tokenizer, inter_threads=1, intra_threads=job["threads"])

    def translate(texts: Sequence[str]) -> list[str]:
        out = []
        for text in texts:
            (pieces,) = tokenizer.pieces([model_input(text)])
            (result,) = model.translate_batch(
                [[*pieces, "</s>"]],
                replace_unknowns=True,
                max_batch_size=32,
                beam_size=4,
                num_hypotheses=1,
                length_penalty=0.2,
                return_scores=True,
            )
            out.append(tokenizer.text(result.hypotheses[0]))
        return out

    return translate


def loaded(job: Job, tokenizer: Tokenizer, **threads: int) -> Any:
    import ctranslate2

    with converted(find_model(job["folder"]), tokenizer) as folder:
        model = ctranslate2.Translator(str(folder), compute_type="int8", **threads)
    return Forced(model) if job["forced"] else model


class Forced:
    """A CTranslate2 translator whose outputs all have the length that `forced` says."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def translate_batch(self, rows: Sequence[Sequence[str]], **settings: Any) -> Any:
        length = {"min_decoding_length": forced(rows), "max_decoding_length": forced(rows)}
        return self.model.translate_batch(rows, **{**settings, **length})


# Ours


def ours(job: Job) -> Translate:
    """`load_translator(...).translate(...)`."""
    return _ours(job, "ctranslate2", False)


def ours_scored(job: Job) -> Translate:
    """With the least certain token of every sentence, which `align translate` asks for."""
    return _ours(job, "ctranslate2", True)


def ours_torch(job: Job) -> Translate:
    """With `--engine torch`."""
    return _ours(job, "torch", False)


def _ours(job: Job, engine: Any, scores: bool) -> Translate:
    options = TranslationOptions(beam=job["beam"], engine=engine, threads=job["threads"], token_scores=scores)
    translator = load_translator(job["folder"], options=options)
    loaded: Any = translator.engine
    if job["forced"] and engine == "ctranslate2":
        loaded._translator = Forced(loaded._translator)
    elif job["forced"]:
        generate = loaded._model.generate

        def longest(attention_mask: Any, generation_config: Any, **rest: Any) -> Any:
            length = attention_mask.shape[1]
            generation_config.max_new_tokens = generation_config.min_new_tokens = length
            return generate(attention_mask=attention_mask, generation_config=generation_config, **rest)

        loaded._model.generate = longest
    return lambda texts: [hypothesis.text for hypothesis in translator.translate(texts)]


SYSTEMS: dict[str, Callable[[Job], Translate]] = {
    "naive": naive,
    "batched": batched,
    "ours-torch": ours_torch,
    "argos": argos,
    "raw": raw,
    "ours": ours,
    "ours-scored": ours_scored,
}


def main() -> None:
    job: Job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    translate = SYSTEMS[job["system"]](job)
    texts = job["sentences"]
    translate(texts[:2])
    cpu, wall = time.process_time(), time.perf_counter()
    out = translate(texts)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        json.dumps(
            {
                "cpu": cpu,
                "wall": wall,
                "words": sum(len(text.split()) for text in texts),
                "made": sum(len(text.split()) for text in out),
                "peak": _peak(),
            }
        )
    )


def _peak() -> float:
    """MB of this process at its largest; Linux counts from the start of this program, not of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 << 20 if sys.platform == "darwin" else 1024
    )


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
