"""An account's secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Push
    from program import Ran


def voiso(push: Push, key: str = "") -> dict[str, str]:
    """Return the account's settings, without a key unless one is given."""
    return push.environment("voiso") | {"LEADCTL_VOISO_API_KEY": key}


def good_key(push: Push) -> str:
    return push.environment("voiso")["LEADCTL_VOISO_API_KEY"]


def login(
    push: Push, key: str, *options: str, env: dict[str, str] | None = None
) -> Ran:
    stdin = f"{key}\n".encode()
    env = voiso(push) if env is None else env
    return push.program("accounts", "login", "voiso", *options, env=env, stdin=stdin)
