"""The command line: a thin skin over the Python interface, one module a command.

Commands print results to standard output and progress to standard error. Exit status: 0 fine,
1 checks found faults, 2 the user's error, told in one line and one line of advice.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Any

import typer

from align import __version__
from align.commands import check, memory, pair, score_beads, train, translate
from align.errors import AlignError

__all__ = ["app", "main"]

app = typer.Typer(
    name="align",
    help="Arabic documents beside their English: translate, pair, check, and take TMX and TSV away.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(translate.translate)
app.command()(pair.pair)
app.command()(check.check)
app.command("score-beads")(score_beads.score_beads)
app.command()(train.train)
app.add_typer(memory.app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"align-ar-en {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Arabic documents beside their English: translate, pair, check, and take TMX and TSV away."""


# Newer versions of Typer carry their own copy of click: the class is found the way that serves both.
_UsageError: type[Any] = typer.BadParameter.__mro__[1]


class _InterruptedError(AlignError):
    """Ctrl-C or a polite kill."""


def _interrupt(*_: Any) -> None:
    raise _InterruptedError(
        "interrupted",
        advice="what was finished is kept, nothing half-written is left; translations go on"
        " where they were when the same command is given again",
    )


def main() -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(app(standalone_mode=False))
    except _UsageError as error:
        _refuse(error)
    except typer.Abort:  # a question was answered by Ctrl-C or the end of the input
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output (head, say) has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except AlignError as error:
        _tell(str(error), error.advice)
        sys.exit(2)


def _refuse(error: Any) -> None:
    """Wrong options and arguments in the house's two lines, not in Typer's box; exit 2."""
    path = error.ctx.command_path if error.ctx else "align"
    message = " ".join(error.format_message().split())
    if message and type(error).__name__ != "NoArgsIsHelpError":  # that one's message is the whole help
        _tell(message[0].lower() + message[1:].rstrip("."), f"see: {path} --help")
    else:
        error.show()
    sys.exit(2)


def _tell(message: str, advice: str | None) -> None:
    print(f"align: error: {message}", file=sys.stderr)  # noqa: T201
    if advice:
        print(f"  {advice}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
