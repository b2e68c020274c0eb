"""The table that completion reads, written from the commands as typer has them.

`python -m tools.vocabulary` prints it; `make completions` keeps it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer.core
import typer.main
from typer.core import TyperArgument as Argument
from typer.core import TyperOption as Option

from leadctl.cli.app import load
from leadctl.cli.complete import KINDS
from leadctl.cli.parameters import Section

if TYPE_CHECKING:
    from leadctl.cli.complete import Command, Parameter


def described(command: typer.core.TyperCommand | typer.core.TyperGroup) -> Command:
    """Tell what may follow a command's name."""
    inner = command.commands if isinstance(command, typer.core.TyperGroup) else {}
    return {
        "section": getattr(command, "rich_help_panel", None) or Section.COMMANDS,
        "help": command.get_short_help_str(limit=80),
        "options": [
            *(
                _option(one)
                for one in command.params
                if isinstance(one, Option) and not one.hidden
            ),
            *([_HELP] if command.add_help_option else []),
        ],
        "arguments": [
            _argument(one) for one in command.params if isinstance(one, Argument)
        ],
        "commands": {
            name: described(one)
            for name, one in inner.items()
            if isinstance(one, typer.core.TyperCommand | typer.core.TyperGroup)
        },
    }


def _option(declared: Option) -> Parameter:
    return {
        "names": declared.opts,
        "help": declared.help or "",
        "takes": None if declared.is_flag else _taken(declared),
        "repeatable": declared.multiple,
    }


def _argument(declared: Argument) -> Parameter:
    return {
        "names": [],
        "help": declared.help or "",
        "takes": _taken(declared),
        "repeatable": declared.nargs == -1,
    }


def _taken(declared: Option | Argument) -> list[str] | str:
    """Return the words that may be given, or the kind of name, as it is declared."""
    shown = declared.metavar or ""
    for kind in (declared.name, shown.lower()):
        if kind in KINDS:
            return kind
    if choices := declared.type_descriptor.choices:
        return [str(choice) for choice in choices]
    return shown.split("|") if "|" in shown and shown.islower() else []


_HELP: Parameter = {
    "names": ["-h", "--help"],
    "help": "Show this message and exit.",
    "takes": None,
    "repeatable": False,
}


if __name__ == "__main__":
    print(json.dumps(described(typer.main.get_group(load())), indent=1))
