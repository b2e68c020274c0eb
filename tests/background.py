"""The program in the background."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from program import SECONDS, Program, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROWS = 8
PHONES = [f"1555123{row:04}" for row in range(1, ROWS + 1)]
ONE_BY_ONE = ("--provider", "voiso", "--campaign", "3", "--batch-size", "1")
PUSH = ("push", "leads.csv", *ONE_BY_ONE)


@dataclass
class Started:
    """A run in another process, while the test goes on."""

    process: subprocess.Popen[bytes]

    def signalled(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> Ran:
        """Wait for its end, and return what it left behind."""
        out, err = self.process.communicate(timeout=SECONDS)
        ran = Ran(self.process.returncode, (out or b"").decode(), (err or b"").decode())
        assert "Traceback" not in ran.err, ran.err
        return ran


@dataclass
class Background(Program):
    """Runs leadctl without waiting for it; `shell` is what starts it, given as "$@"."""

    @contextmanager
    def begun(
        self,
        *arguments: str,
        env: Mapping[str, str],
        shell: str = 'exec "$@"',
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> Iterator[Started]:
        process = subprocess.Popen(  # noqa: S603  our own program
            [
                "/bin/bash",
                "-c",
                shell,
                "-",
                sys.executable,
                "-m",
                "leadctl",
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            cwd=self.folder,
            env=self.surroundings | dict(env),
        )
        try:
            yield Started(process)
        finally:
            process.kill()
            process.communicate()


def write_leads(program: Program, phones: list[str] = PHONES) -> None:
    lines = [f"+{phone},Testperson {row}" for row, phone in enumerate(phones)]
    program.write("leads.csv", "phone,name\n" + "\n".join(lines) + "\n")


def happened(claim: Callable[[], bool]) -> None:
    """Wait until something is so."""
    latest = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < latest, "it never came to pass"
        time.sleep(0.005)
