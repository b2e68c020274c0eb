"""A process that has leadctl loaded already, and forks for every run.

A run is a process of its own, with its own environment, folder and streams; only what
every start does alike, importing, is done once. `python -m leadctl` itself is what
tests of start-up, streams and signals run.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRELOADED = (
    "httpx", "phonenumbers", "rich.console", "rich.table", "yaml", "sqlite3",
    "leadctl.cli", "leadctl.run", "leadctl.cli.order", "leadctl.cli.sandbox",
    "leadctl.sandbox",
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
    zygote = _zygote()
    assert zygote.stdin
    assert zygote.stdout
    request: Request = {
        "arguments": [*arguments],
        "environment": dict(environment),
        "folder": str(folder),
        "streams": str(streams),
    }
    zygote.stdin.write(json.dumps(request).encode() + b"\n")
    zygote.stdin.flush()
    child = int(zygote.stdout.readline())
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        code = int(zygote.stdout.readline())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if code == -signal.SIGKILL:
        raise subprocess.TimeoutExpired([*arguments], seconds)
    return code


@cache
def _zygote() -> subprocess.Popen[bytes]:
    started = subprocess.Popen(  # noqa: S603  this file
        [sys.executable, "-W", "error", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"},
    )
    atexit.register(_end, started)
    return started


def _end(started: subprocess.Popen[bytes]) -> None:
    started.communicate()


def _serve() -> None:
    for name in PRELOADED:
        __import__(name)
    for line in sys.stdin.buffer:
        request: Request = json.loads(line)
        if not (child := os.fork()):
            _become(request)
        _answer(child)
        _, status = os.waitpid(child, 0)
        _answer(os.waitstatus_to_exitcode(status))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(request: Request) -> NoReturn:
    """Be the program: streams, environment and folder as asked, then out."""
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
    _serve()
