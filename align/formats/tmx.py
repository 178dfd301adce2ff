"""TMX 1.4b, the translators' exchange format: written strictly, read leniently.

Specification: https://www.gala-global.org/tmx-14b. What is written keeps to what every program tried
accepts (OmegaT, translate-toolkit and with it Weblate, Perl's XML::TMX, the DTD): all seven header
attributes, a header with an end tag, one pair a unit, each `<seg>` plain text on one line, hyphens
in language tags, properties whose type starts with `x-`, no empty translation. The reading half
is in `tmx_reader`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone

from align import __version__
from align.corpus import Corpus, Pair
from align.formats.fields import FIELDS
from align.formats.files import Target, Written, creation_time, open_output
from align.formats.plain import one_line, xml_text
from align.formats.tmx_reader import iter_tmx, iter_units, read_tmx

__all__ = ["iter_tmx", "iter_units", "read_tmx", "write_tmx", "write_units"]

_PROPERTIES = {
    name: FIELDS[name].show
    for name in (
        *("paragraph", "confidence", "quality", "logprob", "origin", "machine"),
        *("match", "match_src", "match_tgt"),
    )
}
_DRAFT = "draft"
_DATES = ("creationdate", "changedate")


def write_tmx(corpus: Corpus, target: Target, *, created: datetime | None = None) -> Written:
    """Write one unit a pair, in one pass over the corpus and in constant memory.

    Pairs with an empty side are left out and counted. The texts are the corpus's own but for white
    space around them, line ends (which become spaces) and characters that XML forbids. `created`
    defaults to `creation_time()`. Raises OutputError.
    """
    return write_units(corpus, ((pair, {}) for pair in corpus), target, created=created)


def write_units(
    head: Corpus,
    units: Iterable[tuple[Pair, Mapping[str, object]]],
    target: Target,
    *,
    created: datetime | None = None,
) -> Written:
    """Write pairs with more properties of each, under the name, languages and signature of `head`.

    `creationdate` and `changedate` become attributes of the unit. Otherwise as `write_tmx`.
    """
    languages = _tag(head.src_lang), _tag(head.tgt_lang)
    written = left_out = 0
    with open_output(target) as stream:
        stream.write(_head(head, languages[0], created or creation_time()))
        for pair, more in units:
            unit = _unit(pair, more, *languages)
            stream.write(unit)
            written += bool(unit)
            left_out += not unit
        stream.write("  </body>\n</tmx>\n")
    return Written(written, left_out)


def _head(corpus: Corpus, src_lang: str, created: datetime) -> str:
    signature = "".join(f"    {_property(key, value)}\n" for key, value in corpus.signature.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
        '<tmx version="1.4">\n'
        f'  <header creationtool="align-ar-en" creationtoolversion="{__version__}" segtype="sentence"'
        f' o-tmf="align" adminlang="en" srclang="{src_lang}" datatype="plaintext"'
        f' creationdate="{created.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}">\n'
        f"    {_property('document', corpus.name)}\n{signature}"
        "  </header>\n"
        "  <body>\n"
    )


def _unit(pair: Pair, more: Mapping[str, object], src_lang: str, tgt_lang: str) -> str:
    """The `<tu>` element, or nothing where a side is empty."""
    src, tgt = _escape(pair.src), _escape(pair.tgt)
    if not src or not tgt:
        return ""
    dates = "".join(f' {name}="{more[name]}"' for name in _DATES if name in more)
    properties = "".join(f"      {line}\n" for line in _properties(pair, more))
    return (
        f'    <tu tuid="{pair.id}"{dates}>\n{properties}'
        f'      <tuv xml:lang="{src_lang}"><seg>{src}</seg></tuv>\n'
        f'      <tuv xml:lang="{tgt_lang}"><seg>{tgt}</seg></tuv>\n'
        "    </tu>\n"
    )


def _properties(pair: Pair, more: Mapping[str, object]) -> Iterator[str]:
    """What is known of the pair; a flag has a property to itself."""
    for name, value in more.items():
        if name not in _DATES:
            yield _property(name, str(value))
    for name, show in _PROPERTIES.items():
        if text := show(pair):
            yield _property(name, text)
    if pair.status != _DRAFT:
        yield _property("status", pair.status)
    for flag in pair.flags:
        yield _property("flag", f"{flag.check} ({flag.level}): {flag.message}")


def _property(name: str, text: str) -> str:
    kind = _escape(name).replace('"', "&quot;")
    return f'<prop type="x-{kind}">{_escape(text)}</prop>'


def _escape(text: str) -> str:
    """As XML character data on one line, without white space around it."""
    plain = xml_text(one_line(text)).strip()
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _tag(language: str) -> str:
    """As BCP 47 writes it: OmegaT inserts nothing from units marked `ar_SA`."""
    return _escape(language.replace("_", "-")).replace('"', "&quot;")
