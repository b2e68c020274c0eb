"""Answers Tab from a table of the commands, without typer and the network.

typer, and pydantic that it parses with, take ten times as long as Python to start.
`make completions` writes the table, vocabulary.json, from typer's declarations. The
protocol with the shells is typer's.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from urllib.parse import quote

from leadctl.cli import canonical, shells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leadctl.providers.listings import ListedCampaign


class Parameter(TypedDict):
    """An option, by all its `names`, or an argument, by none.

    `takes` is what may stand there: words, a kind of name (see KINDS), or nothing for a
    flag (null) and for free text ([]).
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
        print(shells.script(shell), end="")
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
    known = command["arguments"]
    here = known[arguments : arguments + 1] or [
        one for one in known[-1:] if one["repeatable"]
    ]
    return Place(command, given, here[0] if here else None, options)


def _option(command: Command, name: str) -> Parameter | None:
    return next((one for one in command["options"] if name in one["names"]), None)


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
            found = known_names(kind, place.given, environment)
        case words:
            found = dict.fromkeys(words, "")
    for value, meaning in found.items():
        if value.startswith(typed) and shells.is_plain(value):
            yield value, meaning


KINDS = ("provider", "account", "profile", "run", "campaign")


def known_names(
    kind: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the names of a kind that this machine knows, with their meanings.

    `given` are the options on the command line. What cannot be read is left out.
    """

    def said(name: str) -> str | None:
        return given.get(f"--{name}") or environment.get(f"LEADCTL_{name.upper()}")

    match kind:
        case "campaign":
            account = said("account") or said("provider")
            return _kept_campaigns(account) if account else {}
        case "provider":
            found = _providers(said("config"))
        case "account":
            accounts = _configured("accounts", said("config"))
            found = sorted({*accounts, *_providers(said("config"))})
        case "profile":
            found = _configured("profiles", said("config"))
        case "run":
            found = _runs(said("ledger"))
        case _:
            found = []
    return dict.fromkeys(found, "")


def _providers(config: str | None) -> list[str]:
    """Return those installed, and those in YAML: of these, one line is read."""
    from leadctl.providers.installed import installed

    found = {*installed()}
    for path in _config_path(config).parent.glob("providers/*.y*ml"):
        text = path.read_text(encoding="utf-8", errors="replace")
        found |= {*re.findall(r"^name: *([a-z][a-z0-9_-]*) *$", text, re.MULTILINE)}
    return sorted(found)


def _configured(table: str, config: str | None) -> list[str]:
    from leadctl.model import yaml_file
    from leadctl.model.errors import InputUnusable

    try:
        document = yaml_file.read(_config_path(config), may_be_pipe=False)
        return sorted(document.table((table,)))
    except InputUnusable:
        return []


def _config_path(asked: str | None) -> Path:
    import platformdirs

    usual = platformdirs.user_config_path("leadctl") / "config.yaml"
    return Path(asked) if asked else usual


def _runs(asked: str | None) -> list[str]:
    from leadctl import ledger
    from leadctl.model.errors import UsageError

    try:
        return ledger.latest_runs(ledger.resolved(asked))
    except UsageError:  # no URL of a ledger
        return []


def keep_campaigns(account: str, campaigns: Sequence[ListedCampaign]) -> None:
    """Store what Tab offers; raises OSError or InputUnusable."""
    from leadctl.model.atomic_write import atomic_write
    from leadctl.model.private_files import make_private

    path = _cache_of(account)
    make_private(path.parent)
    with atomic_write(path) as file:
        json.dump([one._asdict() for one in campaigns], file)


def _kept_campaigns(account: str) -> dict[str, str]:
    """Return each campaign's id, with its name and state; empty without a cache."""
    from leadctl.model.text_file import read_text

    try:
        found = json.loads(read_text(_cache_of(account), may_be_pipe=False))
        return {
            str(one["id"]): ", ".join(filter(None, (one["name"], one["state"])))
            for one in found
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _cache_of(account: str) -> Path:
    import platformdirs

    folder = platformdirs.user_state_path("leadctl") / "campaigns"
    return folder / f"{quote(account, safe='')}.json"
