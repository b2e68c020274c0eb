"""The command line: options in, parts put together, result printed, exit code chosen.

Importing a group of commands adds it.
"""

from leadctl.cli import accounts, providers, push, runs, sandbox  # noqa: F401  as said
from leadctl.cli.app import main

__all__ = ["main"]
