"""The command line: options in, parts put together, result printed, exit code chosen.

Importing a group of commands adds it.
"""

from leadctl.cli import (  # noqa: F401  as said
    accounts,
    preview,
    profile,
    providers,
    push,
    runs,
    sandbox,
)
from leadctl.cli.app import main

__all__ = ["main"]
