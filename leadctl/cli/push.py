"""`leadctl push` and `leadctl check`, which is the same without sending."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output
from leadctl.model.wording import files_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from leadctl.cli.confirm import Consent
    from leadctl.model.leads import Json
    from leadctl.reports.report import Report
    from leadctl.runs.request import ImportRequest


@app.command("push", rich_help_panel=Section.IMPORT)
@options.spread
def push(
    files: options.Files,
    asked: options.PushOptions,
    printed: options.OutputOptions,
    no_input: options.NoInput = False,
) -> None:
    """Upload leads to a campaign.

    Maps columns, checks rows, uploads in batches, and writes a reject file.

    Example: leadctl push leads.csv --provider voiso --campaign 3
    """
    from leadctl import api
    from leadctl.cli.confirm import Consent

    conclude(
        Output.of(**printed),
        partial(api.push, files, **asked),
        _facts(asked, dry_run=asked["dry_run"]),
        Consent(asked["yes"], no_input),
    )


@app.command("check", rich_help_panel=Section.IMPORT)
@options.spread
def check(
    files: options.Files,
    asked: options.CheckOptions,
    printed: options.OutputOptions,
) -> None:
    """Check files for a provider, offline.

    Reads, maps and checks like push, with the same report and reject file. Sends
    nothing and needs no credentials.

    Example: leadctl check leads.csv --provider yotel
    """
    from leadctl import api

    run = partial(api.check, files, **asked)
    conclude(Output.of(**printed), run, _facts(asked, dry_run=True))


def _facts(asked: options.CheckOptions, *, dry_run: bool) -> dict[str, Json]:
    return {
        "dry_run": dry_run,
        "provider": asked["provider"],
        "account": asked["account"] or asked["provider"],
        "campaign": asked["campaign"],
    }


def conclude(
    output: Output,
    run: Callable[..., Report],
    facts: Mapping[str, Json],
    consent: Consent | None = None,
) -> NoReturn:
    """Perform a run, print its report, exit with its exit code.

    `facts` go into the JSON document of a run that cannot begin.
    """
    from leadctl.cli.process import ended_by_ctrl_c
    from leadctl.reports.report import failure_document

    with output.failures(partial(failure_document, **facts)), ended_by_ctrl_c():
        found = run(watch=partial(_with_terminal, output, consent))
    output.conclude(found)


@contextmanager
def _with_terminal(
    output: Output, consent: Consent | None, request: ImportRequest
) -> Iterator[ImportRequest]:
    """Connect the run to the terminal: signals, the question, progress."""
    from leadctl.cli.confirm import confirmed
    from leadctl.cli.process import stop_on_signal
    from leadctl.cli.progress import watched
    from leadctl.importing.pool import cores_for

    with ExitStack() as stack:
        if request.sends:
            stack.enter_context(stop_on_signal(request.stop))
        else:
            request = replace(request, cores=cores_for(request.plan.sources))
        if consent and not request.job.sandbox:
            request = confirmed(request, consent)
        if request.resumes:
            files = files_named(request.job.files)
            output.detail(f"resuming {request.resumes}: {files}")
        yield stack.enter_context(watched(request, output))
