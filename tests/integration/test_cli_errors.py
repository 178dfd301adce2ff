"""Wrong command lines are told in the house's two lines, whatever Typer would have drawn."""

from __future__ import annotations

import subprocess
import sys

import pytest


def _align(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "align", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "told", "advice"),
    [
        (("translate", "--beam", "x", "f.txt"), "invalid value for '--beam'", "align translate --help"),
        (("check", "--min-score", "abc"), "invalid value for '--min-score'", "align check --help"),
        (("pair", "one.txt"), "missing argument 'REF'", "align pair --help"),
        (("train", "--nope"), "no such option: --nope", "align train --help"),
        (("translat",), "no such command 'translat'", "align --help"),
    ],
)
def test_a_wrong_command_line_is_two_lines(arguments: tuple[str, ...], told: str, advice: str) -> None:
    done = _align(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("align: error: ")
    assert told in first
    assert second.endswith(advice)


def test_no_arguments_show_the_help() -> None:
    done = _align()
    assert "Usage: " in done.stdout + done.stderr
    assert "translate" in done.stdout + done.stderr


def test_asking_is_no_error() -> None:
    for arguments in (("--version",), ("--help",), ("check", "--list")):
        assert _align(*arguments).returncode == 0
