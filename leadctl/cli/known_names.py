"""Completes names that only this machine knows: accounts, profiles, runs, campaigns.

Each is read when it is asked for, and with as few imports as that needs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("provider", "account", "profile", "run", "campaign")


def known_names(
    kind: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the names of a kind, each with what it means, if anything is known.

    `given` are the options on the command line.

    What cannot be read has none: a press of Tab is no place for an error.
    """
    match kind:
        case "campaign":
            return _campaigns(given, environment)
        case "provider":
            found = _providers(given, environment)
        case "account":
            accounts = _configured("accounts", given, environment)
            found = sorted({*accounts, *_providers(given, environment)})
        case "profile":
            found = _configured("profiles", given, environment)
        case "run":
            found = _runs(given.get("--ledger") or environment.get("LEADCTL_LEDGER"))
        case _:
            found = []
    return dict.fromkeys(found, "")


def _providers(given: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """Return those installed, and those in YAML: of these, one line is read."""
    from leadctl.providers.installed import installed

    found = {*installed()}
    for path in _config_path(given, environment).parent.glob("providers/*.y*ml"):
        text = path.read_text(encoding="utf-8", errors="replace")
        found |= {*re.findall(r"^name: *([a-z][a-z0-9_-]*) *$", text, re.MULTILINE)}
    return sorted(found)


def _configured(
    table: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    from leadctl.model import yaml_file
    from leadctl.model.errors import InputUnusable

    path = _config_path(given, environment)
    try:
        return sorted(yaml_file.read(path, may_be_pipe=False).table((table,)))
    except InputUnusable:
        return []


def _config_path(given: Mapping[str, str], environment: Mapping[str, str]) -> Path:
    import platformdirs

    asked = given.get("--config") or environment.get("LEADCTL_CONFIG")
    usual = platformdirs.user_config_path("leadctl") / "config.yaml"
    return Path(asked) if asked else usual


def _runs(asked: str | None) -> list[str]:
    from leadctl import ledger
    from leadctl.model.errors import UsageError

    try:
        return ledger.latest_runs(ledger.resolved(asked))
    except UsageError:  # no URL of a ledger
        return []


def _campaigns(
    given: Mapping[str, str], environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Return those that `leadctl campaigns` last listed for the account in question."""
    from leadctl.cli import campaign_cache

    names = (
        given.get(f"--{option}") or environment.get(f"LEADCTL_{option.upper()}")
        for option in ("account", "provider")
    )
    account = next(filter(None, names), None)
    return campaign_cache.kept(account) if account else {}
