"""The pictures of the pages: real runs, as a terminal shows them, and a real report.

`make picture` writes them. What a run prints of its moment (its id, times) is
replaced by the moment of the examples, so that a picture changes with the program
alone.
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
import textwrap
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PUSH = "leadctl push examples/leads.csv --provider voiso --campaign 3 --sandbox"


@dataclass(frozen=True)
class Picture:
    """A command as a terminal of so many columns shows it, after others were run."""

    command: str
    columns: int = 80
    before: tuple[str, ...] = ()
    is_stable: bool = True
    """Whether two runs look alike: no duration is shown."""


PICTURES = {
    "run": Picture(PUSH, columns=108),
    "preview": Picture("leadctl preview examples/leads.csv --provider voiso"),
    "check": Picture(
        "leadctl check examples/with-damage.csv --provider voiso --region US",
        columns=104,
    ),
    "runs": Picture("leadctl runs show", before=(f"{PUSH} --keep",), is_stable=False),
}
LINES = 30
REPORT = DOCS / "report.png"
REPORT_SIZE = "900,640"
MOMENT = {
    r"\d{8}-\d{6}-[0-9a-f]{4}": "20260301-093000-1f2e",
    r"\d{4}-\d\d-\d\d (?=\d\d:)": "2026-03-01 ",
    r"\d\d:\d\d:\d\d": "09:30:00",
}


def shown(picture: Picture) -> str:
    """Run a command and return what it shows: its notes, then its result."""
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), _workplace(Path(name))
        for words in picture.before:
            _run(words, folder, environment)
        text = _on_a_terminal(picture, folder, environment)
    for moment, example in MOMENT.items():
        text = re.sub(moment, example, text)
    return text


def _workplace(folder: Path) -> dict[str, str]:
    """Copy the examples to a folder; returns an environment of its own."""
    ignored = shutil.ignore_patterns("*.rejects*", "*.check*")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=ignored)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TERM": "xterm-256color",
        "TZ": "UTC",
        "XDG_STATE_HOME": str(folder),
        "LEADCTL_LEDGER": str(folder / "leadctl" / "sandbox.sqlite"),  # of --keep
    }


def _run(command: str, folder: Path, environment: dict[str, str]) -> None:
    _, *words = shlex.split(command)
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "leadctl", *words],
        check=False,
        capture_output=True,
        cwd=folder,
        env=environment,
    )
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr.decode())


def _on_a_terminal(picture: Picture, folder: Path, environment: dict[str, str]) -> str:
    terminal, its_end = pty.openpty()
    size = struct.pack("HHHH", LINES, picture.columns, 0, 0)
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, size)
    _, *words = shlex.split(picture.command)
    started = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "leadctl", *words],
        stdout=its_end,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
    )
    os.close(its_end)
    result = _read(terminal)
    assert started.stderr  # noqa: S101  it is a pipe
    notes = started.stderr.read().decode().splitlines()
    started.stderr.close()
    started.wait()
    # No terminal, or there would be progress in between: broken as on one.
    folded = [
        textwrap.fill(note, picture.columns - 1, subsequent_indent="  ")
        for note in notes
    ]
    return "\n".join([*folded, result.decode().replace("\r\n", "\n")])


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


def drawn(name: str, picture: Picture, text: str) -> str:
    """Draw what a terminal shows; no font is fetched from anywhere."""
    console = Console(
        record=True,
        width=picture.columns,
        file=StringIO(),
        force_terminal=True,
        legacy_windows=False,
    )
    prompt = Text.assemble(("$ ", "dim"), (picture.command, "bold"))
    console.print(prompt, soft_wrap=True)
    for line in Text.from_ansi(text.rstrip("\n")).split("\n"):
        ends = range(picture.columns, line.cell_len, picture.columns)
        for part in line.divide(ends):  # a terminal breaks within words
            console.print(part, soft_wrap=True)
    drawing = console.export_svg(title="leadctl", unique_id=name)
    drawing = re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL)
    lines = drawing.splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip()) + "\n"


def write_report(path: Path) -> None:
    """Take a picture of a run's HTML report, where a browser is installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        print("no chromium: the picture of the report stays as it is", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), _workplace(Path(name))
        _run(f"{PUSH} --keep", folder, environment)
        _run("leadctl runs report --html run.html", folder, environment)
        page = folder / "run.html"
        html = page.read_text(encoding="utf-8")
        for moment, example in MOMENT.items():
            html = re.sub(moment, example, html)
        page.write_text(html, encoding="utf-8")
        subprocess.run(  # noqa: S603  a browser, on a page of ours
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *(f"--window-size={REPORT_SIZE}", f"--screenshot={path}"),
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            env=environment,
        )


if __name__ == "__main__":
    for name, picture in PICTURES.items():
        text = drawn(name, picture, shown(picture))
        (DOCS / f"{name}.svg").write_text(text, encoding="utf-8")
    write_report(REPORT)
