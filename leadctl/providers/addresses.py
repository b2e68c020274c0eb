"""Decides which addresses requests may go to."""

from __future__ import annotations

import ipaddress
import re

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import short

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"(?::[0-9]{1,5})?(?:/[!$-;=@-Z_a-z~]*)?",
    re.ASCII | re.IGNORECASE,
)
"""No login, query or fragment, and nothing that only looks like ASCII."""


def require_safe_url(url: str, name: str = "base_url") -> None:
    """Refuse all but plain https addresses; http only for this machine."""
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


def is_here(url: str) -> bool:
    """Tell whether an address is on this machine."""
    import httpx  # noqa: PLC0415  on demand

    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
