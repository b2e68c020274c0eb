"""`leadctl doctor`: the whole installation looked over, each trouble with a remedy."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.checkup import Check


@app.command("doctor")
def doctor(
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check the installation, configuration, keys, ledger and clock.

    Says of each whether it is well, and what to do where it is not.

    Example: leadctl doctor
    """
    from leadctl.cli.checks import conclude

    conclude(_checks(config, ledger), json=json)


def _checks(config: Path | None, ledger: str | None) -> Iterator[Check]:
    import platformdirs

    from leadctl import checkup
    from leadctl import config as settings
    from leadctl import doctor as engine
    from leadctl.cli.config import option_variables
    from leadctl.cli.order import ledger_path

    yield from engine.installation()
    yield from checkup.configuration(
        config, os.environ, option_variables(), unset=checkup.Grade.PROBLEM
    )
    with suppress(LeadctlError):  # the configuration's, which has been said
        yield from engine.accounts(settings.load(config), os.environ)
    state = platformdirs.user_state_path("leadctl")
    yield from engine.ledger(ledger_path(ledger, state))
    yield from engine.clock(datetime.now(UTC))
