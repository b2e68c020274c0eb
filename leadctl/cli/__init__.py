"""The command line: options in, parts put together, result printed, exit code chosen.

Started before typer is imported, which is most of what a start costs.
"""

from __future__ import annotations

import os
import resource
import sys

TYPE_CHECKING = False  # importing typing for it would cost more than all of the below
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends in SystemExit with one of the exit codes.

    Typer alone takes five times as long to import as Python to start: the version, and
    a shell that completes a word, are answered without it.
    """
    given = sys.argv[1:] if arguments is None else [*arguments]
    if asked := os.environ.get("_LEADCTL_COMPLETE"):
        from leadctl.cli import complete

        sys.exit(complete.answer(asked, os.environ))
    if given == ["--version"]:
        from leadctl import __version__

        print(f"leadctl {__version__}")
        sys.exit(0)
    _forbid_core_dumps()
    from leadctl.cli import app, commands  # noqa: F401  adds the commands

    app.main(given)


def _forbid_core_dumps() -> None:
    """Have a crash leave no image of our memory, which may hold a key."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
