"""Cleaning, mixing and preparing: every rejection has its reason, nothing of a test set is trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import toy_language

from align.errors import ConfigError, InputError
from align.train.cleaning import clean, fault, fingerprints, mix, read_lines, read_pairs
from align.train.recipe import CleaningOptions, Source, load_recipe

WORD, OTHER = list(toy_language.LEXICON)[:2]
OPTIONS = CleaningOptions(min_words=1, max_words=10, max_ratio=2.0, min_script=0.5)


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (WORD, "minister", ""),
        ("", "minister", "empty or too short"),
        (WORD, "", "empty or too short"),
        (f"{WORD} " * 11, "minister " * 11, "too long"),
        (WORD, "minister " * 5, "length ratio"),
        ("minister", "minister", "copied"),
        ("minister", "border", "wrong script"),
        (WORD, OTHER, "wrong script"),
        ("12", "twelve", "wrong script"),
        (f"{WORD} ab", "minister", ""),
    ],
)
def test_fault_names_the_reason(source: str, target: str, reason: str) -> None:
    assert fault((source, target), OPTIONS) == reason


def test_clean_counts_everything_once() -> None:
    rows = toy_language.pairs(10)
    held = fingerprints([rows[3][0], rows[4][1].upper() + "."])
    counts: Counter[str] = Counter()
    kept = clean([*rows, rows[0], ("", "x")], OPTIONS, held, counts)
    assert kept == rows[:3] + rows[5:]
    assert counts == {"kept": 8, "in a test set": 2, "duplicate": 1, "empty or too short": 1}


def test_short_lines_are_no_overlap() -> None:
    assert fingerprints(["border council"]) == frozenset()


def test_mix_takes_each_corpus_by_its_weight() -> None:
    rows = toy_language.pairs(40)
    epoch = Counter(mix([(Source("a", 2.5), rows[:20]), (Source("b", 0.5), rows[20:])], seed=1))
    assert sum(epoch[row] for row in rows[:20]) == 50
    assert {epoch[row] for row in rows[:20]} == {2, 3}
    assert sum(epoch[row] for row in rows[20:]) == 10


def test_read_pairs_names_the_line_without_tab(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(f"{WORD}\tminister\nno tab\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.tsv:2: no tab"):
        list(read_pairs(path))


def test_read_lines_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("one\ttwo\n", encoding="utf-8")
    (tmp_path / "b.en").write_text("three\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("not a test set\n", encoding="utf-8")
    assert list(read_lines(tmp_path)) == ["one", "two", "three"]


def test_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[training]\nstep = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'step'") as caught:
        load_recipe(path)
    assert "steps" in caught.value.advice


def test_prepare_limits_removes_and_is_used_again(tmp_path: Path) -> None:
    from align.train.data import TrainingData
    from align.train.prepare import prepare

    rows = toy_language.pairs(100)
    toy_language.write(tmp_path / "toy.tsv", rows)
    recipe = load_recipe(toy_language.recipe(tmp_path / "recipe.toml"))
    test_set = toy_language.write(tmp_path / "test.tsv", rows[:7])
    said: list[str] = []

    def again(changed: object = recipe) -> object:
        return prepare(changed, tmp_path, tmp_path / "work", held_out=[test_set], say=said.append)  # type: ignore[arg-type]

    first = again()
    data = TrainingData.load(tmp_path / "work" / "data.npz")
    dev = list(read_pairs(tmp_path / "work" / "dev.tsv"))
    assert first.cleaning["toy.tsv"] == {"kept": 93, "in a test set": 7, "used": 93}  # type: ignore[attr-defined]
    assert (len(data.src_at) - 1, len(dev)) == (84, 9)
    assert not set(dev) & set(rows[:7])
    stamp = (tmp_path / "work" / "data.npz").stat().st_mtime_ns
    assert again() == first
    assert (tmp_path / "work" / "data.npz").stat().st_mtime_ns == stamp
    assert said[-1].startswith("prepared before")


def test_prepare_refuses_another_model_in_a_begun_run(tmp_path: Path) -> None:
    from align.train.prepare import prepare

    toy_language.write(tmp_path / "toy.tsv", toy_language.pairs(60))
    path = toy_language.recipe(tmp_path / "recipe.toml")
    prepare(load_recipe(path), tmp_path, tmp_path / "work")
    (tmp_path / "work" / "checkpoint.pt").touch()
    prepare(load_recipe(toy_language.recipe(path, steps=99, cooldown=0.5)), tmp_path, tmp_path / "work")
    path.write_text(path.read_text(encoding="utf-8").replace("ffn = 64", "ffn = 32"), encoding="utf-8")
    with pytest.raises(ConfigError, match="holds a run with other data"):
        prepare(load_recipe(path), tmp_path, tmp_path / "work")


def test_prepare_names_a_missing_corpus_file(tmp_path: Path) -> None:
    from align.train.prepare import prepare

    with pytest.raises(InputError, match=r"absent\.tsv: no such corpus file"):
        prepare(
            load_recipe(toy_language.recipe(tmp_path / "r.toml", "absent.tsv")), tmp_path, tmp_path / "work"
        )


def test_the_corpus_may_lie_in_several_folders(tmp_path: Path) -> None:
    from align.train.prepare import prepare

    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    toy_language.write(full / "toy.tsv", toy_language.pairs(60))
    recipe = load_recipe(toy_language.recipe(tmp_path / "recipe.toml"))
    prepared = prepare(recipe, [empty, full], tmp_path / "work")
    assert prepared.cleaning["toy.tsv"]["kept"] == 60
    assert prepare(recipe, full, tmp_path / "work") == prepared  # the same files: ready
    toy_language.write(empty / "toy.tsv", toy_language.pairs(50))
    first = prepare(recipe, [empty, full], tmp_path / "other")
    assert first.cleaning["toy.tsv"]["kept"] == 50


def test_the_last_stage_draws_by_its_own_weights(tmp_path: Path) -> None:
    from align.train.data import TrainingData, epoch_order
    from align.train.prepare import prepare

    for number in (1, 2):
        toy_language.write(tmp_path / f"{number}.tsv", toy_language.pairs(80)[number * 40 - 40 : number * 40])
    path = toy_language.recipe(tmp_path / "recipe.toml")
    head = path.read_text(encoding="utf-8").partition("[[sources]]")[0]
    path.write_text(
        head + '[[sources]]\nfile = "1.tsv"\nfinal_weight = 0\n'
        '[[sources]]\nfile = "2.tsv"\nweight = 0.5\nfinal_weight = 2\n',
        encoding="utf-8",
    )
    prepare(load_recipe(path), tmp_path, tmp_path / "work")
    data = TrainingData.load(tmp_path / "work" / "data.npz")
    (_, start, middle), (_, _, end) = data.sources
    main, last = epoch_order(data, 1, 0), epoch_order(data, 1, 0, final=True)
    assert sum(n < middle for n in main) == middle - start
    assert sum(n >= middle for n in main) == round((end - middle) / 2)
    assert sorted(last) == sorted(2 * list(range(middle, end)))


def test_a_stage_without_any_text_is_refused(tmp_path: Path) -> None:
    from align.train.prepare import prepare

    toy_language.write(tmp_path / "toy.tsv", toy_language.pairs(20))
    path = toy_language.recipe(tmp_path / "recipe.toml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('file = "toy.tsv"', 'file = "toy.tsv"\nfinal_weight = 0'), encoding="utf-8")
    with pytest.raises(ConfigError, match="all weights of a stage are 0"):
        prepare(load_recipe(path), tmp_path, tmp_path / "work")
