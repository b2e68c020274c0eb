"""The program `leadctl`, and the only place where errors become exit codes."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadctl import __version__
from leadctl.cli import shells
from leadctl.cli.commands import Commands, Program
from leadctl.cli.output import Output, say, show_error
from leadctl.cli.parameters import option
from leadctl.model.errors import ExitCode, LeadctlError, UsageError
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from typer.models import CommandInfo

app = Commands(
    Program,
    add_completion=False,  # shells are answered without typer: see complete.py
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Import sales leads into outbound dialers: every lead once, or the reason "
    "why not.\n\n`leadctl help push` explains a command.",
)


NAMES = (
    "preview", "check", "push", "work", "fix", "find", "forget", "suppress", "init",
    "campaigns", "clean", "doctor", "sandbox", "accounts", "config", "ledger",
    "profile", "providers", "runs",
)  # fmt: skip
"""The commands and groups, in the order of the help."""
SHARED = dict.fromkeys(("preview", "check"), "push") | dict.fromkeys(
    ("find", "forget", "suppress"), "people"
)
"""The modules of commands that are not called like them."""
IMPORTED: dict[str, CommandInfo] = {}
"""Commands by name, as their modules have added them to the program."""


def load(names: Collection[str] = NAMES) -> Commands:
    """Give the program these commands, by default all, and return it.

    Others of their modules are left out: typer takes 4 ms to build each.
    """
    for name in names:
        import_module(f"leadctl.cli.{SHARED.get(name, name)}")
    IMPORTED.update((str(one.name), one) for one in app.registered_commands)
    app.registered_commands = [
        IMPORTED[name] for name in NAMES if name in names and name in IMPORTED
    ]
    app.registered_groups.sort(key=lambda one: NAMES.index(str(one.name)))
    return app


def needed(given: Sequence[str]) -> Collection[str]:
    """Return the names of the commands that a command line may be about."""
    match given:
        case [] | ["-h" | "--help"]:
            return ()  # the help of the program lists commands from a table
        case [name, *_] if name in NAMES:
            return (name,)
        case _:
            return NAMES


def _shell() -> str:
    """Return the shell that leadctl was started from."""
    import shellingham  # type: ignore[import-untyped]  # it has no types

    try:
        name = str(shellingham.detect_shell()[0]).replace("pwsh", "powershell")
    except shellingham.ShellDetectionFailure:
        name = "of another kind"
    if name not in shells.SCRIPTS:
        raise UsageError(
            f"no completion for shell {name}",
            hint=f"supported shells: {', '.join(shells.SCRIPTS)}",
        )
    return name


def _show_version() -> None:
    typer.echo(f"leadctl {__version__}")


def _install_completion() -> None:
    shell = _shell()
    place = shells.install(shell, Path.home())
    typer.echo(f"{shell} completion installed in {place}")
    typer.echo("Completion will take effect once you restart the terminal")


def _show_completion() -> None:
    typer.echo(shells.script(_shell()), nl=False)


def _instead(usage: str, about: str, act: Callable[[], None]) -> Any:  # noqa: ANN401  of typer
    """Declare a flag that does something in place of a command."""

    def callback(asked: bool) -> None:
        if asked:
            act()
            raise typer.Exit

    return option(usage, about, callback=callback, is_eager=True)


INSTALL = "Install completion for the current shell."
SHOW = "Show completion for the current shell, e.g. to adapt it."


@app.callback()
def _program(
    version: Annotated[
        bool, _instead("--version -V", "Show the version.", _show_version)
    ] = False,
    install: Annotated[
        bool, _instead("--install-completion", INSTALL, _install_completion)
    ] = False,
    show: Annotated[
        bool, _instead("--show-completion", SHOW, _show_completion)
    ] = False,
) -> None:
    pass


def main(given: Sequence[str]) -> None:
    """Run the program; ends in SystemExit with one of the exit codes."""
    _open_streams()
    try:
        code = app(args=given, prog_name="leadctl", standalone_mode=False)
    except LeadctlError as error:
        show_error(error)
        code = error.exit_code
    except typer.TyperException as error:
        code = _usage(error, given)
    except typer.Abort:
        say("leadctl: interrupted")
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: so does what the interpreter would flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.DEFECT
    sys.exit(code if isinstance(code, int) else ExitCode.OK)


def _open_streams() -> None:
    """Make sure that there are streams to write to, however the program was started."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may lack characters


def _meant(error: typer.TyperException) -> str:
    """Say what to give for a missing argument: the latest run, a file or stdin."""
    missing, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if "- is stdin" in (getattr(missing, "help", None) or ""):
        return "name a file, or - for stdin"
    if context is None or getattr(missing, "metavar", "") != "RUN":
        return ""
    from leadctl.cli.complete import known_names

    given = context.params.get("ledger")
    runs = known_names("run", {"--ledger": given} if given else {}, os.environ)
    latest = next(iter(runs), None)
    return f"latest run: {context.command_path} {latest}" if latest else ""


def _groups_with(given: Sequence[str], context: typer.Context | None) -> list[str]:
    """Name the groups that have a command: `runs` for `leadctl stop`."""
    commands = getattr(context.command, "commands", {}) if context else {}
    if not given or given[0] in commands or (context and context.parent):
        return []
    return [
        name
        for name, group in commands.items()
        if given[0] in getattr(group, "commands", ())
    ]


def _usage(error: typer.TyperException, given: Sequence[str]) -> ExitCode:
    """Print what is wrong with a command line, even as JSON, as far as it can tell."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "leadctl"
    message = error.format_message()
    if near := getattr(error, "possibilities", None):  # only the nearest
        message = f"{error.message}{nearest(getattr(error, 'option_name', ''), near)}"
    if "\n" in message:  # the help, where a command was called without arguments
        typer.echo(message, err=True)
        return ExitCode.USAGE
    if groups := _groups_with(given, context):
        message = f"No such command {given[0]!r}."
        places = " or ".join(f"`leadctl {group} {given[0]}`" for group in groups)
        hint = f"did you mean {places}?"
    else:
        hint = _meant(error) or f"see `{command} --help`"
    usage = UsageError(message, hint=hint)
    events = "jsonl" in given or "--output=jsonl" in given
    json = events or bool({"--json", "json", "--output=json"} & {*given})
    Output(json=json, events=events).failed(usage)
    show_error(usage)
    return ExitCode.USAGE
