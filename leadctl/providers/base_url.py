"""Decides which URLs requests may go to, and inserts the account's settings."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import short
from leadctl.providers.settings import kinds

if TYPE_CHECKING:
    from leadctl.providers.base import Provider

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"(?::[0-9]{1,5})?(?:/[!$-;=@-Z_a-z~]*)?",
    re.ASCII | re.IGNORECASE,
)
"""Excludes logins, queries, fragments, and characters that only look like ASCII."""
_LABEL = r"[A-Za-z0-9-]+"
_DOTTED = rf"{_LABEL}(\.{_LABEL})*"


def parts(address: str) -> list[str]:
    """Return the names of the settings in a URL."""
    return re.findall(r"\{(\w+)\}", address)


def with_base_url(provider: Provider, account: str) -> Provider:
    """Insert the account's settings into its URL: `https://{cluster_id}.voiso.com/…`."""
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


@lru_cache(16)
def joined(address: str, path: tuple[str, ...]) -> str:
    """Append path segments to a URL, with slashes inside them escaped."""
    return "/".join([address.rstrip("/"), *(quote(part, safe=":") for part in path)])


def without_login(address: str) -> str:
    """Return a URL without user name and password, to show and store."""
    return re.sub(r"//[^/?#]*@", "//", address).rstrip("/")


def require_safe_url(url: str, name: str = "base_url") -> None:
    """Refuse all but plain https URLs; http is allowed for this machine only."""
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise InputUnusable(
            f"{name} must not contain a user name or password",
            hint="it would be shown and logged; use the account's secret settings "
            "instead",
        )
    found = _ADDRESS.fullmatch(url)
    if found is None or not _is_readable(url):
        raise InputUnusable(
            f"{name} {short(url)!r} is not a plain URL",
            hint="write https://HOST or https://HOST/PATH, in ASCII, without ? and #",
        )
    if found["scheme"].casefold() == "http" and not is_here(url):
        raise InputUnusable(
            f"{name} {short(url)!r} must start with https://",
            hint="http:// is allowed only for this machine (127.0.0.1)",
        )


def _is_readable(url: str) -> bool:
    import httpx  # noqa: PLC0415  on demand

    try:
        parsed = httpx.URL(url)
        return bool(parsed.host) and (parsed.port or 1) < 2**16
    except (httpx.InvalidURL, ValueError):
        return False


@lru_cache(16)
def is_here(url: str) -> bool:
    """Tell whether a URL is on this machine."""
    import httpx  # noqa: PLC0415  on demand

    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
