"""The ledger records intents, outcomes and delivered leads. It is opened by URL.

A URL is a path, sqlite:///PATH or postgresql://…. None opens a private ledger that is
deleted when it is closed (dry runs, checks, sandbox).
"""

from __future__ import annotations

from os import PathLike, environ, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.ledger.base import Ledger
    from leadctl.ledger.records import Condition
    from leadctl.model.private_files import PermissionProblem


def open_ledger(url: str | Path | None) -> Ledger:
    """Open a ledger; create it if it does not exist. Raises LedgerUnusable."""
    if url is not None and is_postgres(url):
        from leadctl.ledger.postgres import key  # noqa: PLC0415  on demand
        from leadctl.ledger.postgres.ledger import PostgresLedger  # noqa: PLC0415  an extra

        return PostgresLedger(str(url), key.key())
    from leadctl.ledger.sqlite.ledger import SqliteLedger  # noqa: PLC0415  on demand

    return SqliteLedger(None if url is None else _path(url))


def open_existing(url: str | Path | None) -> Ledger:
    """Open a ledger, or an empty private one if it does not exist yet."""
    return open_ledger(url if url is not None and exists(url) else None)


def exists(url: str | Path) -> bool:
    """Tell whether a ledger exists, or did: opening a lost one raises an error."""
    from leadctl.ledger.sqlite.key import key_file_of  # noqa: PLC0415  on demand

    if is_postgres(url):
        return True
    path = _path(url)
    return path.exists() or key_file_of(path).exists()


def resolved(url: str | PathLike[str] | None) -> str:
    """Return the URL with an absolute path; None returns the user's own ledger.

    That is LEADCTL_LEDGER, or a file in the state folder. Raises UsageError if the URL
    holds a secret, because runs store and show it.
    """
    url = url or environ.get("LEADCTL_LEDGER")
    if url and is_postgres(url):
        from leadctl.ledger.postgres import address  # noqa: PLC0415  on demand

        address.parameters(fspath(url))  # or it raises
        return fspath(url)
    if url:
        return str(_path(fspath(url)))
    import platformdirs  # noqa: PLC0415  only where none is named

    return str(platformdirs.user_state_path("leadctl") / "ledger.sqlite")


def latest_runs(url: str | Path, most: int = 50) -> list[str]:
    """Return the ids of the latest runs, newest first, for shell completion.

    Creates and locks nothing. Returns none for a ledger that is unreadable or on a
    server: completion never uses the network.
    """
    if is_postgres(url):
        return []
    from leadctl.ledger.sqlite import connection  # noqa: PLC0415  on demand

    return connection.latest_runs(_path(url), most)


def conditions(url: str | Path) -> Iterator[Condition]:
    """Check a ledger, its key, and its disk or server, without changing anything."""
    if is_postgres(url):
        from leadctl.ledger.postgres import health as server  # noqa: PLC0415  on demand

        return server.conditions(str(url))
    from leadctl.ledger.sqlite import health  # noqa: PLC0415  on demand

    return health.conditions(_path(url))


def exposed(url: str | Path) -> Iterator[PermissionProblem]:
    """Yield the access that other users have to the ledger's file and its key."""
    if is_postgres(url):
        from leadctl.ledger.postgres import key  # noqa: PLC0415  on demand

        return key.exposed()
    from leadctl.ledger.sqlite import health  # noqa: PLC0415  on demand

    return health.exposed(_path(url))


def is_postgres(url: str | PathLike[str]) -> bool:
    return fspath(url).startswith(("postgresql://", "postgres://"))


def _path(url: str | Path) -> Path:
    scheme, separator, rest = str(url).partition("://")
    if not separator:
        return Path(url).absolute()
    if scheme != "sqlite" or not rest.startswith("/"):
        raise UsageError(
            "--ledger takes a path, sqlite:///PATH or postgresql://HOST/DATABASE, "
            f"not {scheme}://"
        )
    return Path(rest[1:]).absolute()
