"""The manual pages, written from the commands as typer has them.

`python -m tools.manual FOLDER` writes them; `make man` keeps docs/man.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main
from typer.core import TyperArgument, TyperOption

from leadctl import __version__
from leadctl.cli.app import load
from leadctl.cli.commands import (
    Command,
    Group,
    name_of,
    shown_options,
    usage,
)
from leadctl.cli.parameters import Section
from leadctl.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

EXITS = {
    ExitCode.OK: "every row created, accepted, duplicate or suppressed",
    ExitCode.DEFECT: "unexpected failure (a defect)",
    ExitCode.USAGE: "usage",
    ExitCode.REJECTED: "finished; some rows rejected",
    ExitCode.ACCESS: "credentials missing or rejected",
    ExitCode.TROUBLE: "provider or network trouble; some rows `failed`; "
    "`runs resume` is safe",
    ExitCode.INPUT: "input, profile or config unusable; nothing was sent",
    ExitCode.STOPPED: "stopped on purpose: campaign unknown or not open, "
    "`--max-rejects` reached",
    ExitCode.UNKNOWN: "finished, but some rows are `unknown`",
    ExitCode.LOCKED: "another run holds this campaign's lock",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C; state saved",
    ExitCode.TERMINATED: "interrupted by SIGTERM; state saved",
}
PLACES = {
    "~/.config/leadctl/config.yaml": "accounts and profiles (`leadctl config path`)",
    "~/.local/state/leadctl/ledger.sqlite": "the ledger: runs, and who is delivered",
    "~/.local/state/leadctl/campaigns/": "what Tab offers for --campaign",
}


def pages() -> dict[str, str]:
    """Return every page by its file's name: the program's, and one a command."""
    program = typer.main.get_group(load())
    assert isinstance(program, Group)  # noqa: S101  it is made of Commands
    found = {"leadctl.1": _page("leadctl", program, [*_program(program)])}
    for name, command in inner(program).items():
        words = f"leadctl {name}"
        body = [*_command(words, command), *_commands(words, command)]
        found[f"leadctl-{name}.1"] = _page(words, command, [*body, *_see_also()])
    return found


def inner(command: Command | Group) -> dict[str, Command | Group]:
    """Return the commands of a group; a command has none."""
    return {
        name: one
        for name, one in (
            command.commands if isinstance(command, Group) else {}
        ).items()
        if isinstance(one, Command | Group)
    }


def _page(words: str, command: Command | Group, body: list[str]) -> str:
    name = words.replace(" ", "-")
    short = command.get_short_help_str(200).rstrip(".")
    head = [
        f'.TH "{name.upper()}" "1" "" "leadctl {__version__}" "leadctl"',
        ".nh",  # names of variables are not broken
        ".ad l",
        ".SH NAME",
        f"{_text(name)} \\- {_text(short)}",
    ]
    return "\n".join([*head, *body]) + "\n"


def _program(program: Group) -> Iterator[str]:
    yield from _synopsis("leadctl", program)
    yield from _described(program)
    yield ".SH COMMANDS"
    for name, command in inner(program).items():
        yield from _item(
            f"\\fBleadctl\\-{name}\\fR(1)", command.get_short_help_str(200)
        )
    yield from _options(program, ".SH")
    yield ".SH EXIT STATUS"
    for code, meaning in EXITS.items():
        yield from _item(f"\\fB{code}\\fR", f"{meaning}.")
    yield ".SH ENVIRONMENT"
    yield from _item(
        "\\fBLEADCTL_\\fIOPTION\\fR",
        "In place of an option, where its description names the variable. An option "
        "on the command line wins.",
    )
    yield from _item(
        "\\fBLEADCTL_\\fIACCOUNT\\fB_\\fISETTING\\fR",
        "A setting of an account, such as LEADCTL_VOISO_CLUSTER_ID. It wins over the "
        "config file.",
    )
    yield from _item("\\fBNO_COLOR\\fR", "Set to anything: no colours.")
    yield ".SH FILES"
    for place, content in PLACES.items():
        yield from _item(f"\\fI{_text(place)}\\fR", f"{content}.")


def _command(words: str, command: Command | Group) -> Iterator[str]:
    yield from _synopsis(words, command)
    yield from _described(command)
    yield from _options(command, ".SH")


def _commands(words: str, group: Command | Group) -> Iterator[str]:
    """Yield the commands of a group, each with all there is to say of it."""
    if found := inner(group):
        yield ".SH COMMANDS"
    for name, command in found.items():
        yield f".SS {_text(f'{words} {name}')} {_text(' '.join(usage(command)))}"
        yield from _described(command, heading=False)
        yield from _options(command, ".PP")


def _synopsis(words: str, command: Command | Group) -> Iterator[str]:
    yield ".SH SYNOPSIS"
    yield f"\\fB{_text(words)}\\fR {_text(' '.join(usage(command)))}"


def _described(command: Command | Group, *, heading: bool = True) -> Iterator[str]:
    """Yield the help text; its example stands as it is typed."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    if heading:
        yield ".SH DESCRIPTION"
    for paragraph in paragraphs:
        line = " ".join(paragraph.split())
        if line.startswith("Example: "):
            yield from (".PP", ".EX", _text(line), ".EE")
        else:
            yield from (".PP", _text(line))


def _options(command: Command | Group, heading: str) -> Iterator[str]:
    """Yield arguments and options by what they are for."""
    title = None
    for section, one in sorted(_parameters(command), key=lambda found: found[0]):
        shown = [*Section][section]
        if shown != title:
            yield f".SH {shown.upper()}" if heading == ".SH" else ".PP"
            title = shown
        yield from _item(_name(one), _meaning(one))


def _parameters(
    command: Command | Group,
) -> Iterator[tuple[int, TyperArgument | TyperOption]]:
    for one in command.params:
        if isinstance(one, TyperArgument):
            yield [*Section].index(Section.ARGUMENTS), one
    for option in shown_options(command):
        section = Section(option.rich_help_panel or Section.OPTIONS)
        yield [*Section].index(section), option


def _name(shown: TyperArgument | TyperOption) -> str:
    if isinstance(shown, TyperArgument):
        return f"\\fI{_text(name_of(shown))}\\fR"
    names, _, taken = (
        name_of(shown).rpartition(" ")
        if not shown.is_flag
        else (
            name_of(shown),
            "",
            "",
        )
    )
    written = ", ".join(f"\\fB{_text(name)}\\fR" for name in names.split(", "))
    return f"{written} \\fI{_text(taken)}\\fR" if taken else written


def _meaning(shown: TyperArgument | TyperOption) -> str:
    variable = f" Variable: {shown.envvar}." if shown.envvar else ""
    return (shown.help or "") + variable


def _item(name: str, meaning: str) -> Iterator[str]:
    yield from (".TP", name, _text(meaning))


def _see_also() -> Iterator[str]:
    yield from (".SH SEE ALSO", "\\fBleadctl\\fR(1)")


def _text(text: str) -> str:
    """Write text so that roff takes it for text."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped = escaped.replace("'", "\\(aq").replace("~", "\\(ti").replace("…", "...")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.1"):
        file.unlink()
    for name, content in pages().items():
        (folder / name).write_text(content, encoding="utf-8")
