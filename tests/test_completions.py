"""Shell completion: the scripts are current, and completion works.

bash is always tested, zsh and fish if they are installed, and PowerShell by what its
script passes on.
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

from leadctl import cli

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
COMPLETIONS = Path(cli.__file__).with_name("completions")
LEADCTL = Path(sys.executable).parent / "leadctl"
FILES = {
    "bash": "leadctl.bash",
    "zsh": "_leadctl",
    "fish": "leadctl.fish",
    "powershell": "leadctl.ps1",
}
Completed: TypeAlias = "Callable[[list[str], Path], list[str]]"
PROVIDERS = ["agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel"]


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
    assert f"complete_{name}" in printed.stdout
    written = (COMPLETIONS / FILES[name]).read_text(encoding="utf-8")
    assert written == printed.stdout


def test_completion_knows_the_commands_as_they_are() -> None:
    listed = run([sys.executable, "-m", "tools.vocabulary"], ROOT)
    assert listed.returncode == 0, listed.stderr
    written = Path(cli.__file__).with_name("vocabulary.json")
    assert written.read_text(encoding="utf-8") == listed.stdout, "`make completions`"


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


def as_powershell(words: list[str], folder: Path) -> list[str]:
    """Ask as its script does: the line without the blank at its end, and the word."""
    done = run(
        [str(LEADCTL)],
        folder,
        _LEADCTL_COMPLETE="complete_powershell",
        _TYPER_COMPLETE_ARGS=" ".join(words).rstrip(),
        _TYPER_COMPLETE_WORD_TO_COMPLETE=words[-1],
    )
    assert (done.returncode, done.stderr) == (0, "")
    offered = [line.split(":::") for line in done.stdout.splitlines() if line]
    assert all(meaning for _, meaning in offered)
    return [word for word, _ in offered]


SHELLS = pytest.mark.parametrize(
    "completed",
    [in_bash, in_zsh, in_fish, as_powershell],
    ids=["bash", "zsh", "fish", "powershell"],
)
ASKED = {
    "command": (["leadctl", "pus"], ["push"]),
    "command of a group": (["leadctl", "providers", "sh"], ["show"]),
    "option": (["leadctl", "push", "--camp"], ["--campaign"]),
    "provider": (["leadctl", "push", "--provider", ""], PROVIDERS),
    "provider by its first letters": (
        ["leadctl", "push", "--provider", "vo"],
        ["voiso"],
    ),
    "provider after the short option": (["leadctl", "check", "-p", "o"], ["ozonetel"]),
    "provider as an argument": (["leadctl", "providers", "show", "yo"], ["yotel"]),
    "profile": (["leadctl", "push", "--profile", ""], ["fair"]),
    "nothing fits": (["leadctl", "push", "--provider", "zz"], []),
}
PLACES = {
    "command after an option of its group": (
        ["leadctl", "runs", "--limit", "3", "reso"],
        ["resolve"],
    ),
    "command to be helped with": (["leadctl", "help", "runs", "reso"], ["resolve"]),
    "option after files": (
        ["leadctl", "push", "a.csv", "b.csv", "--dr"],
        ["--dry-run"],
    ),
    "option that was given": (["leadctl", "push", "--dry-run", "--dry"], []),
    "option that may be repeated": (
        ["leadctl", "push", "--tag", "x", "--ta"],
        ["--tag"],
    ),
    "option after one with its value": (
        ["leadctl", "push", "--provider=voiso", "--camp"],
        ["--campaign"],
    ),
    "option after all options": (["leadctl", "push", "--", "--camp"], []),
    "account of the config file": (["leadctl", "push", "--account", "sou"], ["south"]),
    "account without one": (["leadctl", "push", "--account", "vo"], ["voiso"]),
    "account as an argument": (["leadctl", "accounts", "login", "sou"], ["south"]),
    "account of another config file": (
        ["leadctl", "push", "--config", "other.yaml", "--account", "n"],
        ["north"],
    ),
    "profile of a file with mistakes": (
        ["leadctl", "push", "--config", "broken.yaml", "--profile", ""],
        [],
    ),
    "word of a closed choice": (["leadctl", "push", "--format", "j"], ["jsonl"]),
    "decision about rows": (
        ["leadctl", "runs", "resolve", "any", "--as", "not"],
        ["not-delivered"],
    ),
    "value behind an equals sign, which is a word in bash": (
        ["leadctl", "push", "--provider", "=", "vo"],
        ["voiso"],
    ),
    "value at an equals sign": (["leadctl", "push", "--provider", "="], PROVIDERS),
}


@SHELLS
@pytest.mark.parametrize(("words", "offered"), ASKED.values(), ids=ASKED)
def test_shell_offers(
    completed: Completed, words: list[str], offered: list[str], tmp_path: Path
) -> None:
    configured(tmp_path)
    assert completed(words, tmp_path) == offered


@pytest.mark.parametrize(("words", "offered"), PLACES.values(), ids=PLACES)
def test_what_fits_the_place_is_offered(
    words: list[str], offered: list[str], tmp_path: Path
) -> None:
    """All shells offer the same; tested with bash."""
    configured(tmp_path)
    assert in_bash(words, tmp_path) == offered


def configured(home: Path) -> None:
    """Write a config file where it belongs, and two more to be named."""
    usual = home / ".config" / "leadctl" / "config.yaml"
    usual.parent.mkdir(parents=True)
    usual.write_text(
        "accounts:\n  south: {provider: voiso, cluster_id: made-up}\n"
        "profiles:\n  fair: {fields: {phone: Mobile}}\n"
        "  $(touch hit): {fields: {phone: Mobile}}\n"
    )
    (home / "other.yaml").write_text("accounts: {north: {provider: yotel}}\n")
    (home / "broken.yaml").write_text("accounts: [")


@pytest.mark.parametrize("completed", [in_zsh, in_fish], ids=["zsh", "fish"])
def test_shell_offers_the_value_behind_an_equals_sign(
    completed: Completed, tmp_path: Path
) -> None:
    words = ["leadctl", "push", "--provider=vo"]
    assert completed(words, tmp_path) == ["--provider=voiso"]


@SHELLS
def test_shell_offers_runs_the_newest_first(
    completed: Completed, tmp_path: Path
) -> None:
    (tmp_path / "nobody.csv").write_text("phone\n")
    push = [
        str(LEADCTL),
        "push",
        "nobody.csv",
        "--provider",
        "voiso",
        "--campaign",
        "3",
    ]
    account = {"LEADCTL_VOISO_CLUSTER_ID": "made-up", "LEADCTL_VOISO_API_KEY": "none"}
    for _ in range(2):
        assert run(push, tmp_path, **account).returncode == 0
    listed = run([str(LEADCTL), "runs", "--json"], tmp_path).stdout
    known = re.findall(r'"run_id": "([^"]+)"', listed)
    assert len(known) == 2
    assert completed(["leadctl", "runs", "show", "2"], tmp_path) == known


def test_ledger_is_not_made_by_a_press_of_tab(tmp_path: Path) -> None:
    assert in_bash(["leadctl", "runs", "show", ""], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_zsh_finds_the_file_by_fpath(tmp_path: Path) -> None:
    """The first press of Tab loads the function, and it answers, as does the second."""
    script = (
        f'fpath=("{COMPLETIONS}" $fpath); autoload -Uz compinit; compinit -D -u; '
        'print -r -- "$_comps[leadctl]"; _arguments() { print -r -- "$1" }; '
        "words=(leadctl pus); CURRENT=2; _leadctl; _leadctl"
    )
    done = run([shell("zsh"), "-f", "-c", script], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "_leadctl"
    assert re.findall(r'"(\w+)":', done.stdout) == ["push", "push"]


INSTALLED = {
    "bash": (".bash_completions/leadctl.sh", ".bashrc", "source '"),
    "zsh": (".zfunc/_leadctl", ".zshrc", "fpath+=~/.zfunc"),
    "fish": (".config/fish/completions/leadctl.fish", None, ""),
}


@pytest.mark.parametrize("name", INSTALLED)
def test_completion_is_installed_for_the_shell_it_is_asked_in(
    name: str, tmp_path: Path
) -> None:
    place, start_up_file, line = INSTALLED[name]
    for _ in range(2):
        done = run([shell(name), "-c", "leadctl --install-completion; :"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"installed in {tmp_path / place}" in done.stdout
    expected = (COMPLETIONS / FILES[name]).read_text(encoding="utf-8")
    assert (tmp_path / place).read_text(encoding="utf-8") == expected
    if start_up_file:
        assert (tmp_path / start_up_file).read_text().count(line) == 1


@pytest.mark.parametrize("name", INSTALLED)
def test_completion_is_shown_for_the_shell_it_is_asked_in(
    name: str, tmp_path: Path
) -> None:
    done = run([shell(name), "-c", "leadctl --show-completion; :"], tmp_path)
    expected = (COMPLETIONS / FILES[name]).read_text(encoding="utf-8")
    assert (done.stdout, done.stderr) == (expected, "")


def test_other_shells_are_told_which_there_are(tmp_path: Path) -> None:
    done = run([shell("dash"), "-c", "leadctl --show-completion"], tmp_path)
    assert done.returncode == 2
    assert "bash, zsh, fish, powershell" in done.stderr
