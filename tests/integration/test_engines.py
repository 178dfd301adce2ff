"""Both engines on real weights and on opus-mt's layout: held to transformers, and to each other.

PyTorch runs in float32 here, whatever the processor likes best, so that differences are the other
engine's. The shipped model can be replaced by another of its kind with $ALIGN_TEST_MODEL.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import marian_folder
import pytest
import sacrebleu

from align.errors import ModelError
from align.translate import TranslationOptions, ctranslate, load_translator, torch_engine
from align.translate.base import Batch
from align.translate.convert import cache_folder, convert
from align.translate.files import shipped_models
from align.translate.marian import MarianTranslator
from align.translate.tokens import copied, model_input, split_long

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")

# The plain search: what a model's own settings forbid would hide what the engines compute.
GREEDY = TranslationOptions(beam=1, length_penalty=1.0, no_repeat_ngram=0, threads=1, engine="ctranslate2")
LINES, ENGLISH = (
    [
        line
        for path in sorted(marian_folder.DATA.glob(f"*.{language}.sentences"))
        for line in path.read_text("utf-8").splitlines()
        if line
    ]
    for language in ("ar", "en")
)
SHORT = sorted(LINES, key=len)[8:32:2]  # twelve of middling length: the reference takes its time


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Converted models go into a temporary folder, and PyTorch computes in float32."""
    import torch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALIGN_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(torch_engine, "_dtype", lambda device: torch.float32)
        yield cache_folder()


@pytest.fixture(scope="module")
def shipped() -> str:
    folder = os.environ.get("ALIGN_TEST_MODEL") or str(shipped_models().get("ar-en", ""))
    if not folder:
        pytest.skip("models/ar-en holds no trained model in this checkout (its config.json is missing)")
    return folder


@pytest.fixture(scope="module")
def opus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(marian_folder.build(tmp_path_factory.mktemp("models") / "opus", checkpoint=True))


@pytest.fixture(scope="module")
def fast(shipped: str) -> MarianTranslator:
    return load_translator(shipped, options=GREEDY)


def texts(translator: MarianTranslator, segments: list[str]) -> list[str]:
    return [hypothesis.text for hypothesis in translator.translate(segments)]


def precise(translator: MarianTranslator, folder: Path) -> MarianTranslator:
    """The same on CTranslate2 without rounding to int8."""
    import ctranslate2

    convert(translator.files, translator.tokenizer, folder, quantization="float32")
    engine = ctranslate.CTranslate2Engine(translator.files, translator.tokenizer, translator.options)
    engine._translator = ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)
    translator._engine = engine
    return translator


# Against transformers


@pytest.mark.parametrize("name", ["shipped", "opus"])
def test_ids_are_those_of_marian_tokenizer(name: str, request: pytest.FixtureRequest) -> None:
    from transformers import MarianTokenizer

    folder = request.getfixturevalue(name)
    theirs = MarianTokenizer.from_pretrained(folder)
    ours = load_translator(folder).tokenizer
    for lines in (LINES, [model_input(line) for line in LINES]):
        ids = [[ours.vocab[piece] for piece in [*row, "</s>"]] for row in ours.pieces(lines)]
        assert ids == theirs(lines).input_ids
    english = marian_folder.sample("en")
    ids = [[ours.target_vocab[piece] for piece in [*row, "</s>"]] for row in ours.target_pieces(english)]
    assert ids == theirs(text_target=english).input_ids
    assert [ours.text(row) for row in ours.target_pieces(english)] == theirs.batch_decode(
        ids, skip_special_tokens=True
    )


def test_plain_transformers_translates_alike(shipped: str) -> None:
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(shipped)
    model = MarianMTModel.from_pretrained(shipped, dtype=torch.float32)
    inputs = tokenizer([model_input(line) for line in SHORT[:3]], return_tensors="pt", padding=True)
    plain = tokenizer.batch_decode(
        model.generate(**inputs, num_beams=1, no_repeat_ngram_size=0, max_new_tokens=80),
        skip_special_tokens=True,
    )
    assert texts(load_translator(shipped, options=replace(GREEDY, engine="torch")), SHORT[:3]) == plain


# Against each other


@pytest.mark.parametrize(("beam", "least"), [(1, 60.0), (4, 60.0)])
def test_int8_stays_close_to_float32(shipped: str, beam: int, least: float) -> None:
    reference = load_translator(shipped, options=replace(GREEDY, engine="torch", beam=beam))
    int8 = load_translator(shipped, options=replace(GREEDY, beam=beam))
    slow, fast = reference.translate(SHORT), int8.translate(SHORT)
    pairs = [(a.text, b.text) for a, b in zip(slow, fast, strict=True)]
    same = sum(a == b for a, b in pairs) / len(pairs)
    chrf = sacrebleu.corpus_chrf([b for _, b in pairs], [[a for a, _ in pairs]]).score
    print(f"beam {beam}: {same:.0%} the same, chrF {chrf:.1f} between the engines")
    assert chrf >= least
    drift = [abs((a.logprob or 0) - (b.logprob or 0)) for a, b in zip(slow, fast, strict=True)]
    scores = [t.score(SHORT, [a for a, _ in pairs]) for t in (reference, int8)]
    forced = [abs(a - b) for a, b in zip(*scores, strict=True)]
    print(f"log-probability: {sum(drift) / len(drift):.3f} apart, {max(forced):.3f} at most for given text")
    assert sum(drift) / len(drift) < 0.2
    assert max(forced) < 0.2


@pytest.mark.parametrize("beam", [1, 4])
def test_without_rounding_the_engines_agree(shipped: str, tmp_path: Path, beam: int) -> None:
    options = replace(GREEDY, beam=beam)
    reference = load_translator(shipped, options=replace(options, engine="torch")).translate(SHORT[:6])
    other = precise(load_translator(shipped, options=options), tmp_path).translate(SHORT[:6])
    assert sum(a.text == b.text for a, b in zip(reference, other, strict=True)) >= 5
    for a, b in zip(reference, other, strict=True):
        if a.text == b.text:
            assert a.logprob == pytest.approx(b.logprob, abs=1e-3)


def test_rounding_costs_no_quality(shipped: str, tmp_path: Path) -> None:
    exact = texts(precise(load_translator(shipped, options=GREEDY), tmp_path), LINES)
    rounded = texts(load_translator(shipped, options=GREEDY), LINES)
    ours, best = (sacrebleu.corpus_chrf(output, [ENGLISH]).score for output in (rounded, exact))
    print(f"chrF against the human translation: int8 {ours:.1f}, float32 {best:.1f}")
    assert ours >= best - 2


# The default engine with the shipped model


def test_the_order_of_the_input_does_not_matter(fast: MarianTranslator) -> None:
    together = dict(zip(SHORT, fast.translate(SHORT), strict=True))
    shuffled = random.Random(5).sample(SHORT, len(SHORT))
    assert dict(zip(shuffled, fast.translate(shuffled), strict=True)) == together


def test_neighbours_in_the_batch_hardly_matter(fast: MarianTranslator) -> None:
    """Sums of other sizes are rounded otherwise, and int8 now and then makes another word of that."""
    lines = LINES[::4]
    pairs = [
        (fast.translate([line])[0], whole) for line, whole in zip(lines, fast.translate(lines), strict=True)
    ]
    same = [(alone, whole) for alone, whole in pairs if alone.text == whole.text]
    print(f"{len(same)} of {len(pairs)} sentences are the same alone and in a batch")
    assert len(same) >= 0.5 * len(pairs)  # measured: 10 of 14; processors round differently
    for alone, whole in same:
        assert alone.logprob == pytest.approx(whole.logprob, abs=0.1)


def test_a_sentence_of_hundreds_of_words_is_translated_to_its_end(fast: MarianTranslator) -> None:
    long = " ".join(line.rstrip(".") for line in LINES[:24])
    assert len(long.split()) > 300
    parts = split_long(model_input(long), fast.tokenizer, 160)
    assert len(parts) > 1
    assert " ".join(parts) == model_input(long)
    assert max(len(pieces) for pieces in fast.tokenizer.pieces(parts)) <= 160
    translated = texts(fast, parts)
    assert all(translated)
    assert texts(fast, [long]) == [" ".join(translated)]


@pytest.mark.parametrize(
    "text", ["", "   ", "***", "2014", "12.5 %", "https://a.example/b?c=d", "Plain English."]
)
def test_what_holds_no_arabic_is_copied(fast: MarianTranslator, text: str) -> None:
    (copy,) = fast.translate([text])
    assert (copy.text, copy.logprob, copy.lowest) == (text.strip(), None, None)


def test_arabic_figures_and_marks_become_english() -> None:
    figures = "\N{ARABIC-INDIC DIGIT TWO}\N{ARABIC-INDIC DIGIT FIVE}\N{ARABIC QUESTION MARK}"
    assert copied(figures) == "25?"


# opus-mt's layout


@pytest.mark.parametrize("engine", ["torch", "ctranslate2"])
def test_either_file_of_weights_gives_the_same(opus: str, tmp_path: Path, engine: Any) -> None:
    found = {}
    for kind in ("model.safetensors", "pytorch_model.bin", "both"):
        folder = tmp_path / kind
        folder.mkdir()
        for path in Path(opus).iterdir():
            if kind == "both" or path.suffix not in {".safetensors", ".bin"} or path.name == kind:
                (folder / path.name).hardlink_to(path)
        translator = load_translator(str(folder), options=replace(GREEDY, engine=engine))
        found[kind] = translator.translate(SHORT[:3])
        assert any(hypothesis.text for hypothesis in found[kind])
    assert found["model.safetensors"] == found["pytorch_model.bin"] == found["both"]


def test_forced_decoding_agrees_on_opus_layout(opus: str, tmp_path: Path) -> None:
    sources, targets = marian_folder.sample("ar"), marian_folder.sample("en")
    reference = load_translator(opus, options=replace(GREEDY, engine="torch"))
    other = precise(load_translator(opus, options=GREEDY), tmp_path)
    a, b = reference.score(sources, targets), other.score(sources, targets)
    print(f"forced decoding: at most {max(abs(x - y) for x, y in zip(a, b, strict=True)):.1e} apart")
    assert b == pytest.approx(a, abs=1e-3)
    assert len({round(score, 2) for score in a}) > 5
    assert reference.score([sources[0], ""], ["", targets[0]]) == [float("-inf")] * 2


@pytest.mark.parametrize("engine", ["torch", "ctranslate2"])
def test_the_least_certain_token_is_asked_for(opus: str, engine: Any) -> None:
    options = replace(GREEDY, engine=engine, token_scores=True)
    for hypothesis in load_translator(opus, options=options).translate(SHORT[:3]):
        assert hypothesis.logprob is not None
        assert hypothesis.lowest is not None
        assert hypothesis.lowest <= hypothesis.logprob <= 0


# The cache of converted models


@pytest.mark.parametrize("damage", ["empty", "cut", "zeros", "vocabulary"])
def test_a_damaged_converted_model_is_converted_again(
    opus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("ALIGN_CACHE", str(tmp_path))
    before = load_translator(opus, options=GREEDY).translate(SHORT[:2])
    (folder,) = tmp_path.iterdir()
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    weights = whole["model.bin"]
    content = {"empty": b"", "cut": weights[: len(weights) // 2], "zeros": bytes(len(weights))}
    if damage == "vocabulary":
        (folder / "shared_vocabulary.json").unlink()
    else:
        (folder / "model.bin").write_bytes(content[damage])
    assert load_translator(opus, options=GREEDY).translate(SHORT[:2]) == before
    assert list(tmp_path.iterdir()) == [folder], "nothing else is left behind"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_a_cache_that_cannot_be_written_is_done_without(
    opus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ALIGN_CACHE", str(tmp_path / "file"))
    assert any(texts(load_translator(opus, options=GREEDY), SHORT[:1]))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_model_that_no_engine_can_load_is_an_error_of_the_model(
    opus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(ctranslate, "_load", fail)
    with pytest.raises(ModelError, match="no such instruction") as caught:
        load_translator(opus, options=GREEDY).translate(SHORT[:1])
    assert "torch" in caught.value.advice


@pytest.mark.parametrize(("no_repeat", "limit"), [(0, 60), (2, 60), (2, 5)])
def test_greedy_probabilities_are_those_of_forced_decoding(shipped: str, no_repeat: int, limit: int) -> None:
    options = replace(GREEDY, engine="torch", no_repeat_ngram=no_repeat)
    translator = load_translator(shipped, options=options)
    src = translator.tokenizer.pieces([model_input(line) for line in SHORT[:6]])
    (outputs,) = translator.engine.generate([Batch(src, limit)], options)
    forced = translator.engine.score(src, [output.pieces for output in outputs])
    for output, scores in zip(outputs, forced, strict=True):
        reached = scores[:limit]
        assert output.logprob == pytest.approx(sum(reached) / len(reached), abs=1e-4)
        assert output.lowest == pytest.approx(min(reached), abs=1e-4)
