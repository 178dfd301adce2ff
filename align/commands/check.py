"""`align check`: scores against references, and what looks wrong without one."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from align.commands.check_output import as_json, as_text, flagged, mean_quality
from align.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from align.checking import Material
    from align.corpus import Corpus
    from align.score import SystemScore

__all__ = ["check"]

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS|HYP...", help="Corpora (TSV, TMX, JSONL, Moses), or translations.", show_default=False
    ),
]
References = Annotated[
    list[str] | None,
    typer.Option(
        "--reference",
        "-r",
        metavar="REF",
        help="Reference translation; may be given several times.",
        show_default=False,
    ),
]
Source = Annotated[
    str | None,
    typer.Option("--source", "-s", help="With --lines: the source, a segment a line.", show_default=False),
]
Lines = Annotated[bool, typer.Option("--lines", help="Plain files that correspond line by line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Write a report.", show_default=False)
]
NoReference = Annotated[bool, typer.Option("--no-reference", help="Only look for faults; score nothing.")]
ListChecks = Annotated[bool, typer.Option("--list", help="List all checks with their thresholds and stop.")]
MaxFlags = Annotated[
    int | None,
    typer.Option(
        min=0, help="Exit with 1 if more segments are flagged (error or warning).", show_default=False
    ),
]
MinScore = Annotated[
    float | None,
    typer.Option(
        help="Exit with 1 if a system is below: mean estimated quality up to 1, chrF2 above 1.",
        show_default=False,
    ),
]
Paired = Annotated[
    str, typer.Option(help="Significance: bs (paired bootstrap) or ar (approximate randomisation).")
]
SrcLang = Annotated[str, typer.Option(help="Language of the source.")]
TgtLang = Annotated[str, typer.Option(help="Language of the translations.")]


def check(
    inputs: Inputs = None,
    reference: References = None,
    source: Source = None,
    lines: Lines = False,
    json: AsJson = False,
    report: ReportFile = None,
    no_reference: NoReference = False,
    list_checks: ListChecks = False,
    max_flags: MaxFlags = None,
    min_score: MinScore = None,
    paired: Paired = "bs",
    src_lang: SrcLang = "ar",
    tgt_lang: TgtLang = "en",
) -> None:
    """Say how good translations are: scores with a reference, and what to look at first without one.

    BLEU, chrF2, chrF2++ and TER are sacrebleu's, with signatures, 95% intervals and significance
    against the first system. Where the source is known, every segment gets an estimated quality
    and flags.

    Examples:
        align check outputs/article/corpus.tsv

        align check ours.en theirs.en --reference human.en --lines --report report.html

        align check outputs/article/corpus.tmx --no-reference --max-flags 0
    """
    if list_checks:
        _print_checks()
        return
    _validate(inputs, reference, no_reference, paired, min_score)
    from align.checking import read_material
    from align.encode import UseEncoder
    from align.pipeline import spare_inputs

    if report is not None:
        spare_inputs(report, [*(inputs or []), *(reference or []), *([source] if source else [])])
    encoder = UseEncoder()
    material = read_material(
        inputs or [],
        [] if no_reference else reference or [],
        lines=lines,
        encoder=encoder,
        source=source,
        languages=(src_lang, tgt_lang),
    )
    _refuse_idle_limits(material, max_flags, min_score)
    scores = _scores(material, paired) if material.references and not no_reference else ()
    checked = _checked(material, encoder)
    _refuse_nothing(scores, checked)
    if report is not None:
        _write_report(report, material, checked, scores)
    typer.echo(as_json(scores, checked, paired) if json else as_text(scores, checked), nl=True)
    if _fails(scores, checked, max_flags, min_score):
        raise typer.Exit(1)


def _print_checks() -> None:
    from align.check import describe

    rows = describe()
    widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _validate(
    inputs: Sequence[str] | None,
    reference: Sequence[str] | None,
    no_reference: bool,
    paired: str,
    min_score: float | None,
) -> None:
    if not inputs:
        raise ConfigError(
            "nothing to check", key="inputs", advice="name a corpus, or translations with --reference"
        )
    if no_reference and reference:
        raise ConfigError(
            "--no-reference and --reference exclude each other", key="reference", advice="give one"
        )
    if paired not in ("bs", "ar"):
        raise ConfigError(f"--paired {paired!r} is unknown", key="paired", allowed=("bs", "ar"))
    if min_score is not None and not math.isfinite(min_score):
        raise ConfigError(
            f"--min-score {min_score} is no number", key="min-score", advice="give a figure like 0.5 or 60"
        )


def _scores(material: Material, paired: Any) -> tuple[SystemScore, ...]:
    from align.score import score

    if len(material.systems) > 1:
        print(f"comparing {len(material.systems)} systems, this takes a moment", file=sys.stderr)  # noqa: T201
    return score(material.lines, material.references, paired=paired)


def _checked(material: Material, encoder: Any) -> dict[str, Corpus]:
    """Every system's corpus with flags and quality; as it is where there is no source to check against."""
    if not material.has_source:
        return {}
    from align.check import check_corpus, similarity_by

    similarity = similarity_by(encoder)
    return {name: check_corpus(corpus, similarity=similarity) for name, corpus in material.systems.items()}


def _refuse_nothing(scores: Sequence[SystemScore], checked: Mapping[str, Corpus]) -> None:
    if not scores and not checked:
        raise ConfigError(
            "there is neither a reference nor a source to check against",
            key="reference",
            advice="add --reference FILE, or --source FILE with --lines",
        )


def _refuse_idle_limits(material: Material, max_flags: int | None, min_score: float | None) -> None:
    """A limit on what is not measured would pass for ever."""
    if max_flags is not None and not material.has_source:
        raise ConfigError(
            "--max-flags counts nothing without a source",
            key="max-flags",
            advice="give a corpus, or --source with --lines",
        )
    if min_score is not None and not (material.references if min_score > 1 else material.has_source):
        measure, need = ("chrF2", "a reference") if min_score > 1 else ("quality", "a source")
        raise ConfigError(
            f"--min-score {min_score:g} is a limit for {measure}, which needs {need}",
            key="min-score",
            advice="chrF2 (0 to 100) needs --reference; quality (0 to 1) a corpus, or --source with --lines",
        )


def _fails(
    scores: Sequence[SystemScore],
    checked: Mapping[str, Corpus],
    max_flags: int | None,
    min_score: float | None,
) -> bool:
    if max_flags is not None and any(flagged(corpus) > max_flags for corpus in checked.values()):
        return True
    if min_score is None:
        return False
    if min_score > 1:
        return any(system["chrF2"].score < min_score for system in scores)
    return any((mean_quality(corpus) or 0.0) < min_score for corpus in checked.values())


def _write_report(
    path: Path,
    material: Material,
    checked: Mapping[str, Corpus],
    scores: Sequence[SystemScore],
) -> None:
    from align.formats.report import Report, write_report

    first = next(iter(material.systems.values()))
    outputs = tuple(
        _output(name, checked.get(name, corpus), material, bool(scores))
        for name, corpus in material.systems.items()
    )
    title = first.name if len(outputs) == 1 else f"{len(outputs)} translations compared"
    write_report(Report(title, first.src_lang, first.tgt_lang, outputs, tuple(scores)), path)


def _output(name: str, corpus: Corpus, material: Material, scored: bool) -> Any:
    from align.formats.report import Judged, Output
    from align.score import sentence_chrf

    references = material.references if scored else ()
    values: Sequence[float] = (
        sentence_chrf([pair.tgt for pair in corpus], references)
        if references
        else [pair.quality or 0.0 for pair in corpus]
    )
    rows = zip(*references, strict=True) if references else ((),) * len(corpus)
    return Output(
        name,
        tuple(
            Judged(pair.id, pair.src, pair.tgt, tuple(row), value, pair.flags)
            for pair, row, value in zip(corpus, rows, values, strict=True)
        ),
    )
