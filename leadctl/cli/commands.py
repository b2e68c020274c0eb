"""All commands: importing a group of them adds it to the program."""

from leadctl.cli import accounts, providers, push, runs, sandbox
from leadctl.cli.app import app

__all__ = ["accounts", "app", "providers", "push", "runs", "sandbox"]
