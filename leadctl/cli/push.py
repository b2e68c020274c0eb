"""`leadctl push` and `leadctl check`, which is the same without sending."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output
from leadctl.model.wording import files_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.cli.confirm import Consent
    from leadctl.model.leads import Json
    from leadctl.reports.report import Report
    from leadctl.runs.request import ImportRequest


@app.command("push", rich_help_panel=Section.IMPORT)
def push(
    files: options.Files,
    provider: options.ProviderName = None,
    campaign: options.Campaign = None,
    account: options.AccountName = None,
    profile: options.ProfileName = None,
    region: options.Region = None,
    phone_check: options.PhoneCheckName = "possible",
    numbers: options.NumbersName = None,
    set_: options.Constants = None,
    tag: options.Tags = None,
    format_: options.FormatName = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    no_header: options.NoHeader = False,
    sheet: options.Sheet = None,
    batch_size: options.BatchSize = None,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    max_rejects: options.MaxRejects = None,
    suppress: options.Suppress = None,
    ignore_column: options.IgnoreColumns = None,
    strict: options.Strict = False,
    rejects: options.RejectsPath = None,
    rejects_dir: options.RejectsFolder = None,
    wait: options.Wait = 0,
    dry_run: options.DryRun = False,
    sandbox: options.SandboxRun = False,
    keep: options.Keep = False,
    resend_delivered: options.ResendDelivered = False,
    acknowledge_compliance: options.Acknowledge = False,
    json: options.Json = False,
    output: options.Form = "table",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Upload leads to a campaign.

    Maps columns, checks rows, uploads in batches, and writes a reject file.

    Example: leadctl push leads.csv --provider voiso --campaign 3
    """
    said = options.for_api(locals())
    from leadctl import api
    from leadctl.cli.confirm import Consent

    conclude(
        Output(json, quiet, verbose).in_form(output),
        partial(api.push, **said),
        Consent(yes, no_input),
        provider=provider,
        account=account or provider,
        campaign=campaign,
        dry_run=dry_run,
    )


@app.command("check", rich_help_panel=Section.IMPORT)
def check(
    files: options.Files,
    provider: options.ProviderName = None,
    campaign: options.Campaign = None,
    account: options.AccountName = None,
    profile: options.ProfileName = None,
    region: options.Region = None,
    phone_check: options.PhoneCheckName = "possible",
    numbers: options.NumbersName = None,
    set_: options.Constants = None,
    format_: options.FormatName = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    no_header: options.NoHeader = False,
    sheet: options.Sheet = None,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    max_rejects: options.MaxRejects = None,
    suppress: options.Suppress = None,
    ignore_column: options.IgnoreColumns = None,
    strict: options.Strict = False,
    rejects: options.RejectsPath = None,
    rejects_dir: options.RejectsFolder = None,
    json: options.Json = False,
    output: options.Form = "table",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check files for a provider, offline.

    Reads, maps and checks like push, with the same report and reject file. Sends
    nothing and needs no credentials.

    Example: leadctl check leads.csv --provider yotel
    """
    said = options.for_api(locals())
    from leadctl import api

    conclude(
        Output(json, quiet, verbose).in_form(output),
        partial(api.check, **said),
        provider=provider,
        account=account or provider,
        campaign=campaign,
        dry_run=True,
    )


def conclude(
    output: Output,
    run: Callable[..., Report],
    consent: Consent | None = None,
    **facts: Json,
) -> NoReturn:
    """Perform a run, print its report, exit with its exit code."""
    with output.failures(**facts):
        found = run(watch=partial(_with_terminal, output, consent))
    output.conclude(found)


@contextmanager
def _with_terminal(
    output: Output, consent: Consent | None, request: ImportRequest
) -> Iterator[ImportRequest]:
    """Connect the run to the terminal: signals, the question, progress."""
    from leadctl.cli.confirm import confirmed
    from leadctl.cli.process import rare_collections, stop_on_signal
    from leadctl.cli.progress import watched

    with ExitStack() as stack:
        stack.enter_context(rare_collections())
        if request.sends:
            stack.enter_context(stop_on_signal(request.stop))
        if consent and not request.job.sandbox:
            request = confirmed(request, consent)
        if request.resumes:
            files = files_named(request.job.files)
            output.detail(f"resuming {request.resumes}: {files}")
        yield stack.enter_context(watched(request, output))
