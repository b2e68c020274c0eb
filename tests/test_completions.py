"""The shells' completion: the files in completions/ are current, and really complete.

zsh and fish are tried where they are installed, bash always.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
COMPLETIONS = ROOT / "completions"
LEADCTL = Path(sys.executable).parent / "leadctl"
FILES = {"bash": "leadctl.bash", "zsh": "_leadctl", "fish": "leadctl.fish"}
Completed: TypeAlias = "Callable[[list[str], Path], list[str]]"
PROVIDERS = ["agora", "lupitor", "ozonetel", "voiso", "yotel"]


def run(
    command: list[str], folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a clean environment; the folder is both home and place."""
    path = os.pathsep.join([str(LEADCTL.parent), os.environ["PATH"]])
    libraries = os.environ.get("LD_LIBRARY_PATH", "")
    return subprocess.run(  # noqa: S603  commands of this file
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={
            "PATH": path,
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "LD_LIBRARY_PATH": libraries,
            **variables,
        },
    )


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize("name", FILES)
def test_file_is_what_the_program_prints(name: str, tmp_path: Path) -> None:
    printed = run([str(LEADCTL)], tmp_path, _LEADCTL_COMPLETE=f"source_{name}")
    assert printed.returncode == 0, printed.stderr
    written = (COMPLETIONS / FILES[name]).read_text(encoding="utf-8")
    assert written == printed.stdout, "`make completions` writes it anew"


def in_bash(words: list[str], folder: Path) -> list[str]:
    """Let bash call the function that Tab calls, the cursor after the last word."""
    script = (
        f'source "{COMPLETIONS}/leadctl.bash"; '
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'complete -p leadctl | grep -q -- "-F _leadctl_completion leadctl" || exit 9; '
        '_leadctl_completion leadctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = run([shell("bash"), "--norc", "-c", script, "bash", *words], folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def in_zsh(words: list[str], folder: Path) -> list[str]:
    """Let zsh evaluate the function; what it would hand on to its menu is printed."""
    script = (
        'compdef() { }; _files() { }; _arguments() { print -r -- "$1" }; '
        f'source "{COMPLETIONS}/_leadctl"; '
        'words=("$@"); CURRENT=$#; _leadctl_completion'
    )
    done = run([shell("zsh"), "-f", "-c", script, "zsh", *words], folder)
    assert (done.returncode, done.stderr) == (0, "")
    # *: :(("voiso" "yotel")), or with texts: *: :(("push":"Upload leads."))
    return re.findall(r'"([^"]*)"(?::"[^"]*")?', done.stdout)


def in_fish(words: list[str], folder: Path) -> list[str]:
    script = (
        f'source "{COMPLETIONS}/leadctl.fish"; '
        'complete --do-complete (string join -- " " $argv)'
    )
    done = run([shell("fish"), "--no-config", "-c", script, *words], folder)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


SHELLS = pytest.mark.parametrize(
    "completed", [in_bash, in_zsh, in_fish], ids=["bash", "zsh", "fish"]
)
ASKED = {
    "command": (["leadctl", "pus"], ["push"]),
    "subcommand": (["leadctl", "providers", "sh"], ["show"]),
    "option": (["leadctl", "push", "--camp"], ["--campaign"]),
    "provider": (["leadctl", "push", "--provider", ""], PROVIDERS),
    "provider by its first letters": (
        ["leadctl", "push", "--provider", "vo"],
        ["voiso"],
    ),
    "provider after the short option": (["leadctl", "check", "-p", "o"], ["ozonetel"]),
    "provider as an argument": (["leadctl", "providers", "show", "yo"], ["yotel"]),
    "nothing fits": (["leadctl", "push", "--provider", "zz"], []),
}


@SHELLS
@pytest.mark.parametrize(("words", "offered"), ASKED.values(), ids=ASKED)
def test_shell_offers(
    completed: Completed, words: list[str], offered: list[str], tmp_path: Path
) -> None:
    assert completed(words, tmp_path) == offered
