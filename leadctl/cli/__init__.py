"""The command line: reads options, calls the API, prints results, sets the exit code.

This module is loaded before typer, whose import is most of the start-up time.
"""

from __future__ import annotations

import atexit
import gc
import os
import resource
import sys

TYPE_CHECKING = False  # importing typing for it would cost more than all of the below
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends in SystemExit with one of the exit codes."""
    atexit.register(gc.freeze)  # the last search for garbage takes a fifth of a run
    given = canonical(sys.argv[1:] if arguments is None else arguments)
    if asked := os.environ.get("_LEADCTL_COMPLETE"):
        from leadctl.cli import complete

        sys.exit(complete.answer(asked, os.environ))
    if given == ["--version"]:
        from leadctl import __version__

        print(f"leadctl {__version__}")
        sys.exit(0)
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))  # our memory may contain a key
    gc.set_threshold(200_000, 20, 100)  # modules and rows hardly leave any cycles
    _run(given)


def canonical(given: Sequence[str]) -> list[str]:
    """Translate habits from other tools: `help push`, `version`, `runs list`."""
    match given:
        case ["help", *words]:
            return canonical([*words, "--help"])
        case ["version" | "-V", *words]:
            return ["--version", *words]
        case [("accounts" | "providers" | "runs") as group, "list", *words]:
            return [group, *words]
        case _:
            return [*given]


def _run(given: Sequence[str]) -> None:
    """Run a command; Ctrl-C ends it with a sentence, even while modules are imported.

    An exception raised by a signal handler may get lost in an import, or come out of it
    as another error.
    """
    import signal

    is_loaded, signals = False, list[int]()

    def interrupt(number: int, _frame: object) -> None:
        if not is_loaded:
            os.write(2, INTERRUPTED)
            os._exit(130)
        signals.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    from leadctl.cli import app

    app.load(app.needed(given))
    is_loaded = True
    try:
        app.main(given)
    except (Exception, KeyboardInterrupt):
        if not signals:
            raise
        os.write(2, INTERRUPTED)
        sys.exit(130)


INTERRUPTED = b"leadctl: interrupted\n"
