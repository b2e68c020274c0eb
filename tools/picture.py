"""The picture of a run in README.md: a real one, as a terminal of 104 columns shows it.

`make picture` writes it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "run.svg"
COMMAND = "leadctl push examples/leads.csv --provider voiso --campaign 3 --sandbox"
COLUMNS, LINES = 104, 30


def shown() -> str:
    """Run the command and return what it shows: its notes, then its result."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            ROOT / "examples",
            Path(folder, "examples"),
            ignore=shutil.ignore_patterns("*.rejects*"),
        )
        terminal, its_end = pty.openpty()
        fcntl.ioctl(
            its_end, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        )
        _, *words = shlex.split(COMMAND)
        started = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "leadctl", *words],
            stdout=its_end,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm-256color"},
        )
        os.close(its_end)
        result = _read(terminal)
        assert started.stderr  # noqa: S101  it is a pipe
        notes = started.stderr.read()
        started.stderr.close()
        started.wait()
        return (notes + result).decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """Read a terminal until nobody is at its other end."""
    found = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # how Linux says so
            more = b""
        if not more:
            os.close(terminal)
            return found
        found += more


def drawn(text: str) -> str:
    """Draw what a terminal shows; no font is fetched from anywhere."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=StringIO(),
        force_terminal=True,
        legacy_windows=False,
    )
    console.print(Text.assemble(("$ ", "dim"), (COMMAND, "bold")), soft_wrap=True)
    console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)
    drawing = console.export_svg(title="leadctl", unique_id="run")
    drawing = re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL)
    lines = drawing.splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(shown()), encoding="utf-8")
