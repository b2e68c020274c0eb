"""Health checks of a ledger on PostgreSQL: server, key, rights, replication, bloat."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

from leadctl.ledger.postgres import address, admin
from leadctl.ledger.postgres import key as keys
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.ledger import PostgresLedger
from leadctl.ledger.records import Condition
from leadctl.model.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

APART = 60.0
"""Seconds between two clocks from which the difference is reported."""

MANY_DEAD = 100_000
"""Dead rows from which they are reported, if they are half of their table."""


def conditions(url: str) -> Iterator[Condition]:
    """Check the server and this host's rights on it, without changing anything."""
    try:
        with closing(Connection(url)) as db:
            admin.require_version(db)
            yield from _server(db)
            yield from _connection(db)
            PostgresLedger(url, keys.key()).close()
            place, _ = next(keys.SECRET.ways(os.environ))
            yield Condition("key", f"valid, from {place.way} ({place.where})")
            yield from _rights(db)
            yield from _safety(db)
            yield from _bloat(db)
    except LeadctlError as error:
        yield Condition("ledger", error.message, error.hint or "", is_problem=True)


def _server(db: Connection) -> Iterator[Condition]:
    size, moment = db.row(
        "SELECT pg_database_size(current_database()), extract(epoch FROM now())"
    )
    major, minor = divmod(db.info.server_version, 10_000)
    megabytes = f"{size / 1e6:,.1f} MB"
    yield Condition("ledger", f"{db.url}, {megabytes}, PostgreSQL {major}.{minor}")
    ahead = moment - time.time()
    way = "ahead of" if ahead > 0 else "behind"
    message = f"the server is {abs(ahead):.1f} s {way} this machine"
    is_apart = abs(ahead) > APART
    remedy = "synchronize both clocks (NTP); rates and leases use the server's clock"
    yield Condition("clock", message, remedy if is_apart else "")


def _connection(db: Connection) -> Iterator[Condition]:
    (process,) = db.row("SELECT pg_backend_pid()")
    if process != db.info.backend_pid:
        yield Condition("pooler", "connected through a pooler; every mode works")
    if not (db.info.pgconn.ssl_in_use or address.is_local(address.in_use(db.url))):
        yield Condition(
            "tls",
            "the connection is not encrypted",
            "remove sslmode from the URL: the default is verify-full",
        )


def _rights(db: Connection) -> Iterator[Condition]:
    user, writes, owner, is_all_powerful = db.row(
        "SELECT current_user, has_function_privilege(f.oid, 'EXECUTE'), rolname,"
        " rolsuper FROM pg_catalog.pg_proc AS f"
        " JOIN pg_catalog.pg_roles AS r ON r.oid = proowner"
        " WHERE pronamespace = to_regnamespace('leadctl') AND proname = 'turn'"
    )
    remedy = (
        "" if writes else f"to push, its owner runs: GRANT {admin.WORKER} TO {user}"
    )
    may = "may push" if writes else "may only read"
    yield Condition("rights", f"{user} {may}", remedy)
    if is_all_powerful:
        yield Condition(
            "rights",
            f"the ledger's functions run with the rights of the superuser {owner}",
            "give the schema to another role: ALTER SCHEMA, ALTER FUNCTION … OWNER TO",
        )


def _safety(db: Connection) -> Iterator[Condition]:
    """Report what a crash, or the promotion of a standby, would lose."""
    is_standby, commits, flushes, required, standbys = db.row(
        "SELECT pg_is_in_recovery(), current_setting('synchronous_commit'),"
        " current_setting('fsync'), current_setting('synchronous_standby_names'),"
        " (SELECT count(*) FROM pg_catalog.pg_stat_replication)"
    )
    if is_standby:
        yield Condition(
            "replication",
            "this server is a standby: nothing can be written",
            "name the primary, or list all hosts with target_session_attrs=read-write",
            is_problem=True,
        )
    if "off" in {commits, flushes}:
        yield Condition(
            "replication",
            "a crash of the server loses the latest commits: their leads may be sent "
            "twice",
            "set fsync and synchronous_commit to on",
        )
    if standbys and not required:
        yield Condition(
            "replication",
            "the standby is asynchronous: if it is promoted, the latest commits are "
            "lost, and their leads may be sent twice",
            "set synchronous_standby_names",
        )
    elif required:
        yield Condition("replication", f"synchronous: {required}")


def _bloat(db: Connection) -> Iterator[Condition]:
    dead = db.execute(
        "SELECT relname FROM pg_catalog.pg_stat_user_tables"
        " WHERE schemaname = 'leadctl' AND n_dead_tup > greatest(?, n_live_tup)",
        (MANY_DEAD,),
    )
    for (table,) in dead:
        yield Condition(
            "bloat",
            f"table {table} holds more dead rows than live ones",
            f"its owner runs: VACUUM leadctl.{table}; check that autovacuum is on",
        )
