"""All commands: importing a group of them adds it to the program."""

from leadctl.cli import (
    accounts,
    config,
    doctor,
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
    "config",
    "doctor",
    "preview",
    "profile",
    "providers",
    "push",
    "runs",
    "sandbox",
]
