"""Completes names that only this machine knows: accounts, profiles, runs.

Each is read when it is asked for, and with as few imports as that needs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("provider", "account", "profile", "run")


def known_names(
    kind: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    """Return the names of a kind; `given` are the options on the command line.

    What cannot be read has none: a press of Tab is no place for an error.
    """
    match kind:
        case "provider":
            return _providers()
        case "account":
            return sorted({*_configured("accounts", given, environment), *_providers()})
        case "profile":
            return _configured("profiles", given, environment)
        case "run":
            return _runs(given.get("--ledger") or environment.get("LEADCTL_LEDGER"))
        case _:
            return []


def _providers() -> list[str]:
    """Read the entry points' files: importlib.metadata costs more than all the rest."""
    found = set[str]()
    for folder in map(Path, sys.path):
        for file in folder.glob("*.dist-info/entry_points.txt"):
            text = file.read_text(encoding="utf-8")
            _, _, section = text.partition("[leadctl.providers]")
            lines = section.partition("[")[0].splitlines()
            found |= {line.partition("=")[0].strip() for line in lines if "=" in line}
    return sorted(found)


def _configured(
    table: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    import platformdirs

    from leadctl.model import yaml_file
    from leadctl.model.errors import InputUnusable

    asked = given.get("--config") or environment.get("LEADCTL_CONFIG")
    usual = platformdirs.user_config_path("leadctl") / "config.yaml"
    path = Path(asked) if asked else usual
    try:
        return sorted(yaml_file.read(path, may_be_pipe=False).table((table,)))
    except InputUnusable:
        return []


def _runs(asked: str | None) -> list[str]:
    import platformdirs

    from leadctl import ledger
    from leadctl.model.errors import UsageError

    usual = platformdirs.user_state_path("leadctl") / "ledger.sqlite"
    try:
        return ledger.latest_runs(asked or usual)
    except UsageError:  # no URL of a ledger
        return []
