"""The house's plan: who imports whom, and which package has which door."""

from __future__ import annotations

import ast
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import leadctl

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(leadctl.__file__).parent

PROVIDER_FILE = {
    "answers",
    "auth",
    "errors",
    "fields",
    "model",
    "phones.*",
    "probe",
    "provider",
    "settings",
    "wire",
}
ALLOWED = {
    # the nouns and their words
    "": set[str](),
    "errors": set[str](),
    "model": set[str](),
    "wording": set[str](),
    "rowset": set[str](),
    "seen": {"model"},
    "remembered": {"model"},
    "folders": {"clock", "errors"},
    "strictjson": {"model"},
    "clock": set[str](),
    "progress": {"model"},
    "terminal": set[str](),
    # what a provider is
    "fields": {"model", "strictjson"},
    "spreadsheet": set[str](),
    "phones": set[str](),
    "phones.*": {"model", "phones.*", "spreadsheet"},
    "auth": {"errors"},
    "wire": {"model"},
    "answers": {"errors", "model", "wire"},
    "probe": set[str](),
    "provider": {
        "answers",
        "errors",
        "fields",
        "model",
        "phones.*",
        "probe",
        "wording",
    },
    "personal": {"model", "provider"},
    "judging": {"errors", "model", "personal", "provider"},
    "providers": set[str](),
    "providers.*": PROVIDER_FILE,
    # from the file to the lead
    "yamlfile": {"errors", "model", "wording"},
    "profile": {
        "errors",
        "fields",
        "model",
        "patterns",
        "times",
        "wording",
        "yamlfile",
    },
    "patterns": set[str](),
    "times": {"fields", "model", "wording"},
    "packing": set[str](),
    "letters": set[str](),
    "encoding": {"errors", "letters", "wording"},
    "foreign": {"errors"},
    "surveying": {"encoding", "errors", "foreign", "packing", "wording"},
    "sniffing": {"fields", "model", "wording"},
    "ooxml": {"packing"},
    "workbook": {"errors", "ooxml", "spreadsheet", "surveying", "wording"},
    "swallowing": {"sniffing"},
    "splitting": {"model", "strictjson", "swallowing", "wording"},
    "source": {"errors", "model", "packing", "splitting", "surveying", "workbook"},
    "reader": {
        "encoding",
        "errors",
        "fields",
        "model",
        "packing",
        "sniffing",
        "source",
        "splitting",
        "surveying",
        "wording",
        "workbook",
    },
    "mapping": {
        "errors",
        "fields",
        "model",
        "patterns",
        "profile",
        "remembered",
        "sniffing",
        "spreadsheet",
        "wording",
        "yamlfile",
    },
    "job": {
        "clock",
        "errors",
        "fields",
        "mapping",
        "phones.*",
        "model",
        "profile",
        "provider",
        "source",
        "suppression",
    },
    "do_not_call": {"fields", "sniffing"},
    "opt_outs": {"do_not_call", "fields", "mapping", "model", "source", "wording"},
    "prescan": {
        "errors",
        "fields",
        "forensics",
        "job",
        "mapping",
        "model",
        "opt_outs",
        "source",
        "wording",
    },
    "preview": {"errors", "job", "judge", "model", "source"},
    "guessing": {
        "do_not_call",
        "fields",
        "mapping",
        "model",
        "preview",
        "profile",
        "sniffing",
        "source",
        "phones.*",
        "wording",
    },
    "forensics": {"model", "phones.*"},
    "suppression": {
        "errors",
        "fields",
        "forensics",
        "mapping",
        "model",
        "phones.*",
        "reader",
        "source",
        "spreadsheet",
        "wording",
    },
    "fitting": {
        "fields",
        "mapping",
        "model",
        "phones.*",
        "provider",
        "remembered",
        "times",
    },
    "judge": {
        "fields",
        "fitting",
        "forensics",
        "job",
        "mapping",
        "masking",
        "model",
        "phones.*",
        "prescan",
        "seen",
        "source",
        "times",
        "wording",
    },
    # settings
    "settings": {"model"},
    "connection": {"provider", "settings"},
    "address": {"errors", "provider"},
    "config": {
        "address",
        "connection",
        "errors",
        "model",
        "provider",
        "settings",
        "wording",
        "yamlfile",
    },
    "schema": {
        "config",
        "connection",
        "fields",
        "model",
        "patterns",
        "profile",
        "provider",
        "settings",
    },
    "exposure": set[str](),
    "checkup": {
        "config",
        "errors",
        "exposure",
        "model",
        "phones.*",
        "profile",
        "provider",
        "suppression",
        "transport",
        "wording",
        "yamlfile",
    },
    "doctor": {"", "checkup", "errors", "exposure", "folders", "keychain", "ledger"},
    "trial": {
        "accounts",
        "checkup",
        "clock",
        "config",
        "credentials",
        "errors",
        "ledger",
        "ledger.*",
        "line",
        "probe",
        "probing",
        "provider",
        "yamlfile",
    },
    "keychain": set[str](),
    "credentials": {"config", "errors", "keychain"},
    "accounts": {"config", "credentials", "provider", "yamlfile"},
    # what is kept
    "ledger": {"errors", "ledger.*", "ledger.sqlite.*"},
    "ledger.*": {"ledger.*", "model", "rowset"},
    "ledger.sqlite.*": {
        "errors",
        "exposure",
        "folders",
        "ledger.*",
        "ledger.sqlite.*",
        "model",
        "rowset",
        "wording",
    },
    "stretches": {"ledger.*", "rowset"},
    "course": {"ledger.*", "stretches"},
    "rejectrows": {"model", "source", "splitting", "strictjson"},
    "rejects": {
        "aside",
        "errors",
        "folders",
        "model",
        "packing",
        "rejectrows",
        "source",
    },
    "report": {"errors", "ledger.*", "model", "phones.*", "terminal", "wording"},
    "aside": {"folders"},
    "spans": set[str](),
    "masking": {"model", "sniffing"},
    "contacts": {"job", "ledger.*", "model"},
    "page": {"", "contacts", "course", "page.*", "report", "spans"},
    "page.*": {
        "contacts",
        "course",
        "errors",
        "ledger.*",
        "model",
        "page.*",
        "report",
        "spans",
        "stretches",
        "wording",
    },
    "export": {"ledger.*", "model", "rejectrows", "spans"},
    "trace": {"errors", "job", "judge", "ledger.*", "model", "spans", "wording"},
    "lookback": {
        "course",
        "judge",
        "ledger.*",
        "model",
        "report",
        "spans",
        "stretches",
        "terminal",
        "trace",
        "wording",
    },
    # the wire
    "http1": set[str](),
    "answerbody": {"http1"},
    "redaction": set[str](),
    "transport": {"answerbody", "auth", "errors", "http1", "redaction"},
    "pace": {"clock", "errors", "ledger.*", "provider"},
    "journey": {"answers", "errors", "model"},
    "lookup": {"answers", "errors", "journey", "model", "provider"},
    "courier": {"errors", "judging", "ledger.*", "lookup", "model", "provider"},
    "settlement": {
        "courier",
        "errors",
        "journey",
        "ledger.*",
        "model",
        "pace",
        "provider",
    },
    "delivery": {
        "clock",
        "courier",
        "errors",
        "journey",
        "ledger.*",
        "model",
        "pace",
        "progress",
        "provider",
        "settlement",
    },
    "line": {
        "auth",
        "clock",
        "config",
        "credentials",
        "errors",
        "ledger.*",
        "pace",
        "transport",
    },
    "probing": {
        "auth",
        "clock",
        "config",
        "errors",
        "journey",
        "ledger.*",
        "line",
        "pace",
        "probe",
        "provider",
    },
    # a run
    "forecast": {"provider", "wording"},
    "interrupts": {"clock", "errors"},
    "importer": {
        "delivery",
        "errors",
        "job",
        "judge",
        "ledger.*",
        "model",
        "progress",
        "times",
    },
    "run": {
        "auth",
        "clock",
        "config",
        "delivery",
        "errors",
        "fields",
        "importer",
        "interrupts",
        "job",
        "journey",
        "ledger",
        "ledger.*",
        "line",
        "mapping",
        "model",
        "phones.*",
        "probe",
        "probing",
        "progress",
        "rejects",
        "report",
        "wording",
    },
    "__main__": {"cli"},
    # for the tests of providers; nothing imports it
    "testing": {
        "auth",
        "config",
        "errors",
        "fitting",
        "judging",
        "line",
        "model",
        "pace",
        "phones.*",
        "probe",
        "provider",
        "transport",
        "yamlfile",
    },
}
"""Which of ours each module may import. `cli` is over all, `sandbox` beside them."""

DOORS = {
    "typer": {"cli.*"},
    "shellingham": {"cli.*"},
    "platformdirs": {"config", "cli.*"},
    "rich": {"lookback", "report", "terminal"},
    "httpx": {
        "auth",
        "http1",
        "testing",
        "transport",
        "providers.*",
    },
    "httptools": {"http1"},
    "truststore": {"transport"},
    "sqlite3": {"ledger.sqlite.*"},
    "yaml": {"yamlfile"},
    "pydantic_core": {"patterns"},
    "keyring": {"keychain"},
    "orjson": {"wire"},
    "phonenumbers": {"phones.*"},
    "charset_normalizer": {"encoding"},
    "backports": {"packing"},
    "starlette": {"sandbox.*"},
    "uvicorn": {"sandbox.*"},
}
TYPES_ONLY = {
    "rich": {"cli.*"},
    "httpx": {
        "answers",
        "courier",
        "delivery",
        "judging",
        "line",
        "lookup",
        "probing",
        "provider",
    },
}
"""Modules that name the types of a package and never load it."""


class Import(NamedTuple):
    """An import by one of our modules; `typing` where it never happens at run time."""

    module: str
    imported: str
    typing: bool


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def imports() -> tuple[Import, ...]:
    return tuple(
        Import(module, imported, typing)
        for module, path in MODULES.items()
        for imported, typing in _imported(ast.parse(path.read_text(encoding="utf-8")))
    )


def _imported(node: ast.AST, *, typing: bool = False) -> Iterator[tuple[str, bool]]:
    match node:
        case ast.Import(names):
            yield from ((alias.name, typing) for alias in names)
        case ast.ImportFrom(module, names, 0) if module:
            yield from ((f"{module}.{alias.name}", typing) for alias in names)
        case ast.ImportFrom():
            raise AssertionError("relative imports are not used")
        case ast.If(ast.Name("TYPE_CHECKING"), body, rest):
            for child in body:
                yield from _imported(child, typing=True)
            for child in rest:
                yield from _imported(child, typing=typing)
        case _:
            for inner in ast.iter_child_nodes(node):
                yield from _imported(inner, typing=typing)


def ours(imported: str) -> str | None:
    """Return which module of ours an import means: the longest part that is one."""
    package, _, rest = imported.partition(".")
    if package != "leadctl":
        return None
    return rest if rest in MODULES else rest.rpartition(".")[0]


def room(module: str) -> str:
    if module.startswith("ledger.sqlite"):
        return "ledger.sqlite.*"
    top, dot, _ = module.partition(".")
    return f"{top}.*" if dot else module


def test_every_module_has_its_line_in_the_table() -> None:
    rooms = {room(module) for module in MODULES}
    rooms -= {"cli", "cli.*", "sandbox", "sandbox.*"}
    assert rooms == ALLOWED.keys()


@pytest.mark.parametrize("module", MODULES, ids=lambda name: name or "leadctl")
def test_module_imports_only_what_it_may(module: str) -> None:
    found = {
        target
        for who, what, _ in imports()
        if who == module and (target := ours(what)) is not None
    }
    match room(module):
        case "cli" | "cli.*":
            allowed = MODULES.keys() - {"__main__", "testing"}
            if module != "cli.sandbox":
                allowed -= {name for name in MODULES if name.startswith("sandbox")}
        case "sandbox" | "sandbox.*":
            allowed = {name for name in MODULES if name.startswith("sandbox")}
        case known:
            allowed = ALLOWED[known]
    assert found <= allowed | {name for name in MODULES if room(name) in allowed}


def test_nothing_imports_the_tests_of_providers() -> None:
    assert not [who for who, what, _ in imports() if ours(what) == "testing"]


def test_imports_point_one_way() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, what, typing in imports():
        # The two ends of a sandbox may know each other's types.
        if (target := ours(what)) is not None and not (typing and "sandbox" in target):
            graph[module].add(target)
    assert set(TopologicalSorter(graph).static_order()) == MODULES.keys()


@pytest.mark.parametrize("package", DOORS)
def test_package_has_one_door(package: str) -> None:
    who = {
        typing: {
            room(m)
            for m, what, t in imports()
            if what.partition(".")[0] == package and t == typing
        }
        for typing in (False, True)
    }
    assert who[False] == DOORS[package]
    assert who[True] <= DOORS[package] | TYPES_ONLY.get(package, set())


def test_no_other_package_is_needed() -> None:
    found = {what.partition(".")[0] for _, what, _ in imports()}
    newer = {"compression"}  # the standard library's from Python 3.14 on
    known = sys.stdlib_module_names | DOORS.keys() | {"leadctl"} | newer
    assert found <= known


def test_provider_has_no_clock_no_log_and_no_connection() -> None:
    barred = {
        "time",
        "datetime",
        "logging",
        "random",
        "threading",
        "socket",
        "subprocess",
        "os",
    }
    for module, what, _ in imports():
        if room(module) == "providers.*":
            assert what.partition(".")[0] not in barred, (module, what)


def test_only_the_clock_sleeps_and_only_the_command_line_prints() -> None:
    for module, path in MODULES.items():
        if room(module) in ("sandbox", "sandbox.*"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            match node.func:
                case ast.Attribute(ast.Name("time"), "sleep"):
                    assert module == "clock"
                case ast.Name("print") | ast.Attribute(ast.Name("sys"), "exit"):
                    assert room(module) in ("cli", "cli.*")
                case _:
                    pass


def test_page_of_the_rooms_names_every_module_with_its_purpose() -> None:
    page = (ROOT.parent / "docs" / "rooms.md").read_text(encoding="utf-8")
    for module, path in MODULES.items():
        inside = room(module).endswith("*") or room(module) in ("", "cli", "sandbox")
        if not inside and module != "__main__":
            purpose = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            sentence = " ".join(purpose.split("\n\n")[0].split())
            assert f"| `{module}` | {sentence} |\n" in page
