"""Third-party packages are locked, bounded and licensed as the project says."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from test_repository import ROOT

LOCKED = re.compile(
    r"^([\w.-]+)==(\S+)(?: ; .+)? \\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+",
    re.MULTILINE,
)
LOCKS = {
    "requirements-dev.lock": ("dev",),
    "requirements-lowest.lock": ("sandbox", "test"),
    "requirements-bench.lock": ("bench",),
}


def requirements(*extras: str) -> dict[NormalizedName, Requirement]:
    """Return what pyproject.toml requires with these extras, by name."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    found = {canonicalize_name(one.name): one for one in map(Requirement, lines)}
    ourselves = found.pop(canonicalize_name("leadctl"), None)
    return found | requirements(*ourselves.extras) if ourselves else found


def locked(name: str) -> dict[str, str]:
    """Return the versions in a lock file, by name; each has a hash."""
    text = (ROOT / name).read_text(encoding="utf-8")
    besides = LOCKED.sub("", text).splitlines()
    assert [line for line in besides if not line.lstrip().startswith("#")] == []
    return dict(LOCKED.findall(text))


@pytest.mark.parametrize(("name", "extras"), LOCKS.items(), ids=LOCKS)
def test_locked_versions_are_those_that_the_project_allows(
    name: str, extras: tuple[str, ...]
) -> None:
    versions = locked(name)
    for package, requirement in requirements(*extras).items():
        assert requirement.specifier.contains(versions[package]), requirement


def test_lower_bounds_are_those_that_are_tested() -> None:
    """`make test-lowest` installs them, and nothing that they do not name."""
    lowest = locked("requirements-lowest.lock")
    for name, requirement in requirements("sandbox", "test").items():
        bounds = {one.operator: Version(one.version) for one in requirement.specifier}
        assert bounds[">="] == Version(lowest[name]), requirement


def test_every_dependency_is_listed_with_its_licence() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| (\S.*) \|$", text, re.MULTILINE)
    listed = {name: licence for name, licence, _ in rows if name != "Package"}
    assert {canonicalize_name(name) for name in listed} == requirements("dev").keys()
    for name, licence in listed.items():
        facts = metadata(name).json
        said = [facts.get("license_expression"), facts.get("license")]
        said += re.findall(r"OSI Approved :: (\S+) License", str(facts["classifier"]))
        assert licence in said, name
