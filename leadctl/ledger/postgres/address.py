"""The URL of a ledger on PostgreSQL: no secret in it, and TLS unless it says otherwise.

libpq knows the grammar, the service files and the variables; nothing here repeats them.
"""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode, LedgerUnusable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.pq import ConninfoOption

PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""A server that is gone is noticed within half a minute, not after two hours."""


def require_safe(url: str) -> None:
    """Raise UsageError where the URL is none, or holds a secret; it is not quoted."""
    _said(url)


def conninfo(url: str) -> str:
    """Return what libpq connects with; raises UsageError or LedgerUnusable.

    TLS with a verified host name, unless the URL or its service names another
    `sslmode`, or every host is this machine. `PGSSLMODE` does not weaken it.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415  an extra

    said = _said(url)
    used = _used(url)
    more = {name: value for name, value in PATIENCE.items() if name not in used}
    of_environment = os.environ.get("PGSSLMODE", "prefer")
    is_chosen = "sslmode" in said or used.get("sslmode") != of_environment
    if not is_chosen and not _is_local(used):
        more["sslmode"] = "verify-full"
    return make_conninfo(url, fallback_application_name="leadctl", **more)


def _said(url: str) -> dict[str, str]:
    """Return what the URL itself says."""
    try:
        import psycopg  # noqa: PLC0415  an extra
        from psycopg.pq import Conninfo  # noqa: PLC0415  the same
    except ImportError as error:
        raise UsageError(
            "a ledger on PostgreSQL requires psycopg, which is not installed",
            hint="pip install 'leadctl[postgres]'",
        ) from error
    try:
        options = Conninfo.parse(url.encode())
    except psycopg.Error:
        # Its message may quote the password.
        raise UsageError(
            "the ledger's URL is not valid",
            hint="write postgresql://[USER@]HOST[:PORT]/DATABASE, or "
            "postgresql:///?service=NAME",
        ) from None
    for option in options:
        if option.val and (option.dispchar == b"*" or option.keyword in KEYS):
            raise UsageError(
                f"the ledger's URL holds a secret ({option.keyword.decode()})",
                hint="remove it, and put it into ~/.pgpass, the service file or "
                "PGPASSWORD: URLs are stored with runs and shown",
            )
    return _values(options)


KEYS = (b"scram_client_key", b"scram_server_key")
"""As good as a password, though libpq marks only passwords as such."""


def _used(url: str) -> dict[str, str]:
    """Return what a connection would use, services and variables included.

    libpq fills everything in before it refuses `target_session_attrs`, and connects to
    nothing.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415  an extra
    from psycopg.pq import PGconn  # noqa: PLC0415  the same

    refused = make_conninfo(url, target_session_attrs="none")
    connection = PGconn.connect_start(refused.encode())
    if not (used := _values(connection.info)):  # its service is not defined
        reason = connection.error_message.decode().strip()
        raise LedgerUnusable(
            f"the ledger's URL cannot be used: {reason}",
            hint="services are defined in ~/.pg_service.conf or the file that "
            "PGSERVICEFILE names",
        ).but(exit_code=ExitCode.INPUT)
    return used


def _values(options: Iterable[ConninfoOption]) -> dict[str, str]:
    return {one.keyword.decode(): one.val.decode() for one in options if one.val}


def is_local(url: str) -> bool:
    """Tell whether every host is this machine."""
    return _is_local(_used(url))


def _is_local(used: dict[str, str]) -> bool:
    hosts = (used.get("hostaddr") or used.get("host", "")).split(",")
    return all(map(_is_this_machine, hosts))


def _is_this_machine(host: str) -> bool:
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
