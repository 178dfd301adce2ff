"""The page in a real browser: readable on a phone, on paper and in the dark; no request, no script."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from align.corpus import Corpus, Flag, Pair
from align.formats.jsonl import read_jsonl
from align.formats.page import write_page

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VISIBLE = "[...document.querySelectorAll('tr.pair')].filter(row => row.offsetParent).map(row => row.id)"
CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('h1, p, dt, dd, td, th a, th span, li, strong, summary')]
    .filter(element => element.offsetParent && element.innerText.trim())
    .map(element => {
      const colors = [getComputedStyle(element).color, ground(element)];
      const pair = colors.map(parse).map(light).sort((a, b) => b - a);
      return [(pair[0] + .05) / (pair[1] + .05), element.outerHTML.slice(0, 60)];
    }).sort((a, b) => a[0] - b[0])[0];
}"""


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


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden corpus as a page with every kind of row, long words and hostile text."""
    pairs = list(read_jsonl(GOLDEN / "small.jsonl"))
    hostile = (
        "<script>document.title = 'run'</script><img src='//127.0.0.1:9/x' onerror='document.title = 1'>"
    )
    flags = (Flag("links", "warning", hostile), Flag("repetition", "error", "w" * 300))
    pairs.append(Pair(7, hostile + "x" * 300, hostile, 3, confidence=0.95, flags=flags))
    path = tmp_path_factory.mktemp("page") / "small.html"
    write_page(Corpus(hostile, "ar", "en", pairs, {"model": "m" * 300}), path)
    return path


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.troubles = []
    tab.on("console", lambda message: tab.troubles.append(message.text))
    tab.on("pageerror", lambda error: tab.troubles.append(str(error)))
    tab.on("request", lambda request: tab.troubles.append(request.url))
    tab.goto(file.as_uri())
    assert tab.troubles.pop(0) == file.as_uri()
    yield tab
    tab.close()


def test_nothing_runs_and_nothing_is_fetched(page: Any) -> None:
    assert page.title().startswith("<script>")
    assert page.troubles == []


def test_the_policy_stops_what_would_slip_through(page: Any) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=//127.0.0.1:9/x onerror=1>')")
    page.wait_for_timeout(100)
    assert any("Content Security Policy" in text for text in page.troubles)
    assert not any(text.startswith("http") for text in page.troubles)


def test_arabic_stands_on_the_right_and_reads_right_to_left(page: Any) -> None:
    arabic, english = page.locator("#s1 td[lang=ar]"), page.locator("#s1 td.text[lang=en]")
    assert arabic.evaluate("cell => getComputedStyle(cell).direction") == "rtl"
    assert english.evaluate("cell => getComputedStyle(cell).direction") == "ltr"
    assert arabic.bounding_box()["x"] > english.bounding_box()["x"] + 300
    assert abs(arabic.bounding_box()["y"] - english.bounding_box()["y"]) < 2


def test_no_sideways_scroll(page: Any) -> None:
    page.click("summary")
    for width in (320, 400, 760, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SIDEWAYS) <= 0, width


def test_cells_stack_on_a_phone_source_first(page: Any) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    number, arabic, english = (
        page.locator(f"#s1 {cell}").bounding_box() for cell in ("th", "td.text[lang=ar]", "td.text[lang=en]")
    )
    assert number["y"] < arabic["y"] < english["y"]
    assert arabic["width"] > 350


def test_the_filter_needs_no_mouse_and_moves_no_column(page: Any) -> None:
    before = page.locator("#s3 td[lang=ar]").bounding_box()
    page.focus("#only")
    page.keyboard.press("Space")
    assert page.evaluate(VISIBLE) == ["s3", "s4", "s5", "s7"]
    after = page.locator("#s3 td[lang=ar]").bounding_box()
    assert (after["x"], after["width"]) == (before["x"], before["width"])
    page.keyboard.press("Space")
    assert len(page.evaluate(VISIBLE)) == 7


def test_links_lead_from_mark_to_mark(page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")  # or the page would still be on its way when measured
    page.click("text=Go to the first")
    for expected in ("#s3", "#s4", "#s5", "#s7"):
        assert page.evaluate("location.hash") == expected
        head, row = page.locator("thead").bounding_box(), page.locator(expected).bounding_box()
        assert row["y"] + row["height"] > head["y"] + head["height"]
        if expected != "#s7":
            page.click(f"{expected} a.next")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: Any, scheme: str) -> None:
    """WCAG 2.2 asks for 4.5 between text and its ground."""
    page.emulate_media(color_scheme=scheme)
    ratio, element = page.evaluate(CONTRAST)
    assert ratio >= 4.5, element
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 24, 26)"
    assert dark == (scheme == "dark")


def test_print(page: Any) -> None:
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 4
    page.emulate_media(media="print")
    assert not page.locator("#only").is_visible()
    assert page.locator("#s7 td[lang=ar]").is_visible()


def test_accessibility(page: Any) -> None:
    axe = os.environ.get("AXE")
    if not axe:
        pytest.skip("needs axe-core (npm install axe-core; AXE=path of axe.min.js)")
    page.click("summary")
    page.add_script_tag(path=axe)
    violations = page.evaluate("axe.run()")["violations"]
    assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
