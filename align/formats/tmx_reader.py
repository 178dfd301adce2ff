"""The lenient half of TMX: reads what OPUS, OmegaT, Trados and old scripts write, by streaming.

Header attributes may be missing, the DOCTYPE too; language tags may be `ara`, `AR` or `ar_SA`, stand in
`lang` instead of `xml:lang`, and come in any order; any encoding that XML knows will do. What is
refused, loudly, is what is dangerous or broken: a file that declares entities (the way to read
other files or to exhaust the memory) or that is not well formed. Expat loads no external
DTD, and is the fastest of the readers measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from align.corpus import Corpus, Pair
from align.errors import FormatError
from align.formats.fields import FIELDS, gathered
from align.formats.files import Source, open_input

__all__ = ["iter_tmx", "iter_units", "read_tmx"]

_CHUNK = 1 << 16  # bytes
_LINE_END = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_ISO_639_3 = {"ara": "ar", "arb": "ar", "eng": "en"}
_SKIPPED = {"bpt", "ept", "ph", "it", "ut"}  # markup of the original document, not its text
_XML_LANG = ("xml:lang", "lang")
_DATES = ("creationdate", "changedate")


def read_tmx(path: Source, *, src_lang: str = "ar", tgt_lang: str = "en") -> Corpus:
    """Read a TMX; see `iter_tmx`. The header's properties become the signature."""
    reader = _Reader(path, src_lang, tgt_lang)
    pairs = tuple(pair for pair, _ in reader.units())
    name = reader.signature.pop("document", Path(path).stem)
    return Corpus(name, src_lang, tgt_lang, pairs, reader.signature)


def iter_tmx(path: Source, *, src_lang: str = "ar", tgt_lang: str = "en") -> Iterator[Pair]:
    """The pairs of a TMX, one at a time, in constant memory.

    A unit with two English variants gives two pairs; a side that is missing or empty stays empty; units
    with neither language are passed over. The ids are the unit's own where they are numbers in
    rising order. Units that do not say where they come from count as human: a translator's memory
    is the work of people. Raises InputError, and FormatError with the line.
    """
    return (pair for pair, _ in iter_units(path, src_lang=src_lang, tgt_lang=tgt_lang))


def iter_units(
    path: Source, *, src_lang: str = "ar", tgt_lang: str = "en"
) -> Iterator[tuple[Pair, Mapping[str, str]]]:
    """The pairs with all that their units say: properties by type, `creationdate`, `changedate`.

    The dates are the latest of the unit and its variants. Otherwise as `iter_tmx`.
    """
    return _Reader(path, src_lang, tgt_lang).units()


@dataclass(slots=True)
class _Unit:
    """What has been read of the current `<tu>`."""

    tuid: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    variants: list[tuple[str, str]] = field(default_factory=list)

    def date(self, attributes: Mapping[str, str]) -> None:
        """Dates in the basic form of ISO 8601, as TMX has them, sort as text."""
        for key in _DATES:
            if latest := max(attributes.get(key, ""), self.properties.get(key, "")):
                self.properties[key] = latest


class _Reader:
    """The state of one pass over one file: expat calls the methods, finished pairs queue up."""

    def __init__(self, path: Source, src_lang: str, tgt_lang: str) -> None:
        self.signature: dict[str, str] = {}
        self._path = path
        self._src, self._tgt = _primary(src_lang), _primary(tgt_lang)
        self._parser = _parser(self)
        self._ready: list[tuple[Pair, Mapping[str, str]]] = []
        self._languages: set[str] = set()
        self._last_id = -1
        self._unit: _Unit | None = None
        self._key = self._lang = ""
        self._text: list[str] | None = None
        self._inside_markup = 0
        self._root_seen = False

    def units(self) -> Iterator[tuple[Pair, Mapping[str, str]]]:
        with open_input(self._path) as file:
            while chunk := file.read(_CHUNK):
                yield from self._parse(chunk, final=False)
            yield from self._parse(b"", final=True)
        if self._last_id < 0 and self._languages:
            found = ", ".join(sorted(self._languages))
            raise FormatError(
                f"holds no unit in {self._src} or {self._tgt}", path=self._path, advice=f"it has: {found}"
            )

    def _parse(self, chunk: bytes, *, final: bool) -> list[tuple[Pair, Mapping[str, str]]]:
        self._ready = []
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise FormatError(
                f"not well-formed XML: {expat.ErrorString(error.code)}",
                path=self._path,
                line=error.lineno,
                column=error.offset + 1,
                advice="export the file again, or repair it at that place",
            ) from error
        except (
            LookupError,
            ValueError,
        ) as error:  # an encoding that Python does not know or expat cannot use
            raise self._refusal(f"its encoding cannot be read: {error}") from error
        return self._ready

    def _refusal(self, message: str, advice: str = "save the file as UTF-8") -> FormatError:
        return FormatError(message, path=self._path, line=self._parser.CurrentLineNumber, advice=advice)

    def entity(self, *_: object) -> NoReturn:
        raise self._refusal(
            "declares or uses entities, which can hide other files or exhaust the memory; refused",
            "remove the <!ENTITY ...> declarations and put their text in place",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if not self._root_seen and name != "tmx":
            raise self._refusal(f"the root element is <{name}>, not <tmx>", "this is another kind of XML")
        self._root_seen = True
        if self._text is not None:
            self._inside_markup += self._inside_markup > 0 or name in _SKIPPED
        elif name == "tu":
            self._unit = _Unit(attributes.get("tuid", ""))
            self._unit.date(attributes)
        elif name == "tuv":
            if self._unit is not None:
                self._unit.date(attributes)
            self._lang = _primary(next((attributes[key] for key in _XML_LANG if key in attributes), ""))
        elif name in ("seg", "prop"):
            self._key = attributes.get("type", "")
            self._text = []

    def text(self, text: str) -> None:
        if self._text is not None and not self._inside_markup:
            self._text.append(text)

    def end(self, name: str) -> None:
        name = _local(name)
        if name in ("seg", "prop") and self._text is not None:
            text = _LINE_END.sub(" ", "".join(self._text)).strip()
            self._text, self._inside_markup = None, 0
            self._keep(name, text)
        elif self._text is not None:
            self._inside_markup -= self._inside_markup > 0
        elif name == "tu" and self._unit is not None:
            self._ready += self._finished(self._unit)
            self._unit = None

    def _keep(self, name: str, text: str) -> None:
        if self._unit is None:
            self.signature.setdefault(self._key.removeprefix("x-"), text)
        elif name == "seg":
            self._languages.add(self._lang)
            self._unit.variants.append((self._lang, text))
        elif self._key == "x-flag" and "x-flag" in self._unit.properties:
            self._unit.properties["x-flag"] += " | " + text
        else:
            self._unit.properties[self._key] = text

    def _finished(self, unit: _Unit) -> Iterator[tuple[Pair, Mapping[str, str]]]:
        sources = [text for lang, text in unit.variants if lang == self._src]
        targets = [text for lang, text in unit.variants if lang == self._tgt]
        if not any(sources) and not any(targets):
            return
        known = _known(unit.properties)
        for src in sources or [""]:
            for tgt in targets or [""]:
                self._last_id = _next_id(unit.tuid, self._last_id)
                yield Pair(self._last_id, src, tgt, **known), unit.properties


def _parser(reader: _Reader) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    parser.ExternalEntityRefHandler = reader.entity
    # With a DOCTYPE in sight expat would pass over entities that it does not know.
    parser.SkippedEntityHandler = reader.entity
    return parser


def _known(properties: dict[str, str]) -> dict[str, Any]:
    """Our own properties; values that other programs gave the same names are passed over."""
    known: dict[str, Any] = {"origin": "human"}
    for key, text in properties.items():
        name = "flags" if key == "x-flag" else key.removeprefix("x-")
        if not key.startswith("x-") or name in ("id", "src", "tgt") or name not in FIELDS:
            continue
        parse: Callable[[str], Any] = FIELDS[name].parse
        with suppress(ValueError):
            known[name] = parse(text)
    return gathered(known)


def _next_id(tuid: str, last: int) -> int:
    number = int(tuid) if tuid.isascii() and tuid.isdecimal() and len(tuid) < 16 else 0
    return max(number, last + 1)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _primary(tag: str) -> str:
    """`ar` for `AR`, `ar-SA`, `ar_SA` and `ara`."""
    language = tag.replace("_", "-").partition("-")[0].strip().lower()
    return _ISO_639_3.get(language, language)
