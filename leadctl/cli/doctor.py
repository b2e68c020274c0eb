"""`leadctl doctor`: the whole installation looked over, each trouble with a remedy."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.layout import Section
from leadctl.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.checkup import Check


Offline = Annotated[
    bool,
    options.shared(
        "--offline", about="Make no call to any provider.", section=Section.OPTIONS
    ),
]


@app.command("doctor", rich_help_panel=Section.SET_UP)
def doctor(
    offline: Offline = False,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check the installation, keyring, configuration, ledger, clock and accounts.

    Says of each whether it is well, and what to do where it is not. Accounts are tried
    with the call of `leadctl accounts test`, which changes nothing; --offline does
    without.

    Example: leadctl doctor
    """
    from leadctl.cli.checks import conclude

    conclude(_checks(config, ledger, offline=offline), json=json)


def _checks(
    config: Path | None, ledger: str | None, *, offline: bool
) -> Iterator[Check]:
    import platformdirs

    from leadctl import checkup
    from leadctl import config as settings
    from leadctl import doctor as engine
    from leadctl.cli.config import option_variables
    from leadctl.cli.order import ledger_url
    from leadctl.trial import Trial

    yield from engine.installation()
    yield from checkup.configuration(
        config, os.environ, option_variables(), unset=checkup.Grade.PROBLEM
    )
    state = platformdirs.user_state_path("leadctl")
    url = ledger_url(ledger, state)
    yield from engine.keyring()
    yield from engine.state(state)
    looked_at = [*engine.ledger(url)]
    yield from looked_at
    yield from engine.clock(datetime.now(UTC))
    with suppress(LeadctlError):  # the configuration's, which has been said
        document = settings.load(config)
        sound = all(check.grade is not checkup.Grade.PROBLEM for check in looked_at)
        known = url if sound else None  # its fault has been said
        yield from Trial(document, os.environ, known, online=not offline).accounts()
