"""Runs the program as users do: as a process with its own folder and environment.

Every run is checked for what the contract says about all runs: no traceback, no lead or
secret on the screen, and with `--json` one document that adds up and names the exit
code.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import zygote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEADCTL = (sys.executable, "-m", "leadctl")
SECONDS = 40
"""Longest time a run may take; the slowest test needs a few seconds."""

FOR_A_START_OF_ITS_OWN = {"LANG", "LC_ALL", "PYTHONIOENCODING", "PYTHONPATH"}
"""What an interpreter reads when it starts: a run that sets it is not forked."""

STATUSES = (
    "created",
    "accepted",
    "duplicate",
    "rejected",
    "suppressed",
    "failed",
    "unknown",
)
PRIVATE = re.compile(
    r"Testperson|@mail\.example|[0-9]{9,}|555\W{0,2}123|90000\W{0,2}0000"
)
"""What the leads of the tests are known by: no run may show it."""


class Reason(TypedDict):
    """One group of reasons in the document."""

    status: str
    code: str
    count: int
    example_row: int
    message: str


class Note(TypedDict):
    """What was reported of a run beside its rows, in the document."""

    code: str
    count: int
    message: str


class FileOfRun(TypedDict):
    """One input file in the document."""

    path: str
    rows: int
    created: int
    accepted: int
    duplicate: int
    rejected: int
    suppressed: int
    failed: int
    unknown: int
    rejects_file: str | None


class Problem(TypedDict):
    """What ended a run, in the document."""

    code: str
    message: str
    hint: str | None


class Document(TypedDict):
    """The document of `--json`, as the contract prints it."""

    schema_version: int
    run_id: str | None
    provider: str | None
    account: str | None
    campaign: str | None
    ledger: str | None
    dry_run: bool
    files: list[FileOfRun]
    rows: int
    created: int
    accepted: int
    duplicate: int
    rejected: int
    suppressed: int
    failed: int
    unknown: int
    reasons: list[Reason]
    notes: list[Note]
    repairs: dict[str, int]
    requests: int
    workers: list[dict[str, str | int | None]]
    started_at: str | None
    finished_at: str | None
    exit_code: int
    error: Problem | None


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Document:
        """Return the one document on stdout, having checked what holds for all."""
        found: Document = json.loads(self.out)
        assert found.keys() == Document.__annotations__.keys()
        assert found["schema_version"] == 1
        assert found["exit_code"] == self.code
        counts: dict[str, int] = {status: found[status] for status in STATUSES}  # type: ignore[literal-required]  # STATUSES are keys
        assert sum(counts.values()) == found["rows"]
        assert sum(file["rows"] for file in found["files"]) == found["rows"]
        for status, number in counts.items():
            of_files = sum(file[status] for file in found["files"])  # type: ignore[literal-required]  # the same
            assert of_files == number
        explained = dict.fromkeys(STATUSES, 0)
        for reason in found["reasons"]:
            assert reason.keys() == Reason.__annotations__.keys()
            explained[reason["status"]] += reason["count"]
        for note in found["notes"]:
            assert note.keys() == Note.__annotations__.keys()
        good = {"created": counts["created"], "accepted": counts["accepted"]}
        assert {**explained, **good} == counts
        if found["error"] is not None:
            assert found["error"].keys() == Problem.__annotations__.keys()
        return found

    @property
    def counts(self) -> dict[str, int]:
        """The statuses that rows have."""
        found = self.document
        return {status: found[status] for status in STATUSES if found[status]}  # type: ignore[literal-required]  # the same

    @property
    def codes(self) -> dict[str, int]:
        """The codes that rows have, with the number of rows."""
        codes: dict[str, int] = {}
        for reason in self.document["reasons"]:
            codes[reason["code"]] = codes.get(reason["code"], 0) + reason["count"]
        return codes

    @property
    def error(self) -> Problem:
        problem = self.document["error"]
        assert problem is not None
        return problem

    @property
    def table(self) -> dict[str, int]:
        """The counts of the table on stdout, `rows` among them."""
        line = rf"^(?:would be )?({'|'.join(STATUSES)}|rows) +([0-9,]+)$"
        found = re.findall(line, self.out, re.MULTILINE)
        return {label: int(number.replace(",", "")) for label, number in found}


@dataclass
class Program:
    """Runs leadctl in `folder`, with a home of its own and a clean environment."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = LEADCTL

    @classmethod
    def at(cls, folder: Path) -> Program:
        """Settle in a folder that may not exist yet."""
        program = cls(folder / "here", folder / "home")
        program.folder.mkdir(parents=True)
        program.home.mkdir()
        return program

    @property
    def state(self) -> Path:
        return self.home / "state" / "leadctl"

    def __call__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        discreet: bool = True,
    ) -> Ran:
        """Run to the end; with `discreet`, no lead may have been shown."""
        wanted = self.environment | dict(env or {})
        environment = self.surroundings | wanted
        given = [*map(str, arguments)]
        if self.command == LEADCTL and FOR_A_START_OF_ITS_OWN.isdisjoint(wanted):
            ran = self._forked(given, environment, stdin)
        else:
            ran = self._started(given, environment, stdin)
        _require_discretion(ran, environment, leads=discreet)
        return ran

    def _forked(
        self, arguments: list[str], environment: dict[str, str], stdin: bytes
    ) -> Ran:
        with tempfile.TemporaryDirectory() as name:
            streams = Path(name)
            for stream in ("in", "out", "err"):
                (streams / stream).write_bytes(stdin if stream == "in" else b"")
            code = zygote.run(arguments, environment, self.folder, streams, SECONDS)
            out, err = ((streams / stream).read_bytes() for stream in ("out", "err"))
            return Ran(code, out.decode(), err.decode())

    def _started(
        self, arguments: list[str], environment: dict[str, str], stdin: bytes
    ) -> Ran:
        done = subprocess.run(  # noqa: S603  our own program
            [*self.command, *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.folder,
            env=environment,
            timeout=SECONDS,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a run without waiting for it; what it prints is dropped."""
        return subprocess.Popen(  # noqa: S603  our own program
            [*self.command, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=self.surroundings | self.environment | dict(env or {}),
        )

    def fork(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> zygote.Forked:
        """Start a run without waiting for it or for its imports."""
        streams = Path(tempfile.mkdtemp(dir=self.home, prefix="streams-"))
        for stream in ("in", "out", "err"):
            (streams / stream).write_bytes(stdin if stream == "in" else b"")
        environment = self.surroundings | self.environment | dict(env or {})
        return zygote.start([*map(str, arguments)], environment, self.folder, streams)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def runs(self) -> list[str]:
        """Return the ids of the runs, the newest first."""
        return [one["run_id"] for one in json.loads(self("runs", "--json").out)]

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment of a run."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": "200",
            "PYTHONWARNINGS": "error",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


def _require_discretion(
    ran: Ran, environment: Mapping[str, str], *, leads: bool
) -> None:
    shown = ran.out + ran.err
    assert "Traceback" not in shown, shown
    if leads:
        assert not (found := PRIVATE.search(shown)), f"{found} is shown:\n{shown}"
    for name, value in environment.items():
        if name.endswith("_API_KEY") and value:
            assert value not in shown, f"{name} is shown"


def csv_rows(
    path: Path, delimiter: str = ",", encoding: str = "utf-8"
) -> list[dict[str, str]]:
    """Read a file as a spreadsheet would."""
    with path.open(encoding=encoding, newline="") as file:
        return [*csv.DictReader(file, delimiter=delimiter)]


def write_csv(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> None:
    """Write a file as a spreadsheet would."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Recorder:
    """An HTTP server that keeps what it is sent and always gives one answer.

    A request is its path, its headers (names in lower case) and its JSON body.
    """

    url: str
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def recording(answer: bytes, status: int = 200) -> Iterator[Recorder]:
    """Answer every POST with `answer`, whatever it asks."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Know no look-ups."""
            self.send_response(405)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.requests.append((self.path, headers, json.loads(body)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield recorder
        finally:
            server.shutdown()
