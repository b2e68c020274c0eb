"""The program `leadctl`, and the one place where errors become exit codes."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl import __version__
from leadctl.cli.show import Output, show_error
from leadctl.errors import ExitCode, LeadctlError, UsageError

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends in SystemExit with one of the exit codes."""
    given = sys.argv[1:] if arguments is None else [*arguments]
    _open_streams()
    try:
        code = app(args=given, prog_name="leadctl", standalone_mode=False)
    except LeadctlError as error:
        show_error(error)
        code = error.exit_code
    except typer.TyperException as error:
        code = _usage(error, json="--json" in given)
    except typer.Abort:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: so does what the interpreter would flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.DEFECT
    sys.exit(code if isinstance(code, int) else ExitCode.OK)


def _open_streams() -> None:
    """Have streams to write to, whatever the program was started with."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of few letters


def _usage(error: typer.TyperException, *, json: bool) -> ExitCode:
    """Say what is wrong with the command line, as typer words it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "leadctl"
    message = error.format_message()
    if "\n" in message:  # the help, where a command was called without arguments
        typer.echo(message, err=True)
        return ExitCode.USAGE
    usage = UsageError(message, hint=f"`{command} --help` tells what it takes")
    if json:
        Output(json=True).failed(usage)
    show_error(usage)
    return ExitCode.USAGE
