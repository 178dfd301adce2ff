"""Training as a whole, with models of width 32."""

from __future__ import annotations

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
        prepared, recipe = _prepared(tmp_path / name, log_steps=1, guided_steps=6, frozen_steps=3)

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
        command([tmp_path / "recipe.toml"], tmp_path, corpus=tmp_path / "absent")
