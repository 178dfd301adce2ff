"""The docs name what exists: every command, every option of the readme's calls, every linked file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "data").rglob("*.md"),
    *ROOT.glob("models/*/*.md"),
]
CALLS = re.compile(r"(?:^|\| |`)\$? ?align ([a-z][a-z-]*)([^\n`#|>]*)", re.MULTILINE)


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "align", *command, "--help"], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def commands() -> dict[str, str]:
    """Name -> help text of each command."""
    from align.cli import app

    names = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]
    helps = {name: help_of(name) for name in names}
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        name = str(inner.info.name)
        subcommands = [
            str(command.name or command.callback.__name__) for command in inner.registered_commands
        ]
        helps[name] = help_of(name) + "".join(help_of(name, subcommand) for subcommand in subcommands)
    return helps


def test_every_command_is_in_the_guide(commands: dict[str, str]) -> None:
    guide = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    assert commands
    for name in commands:
        assert f"align {name} " in guide, f"docs/usage.md does not show align {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_calls_in_the_docs_exist(page: Path, commands: dict[str, str]) -> None:
    for name, arguments in CALLS.findall(page.read_text(encoding="utf-8")):
        if name in ("article", "is", "runs", "takes", "can", "does", "needs", "and", "or"):
            continue  # prose that begins a line
        assert name in commands, f"align {name} is no command"
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", arguments):
            assert option in commands[name], f"align {name} has no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_commands_are_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\$ make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
