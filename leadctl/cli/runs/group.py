"""The group of commands, and what they share."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli.app import app
from leadctl.cli.layout import Commands, Section
from leadctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.audit import Audit
    from leadctl.ended import EndedRun
    from leadctl.ledger import Ledger
    from leadctl.model import Json
    from leadctl.report import Report

group = Commands(help="Look at runs, and finish them.", invoke_without_command=True)
app.add_typer(group, name="runs", rich_help_panel=Section.AFTERWARDS)

RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, from `leadctl runs`.")
]


AnyRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's id, from `leadctl runs`; default: the latest."
    ),
]


def books_of(ledger: Ledger, run: str | None) -> EndedRun:
    """Open the books of a run, or of the latest."""
    if run is None:
        latest = ledger.runs(1)
        if not latest:
            raise UsageError("there is no run yet", hint="leadctl push --help")
        run = latest[0].run().id
    return ledger.books(run)


@contextmanager
def opened_ledger(path: str | None) -> Iterator[Ledger]:
    import platformdirs

    from leadctl.cli.order import ledger_path
    from leadctl.ledger import Ledger

    with Ledger(ledger_path(path, platformdirs.user_state_path("leadctl"))) as ledger:
        yield ledger


def report_of(ledger: Ledger, books: Audit) -> Report:
    """Read what a run came to, or has come to by now."""
    from leadctl import lock, report

    run, process = books.run(), None
    if run.finished_at is None and ledger.path:
        folder = lock.folder_of(ledger.path)
        process = lock.process_of(run.id, folder, run.account, run.campaign)
    return report.read(books, process=process)


def drop_spool(asked: dict[str, Json]) -> None:
    """Remove our copy of stdin, when nothing of it is left to send."""
    if spool := asked.get("spool"):
        Path(str(spool)).unlink(missing_ok=True)
