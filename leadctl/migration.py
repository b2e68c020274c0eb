"""The ledger's tables, and ledgers of earlier versions brought up to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.errors import LedgerUnusable
from leadctl.hashes import SIZE, parts
from leadctl.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadctl.database import Connection

APPLICATION = 0x6C656164
"""SQLite's application_id of a ledger: `lead`."""

_MIGRATIONS = (
    """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, provider TEXT NOT NULL,
    account TEXT NOT NULL, campaign TEXT NOT NULL, options TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, requests INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER, error TEXT
);
CREATE TABLE files (
    run INTEGER NOT NULL, ordinal INTEGER NOT NULL, path TEXT NOT NULL,
    fingerprint TEXT NOT NULL, rejects_file TEXT, PRIMARY KEY (run, ordinal)
) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,
    id BLOB NOT NULL, rows TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL,
    doubted INTEGER NOT NULL, attempts INTEGER NOT NULL,
    created INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX batches_of_run ON batches (run);
CREATE TABLE findings (
    run INTEGER NOT NULL, file INTEGER NOT NULL, first INTEGER NOT NULL,
    rows TEXT NOT NULL, count INTEGER NOT NULL, status TEXT NOT NULL,
    code TEXT NOT NULL, field TEXT NOT NULL, reason INTEGER NOT NULL,
    PRIMARY KEY (run, file, first)
) WITHOUT ROWID;
CREATE TABLE reasons (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE delivered (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE in_doubt (
    digest BLOB NOT NULL, run INTEGER NOT NULL, file INTEGER NOT NULL,
    row INTEGER NOT NULL, PRIMARY KEY (digest, run)
) WITHOUT ROWID;
CREATE INDEX in_doubt_of_run ON in_doubt (run);
CREATE TABLE pace (scope TEXT PRIMARY KEY, next REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE exchanges (account TEXT NOT NULL, moment REAL NOT NULL);
""",
    """
ALTER TABLE runs ADD COLUMN repairs TEXT NOT NULL DEFAULT '{}'
""",
    # Moments and durations in milliseconds: whole numbers take the least room.
    """
CREATE TABLE requests (
    run INTEGER NOT NULL, number INTEGER NOT NULL, file INTEGER NOT NULL,
    rows TEXT NOT NULL, leads INTEGER NOT NULL, attempt INTEGER NOT NULL,
    asks INTEGER NOT NULL, departed INTEGER NOT NULL, held INTEGER NOT NULL,
    held_for INTEGER, took INTEGER, http INTEGER, trouble TEXT, why INTEGER,
    answered INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
""",
    """
CREATE TABLE gathered (
    number INTEGER PRIMARY KEY AUTOINCREMENT, digests BLOB NOT NULL
);
""",
    """
CREATE TABLE recent (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE sieve (part INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TRIGGER delivered_by_way_of_recent BEFORE INSERT ON delivered
WHEN NEW.digest NOT IN (SELECT digest FROM recent)
BEGIN SELECT RAISE(ABORT, 'a newer leadctl has this ledger now'); END;
""",
    """
DROP TRIGGER delivered_by_way_of_recent;
CREATE TABLE segments (
    number INTEGER PRIMARY KEY, level INTEGER NOT NULL, bits INTEGER NOT NULL,
    count INTEGER NOT NULL
);
CREATE TABLE pages (place INTEGER PRIMARY KEY, digests BLOB NOT NULL);
""",
    """
CREATE TABLE hashes (place INTEGER PRIMARY KEY, digests BLOB NOT NULL);
CREATE TABLE prints (place INTEGER PRIMARY KEY, prints BLOB NOT NULL);
""",
    """
CREATE TABLE binned (place INTEGER PRIMARY KEY, digests BLOB NOT NULL);
CREATE TABLE sieved (place INTEGER PRIMARY KEY, prints BLOB NOT NULL);
""",
    # Without `sieved`, an earlier version that has the ledger open writes no segment:
    # it would be in no filter. What it gathers is known.
    """
DROP TABLE sieved;
CREATE TABLE bloom (part INTEGER PRIMARY KEY, words BLOB NOT NULL);
""",
    # By another name, as an earlier version would miss whom the filter lacks.
    """
ALTER TABLE bloom RENAME TO bloom_filter;
ALTER TABLE segments ADD COLUMN in_filter INTEGER NOT NULL DEFAULT 0;
""",
)
"""Scripts from each version of the schema to the next; the version is their number."""


VERSION = len(_MIGRATIONS)

IN_BINNED = 8
"""The version from which who is delivered is kept in the table `binned`."""

_PAGES = {6: "pages", 7: "hashes"}
"""Where versions before had their pages; those before them had trees."""


def version(db: Connection) -> int:
    """Return the schema's version; 0 for an empty file, and for nothing else.

    Raises LedgerUnusable where the file is another program's.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (number,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (tables or number):
        raise LedgerUnusable(
            f"{db.path} is another program's database",
            hint="name another file with --ledger",
        )
    return int(number)


def migrate(db: Connection) -> None:
    """Bring a ledger up to date; LedgerUnusable where a newer version wrote it."""
    if version(db) == VERSION:
        return
    with db.transaction():
        before = version(db)  # another process may have been faster
        if before > VERSION:
            raise LedgerUnusable(
                f"{db.path} was written by a newer leadctl (schema {before})",
                hint="update leadctl, or name another file with --ledger",
            )
        for script in _MIGRATIONS[before:]:
            for statement in filter(str.strip, script.split(";\n")):
                db.execute(statement)
        if before < IN_BINNED:
            _take_over(db, _PAGES.get(before))
        else:
            Segments(db).sift()
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")


def _take_over(db: Connection, pages: str | None) -> None:
    """Make one segment of who was delivered by then, and drop where they were kept.

    An earlier version that has the ledger open is stopped: it would look there.
    """
    count, part = _in_pages(db, pages) if pages else _in_trees(db)
    db.execute("DELETE FROM segments")
    if count:
        Segments(db).take_over(part, count)
    for table in ("delivered", "recent", "pages", "sieve", "hashes", "prints"):
        db.execute(f"DROP TABLE IF EXISTS {table}")


def _in_trees(db: Connection) -> tuple[int, Callable[[int], bytes]]:
    """Return how many hashes there are, and what gives those with a first byte."""
    (count,) = db.execute(  # one that is in both trees is counted twice
        "SELECT (SELECT count(*) FROM delivered) + (SELECT count(*) FROM recent)"
    ).fetchone()

    def part(first: int) -> bytes:
        start = bytes([first])
        rows = db.execute(
            "SELECT digest FROM delivered WHERE digest BETWEEN :first AND :last"
            " UNION SELECT digest FROM recent WHERE digest BETWEEN :first AND :last",
            {"first": start, "last": start + b"\xff" * SIZE},
        )
        return b"".join(digest for (digest,) in rows.fetchall())

    return count, part


def _in_pages(db: Connection, table: str) -> tuple[int, Callable[[int], bytearray]]:
    """Return the same of segments whose pages were divided by `bits` first bits."""
    segments = db.execute("SELECT number, bits, count FROM segments").fetchall()

    def part(first: int) -> bytearray:
        found = b""
        for number, bits, _ in segments:
            page, next_page = first << bits >> 8, (first + 1 << bits) + 255 >> 8
            rows = db.execute(
                f"SELECT digests FROM {table} WHERE place >= ? AND place < ?",  # noqa: S608  our own words
                (number * 2**32 + page, number * 2**32 + next_page),
            )
            found += b"".join(digests for (digests,) in rows.fetchall())
        return parts([found])[first]  # few bits: a page of several parts

    return sum(count for _, _, count in segments), part
