"""`leadctl work`: takes parts of a run that other processes work on, too."""

from __future__ import annotations

from typing import Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import Output, say, show_error
from leadctl.cli.parameters import Section, argument, option
from leadctl.model.errors import UsageError
from leadctl.model.wording import count

FilesHere = Annotated[
    list[str] | None,
    option(
        "--file NAME=PATH",
        "A file of the run here, e.g. leads.csv=/mnt/l.csv; repeatable.",
        Section.FILE,
    ),
]
Waits = Annotated[
    bool,
    option("--wait", "Wait for new runs until stopped by a signal.", Section.SENDING),
]


@app.command("work", rich_help_panel=Section.IMPORT)
def work(
    run: Annotated[
        str | None,
        argument(
            "RUN",
            "A run's id, or its start or end; default: the oldest with work left.",
        ),
    ] = None,
    file: FilesHere = None,
    wait: Waits = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Send parts of a run that was pushed with --workers.

    Several processes on several hosts can work on one run. Each takes parts until none
    is left. The ledger must be on PostgreSQL.

    Example: leadctl work 20260301-093000-1f2e
    """
    from leadctl.cli.process import stop_on_signal
    from leadctl.ledger import resolved
    from leadctl.runs.work import Work

    named = [text.partition("=") for text in file or ()]
    for name, equals, path in named:
        if not (name and equals and path):
            raise UsageError("--file takes NAME=PATH, e.g. leads.csv=/mnt/leads.csv")
    files = {name: path for name, _, path in named}
    order = Work(resolved(ledger), run, config, files, waits=wait, tell=show_error)
    output = Output(json, verbose=verbose)
    with output.failures(), stop_on_signal(order.stop):
        order.do()
    if json:
        output.document(
            {"run_id": order.latest, "parts": order.parts, "leads": order.leads}
        )
    elif order.parts:
        parts, leads = count(order.parts, "part"), count(order.leads, "lead")
        say(f"{parts} done, {leads}")
    else:
        say("no work left")
