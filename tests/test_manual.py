"""The manual pages are current and complete, and `man` reads them without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_help import COMMANDS

from leadctl.model.errors import ExitCode
from tools import manual

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "man"
PAGES = sorted(path.name for path in FOLDER.glob("*"))


def read(name: str) -> str:
    """Let `man` set a page, in wide lines."""
    man = shutil.which("man")
    if man is None:
        pytest.skip("man is not installed")
    done = subprocess.run(  # noqa: S603  our own page
        [man, "--warnings", "--local-file", FOLDER / name],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return re.sub(".\b", "", done.stdout)


def test_pages_are_current() -> None:
    written = {name: (FOLDER / name).read_text(encoding="utf-8") for name in PAGES}
    assert written == manual.pages(), "`make man` writes them anew"


@pytest.mark.parametrize("name", PAGES)
def test_man_reads_the_page(name: str) -> None:
    assert "SYNOPSIS" in read(name)


@pytest.mark.parametrize("path", [path for path in COMMANDS if path], ids=" ".join)
def test_page_tells_every_option_of_a_command(path: tuple[str, ...]) -> None:
    page = (FOLDER / f"leadctl-{path[0]}.1").read_text(encoding="utf-8")
    text = page.replace("\\-", "-")
    assert f"leadctl {' '.join(path)}" in text
    for option in COMMANDS[path]["options"]:
        if "--help" not in option["names"]:
            for name in option["names"]:
                assert f"\\fB{name}\\fR" in text, name


def test_variable_of_an_option_is_named() -> None:
    text = re.sub(r"\s+", " ", read("leadctl-push.1"))
    assert "--region CC Country of numbers without a code, e.g. US. Variable: " in text
    assert "LEADCTL_REGION" in text


def test_exit_codes_are_those_there_are_and_those_of_the_readme() -> None:
    assert manual.EXITS.keys() == set(ExitCode)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (\d+) \| (.+) \|$", readme, re.MULTILINE))
    written = {str(int(code)): text for code, text in manual.EXITS.items()}
    assert told.items() <= written.items()
    assert told.keys() == {str(int(code)) for code in ExitCode if code < 128}
