"""Training as a whole, with models of width 32."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import toy_language

from align.errors import ConfigError, InputError
from align.train.curves import curves
from align.train.loop import learning_rate, run
from align.train.prepare import Prepared, prepare
from align.train.recipe import Recipe, TrainingOptions, load_recipe
from align.train.run import train
from align.train.tracking import read_log

PAIRS = toy_language.pairs(50)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGN_CACHE", str(tmp_path_factory.getbasetemp() / "converted"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learned 50 pairs by heart."""
    folder = tmp_path_factory.mktemp("trained")
    toy_language.write(folder / "toy.tsv", PAIRS)
    dev = toy_language.write(folder / "dev.tsv", toy_language.pairs(8, seed=9))
    recipe = toy_language.recipe(folder / "recipe.toml", steps=250, guided_steps=100, checkpoint_steps=125)
    train(recipe, folder, folder / "model", dev=dev)
    return folder / "model"


def translate(model: Path, engine: str) -> list[str]:
    from align.translate import TranslationOptions, load_translator

    translator = load_translator(str(model), options=TranslationOptions(beam=1, engine=engine, threads=1))  # type: ignore[arg-type]
    return [hypothesis.text for hypothesis in translator.translate([source for source, _ in PAIRS])]


def test_fifty_pairs_are_learned_by_heart(trained: Path) -> None:
    lines = translate(trained, "torch")
    assert sum(line == target for line, (_, target) in zip(lines, PAIRS, strict=True)) >= 45


def test_ctranslate2_computes_what_torch_does(trained: Path, tmp_path: Path) -> None:
    """Without rounding: in int8, a model of width 32 words half of the lines otherwise."""
    import ctranslate2

    from align.translate import TranslationOptions, load_translator
    from align.translate.convert import convert
    from align.translate.ctranslate import CTranslate2Engine

    translator = load_translator(str(trained), options=TranslationOptions(beam=1, engine="torch", threads=1))
    sources = [source for source, _ in PAIRS]
    torch_lines = [hypothesis.text for hypothesis in translator.translate(sources)]
    convert(translator.files, translator.tokenizer, tmp_path, quantization="float32")
    engine = CTranslate2Engine(translator.files, translator.tokenizer, translator.options)
    engine._translator = ctranslate2.Translator(str(tmp_path), compute_type="float32")
    translator._engine = engine
    assert [hypothesis.text for hypothesis in translator.translate(sources)] == torch_lines


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
def test_plain_transformers_translates_alike(trained: Path) -> None:
    from transformers import MarianMTModel, MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(trained)
    model = MarianMTModel.from_pretrained(trained).float()  # it computes in the file's bfloat16 otherwise
    batch = tokenizer([source for source, _ in PAIRS[:10]], return_tensors="pt", padding=True)
    out = model.generate(**batch, num_beams=1, max_new_tokens=60)
    assert tokenizer.batch_decode(out, skip_special_tokens=True) == translate(trained, "torch")[:10]


def test_card_log_and_curves(trained: Path) -> None:
    card = (trained / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| toy.tsv | 1 | 50 | not stated | CC0 |" in card
    assert "version:" in card.partition("## Scores")[2]
    steps = [entry["step"] for entry in read_log(trained / "log.jsonl") if "loss" in entry]
    assert steps == list(range(10, 251, 10))
    assert (trained / "curves.svg").read_text(encoding="utf-8").count("<polyline") == 4  # two lines, two keys


def _prepared(folder: Path, **training: Any) -> tuple[Prepared, Recipe]:
    toy_language.write(folder / "toy.tsv", PAIRS)
    recipe = load_recipe(
        toy_language.recipe(folder / "recipe.toml", steps=12, checkpoint_steps=4, **training)
    )
    recipe = replace(recipe, training=replace(recipe.training, dropout=0.1))
    return prepare(recipe, folder, folder / "work"), recipe


def _weights(prepared: Prepared) -> dict[str, torch.Tensor]:
    state = torch.load(prepared.folder / "checkpoint.pt", weights_only=True)
    return dict(state["network"])


class _Killed(Exception):
    pass


def test_resumed_equals_uninterrupted_bit_for_bit(tmp_path: Path) -> None:
    results = []
    for name, dies_at in (("whole", 0), ("killed", 7)):
        (tmp_path / name).mkdir()
        prepared, recipe = _prepared(
            tmp_path / name, log_steps=1, guided_steps=6, frozen_steps=3, final_steps=4
        )

        def report(entry: dict[str, Any], dies_at: int = dies_at) -> None:
            if entry["step"] == dies_at:
                raise _Killed

        if dies_at:
            with pytest.raises(_Killed):
                run(prepared.folder, prepared.shape, recipe.training, report)
        run(prepared.folder, prepared.shape, recipe.training)
        losses = [(e["step"], e["loss"]) for e in read_log(prepared.folder / "log.jsonl") if "loss" in e]
        results.append((_weights(prepared), losses))
    (whole, losses), (resumed, losses_again) = results
    assert losses == losses_again
    assert [step for step, _ in losses] == list(range(1, 13))
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name


def test_a_longer_schedule_goes_on_from_the_checkpoint(tmp_path: Path) -> None:
    prepared, recipe = _prepared(tmp_path)
    run(prepared.folder, prepared.shape, recipe.training)
    before = _weights(prepared)
    run(prepared.folder, prepared.shape, replace(recipe.training, steps=14, cooldown=0.1))
    assert torch.load(prepared.folder / "checkpoint.pt", weights_only=True)["step"] == 14
    assert any(not torch.equal(tensor, before[name]) for name, tensor in _weights(prepared).items())


def test_training_goes_on_from_a_marian_model(trained: Path, tmp_path: Path) -> None:
    """Its weights, shape and vocabularies are the start, whatever the recipe says of sizes."""
    from align.train.marian import read_marian

    toy_language.write(tmp_path / "toy.tsv", PAIRS)
    recipe = load_recipe(toy_language.recipe(tmp_path / "recipe.toml"))
    recipe = replace(recipe, model=replace(recipe.model, width=64, warm_start=str(trained)))
    prepared = prepare(recipe, tmp_path, tmp_path / "work")
    model = read_marian(str(trained))
    assert prepared.shape == model.network.shape
    start = torch.load(prepared.folder / "start.pt", weights_only=True)
    assert all(torch.equal(tensor, start[name]) for name, tensor in model.network.state_dict().items())
    source = PAIRS[0][0]
    assert prepared.vocabularies()[0].encode([source]) == model.src.encode([source])
    with pytest.raises(ConfigError, match="warm_start"):
        prepare(replace(recipe, model=replace(recipe.model, warm_start="absent")), tmp_path, tmp_path / "w")


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    """Gradients are summed: one step of two processes is one step of one with both batches."""
    from align.train.data import TrainingData, batches, epoch_order
    from align.train.loop import _Training

    prepared, recipe = _prepared(tmp_path)
    shape = replace(prepared.shape, dropout=0.0)
    options = replace(recipe.training, steps=1, processes=2, batch_tokens=100)
    run(prepared.folder, shape, options)
    two = _weights(prepared)
    (prepared.folder / "checkpoint.pt").unlink()
    data = TrainingData.load(prepared.folder / "data.npz")
    groups = batches(data, epoch_order(data, options.seed, 0), options.batch_tokens, options.seed)
    one = _Training(0, prepared.folder, shape, replace(options, processes=1))
    one.advance(groups[0] + groups[1])
    for name, tensor in one.network.state_dict().items():
        # Adam's first step has the gradient's sign only: where it is nearly nothing, that may differ.
        differing = (tensor - two[name]).abs() > 1e-5
        assert differing.float().mean() < 0.02, name


def test_learning_rate_rises_holds_and_falls() -> None:
    options = TrainingOptions(steps=100, learning_rate=1.0, warmup_steps=10, cooldown=0.5)
    rates = [learning_rate(step, options) for step in (0, 9, 49, 75, 99, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.02, 0.0])


def test_curves_of_an_empty_log_are_an_empty_plot() -> None:
    assert "polyline points" not in curves([], "nothing yet")


def _finetune(model: Path, folder: Path, rows: list[tuple[str, str]], epochs: int, **more: Any) -> Any:
    from align.train.finetune import FinetuneOptions, finetune

    data = toy_language.write(folder / "mine.tsv", rows)
    options = FinetuneOptions(
        epochs=epochs, learning_rate=3e-3, freeze="none", dropout=0.0, batch_tokens=400, precision="fp32"
    )
    return finetune(str(model), [data], folder / "out", options=options, **more)


def _other_language(count: int) -> list[tuple[str, str]]:
    """The toy language with every word meaning another one."""
    words = list(toy_language.LEXICON.values())
    other = dict(zip(words, words[1:] + words[:1], strict=True))
    rows = toy_language.pairs(count, seed=4)
    return [(source, " ".join(other[word] for word in target.split())) for source, target in rows]


def test_fine_tuning_keeps_the_better_model(trained: Path, tmp_path: Path) -> None:
    outcome = _finetune(trained, tmp_path, toy_language.pairs(300, seed=3), epochs=12)
    before, after = outcome.tables["test"]
    assert outcome.kept
    assert after["chrF2"].score > before["chrF2"].score + 5
    assert json.loads((tmp_path / "out" / "finetune.json").read_text(encoding="utf-8"))["kept"] is True
    assert translate(tmp_path / "out", "torch") == translate(tmp_path / "out" / "work" / "tuned", "torch")


def test_fine_tuning_that_forgets_is_not_kept(trained: Path, tmp_path: Path) -> None:
    general = toy_language.write(tmp_path / "general.tsv", PAIRS)
    outcome = _finetune(trained, tmp_path, _other_language(200), epochs=20, general=general)
    gains = {name: b["chrF2"].score - a["chrF2"].score for name, (a, b) in outcome.tables.items()}
    assert gains["test"] > 20
    assert gains["general"] < -20
    assert not outcome.kept
    assert "forgot too much" in outcome.reason
    assert translate(tmp_path / "out", "torch") == translate(trained, "torch")


def test_fine_tuning_goes_on_only_as_the_same_run(trained: Path, tmp_path: Path) -> None:
    rows = toy_language.pairs(30, seed=5)
    first = _finetune(trained, tmp_path, rows, epochs=1)
    steps = [entry["step"] for entry in read_log(tmp_path / "out" / "work" / "log.jsonl")]
    assert _finetune(trained, tmp_path, rows, epochs=1).tables == first.tables
    assert [entry["step"] for entry in read_log(tmp_path / "out" / "work" / "log.jsonl")] == steps
    with pytest.raises(ConfigError, match="holds a run from another model, with other pairs"):
        _finetune(trained, tmp_path, rows, epochs=2)
    with pytest.raises(ConfigError, match="holds a run from another model, with other pairs"):
        _finetune(trained, tmp_path, rows[1:], epochs=1)


def test_patience_compares_with_the_start(tmp_path: Path) -> None:
    """Where every step makes it worse, the best weights are those of the start, and it ends early."""
    prepared, recipe = _prepared(tmp_path)
    ruinous = replace(recipe.training, steps=400, learning_rate=10.0, warmup_steps=1, patience=2)
    run(prepared.folder, prepared.shape, ruinous)
    start = torch.load(prepared.folder / "start.pt", weights_only=True)
    best = torch.load(prepared.folder / "best.pt", weights_only=True)
    assert all(torch.equal(tensor, best[name]) for name, tensor in start.items())
    losses = [(e["step"], e["dev_loss"]) for e in read_log(prepared.folder / "log.jsonl") if "dev_loss" in e]
    assert [step for step, _ in losses] == [0, 4, 8]


def test_too_few_pairs(trained: Path, tmp_path: Path) -> None:
    from align.train.finetune import finetune

    data = toy_language.write(tmp_path / "mine.tsv", toy_language.pairs(5))
    with pytest.raises(InputError, match="5 usable pairs"):
        finetune(str(trained), [data], tmp_path / "out")


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    from align.commands.train import train as command

    with pytest.raises(ConfigError, match="--test means nothing with a recipe"):
        command([tmp_path / "recipe.toml"], tmp_path, test=tmp_path / "t.tsv")
    with pytest.raises(ConfigError, match="one recipe"):
        command([tmp_path / "data.tsv"], tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        command([tmp_path / "recipe.toml"], tmp_path, corpus=[tmp_path / "absent"])
