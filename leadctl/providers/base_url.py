"""Inserts the account's settings into a provider's base URL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from leadctl.model.errors import InputUnusable
from leadctl.providers.settings import kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.providers.base import Provider


_LABEL = r"[A-Za-z0-9-]+"
_DOTTED = rf"{_LABEL}(\.{_LABEL})*"


def parts(address: str) -> list[str]:
    """Name the settings in an address."""
    return re.findall(r"\{(\w+)\}", address)


def with_base_url(provider: Provider, account: str) -> Provider:
    """Insert the account's part of the address: `https://{cluster_id}.voiso.com/…`."""
    address = provider.base_url
    for part in parts(address):
        if part not in provider.settings():
            raise InputUnusable(
                f"base_url of account {account!r}: no setting {part!r}",
                hint=f"settings: {', '.join(provider.settings())}",
            )
        value = str(getattr(provider, part))
        dots = kinds(type(provider))[part].dots
        if value and not re.fullmatch(_DOTTED if dots else _LABEL, value):
            also = ", - and ." if dots else " and -"
            raise InputUnusable(
                f"{part} of account {account!r} must be letters, digits{also} only",
                hint=f"it is part of the URL: {address}",
            )
        if value:
            address = address.replace(f"{{{part}}}", value)
    return replace(provider, base_url=address)


def joined(address: str, path: Iterable[str]) -> str:
    """Join path segments, in which a slash is none, to an address."""
    return "/".join([address.rstrip("/"), *(quote(part, safe=":") for part in path)])


def without_login(address: str) -> str:
    """Return an address without its login, to show and store."""
    return re.sub(r"//[^/?#]*@", "//", address).rstrip("/")
