"""`leadctl doctor`: check the whole installation, and name a fix for each problem."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.model.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.cli.diagnostics.config_check import Check


@app.command("doctor", rich_help_panel=Section.SET_UP)
def doctor(
    offline: options.Offline = False,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check the installation, keyring, configuration, ledger, clock and accounts.

    Says what to fix. Accounts are checked with a read-only call, as by
    `leadctl accounts test`; --offline skips this.

    Example: leadctl doctor
    """
    from leadctl.cli.checks import conclude

    conclude(_checks(config, ledger, offline=offline), json=json)


def _checks(
    config: Path | None, ledger: str | None, *, offline: bool
) -> Iterator[Check]:
    import platformdirs

    from leadctl.cli.diagnostics import config_check
    from leadctl.cli.diagnostics import installation as engine
    from leadctl.cli.diagnostics.account_check import AccountCheck
    from leadctl.config import config as settings
    from leadctl.ledger import resolved

    yield from engine.installation()
    yield from config_check.configuration(
        config, os.environ, options.VARIABLES, unset=config_check.Grade.PROBLEM
    )
    state = platformdirs.user_state_path("leadctl")
    url = resolved(ledger)
    yield from engine.keyring()
    yield from engine.state(state)
    looked_at = [*engine.ledger(url)]
    yield from looked_at
    sound = all(check.grade is not config_check.Grade.PROBLEM for check in looked_at)
    if sound:
        yield from engine.leftovers(url)
    yield from engine.clock(datetime.now(UTC))
    with suppress(LeadctlError):  # the configuration's, which has been said
        document = settings.load(config)
        known = url if sound else None  # its fault has been said
        yield from AccountCheck(
            document, os.environ, known, online=not offline
        ).accounts()
