"""A process that has leadctl loaded already, and forks for every run.

A run is a process of its own, with its own environment, folder and streams; only what
every start does alike, importing, is done once. `python -m leadctl` itself is what
tests of start-up, streams and signals run.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRELOADED = (
    "httpx", "phonenumbers", "yaml", "sqlite3",
    "leadctl.cli.app", "leadctl.api", "leadctl.reports.report",
    "leadctl.cli.sandbox", "leadctl.sandbox", "psycopg",
)  # fmt: skip
"""Not keyring: it reads its settings when it is imported."""


class Request(TypedDict):
    """A run to fork for; its streams are the files in, out and err in `streams`."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: str


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    streams: Path,
    seconds: float,
) -> int:
    """Run leadctl in a forked process; returns its exit code, negative for a signal."""
    forked = start(arguments, environment, folder, streams)
    if (code := forked.code(seconds)) is None:
        forked.signalled(signal.SIGKILL)
        raise subprocess.TimeoutExpired([*arguments], seconds)
    return code


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    streams: Path,
) -> Forked:
    """Begin to run leadctl in a forked process."""
    request: Request = {
        "arguments": [*arguments],
        "environment": dict(environment),
        "folder": str(folder),
        "streams": str(streams),
    }
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(_address())
        asked.sendall(json.dumps(request).encode() + b"\n")
        answers = asked.makefile()
    return Forked(int(answers.readline()), answers)


class Forked:
    """A run in a forked process."""

    def __init__(self, process: int, answers: TextIO) -> None:
        self.pid = process
        self._answers = answers

    def signalled(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def has_ended(self, seconds: float) -> bool:
        """Wait so long for its end."""
        return bool(select.select([self._answers], [], [], seconds)[0])

    def code(self, seconds: float) -> int | None:
        """Return its exit code, negative for a signal; None if it runs on till then.

        Asked once.
        """
        if not self.has_ended(seconds):
            return None
        with self._answers:
            return int(self._answers.readline())


LOCK = threading.Lock()


def _address() -> str:
    """Return where the zygote listens, having started it."""
    with LOCK:
        return _started()


@cache
def _started() -> str:
    folder = Path(tempfile.mkdtemp())
    address = str(folder / "socket")
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
    started = subprocess.Popen(  # noqa: S603  this file
        [sys.executable, "-W", "error", __file__, address],
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert started.stdout
    started.stdout.readline()  # it listens
    started.stdout.close()
    atexit.register(_end, started, folder)
    return address


def _end(started: subprocess.Popen[bytes], folder: Path) -> None:
    started.terminate()
    started.wait()
    shutil.rmtree(folder)


CLOCK = "TESTS_CLOCK"
"""Variable that names a file with the seconds by which a run's clock is set."""

TRUE_TIME = time.time


def _time() -> float:
    clock = os.environ.get(CLOCK)
    return TRUE_TIME() + (float(Path(clock).read_text() or 0) if clock else 0.0)


def _serve(address: str) -> None:
    time.time = _time  # before anything takes it
    for name in PRELOADED:
        if find_spec(name.partition(".")[0]):  # psycopg is an extra
            __import__(name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
    while True:
        asked, _ = listening.accept()
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            _attend(asked)
        asked.close()


def _attend(asked: socket.socket) -> NoReturn:
    """Run a request in a new process, and return how it ended."""
    with asked.makefile("rw") as line:
        request: Request = json.loads(line.readline())
        if not (child := os.fork()):
            asked.close()
            _become(request)
        line.write(f"{child}\n")
        line.flush()
        _, status = os.waitpid(child, 0)
        line.write(f"{os.waitstatus_to_exitcode(status)}\n")
    os._exit(0)


def _become(request: Request) -> NoReturn:
    """Become the program, with these streams, environment and folder, and exit."""
    streams = Path(request["streams"])
    modes = {"in": os.O_RDONLY, "out": os.O_WRONLY, "err": os.O_WRONLY}
    for number, (name, mode) in enumerate(modes.items()):
        os.dup2(os.open(streams / name, mode), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, encoding="utf-8", closefd=False),  # noqa: SIM115  for good
        open(1, "w", encoding="utf-8", closefd=False),  # noqa: SIM115  the same
        open(2, "w", encoding="utf-8", closefd=False),  # noqa: SIM115  the same
    )
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["leadctl", *request["arguments"]]
    from leadctl.cli import main  # noqa: PLC0415  in the child

    code: int | str | None = 1
    try:
        main()
    except SystemExit as left:
        code = left.code
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _serve(sys.argv[1])
