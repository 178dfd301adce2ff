"""A translation job: which inputs, and where the journal lies that lets it go on after a kill."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from align import __version__
from align.atomic import make_folder, sweep
from align.corpus import Document
from align.errors import InputError
from align.formats.files import open_input
from align.formats.text import read_text
from align.translate.journal import Journal

__all__ = [
    "Source",
    "Sources",
    "find_documents",
    "folder_journal",
    "lines_journal",
    "output_folders",
    "survey",
]

_TEXT_SUFFIXES = (".txt", ".text")


def find_documents(paths: Iterable[str]) -> list[str]:
    """The files that the arguments mean: files as they are, folders for the text files in them.

    Files of a folder come in order of name; hidden ones are passed over. `-` (standard input)
    stays. Raises `InputError` for what does not exist and for folders without text files.
    """
    found: list[str] = []
    for path in map(Path, paths):
        if str(path) == "-" or not path.is_dir():
            found.append(str(path))
            continue
        inside = sorted(
            file for file in path.rglob("*") if file.suffix.lower() in _TEXT_SUFFIXES and _visible(file, path)
        )
        if not inside:
            raise InputError(
                "no text files in this folder", path=path, advice="files named *.txt are looked for"
            )
        found += map(str, inside)
    return list(dict.fromkeys(found))


def _visible(file: Path, root: Path) -> bool:
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(root).parts)


def output_folders(names: Sequence[str], root: Path) -> list[Path]:
    """A folder for each document name; the second `report` goes to `report-2`."""
    taken: set[str] = set()
    folders = []
    for name in names:
        unique, number = name, 1
        while unique.casefold() in taken:  # case does not tell folders apart everywhere
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique.casefold())
        folders.append(root / unique)
    return folders


@dataclass(frozen=True, slots=True)
class Source:
    """A document that was looked at: `held` is the document where it cannot be read twice."""

    path: str
    name: str
    segments: int
    held: Document | None


class Sources:
    """Documents to translate, all of them looked at, and none held in memory but standard input."""

    def __init__(self, sources: Sequence[Source], encoding: str | None) -> None:
        self.sources, self._encoding = sources, encoding

    @property
    def segments(self) -> int:
        return sum(source.segments for source in self.sources)

    def folders(self, root: Path) -> list[Path]:
        """The folder of each document in `root`."""
        return output_folders([source.name for source in self.sources], root)

    def __iter__(self) -> Iterator[Document]:
        for source in self.sources:
            yield source.held or read_text(source.path, encoding=self._encoding)


def survey(paths: Sequence[str], encoding: str | None = None) -> Sources:
    """Read every document once, so that a bad one is told of before hours of work, not after.

    Raises as `align.formats.text.read_text` does.
    """
    sources = []
    for path in paths:
        document = read_text(path, encoding=encoding)
        held = document if path == "-" else None
        sources.append(Source(path, document.name, len(document.segments), held))
    return Sources(sources, encoding)


def folder_journal(
    root: Path, paths: Sequence[str], plan: Mapping[str, str], *, encoding: str | None, resume: bool = True
) -> AbstractContextManager[Journal | None]:
    """The journal of documents translated into `root`: a hidden file, with a name of the job's own.

    None where standard input is among the documents: nobody could tell that it is the same again.
    """
    if "-" in paths:
        return nullcontext()
    job = _job("documents", paths, plan, encoding)
    key = hashlib.sha256(repr(sorted(job.items())).encode()).hexdigest()[:16]
    return Journal(make_folder(root) / f".align-{key}.journal", job, resume=resume)


def lines_journal(
    output: Path, paths: Sequence[str], plan: Mapping[str, str], *, encoding: str | None, resume: bool = True
) -> AbstractContextManager[Journal | None]:
    """The journal of lines translated into the file `output`: OUTPUT.journal beside it.

    None for standard input (see `folder_journal`) and where the output is a device or a pipe.
    """
    if "-" in paths or (output.exists() and not output.is_file()):
        return nullcontext()
    sweep(output.parent)
    job = _job("lines", paths, plan, encoding)
    return Journal(output.with_name(f"{output.name}.journal"), job, resume=resume)


def _job(kind: str, paths: Sequence[str], plan: Mapping[str, str], encoding: str | None) -> dict[str, str]:
    return {
        "kind": kind,
        "tool": f"align-ar-en {__version__}",
        "inputs": _digest(paths),
        "encoding": encoding or "",
        **plan,
    }


def _digest(paths: Sequence[str]) -> str:
    """SHA-256 over the contents of files, in order."""
    digest = hashlib.sha256()
    for path in paths:
        with open_input(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
            digest.update(f"{file.tell()} ".encode())  # where a file ends counts, too
    return digest.hexdigest()
