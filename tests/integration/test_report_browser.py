"""The report of a check in a real browser: readable on a phone, Arabic from the right, nothing runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from align.corpus import Flag
from align.formats.report import Judged, Output, Report, write_report
from align.score import MetricScore, SystemScore

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = (
    "</title></svg><script>document.title = 'run'</script><img src='//127.0.0.1:9/x' onerror='alert(1)'>"
)
ARABIC = "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER BEH} " * 9


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    program = os.environ.get("ALIGN_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs Chromium or Chrome on the PATH, or ALIGN_BROWSER")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield running
        running.close()


def report(scored: bool) -> Report:
    flags = (Flag("numbers", "error", HOSTILE), Flag("names", "warning", "w" * 300))
    references = (HOSTILE + " in the reference",) if scored else ()
    top = 100.0 if scored else 1.0
    segments = tuple(
        Judged(number, ARABIC, HOSTILE + "x" * 300 if number == 2 else "", references, top / number, flags)
        for number in range(1, 10)
    )
    names = (HOSTILE, "n" * 200) if scored else (HOSTILE,)
    metric = MetricScore("chrF2", 50.0, HOSTILE, (45.0, 55.0), 50.0)
    systems = tuple(SystemScore(name, (metric,)) for name in names) if scored else ()
    return Report(HOSTILE, "ar", "en", tuple(Output(name, segments) for name in names), systems)


@pytest.fixture(params=[True, False], ids=["scored", "unscored"])
def page(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    file = tmp_path / "report.html"
    write_report(report(request.param), file)
    tab = browser.new_page(viewport={"width": 1200, "height": 800})
    tab.troubles = []
    tab.on("console", lambda message: tab.troubles.append(message.text))
    tab.on("pageerror", lambda error: tab.troubles.append(str(error)))
    tab.on("dialog", lambda dialog: tab.troubles.append(dialog.message))
    tab.on("request", lambda request: tab.troubles.append(request.url))
    tab.goto(file.as_uri())
    assert tab.troubles.pop(0) == file.as_uri()
    yield tab
    tab.close()


def test_nothing_runs_and_nothing_is_fetched(page: Any) -> None:
    assert page.title().startswith("</title>")
    assert page.locator("script, img, iframe, link, object").count() == 0
    assert page.troubles == []
    assert HOSTILE in page.locator("h1").inner_text()


def test_no_sideways_scroll(page: Any) -> None:
    for width in (320, 400, 760, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SIDEWAYS) <= 0, width


def test_arabic_reads_right_to_left_and_english_does_not(page: Any) -> None:
    direction = "cells => [...new Set(cells.map(cell => getComputedStyle(cell).direction))]"
    assert page.eval_on_selector_all(".text[lang=ar]", direction) == ["rtl"]
    assert page.eval_on_selector_all(".text[lang=en]", direction) == ["ltr"]


def test_plots_are_drawn_and_have_words(page: Any) -> None:
    plots = page.locator("svg[role=img]")
    assert plots.count() >= 3
    for plot in plots.all():
        assert plot.bounding_box()["height"] > 50
        assert "NaN" not in plot.inner_html()
        assert "4.5" not in plot.locator("text").all_inner_texts()
        assert plot.get_attribute("aria-label")


def test_a_lower_error_rate_is_called_better(tmp_path: Path) -> None:
    """TER counts edits: a significant fall is a gain, a significant rise a loss."""
    scores = {"base": (50.0, None), "fewer": (40.0, 0.001), "more": (60.0, 0.001)}
    systems = tuple(
        SystemScore(
            name,
            tuple(
                MetricScore(metric, value, "s", (value - 1, value + 1), value, p_value)
                for metric in ("chrF2", "TER")
            ),
        )
        for name, (value, p_value) in scores.items()
    )
    segment = Judged(1, ARABIC, "a", ("b",), 50.0)
    file = tmp_path / "report.html"
    write_report(Report("r", "ar", "en", tuple(Output(name, (segment,)) for name in scores), systems), file)
    html = file.read_text("utf-8")
    verdicts = [part.partition(",")[0] for part in html.split('class="differs">')[1:]]
    assert verdicts == ["worse", "better", "better", "worse"]
    assert "TER, lower is better" in html
