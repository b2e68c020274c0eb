"""`leadctl push` and `leadctl check`: the main job, and the same without sending."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output

if TYPE_CHECKING:
    from leadctl.cli.cli_options import CliOptions
    from leadctl.cli.confirm import Consent
    from leadctl.reports.report import Report


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
    rejects: options.RejectsPath = None,
    dry_run: options.DryRun = False,
    sandbox: options.SandboxRun = False,
    resend_delivered: options.ResendDelivered = False,
    acknowledge_compliance: options.Acknowledge = False,
    json: options.Json = False,
    output: options.Form = "table",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Upload leads to a campaign.

    Maps columns, checks rows, uploads in batches, and writes a reject file.

    Example: leadctl push leads.csv --provider voiso --campaign 3
    """
    from leadctl.cli.cli_options import CliOptions
    from leadctl.cli.confirm import Consent

    cli_options = CliOptions(
        files=files,
        provider=provider,
        campaign=campaign,
        account=account,
        profile=profile,
        region=region,
        phone_check=phone_check,
        numbers=numbers,
        constants=set_ or (),
        tags=tag or (),
        format=format_,
        encoding=encoding,
        delimiter=delimiter,
        header=not no_header,
        sheet=sheet,
        batch_size=batch_size,
        limit=limit,
        skip=skip,
        max_rejects=max_rejects,
        suppress=suppress or (),
        ignore_columns=ignore_column or (),
        rejects=rejects,
        acknowledge_compliance=acknowledge_compliance,
        resend_delivered=resend_delivered,
        ledger=ledger,
        config=config,
        offline=dry_run,
    )
    told = Output(json, quiet, verbose, not no_color).in_form(output)
    _conclude(cli_options, told, sandbox=sandbox, consent=Consent(yes, no_input))


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
    rejects: options.RejectsPath = None,
    json: options.Json = False,
    output: options.Form = "table",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check files for a provider, offline.

    The same reading, mapping and checking as push, the same report and the same reject
    file; nothing is sent and no credentials are needed.

    Example: leadctl check leads.csv --provider yotel
    """
    from leadctl.cli.cli_options import CliOptions

    cli_options = CliOptions(
        files=files,
        provider=provider,
        campaign=campaign,
        account=account,
        profile=profile,
        region=region,
        phone_check=phone_check,
        numbers=numbers,
        constants=set_ or (),
        format=format_,
        encoding=encoding,
        delimiter=delimiter,
        header=not no_header,
        sheet=sheet,
        limit=limit,
        skip=skip,
        max_rejects=max_rejects,
        suppress=suppress or (),
        ignore_columns=ignore_column or (),
        rejects=rejects,
        ledger=ledger,
        config=config,
        offline=True,
    )
    _conclude(cli_options, Output(json, quiet, verbose, not no_color).in_form(output))


def _conclude(
    cli_options: CliOptions,
    output: Output,
    *,
    sandbox: bool = False,
    consent: Consent | None = None,
) -> None:
    """Run what was asked, print what came of it, leave with its exit code."""
    with output.failures(
        provider=cli_options.provider,
        account=cli_options.account or cli_options.provider,
        campaign=cli_options.campaign,
        dry_run=cli_options.offline,
    ):
        found = _run(cli_options, output, sandbox=sandbox, consent=consent)
    output.conclude(found)


def _run(
    cli_options: CliOptions, output: Output, *, sandbox: bool, consent: Consent | None
) -> Report:
    from leadctl import run
    from leadctl.cli.confirm import confirmed
    from leadctl.cli.import_request import import_request
    from leadctl.cli.progress import watched

    with ExitStack() as stack:
        if sandbox:
            from leadctl.cli.sandbox import throw_away

            cli_options = stack.enter_context(throw_away(cli_options))
        request = stack.enter_context(import_request(cli_options))
        if sandbox:
            request = replace(request, ledger=None)
        if consent and (consent.yes or not sandbox):
            request = confirmed(request, consent)
        request = stack.enter_context(watched(request, output))
        return run.rehearse(request) if cli_options.offline else run.push(request)
