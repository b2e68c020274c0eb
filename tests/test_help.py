"""Help: complete, grouped, short, and with suggestions for misspellings."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from leadctl import cli
from leadctl.cli.app import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from program import Program

VOCABULARY = Path(cli.__file__).with_name("vocabulary.json")


def commands(
    found: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield every command and group with the words that lead to it."""
    yield path, found
    for name, inner in found["commands"].items():
        yield from commands(inner, (*path, name))


COMMANDS = dict(commands(json.loads(VOCABULARY.read_text(encoding="utf-8"))))
SINGLE = [path for path, command in COMMANDS.items() if not command["commands"]]
TWO_SCREENS = 66
"""Lines of 80 columns: two screens of 33 lines."""


def helped(*path: str) -> str:
    """Return what `leadctl … --help` prints on a terminal of 80 columns."""
    command: Any = typer.main.get_command(load())
    for name in path:
        command = command.commands[name]
    words = " ".join(["leadctl", *path])
    text: str = command.get_help(
        typer.Context(command, info_name=words, terminal_width=80)
    )
    return text


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_whole_and_fits_the_screen(path: tuple[str, ...]) -> None:
    shown = helped(*path)
    assert shown.startswith(f"Usage: {' '.join(['leadctl', *path])} [OPTIONS]")
    lines = shown.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert len(lines) <= TWO_SCREENS
    assert not re.search(r"\w\.\.\.$", shown.partition("\n")[2], re.MULTILINE)
    command = COMMANDS[path]
    for name in (
        *command["commands"],
        *(n for o in command["options"] for n in o["names"]),
    ):
        assert re.search(rf"^  (?:-\w, )?{name}\b", shown, re.MULTILINE) or (
            f"  {name}, --" in shown
        ), name


@pytest.mark.parametrize("path", SINGLE, ids=" ".join)
def test_help_has_an_example_that_can_be_typed(path: tuple[str, ...]) -> None:
    _, _, found = helped(*path).partition("Example: ")
    words = shlex.split(found.partition("\n\n")[0])
    assert words[: len(path) + 1] == ["leadctl", *path]
    known = {name for option in COMMANDS[path]["options"] for name in option["names"]}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_option_names_its_default_or_an_example(path: tuple[str, ...]) -> None:
    """A flag says what it does; without it, that is not done."""
    for option in COMMANDS[path]["options"]:
        assert option["help"].endswith("."), option
        if option["takes"] is not None:
            assert re.search(r"\be\.g\. |[Dd]efault|: dnc\.csv", option["help"]), option


def test_options_stand_in_groups(program: Program) -> None:
    """As the program itself prints it."""
    told = program("push", "--help", env={"COLUMNS": "80"})
    assert told.out.rstrip() == helped("push").rstrip()
    titles = re.findall(r"^(\w.*):$", told.out, re.MULTILINE)
    assert titles == [
        "Arguments",
        "Destination",
        "Reading files",
        "Mapping and checks",
        "Sending",
        "Output",
        "Other",
    ]


def test_commands_stand_in_groups() -> None:
    titles = re.findall(r"^(\w.*):$", helped(), re.MULTILINE)
    assert titles[:4] == ["Import", "Runs", "People", "Set up"]


def test_help_names_the_variables() -> None:
    assert "--provider is LEADCTL_PROVIDER" in helped("push")
    assert "options: LEADCTL_LEDGER." in helped("runs", "stop")


PUSH = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3")
MISSPELT = {
    "command": (("pusch",), "'push'"),
    "command of a group": (("runs", "shwo"), "'show'"),
    "command without its group": (("stop", "x"), "`leadctl runs stop`"),
    "option": ((*PUSH, "--regoin", "US"), "'--region'"),
    "option with its value": ((*PUSH, "--campagn=3"), "'--campaign'"),
    "option of a group": (("runs", "--lmit", "3"), "'--limit'"),
    "provider": (("push", "leads.csv", "--provider", "voisso"), "'voiso'"),
    "provider to show": (("providers", "show", "yottel"), "'yotel'"),
    "provider of a fault": (("sandbox", "--fault", "voisso:lose"), "'voiso'"),
    "kind of a fault": (("sandbox", "--fault", "voiso:los"), "'lose'"),
    "option of a fault": (("sandbox", "--fault", "voiso:lose:skp=1"), "'skip'"),
    "status": (("runs", "export", "--status", "rejectd"), "'rejected'"),
    "format": (("runs", "export", "--format", "jsnl"), "'jsonl'"),
    "decision": (("runs", "resolve", "x", "--as", "deliverd"), "'delivered'"),
    "phone check": ((*PUSH, "--dry-run", "--phone-check", "vald"), "'valid'"),
    "region": ((*PUSH, "--dry-run", "--region", "UK"), "'GB'"),
    "region of a profile": ((*PUSH, "--dry-run", "--profile", "uk.yaml"), "'GB'"),
    "account": (("accounts", "login", "voisso"), "'voiso'"),
    "profile": ((*PUSH, "--dry-run", "--profile", "fiar"), "'fair'"),
    "field": ((*PUSH, "--dry-run", "--set", "frist_name=x"), "'first_name'"),
    "field of a profile": ((*PUSH, "--dry-run", "--profile", "slip.yaml"), "'phone'"),
}


@pytest.mark.parametrize(("words", "meant"), MISSPELT.values(), ids=MISSPELT)
def test_misspelt_name_gets_the_nearest(
    program: Program, words: tuple[str, ...], meant: str
) -> None:
    program.write("leads.csv", "phone\n+15550100001\n")
    program.write("uk.yaml", "{region: UK, fields: {phone: phone}}\n")
    program.write("slip.yaml", "fields: {phnoe: Mobile}\n")
    program.write("config.yaml", "profiles: {fair: {fields: {phone: Mobile}}}\n")
    ran = program(*words, env={"LEADCTL_CONFIG": "config.yaml"})
    assert ran.code in (2, 6)
    assert re.search(rf"[Dd]id you mean {meant}\?", ran.err), ran.err


WRONG_NUMBERS = {
    "too small": (("push", "x", "--batch-size", "0"), "--batch-size must be 1 or"),
    "no number": (("runs", "--limit", "x"), "--limit must be a whole number"),
    "other digits": (("runs", "--limit", "٣"), "--limit must be a whole number"),
    "too large": (("sandbox", "--port", "70000"), "--port must be 65535 or less"),
    "no choice": (
        ("runs", "export", "--format", "?"),
        "--format must be one of csv, jsonl, no",
    ),
    "a fault's": (("sandbox", "--fault", "voiso:lose:times=0"), "must be 1 or more"),
}


@pytest.mark.parametrize(("words", "said"), WRONG_NUMBERS.values(), ids=WRONG_NUMBERS)
def test_value_that_cannot_be_is_told_of_in_plain_words(
    program: Program, words: tuple[str, ...], said: str
) -> None:
    ran = program(*words)
    assert ran.code == 2
    assert said in ran.err
    for jargon in ("Input should", "Value error", "inf"):
        assert jargon not in ran.err


HABITS = {
    "help push": "push --help",
    "help runs list": "runs --help",
    "help": "--help",
    "-V": "--version",
    "version": "--version",
    "runs list --json --yes --no-input": "runs --json",
    "runs --limit 3 list --no-color": "runs --limit 3",
    "accounts list -y": "accounts",
    "providers list --no-input": "providers",
    "help pusch": "pusch",
}


@pytest.mark.parametrize(("typed", "meant"), HABITS.items(), ids=HABITS)
def test_habits_of_other_tools_work(program: Program, typed: str, meant: str) -> None:
    assert program(*typed.split()) == program(*meant.split())
