"""The program `leadctl`: its command groups, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl import __version__
from leadctl.errors import ExitCode, LeadctlError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Import sales leads into outbound dialers: nothing lost, nothing doubled, "
    "the reason for every row.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"leadctl {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    pass


def show_error(error: LeadctlError) -> None:
    """Print what happened and what to do next, on stderr."""
    typer.echo(f"leadctl: {_printable(error.message)}", err=True)
    if error.hint:
        typer.echo(f"  {_printable(error.hint)}", err=True)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends in SystemExit with one of the exit codes."""
    try:
        app(args=arguments, prog_name="leadctl")
    except LeadctlError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has left: so does what the interpreter would still flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.DEFECT)
