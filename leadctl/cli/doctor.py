"""`leadctl doctor`: check the whole installation, and name a fix for each problem."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.checks import Check, Grade, conclude, exit_code
from leadctl.cli.parameters import VARIABLES, Section
from leadctl.model.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    conclude(_checks(config, ledger, offline=offline), json=json)


def _checks(
    config: Path | None, ledger: str | None, *, offline: bool
) -> Iterator[Check]:
    import platformdirs

    from leadctl.cli.diagnostics import config_check, installation
    from leadctl.cli.diagnostics.account_check import account_checks
    from leadctl.config import config as settings
    from leadctl.ledger import resolved

    yield from installation.installation()
    yield from config_check.configuration(
        config, os.environ, VARIABLES, unset=Grade.PROBLEM
    )
    url = resolved(ledger)
    yield from installation.keyring()
    yield from installation.state(platformdirs.user_state_path("leadctl"))
    found = [*installation.ledger(url)]
    yield from found
    is_usable = not exit_code(found)  # else its problem has been reported
    if is_usable:
        yield from installation.leftovers(url)
    yield from installation.clock(datetime.now(UTC))
    with suppress(LeadctlError):  # of the configuration: reported above
        document, known = settings.load(config), url if is_usable else None
        yield from account_checks(document, os.environ, known, online=not offline)
