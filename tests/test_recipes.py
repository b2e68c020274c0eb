"""The recipes of the documents, each started the way cron, systemd and CI would."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_repository import ROOT, blocks

import leadctl.cli.options  # noqa: F401  fills VARIABLES
from leadctl.cli.parameters import VARIABLES
from leadctl.model.yaml_file import parse
from leadctl.providers.installed import installed
from leadctl.providers.registry import provider_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conftest import Push


def recipes(*documents: str) -> dict[str, str]:
    """Return the recipes of documents by name."""
    return {
        found[1]: block.content
        for document in documents
        for block in blocks(ROOT / "docs" / document)
        if (found := re.fullmatch(r"<!-- recipe: (.+) -->", block.before))
    }


RECIPES = recipes("accounts.md", "several-hosts.md", "several-workers.md")
KEY = "LEADCTL_VOISO_API_KEY"


class Machine:
    """A machine laid out in a folder: the recipes' paths lead into it."""

    def __init__(self, push: Push, root: Path) -> None:
        self.push, self.root = push, root
        sandbox = push.environment("voiso")
        self.key = sandbox.pop(KEY)
        # Where the simulator is, which no recipe can know.
        self.simulator = {
            name: value
            for name, value in sandbox.items()
            if name != "LEADCTL_VOISO_CLUSTER_ID"
        }
        self.folder = root / "job"
        self.folder.mkdir()

    def here(self, text: str) -> str:
        """Lead the absolute paths of a recipe into this machine."""
        return re.sub(
            r"(?<![\w.])/(home|srv|usr/local|etc|var)/", rf"{self.root}/\1/", text
        )

    def put(self, path: str, content: str, mode: int) -> None:
        file = Path(self.here(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        file.chmod(mode)

    def install(self, path: str) -> None:
        program = f'#!/bin/sh\nexec {sys.executable} -m leadctl "$@"\n'
        self.put(path, program, 0o755)

    def run(
        self, command: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell line with this environment, the simulator's address, no more."""
        return subprocess.run(  # noqa: S603  what the recipe says
            ["/bin/sh", "-c", command],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            cwd=self.folder,
            env={**self.simulator, **environment},
        )


@pytest.fixture
def machine(push: Push, tmp_path: Path) -> Machine:
    root = tmp_path / "machine"
    root.mkdir()
    return Machine(push, root)


LEADS = "phone\n+15551230001\n"


def assignments(lines: Iterable[str]) -> dict[str, str]:
    found = (re.fullmatch(r"(?:Environment=)?([A-Z_]+)=(.*)", line) for line in lines)
    return {each[1]: each[2] for each in found if each}


def test_cron_needs_no_keyring(machine: Machine) -> None:
    lines = machine.here(RECIPES["cron"]).splitlines()
    entry = re.fullmatch(r"(?:\S+ +){5} *(/.+)", lines[-1])
    assert entry
    machine.install("/home/asha/.local/bin/leadctl")
    machine.put("/home/asha/.config/leadctl/voiso.key", machine.key + "\n", 0o600)
    machine.put("/home/asha/leads.csv", LEADS, 0o600)
    usual = {
        "HOME": machine.here("/home/asha/")[:-1],
        "LOGNAME": "asha",
        "SHELL": "/bin/sh",
        "PATH": "/usr/bin:/bin",
    }
    done = machine.run(entry[1], usual | assignments(lines))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.push.phones("voiso") == ["15551230001"]
    assert Path(usual["HOME"], ".local/state/leadctl/ledger.sqlite").is_file()


def test_service_takes_its_key_from_systemd(machine: Machine) -> None:
    unit = machine.here(RECIPES["systemd leads.service"]).splitlines()
    said = dict(line.split("=", 1) for line in unit if "=" in line)
    name, _, source = said["LoadCredential"].partition(":")
    machine.put("/etc/leadctl/voiso.key", machine.key + "\n", 0o600)
    machine.put("/srv/leads/leads.csv", LEADS + "12\n", 0o600)
    machine.install("/usr/local/bin/leadctl")
    state = Path(machine.here("/var/lib/"), said["StateDirectory"])
    state.mkdir(parents=True, mode=int(said["StateDirectoryMode"], 8))
    handed = machine.root / "run" / "credentials" / "leads.service"
    handed.mkdir(parents=True)
    shutil.copy(source, handed / name)
    environment = assignments(unit) | {
        "CREDENTIALS_DIRECTORY": str(handed),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "USER": said["User"],
    }
    done = machine.run(said["ExecStart"], environment)
    assert done.returncode == int(said["SuccessExitStatus"]), done.stderr
    assert machine.push.phones("voiso") == ["15551230001"]
    assert (state / "ledger.sqlite").is_file()
    assert Path(machine.here("/srv/leads/leads.rejects.csv")).is_file()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)
def test_units_are_what_systemd_takes(tmp_path: Path) -> None:
    paths = []
    for recipe, content in RECIPES.items():
        if recipe.startswith("systemd "):
            paths.append(tmp_path / recipe.split()[1])
            # Whether the program is installed is not the unit's business.
            paths[-1].write_text(content.replace("/usr/local/bin/leadctl", "/bin/true"))
    done = subprocess.run(  # noqa: S603  the recipe's units
        ["systemd-analyze", "verify", *map(str, paths)],  # noqa: S607  as installed
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (len(paths), done.returncode, done.stderr) == (5, 0, "")


def test_ci_hands_the_key_to_one_step(machine: Machine) -> None:
    document = parse(RECIPES["ci"], "the job")
    steps = ("jobs", "push", "steps")
    (place,) = (
        (*steps, number)
        for number in range(5)
        if document.at((*steps, number, "name")) == "Push leads"
    )
    told = document.table((*place, "env"))
    secret = re.compile(r"\$\{\{ secrets\.\w+ \}\}")
    environment = {
        name: secret.sub(machine.key, str(value)) for name, value in told.items()
    }
    assert [name for name in told if secret.search(str(told[name]))] == [KEY]
    (machine.folder / "leads.csv").write_text(LEADS)
    environment["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment["HOME"] = str(machine.root)
    environment["CI"] = "true"
    done = machine.run(str(document.at((*place, "run"))), environment)
    assert done.returncode == 0, done.stderr
    assert "created    1" in done.stdout
    assert (machine.folder / "ledger" / "ledger.sqlite").is_file()
    assert machine.push.phones("voiso") == ["15551230001"]
    check = str(
        parse(RECIPES["ci check"], "the job").at(("jobs", "check", "steps", 2, "run"))
    )
    del environment[KEY]
    (machine.folder / "leads.csv").write_text(f"{LEADS}+1555,Bob Testperson\n")
    assert machine.run(check, environment).returncode == 3


def test_no_option_takes_a_key() -> None:
    """Every user of the machine can read the command line of a process."""
    secrets = {
        secret for name in installed() for secret in provider_class(name).secrets
    }
    taken = {option.lstrip("-").replace("-", "_") for option in VARIABLES.values()}
    assert {"provider", "account"} <= taken
    assert not taken & {*secrets, "key", "secret", "token", "password"}


def test_schema_is_named_as_editors_read_it() -> None:
    text = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
    found = re.search(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    assert found
    assert f"leadctl config schema > ~/.config/leadctl/{Path(found[1]).name}" in text
