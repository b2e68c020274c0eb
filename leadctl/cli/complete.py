"""What the shell offers at Tab, from a table of the commands and without typer.

Every press of Tab runs this: typer, and pydantic that it parses with, would take ten
times as long as Python to start. `vocabulary.json` says what there is to offer; it is
written from typer's own declarations by `make completions`, and a test holds the two
together. The protocol with the shells is typer's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from leadctl.cli import canonical, known_names, shells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Parameter(TypedDict):
    """An option, by all its `names`, or an argument, by none.

    `takes` is what may stand there: words, the kind of name (see names.py), or nothing
    for a flag (null) and for free text ([]).
    """

    names: list[str]
    help: str
    takes: list[str] | str | None
    repeatable: bool


class Command(TypedDict):
    """A command or a group of commands; `section` is that of the program's help."""

    section: str
    help: str
    options: list[Parameter]
    arguments: list[Parameter]
    commands: dict[str, Command]


class Place(NamedTuple):
    """The place of the cursor on the command line, and the words before it."""

    command: Command
    given: dict[str, str]
    """Options before the cursor, by their first names, with their values."""
    wants: Parameter | None
    """The option whose value is being typed, or the argument; None: there is none."""
    options: bool
    """Whether an option may stand here."""


def answer(asked: str, environment: Mapping[str, str]) -> int:
    """Do as `_LEADCTL_COMPLETE` asks, e.g. `complete_bash`; returns an exit code."""
    instruction, _, shell = asked.partition("_")
    if shell not in shells.SCRIPTS or instruction not in ("source", "complete"):
        return 1
    if instruction == "source":
        print(shells.SCRIPTS[shell], end="")
        return 0
    words, incomplete = shells.words(shell, environment)
    # Names of campaigns are the provider's: none may speak to the terminal.
    offered = offers(words, incomplete, environment)
    found = {word: text for word, text in offered if (word + text).isprintable()}
    if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1
    print(shells.written(shell, found))
    return 0


def offers(
    words: Sequence[str], incomplete: str, environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the words that may stand at the cursor, each with its description."""
    place = placed(vocabulary(), canonical(words))
    option, equals, typed = incomplete.partition("=")
    if place.options and incomplete.startswith("-"):
        if not equals:
            yield from _options(place, incomplete)
        elif found := _option(place.command, option):
            for value, meaning in _values(found, typed, place, environment):
                yield f"{option}={value}", meaning
    elif place.wants:
        typed = "" if incomplete == "=" else incomplete  # bash: a word of its own
        yield from _values(place.wants, typed, place, environment)
    else:
        for name, command in place.command["commands"].items():
            if name.startswith(incomplete):
                yield name, command["help"]


def vocabulary() -> Command:
    table = Path(__file__).with_name("vocabulary.json")
    found: Command = json.loads(table.read_text(encoding="utf-8"))
    return found


def placed(command: Command, words: Sequence[str]) -> Place:
    """Follow the words before the cursor down to their command."""
    given: dict[str, str] = {}
    wants: Parameter | None = None
    arguments, options = 0, True
    for word in words:
        if wants and word == "=":
            continue
        if wants:
            given[wants["names"][0]], wants = word, None
        elif word == "--":
            options = False
        elif options and word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if found := _option(command, name):
                given[found["names"][0]] = value
                wants = found if found["takes"] is not None and not equals else None
        elif word in command["commands"]:
            command = command["commands"][word]
        else:
            arguments += 1
    if wants:
        return Place(command, given, wants, options=False)
    return Place(command, given, _argument(command, arguments), options)


def _option(command: Command, name: str) -> Parameter | None:
    return next((one for one in command["options"] if name in one["names"]), None)


def _argument(command: Command, number: int) -> Parameter | None:
    known = command["arguments"]
    if number < len(known):
        return known[number]
    return known[-1] if known and known[-1]["repeatable"] else None


def _options(place: Place, incomplete: str) -> Iterator[tuple[str, str]]:
    for option in place.command["options"]:
        if option["names"][0] not in place.given or option["repeatable"]:
            for name in option["names"]:
                if name.startswith(incomplete):
                    yield name, option["help"]


def _values(
    parameter: Parameter, typed: str, place: Place, environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    found: Mapping[str, str]
    match parameter["takes"]:
        case None:
            return
        case str(kind):
            found = known_names.known_names(kind, place.given, environment)
        case words:
            found = dict.fromkeys(words, "")
    for value, meaning in found.items():
        if value.startswith(typed) and shells.is_plain(value):
            yield value, meaning
