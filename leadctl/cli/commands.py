"""All commands: importing a group adds it to the program.

Their order is fixed, whatever is imported first.
"""

from leadctl.cli import (
    accounts,
    campaigns,
    clean,
    config,
    doctor,
    fix,
    init,
    ledger,
    people,
    preview,
    profile,
    providers,
    push,
    runs,
    sandbox,
)
from leadctl.cli.app import app

__all__ = [
    "accounts",
    "app",
    "campaigns",
    "clean",
    "config",
    "doctor",
    "fix",
    "init",
    "ledger",
    "people",
    "preview",
    "profile",
    "providers",
    "push",
    "runs",
    "sandbox",
]

_ORDER = (
    "preview",
    "check",
    "push",
    "fix",
    "find",
    "forget",
    "suppress",
    "init",
    "campaigns",
    "clean",
    "doctor",
    "sandbox",
)
app.registered_commands.sort(key=lambda one: _ORDER.index(str(one.name)))
app.registered_groups.sort(key=lambda one: str(one.name))
