"""Imports point one way, and each third-party package has one door."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import leadctl

ROOT = Path(leadctl.__file__).parent
ORDER = (
    "model sources|phones|ledger providers mapping config delivery importing reports"
)
FLOORS = [*ORDER.split(), "interrupts", "run", "cli", "__main__|testing"]
BELOW = {"__init__": {"__init__"}, "sandbox": {"sandbox"}} | {
    name: {"__init__", name, *"|".join(FLOORS[:floor]).split("|")}
    for floor, names in enumerate(FLOORS)
    for name in names.split("|")
}
BELOW["cli"] |= {"sandbox"}  # serves the simulators
DOORS = {
    "typer": "cli", "shellingham": "cli", "platformdirs": "config cli",
    "rich": "reports cli", "httpx": "providers delivery testing",
    "httptools": "delivery.http1", "truststore": "delivery.transport",
    "sqlite3": "ledger.sqlite", "yaml": "model.yaml_file",
    "pydantic_core": "mapping.patterns", "keyring": "config.system_keyring",
    "orjson": "providers.json_body", "phonenumbers": "phones",
    "charset_normalizer": "sources.encoding", "backports": "sources.compression",
    "starlette": "sandbox", "uvicorn": "sandbox",
    "compression": "sources.compression",  # the standard library's from Python 3.14 on
}  # fmt: skip
DIALERS = ("agora", "lupitor", "ozonetel", "voiso", "yotel")
IMPURE = ("time", "datetime", "logging", "random", "threading", "socket", "os")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found - {"leadctl", "leadctl.__version__"}


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=str)
def test_module_imports_only_what_it_may(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package, _, rest in (name.partition(".") for name in imports(path)):
        if package == "leadctl":
            assert rest.split(".")[0] in BELOW[module.split(".")[0]], rest
        elif package in DOORS or package not in sys.stdlib_module_names:
            doors = DOORS[package].split()
            assert any(f"{module}.".startswith(f"{door}.") for door in doors), package
        assert path.stem not in DIALERS or "sandbox" in module or package not in IMPURE
