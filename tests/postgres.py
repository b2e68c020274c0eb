"""A PostgreSQL server for the tests: Debian's, started by us, or one that is named.

`LEADCTL_TEST_POSTGRES` is the URL of a server, as somebody who may create databases and
roles. The schema and roles of leadctl are made in it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from leadctl.ledger.postgres import admin

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = os.environ.get("LEADCTL_TEST_POSTGRES")
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
POOLER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
KEY = bytes(range(32))
"""The key of the ledgers that are made here."""

OWNER = "nobody" if os.geteuid() == 0 else None
"""PostgreSQL refuses to be run by root."""

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "autovacuum": "off",
}


@dataclass
class Server:
    """A server that gives each test a new database."""

    url: str
    folder: Path | None = None
    _process: subprocess.Popen[bytes] | None = None
    _template: str | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self, template: str = "template0") -> str:
        """Return the URL of a new database."""
        name = f"leadctl_test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as db:
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            db.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def ledger(self) -> str:
        """Return the URL of a new ledger, whose key is KEY."""
        if self._template is None:
            self._template = urlsplit(url := self.database()).path[1:]
            admin.prepare(url, KEY)
        return self.database(self._template)

    @contextmanager
    def standby(self, folder: Path) -> Iterator[None]:
        """Start a process that receives the log, like an asynchronous standby."""
        assert PROGRAMS
        parts = urlsplit(self.url)
        address = ("-h", parts.hostname or "", "-p", str(parts.port or 5432))
        folder.mkdir()
        process = subprocess.Popen(  # noqa: S603  Debian's
            [
                PROGRAMS / "pg_receivewal",
                *address,
                "-U",
                parts.username or "",
                "-D",
                folder,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with psycopg.connect(self.url, autocommit=True) as db:
            while db.execute("SELECT FROM pg_stat_replication").fetchone() is None:
                assert process.poll() is None, "it has ended"
                time.sleep(0.02)
        try:
            yield
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def full_disk(self, url: str, table: str) -> Iterator[None]:
        """Have no room on the disk for a table that has no rows yet."""
        assert self.folder, f"{self.url} is not ours to fill"
        with psycopg.connect(url) as db:
            named = db.execute("SELECT pg_relation_filepath(%s)", (f"leadctl.{table}",))
            file = self.folder / "data" / named.fetchall()[0][0]
        empty = file.rename(file.with_suffix(".empty"))
        file.symlink_to("/dev/full")
        try:
            yield
        finally:
            empty.replace(file)

    def start(self) -> None:
        """Start a server of ours; returns when it answers."""
        assert self.folder, f"{self.url} is not ours to start"
        port = urlsplit(self.url).port
        settings = {**SETTINGS, "port": port, "unix_socket_directories": self.folder}
        words = [f"--{name}={value}" for name, value in settings.items()]
        self._process = run("postgres", "-D", str(self.folder / "data"), *words)
        _wait_for(self.url, self._process)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it as a machine does that is switched off: SIGQUIT; SIGINT is kinder."""
        assert self._process
        self._process.send_signal(number)
        self._process.wait()


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Put PgBouncer before a database, in transaction mode, with one connection."""
    parts = urlsplit(url)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port or 5432}"
            f" user={parts.username}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n"
            "unix_socket_dir =\n"
        )
        Path(folder).chmod(0o755)
        process = subprocess.Popen(  # noqa: S603  Debian's
            [str(POOLER), "--quiet", settings], user=OWNER, cwd="/"
        )
        through = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}")
        try:
            _wait_for(urlunsplit(through), process)
            yield urlunsplit(through)
        finally:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while True:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return
        assert process.poll() is None, "it has ended"
        time.sleep(0.02)


def run(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    assert PROGRAMS
    return subprocess.Popen(  # noqa: S603  Debian's
        [PROGRAMS / program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        cwd="/",
        user=OWNER,
    )


def server() -> Iterator[Server]:
    """Yield the server that is named, or one of ours for as long as it is used."""
    if NAMED:
        yield Server(NAMED)
        return
    folder = Path(tempfile.mkdtemp(prefix="leadctl-postgres-"))
    if OWNER:
        shutil.chown(folder, OWNER)
    words = ("--no-sync", "--no-locale", "--encoding=UTF8", "--username=owner")
    assert not run("initdb", *words, "-D", str(folder / "data")).wait()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    served = Server(f"postgresql://owner@127.0.0.1:{port}/postgres", folder)
    served.start()
    try:
        yield served
    finally:
        served.stop(signal.SIGQUIT)
        shutil.rmtree(folder)
