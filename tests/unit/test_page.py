"""The side-by-side page as text; what a browser makes of it is tested in integration."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest

from align.corpus import Corpus, Flag, Pair
from align.formats.jsonl import read_jsonl
from align.formats.page import band, write_page

GOLDEN = Path(__file__).parent.parent / "golden" / "formats"
VOID = {"meta", "input", "br", "path", "use", "circle"}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;</td></style>"


class Page(HTMLParser):
    """Checks that tags nest, and gathers cells, ids, links, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append((dict(attrs), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if "td" in self.open:
            attributes, text = self.cells[-1]
            self.cells[-1] = attributes, (text + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def source(*pairs: Pair, created: datetime | None = None, name: str = "report", **signature: str) -> str:
    stream = io.StringIO()
    done = write_page(Corpus(name, "ar", "en", pairs, signature), stream, created=created)
    assert (done.pairs, done.left_out) == (len(pairs), 0)
    return stream.getvalue()


def page(*pairs: Pair, **options: object) -> Page:
    return Page(source(*pairs, **options))  # type: ignore[arg-type]


def test_every_cell_says_language_and_direction() -> None:
    stream = io.StringIO()
    write_page(read_jsonl(GOLDEN / "small.jsonl"), stream)
    result = Page(stream.getvalue())
    for tag in ("td", "th"):
        assert all(cell["lang"] and cell["dir"] for cell in result.all(tag))
    assert all(cell["scope"] for cell in result.all("th"))
    arabic = [text for cell, text in result.cells if cell["lang"] == "ar"]
    assert {cell["dir"] for cell, _ in result.cells if cell["lang"] == "ar"} == {"rtl"}
    assert arabic == [pair.src for pair in read_jsonl(GOLDEN / "small.jsonl") if pair.src]


def test_nothing_of_the_text_is_markup() -> None:
    flag = Flag(HOSTILE, "error", HOSTILE)
    pair = Pair(1, HOSTILE, HOSTILE, machine=HOSTILE, origin="human", flags=(flag,))
    text = source(pair, name=HOSTILE, model=HOSTILE, **{HOSTILE: HOSTILE})
    result = Page(text)
    assert not result.all("script")
    assert not result.all("img")
    assert result.cells[0][1] == HOSTILE
    assert result.text.count(HOSTILE) >= 8
    assert not [name for _, attributes in result.tags for name in attributes if name.startswith("on")]


def test_no_request_can_leave_the_page() -> None:
    result = page(Pair(1, "a", "b"))
    urls = [
        value for _, attributes in result.tags for key, value in attributes.items() if key in ("href", "src")
    ]
    assert urls
    assert all(url and url.startswith("#") for url in urls)
    assert "url(" not in source(Pair(1, "a", "b"))


def test_the_policy_fits_the_style_sheet() -> None:
    text = source(Pair(1, "a", "b"))
    style = re.search("(?s)<style>(.*?)</style>", text)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(meta["content"] for meta in Page(text).all("meta") if "http-equiv" in meta)
    assert f"style-src 'sha256-{digest}'" in (policy or "")
    assert "default-src 'none'" in (policy or "")
    assert " style=" not in text.replace(style[0], "")


def test_paragraphs_and_anchors() -> None:
    pairs = (Pair(4, "a", "b", 0), Pair(5, "c", "d", 0), Pair(9, "e", "f", 3))
    result = page(*pairs)
    assert len(result.all("tbody")) == 2
    ids = {attributes["id"] for _, attributes in result.tags if "id" in attributes}
    assert {"s4", "s5", "s9"} <= ids
    targets = {link["href"] for link in result.all("a")}
    assert targets == {"#s4", "#s5", "#s9"}


def test_repeated_ids_give_way_to_positions() -> None:
    result = page(Pair(7, "a", "b"), Pair(7, "c", "d"))
    assert [row["id"] for row in result.all("tr") if "id" in row] == ["s1", "s2"]


def test_a_single_paragraph_needs_no_number() -> None:
    assert "¶" not in source(Pair(1, "a", "b"), Pair(2, "c", "d"))


def counts(text: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([A-Z][\w ]+)</dt><dd>([\d,]+)</dd>", text))


def test_counts_of_the_header() -> None:
    stream = io.StringIO()
    write_page(read_jsonl(GOLDEN / "small.jsonl"), stream)
    assert counts(stream.getvalue()) == {
        "Paragraphs": "3",
        "Sentence pairs": "6",
        "Arabic words": "27",
        "English words": "34",
        "Flagged": "1",
        "Omitted": "1",
        "Added": "1",
    }


def test_flags_say_what_and_why() -> None:
    flags = (Flag("numbers", "error", "7 became 9"), Flag("length", "warning", "short"))
    text = source(Pair(1, "a", "b", flags=flags), Pair(2, "c", "d"), Pair(3, "e", "f", flags=flags[1:]))
    assert text.count('<use href="#error"/>') == 1
    assert text.count('<use href="#warning"/>') == 2
    assert "Error: numbers.</strong> <bdi>7 became 9</bdi>" in text
    assert counts(text)["Flagged"] == "2"
    assert 'id="only"' in text
    assert 'href="#s3">next' in text


def test_information_is_no_flag_and_nothing_to_filter() -> None:
    text = source(Pair(1, "a", "b", flags=(Flag("memory", "info", "0.9 alike"),)))
    assert "0.9 alike" in text
    assert counts(text)["Flagged"] == "0"
    assert 'id="only"' not in text


def test_omitted_and_added_are_written_out() -> None:
    text = source(
        Pair(1, "a", ""), Pair(2, " ", "b"), Pair(3, "c", "", flags=(Flag("empty", "error", "no text"),))
    )
    assert text.count("Omitted in the translation") == 2
    assert text.count("Added: the source has no such sentence") == 1
    assert "no text" in text


def test_third_column_where_the_machine_stands_beside_a_person() -> None:
    two = page(Pair(1, "a", "b"))
    three = page(Pair(1, "a", "b", origin="human", machine="c"), Pair(2, "d", "e", origin="human"))
    assert len(two.cells) == 2
    assert [text.strip() for _, text in three.cells] == ["a", "b", "c", "d", "e", "No machine translation"]


@pytest.mark.parametrize(
    ("probability", "name"), [(1, "high"), (0.9, "high"), (0.899, "medium"), (0.5, "medium"), (0.49, "low")]
)
def test_confidence_is_text_too(probability: float, name: str) -> None:
    assert band(probability) == name
    assert f'<span class="{name}">{name} {probability:.2f}</span>' in source(
        Pair(1, "a", "b", confidence=probability)
    )


def test_header_names_model_and_date() -> None:
    text = source(Pair(1, "a", "b"), created=datetime(2026, 3, 4, tzinfo=timezone.utc), model="tiny-1")
    assert "Machine translation by tiny-1 · 4 March 2026" in " ".join(Page(text).text.split())
    assert "<dt>model</dt><dd>tiny-1</dd>" in text


def test_english_source_stands_on_the_left_too() -> None:
    def direction(src: str, tgt: str) -> str | None:
        stream = io.StringIO()
        write_page(Corpus("x", src, tgt, (Pair(1, "a", "b"),)), stream)
        return Page(stream.getvalue()).all("table")[0]["dir"]

    assert direction("ar", "en") == "rtl"
    assert direction("en", "ar") == "ltr"


def test_an_empty_corpus_and_wild_characters() -> None:
    assert counts(source())["Sentence pairs"] == "0"
    assert page(Pair(1, "a\x00\ud800\x1b", "b")).cells[0][1] == "a"


def test_a_similar_sentence_is_offered_below_its_row() -> None:
    stream = io.StringIO()
    write_page(read_jsonl(GOLDEN / "small.jsonl"), stream)
    (offer,) = re.findall(r'<details class="match".*?</details>', stream.getvalue(), re.DOTALL)
    assert "(81%)" in offer
    assert '<p lang="ar" dir="rtl">' in offer
    assert "doors &lt;last&gt; night." in offer
