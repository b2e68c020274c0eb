"""The URL of a ledger on PostgreSQL: without secrets, and with TLS by default.

libpq parses it, and reads service files and environment variables.
"""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

from leadctl.model.errors import LedgerUnusable, UsageError

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
"""Detects a dead server within half a minute; TCP's default takes two hours."""


def conninfo(url: str) -> str:
    """Return libpq's connection string; raises UsageError or LedgerUnusable.

    It demands TLS with a verified host name, unless the URL or its service names an
    `sslmode`, or every host is this machine. `PGSSLMODE` does not weaken it.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415  an extra

    said, used = parameters(url), in_use(url)
    more = {name: value for name, value in PATIENCE.items() if name not in used}
    of_environment = os.environ.get("PGSSLMODE", "prefer")
    is_chosen = "sslmode" in said or used.get("sslmode") != of_environment
    if not is_chosen and not is_local(used):
        more["sslmode"] = "verify-full"
    return make_conninfo(url, fallback_application_name="leadctl", **more)


def parameters(url: str) -> dict[str, str]:
    """Return what the URL itself says.

    Raises UsageError, without quoting the URL, if it is invalid or contains a secret.
    """
    try:
        import psycopg  # noqa: PLC0415  an extra
        from psycopg.pq import Conninfo  # noqa: PLC0415  the same
    except ImportError as error:
        raise UsageError(
            "a ledger on PostgreSQL requires psycopg, which is not installed",
            hint="in a clone of leadctl: pip install '.[postgres]'",
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
                f"the ledger's URL contains a secret ({option.keyword.decode()})",
                hint="move it to ~/.pgpass, a service file or "
                "PGPASSWORD: URLs are stored with runs and shown",
            )
    return _values(options)


KEYS = (b"scram_client_key", b"scram_server_key")
"""Parameters as secret as a password, which libpq does not mark as such."""


def in_use(url: str) -> dict[str, str]:
    """Return a connection's parameters, also from service file and environment.

    An invalid `target_session_attrs` makes libpq give up before it connects.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415  an extra
    from psycopg.pq import PGconn  # noqa: PLC0415  the same

    refused = make_conninfo(url, target_session_attrs="none")
    connection = PGconn.connect_start(refused.encode())
    if not (used := _values(connection.info)):  # its service is not defined
        reason = connection.error_message.decode().strip()
        raise LedgerUnusable.at_start(
            f"the ledger's URL cannot be used: {reason}",
            "services are defined in ~/.pg_service.conf or the file that "
            "PGSERVICEFILE names",
        )
    return used


def _values(options: Iterable[ConninfoOption]) -> dict[str, str]:
    return {one.keyword.decode(): one.val.decode() for one in options if one.val}


def is_local(used: dict[str, str]) -> bool:
    """Tell whether every host of a connection is this machine."""
    hosts = (used.get("hostaddr") or used.get("host", "")).split(",")
    return all(map(_is_this_machine, hosts))


def _is_this_machine(host: str) -> bool:
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
