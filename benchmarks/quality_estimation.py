"""Is the estimated quality true, and do the checks find what they should?

    python benchmarks/quality_estimation.py                       seven published systems, injected errors
    python benchmarks/quality_estimation.py --translate FOLDER    our own model's output of three sets
    python benchmarks/quality_estimation.py --hypotheses F.jsonl  the figures for such output as well
    python benchmarks/quality_estimation.py --fit F.jsonl         fit the weights: align/checks/quality.json

A line of F.jsonl: {"source", "hypothesis", "reference", "logprob", "lowest"}; the last
two may be missing.
Test sets lie in the folder that ALIGN_SHARED names, or beside the repository.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from align.atomic import atomic_write
from align.check import CHECKS, check_pair
from align.checks.base import Context
from align.encode import UseEncoder
from align.quality import FEATURES, MODEL_FEATURES, estimate, features
from align.score import sentence_chrf

try:
    from benchmarks.injected_errors import ERRORS, Error
except ImportError:  # run as a script
    from injected_errors import ERRORS, Error

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("ALIGN_SHARED", ROOT.parent / "shared")) / "testsets"
WEIGHTS = ROOT / "align" / "checks" / "quality.json"
SYSTEMS = ("opusmt", "argos", "google", "nllb", "bergamot-base-memory", "bergamot-base", "microsoft")
RIDGE, SEED, FOLDS = 10.0, 7, 5


@dataclass(frozen=True, slots=True)
class Row:
    """A segment of a system's output, all that the model may see, and its sentence chrF (0 to 100)."""

    source: str
    hypothesis: str
    context: Context
    chrf: float


def read_hypotheses(path: Path) -> list[Row]:
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    contexts = [Context(logprob=r.get("logprob"), lowest=r.get("lowest")) for r in records]
    return rows(
        [r["source"] for r in records],
        [r["hypothesis"] for r in records],
        [r["reference"] for r in records],
        contexts,
    )


def rows(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    contexts: Iterable[Context] = (),
) -> list[Row]:
    cosines = _cosines(sources, hypotheses)
    known = list(contexts) or [Context()] * len(sources)
    chrf = sentence_chrf(hypotheses, [references])
    return [
        Row(source, hypothesis, replace(context, similarity=cosine), value)
        for source, hypothesis, context, cosine, value in zip(
            sources, hypotheses, known, cosines, chrf, strict=True
        )
    ]


def translate(folder: Path, model: str = "ar-en") -> None:
    """Write flores-dev.jsonl, flores-devtest.jsonl and ntrex.jsonl: the model's output with its scores."""
    from align.translate import TranslationOptions, load_translator

    translator = load_translator(model, options=TranslationOptions(token_scores=True))
    folder.mkdir(parents=True, exist_ok=True)
    for name, pairs in {"flores-dev": good_pairs("flores101-dev"), **test_pairs()}.items():
        hypotheses = translator.translate([source for source, _ in pairs])
        with atomic_write(folder / f"{name}.jsonl") as out:
            for (source, reference), made in zip(pairs, hypotheses, strict=True):
                record = {"source": source, "hypothesis": made.text, "reference": reference}
                record |= {"logprob": made.logprob, "lowest": made.lowest}
                out.write(json.dumps(record, ensure_ascii=False) + "\n")


def good_pairs(stem: str) -> list[tuple[str, str]]:
    return list(zip(lines(f"{stem}.ar"), lines(f"{stem}.en"), strict=True))


def test_pairs() -> dict[str, list[tuple[str, str]]]:
    ntrex = [line.split("\t")[:2] for line in lines("ntrex128.tsv")]
    return {"flores-devtest": good_pairs("flores101-devtest"), "ntrex": [(ar, en) for ar, en in ntrex]}


def lines(name: str) -> list[str]:
    return (SHARED / name).read_text("utf-8").rstrip("\n").split("\n")


def ranks(values: Sequence[float]) -> np.ndarray:
    """Average ranks, as Spearman's correlation needs them."""
    order = np.argsort(values, kind="stable")
    result = np.empty(len(values))
    result[order] = np.arange(len(values))
    for value in np.unique(values):
        same = np.asarray(values) == value
        result[same] = result[same].mean()
    return result


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def area(scores: Sequence[float], chrf: Sequence[float], share: float = 0.2) -> float:
    """Area under the ROC curve for finding the worst fifth by chrF."""
    bad = np.asarray(chrf) <= np.quantile(chrf, share)
    order = ranks(scores)
    return float(1 - (order[bad].sum() - bad.sum() * (bad.sum() - 1) / 2) / (bad.sum() * (~bad).sum()))


def fit(data: Sequence[Row], names: Sequence[str]) -> dict[str, object]:
    """Least squares on the log odds of chrF, with a ridge: weights for standardised features."""
    table = [features(row.source, row.hypothesis, row.context) for row in data]
    x = np.array([[line[name] for name in names] for line in table])
    y = np.clip([row.chrf / 100 for row in data], 0.02, 0.98)
    mean, scale = x.mean(0), x.std(0) + 1e-6
    a = np.c_[(x - mean) / scale, np.ones(len(x))]
    penalty = RIDGE * np.diag([1.0] * len(names) + [0.0])
    w = np.linalg.solve(a.T @ a + penalty, a.T @ np.log(y / (1 - y)))
    return {
        "bias": round(float(w[-1]), 5),
        "features": {
            name: {
                "weight": round(float(w[i]), 5),
                "mean": round(float(mean[i]), 5),
                "scale": round(float(scale[i]), 5),
            }
            for i, name in enumerate(names)
        },
    }


def available(data: Sequence[Row]) -> list[str]:
    """The model's features that every row has."""
    return [name for name in MODEL_FEATURES if all(getattr(row.context, name) is not None for row in data)]


def cross_validated(data: Sequence[Row], names: Sequence[str]) -> list[float]:
    """Scores of every row by weights that were fitted without its fold."""
    scores = [0.0] * len(data)
    for fold in range(FOLDS):
        weights = fit([row for index, row in enumerate(data) if index % FOLDS != fold], names)
        for index in range(fold, len(data), FOLDS):
            scores[index] = logistic(
                weights, features(data[index].source, data[index].hypothesis, data[index].context)
            )
    return scores


def logistic(weights: dict, found: dict[str, float]) -> float:
    total = weights["bias"] + sum(
        part["weight"] * (found[name] - part["mean"]) / part["scale"]
        for name, part in weights["features"].items()
    )
    return 1 / (1 + math.exp(-total))


def write_weights(data: Sequence[Row], origin: str) -> None:
    plain = fit(data, FEATURES)
    extra = available(data)
    document = {"fitted_on": origin, "segments": len(data), "plain": plain}
    if extra:
        document["with_model"] = fit(data, [*FEATURES, *extra])
    else:
        document["with_model"] = (
            json.loads(WEIGHTS.read_text("utf-8")).get("with_model") if WEIGHTS.exists() else None
        )
    with atomic_write(WEIGHTS) as out:
        out.write(json.dumps(document, indent=1) + "\n")
    for label, names in (("plain", FEATURES), ("with model", [*FEATURES, *extra])):
        scores = cross_validated(data, names)
        print(f"{label:12} {FOLDS}-fold Spearman {spearman(scores, [row.chrf for row in data]):.3f}")


def print_correlation(name: str, data: Sequence[Row]) -> None:
    scores = [estimate(row.source, row.hypothesis, row.context) for row in data]
    chrf = [row.chrf for row in data]
    print(
        f"| {name} | {len(data)} | {spearman(scores, chrf):.3f} | {area(scores, chrf):.3f} "
        f"| {np.mean(scores):.2f} | {np.mean(chrf):.1f} |"
    )


def print_injected(name: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Precision and recall of each flag, as many good pairs as broken ones: the pairs themselves unbroken."""
    print(f"\n{name}\n\n| error | pairs | recall | precision | any flag |\n|---|---|---|---|---|")
    for error in ERRORS.values():
        print_error(error, pairs)


def print_error(error: Error, pairs: Sequence[tuple[str, str]]) -> None:
    rng = random.Random(SEED)
    broken = [(s, t, bad) for s, t in pairs if (bad := error.make(s, t, rng, pairs)) and bad != t]
    if not broken:
        return
    wanted = set(error.checks)
    flagged, clean = (
        flag_names([(row[0], row[side]) for row in broken], encode="meaning" in wanted) for side in (2, 1)
    )
    hits, alarms = (
        sum(bool(wanted & found) for found in flagged),
        sum(bool(wanted & found) for found in clean),
    )
    precision = hits / (hits + alarms) if hits + alarms else 0.0
    anything = sum(bool(found - {"quotes"}) for found in flagged)
    print(
        f"| {error.name} ({', '.join(error.checks)}) | {len(broken)} | {hits / len(broken):.3f} | "
        f"{precision:.3f} | {anything / len(broken):.3f} |",
        flush=True,
    )


def flag_names(pairs: Sequence[tuple[str, str]], *, encode: bool) -> list[set[str]]:
    """The names of the flags of each pair; encoding takes most of the time, so only where it matters."""
    cosines: Sequence[float | None] = [None] * len(pairs)
    if encode:
        cosines = _cosines([source for source, _ in pairs], [hypothesis for _, hypothesis in pairs])
    return [
        {flag.check for flag in check_pair(source, hypothesis, Context(similarity=cosine))}
        for (source, hypothesis), cosine in zip(pairs, cosines, strict=True)
    ]


@lru_cache(maxsize=1)
def _encoder() -> UseEncoder:
    return UseEncoder()


_VECTORS: dict[str, np.ndarray] = {}


def _cosines(sources: Sequence[str], hypotheses: Sequence[str]) -> list[float]:
    """Cosines by the encoder, each text encoded once in a run."""
    fresh = [text for text in dict.fromkeys([*sources, *hypotheses]) if text not in _VECTORS]
    if fresh:
        _VECTORS.update(zip(fresh, _encoder().head(_encoder().pool(fresh)), strict=True))
    return [
        float(_VECTORS[source] @ _VECTORS[hypothesis])
        for source, hypothesis in zip(sources, hypotheses, strict=True)
    ]


def print_false_alarms(sets: dict[str, Sequence[tuple[str, str]]]) -> None:
    print("\n| check | " + " | ".join(sets) + " |\n|---|" + "---|" * len(sets))
    found = {name: flag_names(pairs, encode=True) for name, pairs in sets.items()}
    for check in CHECKS:
        print(
            f"| {check.name} | "
            + " | ".join(f"{np.mean([check.name in one for one in every]):.2%}" for every in found.values())
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--translate", type=Path, metavar="FOLDER")
    parser.add_argument("--fit", type=Path, metavar="F.jsonl", nargs="+")
    parser.add_argument("--hypotheses", type=Path, metavar="F.jsonl", nargs="*", default=[])
    parser.add_argument("--only", choices=["correlation", "injected", "alarms"])
    options = parser.parse_args()
    if options.translate:
        translate(options.translate)
        return
    if options.fit:
        write_weights(
            [row for path in options.fit for row in read_hypotheses(path)],
            ", ".join(path.name for path in options.fit),
        )
        return
    if options.only in (None, "correlation"):
        print(
            "| output | segments | Spearman | AUC worst 20% | mean score | mean chrF |\n"
            "|---|---|---|---|---|---|"
        )
        for path in options.hypotheses:
            print_correlation(path.stem, read_hypotheses(path))
        for system in SYSTEMS:
            print_correlation(
                f"{system}, FLORES-101 devtest",
                rows(
                    lines("flores101-devtest.ar"),
                    lines(f"flores101-devtest.{system}.en"),
                    lines("flores101-devtest.en"),
                ),
            )
    sets = test_pairs()
    if options.only in (None, "injected"):
        for name, pairs in sets.items():
            print_injected(name, pairs)
    if options.only in (None, "alarms"):
        print_false_alarms(sets)


if __name__ == "__main__":
    main()
