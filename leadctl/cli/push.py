"""`leadctl preview`, `check` and `push`."""

from __future__ import annotations

import shlex
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import Output, opened_screen
from leadctl.cli.parameters import Section, given, spread
from leadctl.model.errors import ExitCode
from leadctl.model.wording import files_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from leadctl.model.leads import Json
    from leadctl.reports.report import Report
    from leadctl.runs.request import ImportRequest


@app.command("preview", rich_help_panel=Section.IMPORT)
@spread
def preview(
    context: typer.Context,
    files: options.Files,
    asked: options.PreviewOptions,
    json: options.Json = False,
) -> None:
    """Show how files are read and how the first rows are mapped.

    Checks every row, by the provider's rules if you name one, and shows the first
    rejected rows of each kind, with names and numbers.

    Example: leadctl preview leads.csv --provider voiso
    """
    from leadctl import api
    from leadctl.cli.progress import looked_through
    from leadctl.importing.preview import previews
    from leadctl.reports import preview_view

    output = Output(json=json)
    with (
        output.failures(partial(preview_view.document, ())),
        api.inspected(files, **asked) as rules,
        looked_through(rules.sources) as tell,
    ):
        found = previews(rules, tell)
    if json:
        output.document(preview_view.document(found))
    else:
        words, end = [*files, *given(context)], ""
        if not any(one.good for one in found):
            read = options.ReadOptions.__annotations__
            words = ["profile", "guess", files[0], *given(context, read)]
        elif asked["provider"]:
            words, end = ["push", *words], " --campaign ID"
        else:
            words, end = ["check", *words], " --provider NAME"
        command = f"{shlex.join(['leadctl', *words])}{end}"
        with opened_screen() as screen:
            for one in found:
                preview_view.show_preview(one, screen)
            screen.print()
            screen.print(f"Next: {command}", whole=True)  # never wrapped: to be copied
    if any(one.problem for one in found):
        raise typer.Exit(ExitCode.INPUT)


@app.command("push", rich_help_panel=Section.IMPORT)
@spread
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

    conclude(
        Output.of(**printed),
        partial(api.push, files, **asked),
        _facts(asked, dry_run=asked["dry_run"]),
        {"yes": asked["yes"], "no_input": no_input},
    )


@app.command("check", rich_help_panel=Section.IMPORT)
@spread
def check(
    files: options.Files, asked: options.CheckOptions, printed: options.OutputOptions
) -> None:
    """Check files for a provider, offline.

    Reads, maps and checks like push, with the same report and a reject file of
    its own. Sends nothing and needs no credentials.

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
    consent: Mapping[str, bool] | None = None,
) -> NoReturn:
    """Perform a run, print its report, exit with its exit code.

    `facts` go into the JSON document of a run that cannot begin.
    """
    from leadctl.cli.process import nothing_sent
    from leadctl.reports.report import failure_document

    with output.failures(partial(failure_document, **facts)):
        try:
            found = run(watch=partial(_with_terminal, output, consent))
        except KeyboardInterrupt as signalled:
            raise nothing_sent() from signalled
    output.conclude(found)


@contextmanager
def _with_terminal(
    output: Output, consent: Mapping[str, bool] | None, request: ImportRequest
) -> Iterator[ImportRequest]:
    """Connect the run to the terminal: signals, the question, progress."""
    from leadctl.cli.process import stop_on_signal
    from leadctl.cli.progress import watched
    from leadctl.importing.pool import cores_for

    with ExitStack() as stack:
        if request.sends:
            stack.enter_context(stop_on_signal(request.stop))
        else:
            request = replace(request, cores=cores_for(request.plan.sources))
        if consent and not request.job.sandbox:
            from leadctl.cli.confirm import confirmed

            request = confirmed(request, **consent)
        if request.resumes:
            files = files_named(request.job.files)
            output.detail(f"resuming {request.resumes}: {files}")
        yield stack.enter_context(watched(request, output))
