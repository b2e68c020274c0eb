"""The command line: options in, parts put together, the result printed, the exit code chosen."""

from leadctl.cli import accounts, providers, push, runs, sandbox  # noqa: F401  importing a group adds its commands
from leadctl.cli.app import main

__all__ = ["main"]
