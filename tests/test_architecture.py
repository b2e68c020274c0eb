"""Imports point one way, and each third-party package is imported in one place."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import leadctl

ROOT = Path(leadctl.__file__).parent
ORDER = """model sources|phones|ledger providers mapping config delivery importing
reports runs|testing api cli __main__"""
FLOORS = ORDER.split()
BELOW = {"__init__": {"__init__"}, "sandbox": {"sandbox"}} | {
    name: {"__init__", name, *"|".join(FLOORS[:floor]).split("|")}
    for floor, names in enumerate(FLOORS)
    for name in names.split("|")
}
BELOW["api"] |= {"sandbox"}  # serves the simulators
BELOW["__init__"] |= {"api", *BELOW["api"]}  # loads what is public when it is used
DOORS = {
    "typer": "cli", "shellingham": "cli", "platformdirs": "config ledger runs cli",
    "rich": "reports.screen", "httpx": "providers delivery testing",
    "httptools": "delivery.http1", "truststore": "delivery.transport",
    "sqlite3": "ledger.sqlite", "yaml": "model.yaml_parser",
    "pydantic_core": "model.patterns", "keyring": "model.system_keyring",
    "orjson": "providers.http_request", "phonenumbers": "phones",
    "charset_normalizer": "sources.encoding", "compression": "sources.compression",
    "backports": "sources.compression", "starlette": "sandbox", "uvicorn": "sandbox",
    "psycopg": "ledger.postgres",
}  # fmt: skip
IMPURE = {"time", "datetime", "logging", "random", "threading", "socket", "os"}
OURS = ("agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel")
PATHS = {str(p.relative_to(ROOT))[:-3].replace("/", "."): p for p in ROOT.rglob("*.py")}


def imports(module: str) -> set[str]:
    nodes = [*ast.walk(ast.parse(PATHS[module].read_text(encoding="utf-8")))]
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    found = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    plain = [node for node in nodes if isinstance(node, ast.Import)]
    return found | {alias.name for node in plain for alias in node.names}


@pytest.mark.parametrize("module", PATHS)
def test_imports_point_one_way(module: str) -> None:
    ours = {name.split(".")[1] for name in imports(module) if name[:8] == "leadctl."}
    assert ours - {"__version__"} <= BELOW[module.split(".", maxsplit=1)[0]]


@pytest.mark.parametrize("module", PATHS)
def test_package_has_one_door(module: str) -> None:
    packages = {name.split(".")[0] for name in imports(module)} - {"leadctl"}
    for package in packages & DOORS.keys() | packages - sys.stdlib_module_names:
        assert f"{module}.".startswith(tuple(f"{d}." for d in DOORS[package].split()))
    assert module.removeprefix("providers.") not in OURS or not packages & IMPURE
