"""The commands and their modules, which are imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from leadctl.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from leadctl.cli.help_layout import Commands

MODULES = {
    "preview": "preview",
    "check": "push",
    "push": "push",
    "work": "work",
    "fix": "fix",
    "find": "people",
    "forget": "people",
    "suppress": "people",
    "init": "init",
    "campaigns": "campaigns",
    "clean": "clean",
    "doctor": "doctor",
    "sandbox": "sandbox",
    "accounts": "accounts",
    "config": "config",
    "ledger": "ledger",
    "profile": "profile",
    "providers": "providers",
    "runs": "runs",
}
"""The module of each command and group, in the order of the help."""


def load(names: Collection[str] = MODULES) -> Commands:
    """Add commands to the program, by default all, and return it."""
    for module in {MODULES[name]: None for name in names}:
        import_module(f"leadctl.cli.{module}")
    order = [*MODULES]
    app.registered_commands.sort(key=lambda one: order.index(str(one.name)))
    app.registered_groups.sort(key=lambda one: order.index(str(one.name)))
    return app


def needed(given: Sequence[str]) -> Collection[str]:
    """Return the names of the commands that a command line may be about."""
    match given:
        case [] | ["-h" | "--help"]:
            return ()  # the help of the program lists commands from a table
        case [name, *_] if name in MODULES:
            return (name,)
        case _:
            return MODULES
