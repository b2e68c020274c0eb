"""Accounts resolved from a config file and the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.config import config
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from leadctl.config.config import Account
    from leadctl.model.leads import Json


def resolved(
    text: str = "",
    environment: dict[str, str] | None = None,
    *,
    provider: str | None = "voiso",
    account: str | None = None,
    overrides: dict[str, Json] | None = None,
) -> Account:
    document = parse(text, "config.yaml")
    return config.resolve(
        document,
        environment or {},
        provider=provider,
        account=account,
        overrides=overrides,
    )


def of_voiso(setting: str) -> str:
    return f"accounts:\n  voiso:\n    {setting}\n"
