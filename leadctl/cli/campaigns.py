"""`leadctl campaigns`: the campaigns that an account may upload to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import Output, opened_screen, say
from leadctl.cli.parameters import Section
from leadctl.model.errors import InputUnusable, LeadctlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.config.config import Account
    from leadctl.model.leads import Json
    from leadctl.providers.listings import ListedCampaign


@app.command("campaigns", rich_help_panel=Section.SET_UP)
def campaigns(
    provider: options.ProviderName = None,
    account: options.AccountName = None,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """List an account's campaigns: id, name and state.

    Works if the provider documents such a call (Voiso, Yotel). Tab then completes
    --campaign from the list, without the network.

    Example: leadctl campaigns --provider voiso
    """
    from leadctl.cli.accounts import account_of
    from leadctl.cli.complete import keep_campaigns

    facts: dict[str, Json] = {"provider": provider, "account": account or provider}
    output = Output(json=json)
    with output.failures(lambda error: _document(facts, (), error)):
        asked = account_of(config, provider, account)
        facts |= {"provider": asked.provider.name, "account": asked.name}
        found = _listed(asked, ledger)
    try:
        keep_campaigns(asked.name, found)
    except (OSError, InputUnusable) as error:
        say(f"Tab completion cannot offer these campaigns: {error}")
    if json:
        output.document(_document(facts, found))
    elif found:
        _show(asked, found)
    else:
        say("this account has no campaigns")


def _listed(account: Account, ledger: str | None) -> list[ListedCampaign]:
    from leadctl.delivery import campaign_list, provider_session
    from leadctl.ledger import open_ledger, resolved
    from leadctl.model.clock import RealClock

    title = account.provider.title
    if not account.provider.lists_campaigns:
        raise UsageError(
            f"{title} has no documented call that lists campaigns",
            hint=f"--campaign takes {account.provider.campaign_rule[1]}; "
            f"see the {title} dashboard",
        )
    by = provider_session.find_credentials(account, os.environ)
    with open_ledger(resolved(ledger)) as opened:
        try:
            return campaign_list.campaigns_of(account, by, opened, RealClock())
        except LeadctlError as error:
            raise provider_session.with_hint(error, account) from error


def _show(asked: Account, found: Sequence[ListedCampaign]) -> None:
    from leadctl.model.wording import count
    from leadctl.reports.screen import Grid

    table = Grid("id", "name", "state", folded=1)
    for one in found:
        table.row(one.id, one.name, one.state)
    where = f"--provider {asked.provider.name}"
    if asked.name != asked.provider.name:
        where += f" --account {asked.name}"
    with opened_screen() as screen:
        screen.print(table)
        number = count(len(found), "campaign")
        screen.close(f"{number}. To upload: leadctl push FILE {where} --campaign ID")


def _document(
    facts: dict[str, Json],
    found: Sequence[ListedCampaign],
    error: LeadctlError | None = None,
) -> dict[str, Json]:
    from leadctl.reports.report import ending

    return {
        "schema_version": 1,
        **facts,
        "campaigns": [{**one._asdict()} for one in found],
        **ending(error),
    }
