"""No secret leaks: not to a screen, a file or another process.

Each way of giving a secret has its own; all output and all files are searched for all
of them.
"""

from __future__ import annotations

import json
import re
import signal
import ssl
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import trustme
import typer.main
from background import Background, happened
from conftest import BACKEND, PLENTY
from program import SECONDS
from test_plugin import METADATA, MODULE
from wire import answer, wired

from leadctl.cli.app import load
from leadctl.sandbox import (
    AgoraSimulator,
    Fault,
    LupitorSimulator,
    OzonetelSimulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from program import Program, Ran

    from leadctl.sandbox import Sandbox


ENVIRONMENT, FILE = "marker-of-environment/1", "marker-of-file-2"
COMMAND, KEYRING = "marker-of-command-3", "yt_test_marker-of-keyring-4"
OTHER = "marker-of-another-account-5"
SECRET = re.compile(r"marker-of|agora_token_|ozonetel_token_")
CAMPAIGNS = {"voiso": "3", "lupitor": "cmp_1", "agora": "42", "yotel": "camp_1"}
LEADS = "phone,name\n+919000000001,Ann Testperson\n+919000000002,Bob Testperson\n12,x\n"
SCRIPT = """#!/bin/sh
{{ env; tr '\\0' '\\n' < /proc/$PPID/cmdline; }} >> {seen}
echo {secret}
"""


@dataclass
class World:
    """A program with secrets in four places, and all it ever printed."""

    program: Program
    sandbox: Sandbox
    environment: dict[str, str]
    seen: Path
    printed: list[str] = field(default_factory=list)

    def __call__(
        self, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> Ran:
        ran = self.program(*arguments, env=self.environment | (env or {}), stdin=stdin)
        self.printed += [ran.out, ran.err]
        return ran

    def push(self, provider: str, *options: str, **env: str) -> Ran:
        where = ("--provider", provider, "--campaign", CAMPAIGNS[provider])
        word = ["--acknowledge-compliance"] if provider == "agora" else []
        self.program.write("leads.csv", LEADS)
        arguments = ("push", "leads.csv", *where, *word, *options)
        return self(*arguments, env=env)

    def fault(self, provider: str, *faults: Fault) -> None:
        self.sandbox.simulators[provider].faults.clear()
        self.sandbox.simulators[provider].faults.add(*faults)

    def require_discretion(self) -> None:
        shown = "\n".join(self.printed)
        assert not (found := SECRET.search(shown)), f"{found} is printed:\n{shown}"
        files = [
            path
            for folder in (self.program.home, self.program.folder)
            for path in folder.rglob("*")
            if path.is_file()
        ]
        assert any(path.suffix == ".sqlite" for path in files)
        for path in files:
            assert not SECRET.search(path.read_bytes().decode("latin-1")), path


@pytest.fixture
def world(program: Program, tmp_path: Path) -> Iterator[World]:
    simulators = [
        VoisoSimulator(api_key=ENVIRONMENT, gap=0.0),
        LupitorSimulator(
            api_key=FILE, requests_per_minute=PLENTY, bulk_per_minute=PLENTY
        ),
        AgoraSimulator(api_key=COMMAND),
        YotelSimulator(api_key=KEYRING),
        OzonetelSimulator(),
    ]
    safe, seen = tmp_path / "safe", tmp_path / "seen"
    safe.mkdir()
    (safe / "test_keyring.py").write_text(BACKEND, encoding="utf-8")
    (safe / "key").write_text(f"{FILE}\n", encoding="utf-8")
    script = safe / "print-key"
    script.write_text(SCRIPT.format(seen=seen, secret=COMMAND), encoding="utf-8")
    script.chmod(0o700)
    with serve(simulators) as sandbox:
        environment = {
            f"LEADCTL_{name}_{key}".upper(): value
            for name in CAMPAIGNS
            for key, value in {
                "base_url": sandbox.base_url(name),
                "requests_per_minute": str(PLENTY),
                "min_interval": "0",
                "doubt_delay": "0",
                "retry_for": "0",
            }.items()
        } | {
            "LEADCTL_VOISO_API_KEY": ENVIRONMENT,
            "LEADCTL_LUPITOR_API_KEY_FILE": str(safe / "key"),
            "LEADCTL_AGORA_API_KEY_COMMAND": str(script),
            "LEADCTL_OTHER_API_KEY": OTHER,
            "PYTHONPATH": str(safe),
            "PYTHON_KEYRING_BACKEND": "test_keyring.Keyring",
            "PYTHONWARNINGS": "error,ignore::DeprecationWarning",
        }
        yield World(program, sandbox, environment, seen)


def test_runs_that_go_well_keep_their_secrets(world: World) -> None:
    stdin = f"{KEYRING}\n".encode()
    assert world("accounts", "login", "yotel", stdin=stdin).code == 0
    for provider in CAMPAIGNS:
        assert world.push(provider, "-v").code == 3
    assert world.push("yotel", "--json", "-v").code == 3
    assert world.push("voiso", "--dry-run", "-v").code == 3
    assert world.push("voiso", "--sandbox", "-v").code == 3
    assert world("accounts", "test", "--json").code == 2, "lupitor asks for a campaign"
    assert world("accounts").code == 0
    world.require_discretion()


def leaves() -> Iterator[tuple[str, ...]]:
    """Return every command there is, those that are called without a word included."""
    groups = typer.main.get_command(load())
    for name, command in groups.commands.items():  # type: ignore[attr-defined]  # a group
        yield (name,)
        for inner in getattr(command, "commands", {}):
            yield (name, inner)


def test_no_command_shows_a_secret(world: World) -> None:
    """New commands are included, as far as they run without arguments."""
    world.fault("voiso", Fault("throttle", times=1000))
    assert world.push("voiso").code == 5
    run = json.loads(world("runs", "--json").out)[0]["run_id"]
    for words in leaves():
        if words == ("sandbox",):
            continue  # it serves until it is stopped, and reads no secret
        needs_run = words[0] == "runs" and len(words) == 2
        arguments = [*words, *([run] if needs_run else []), "--json"]
        assert world(*arguments, stdin=b"").code != 1, arguments
    world.require_discretion()


FAULTS = {
    "denied": Fault("deny", times=1000),
    "throttled": Fault("throttle", times=1000),
    "500": Fault("error_after", status=500, times=1000),
    "garbage": Fault("garbage", times=1000),
    "lost": Fault("lose", times=1000),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_failures_keep_their_secrets(world: World, fault: Fault) -> None:
    world.fault("agora", fault)
    assert world.push("agora", "-v").code not in (0, 1)
    world.require_discretion()


@pytest.mark.parametrize(
    ("provider", "secret", "status"),
    [
        ("lupitor", FILE, "400 No"),
        ("lupitor", FILE, "401 No"),
        ("lupitor", FILE, "200 OK"),
        ("voiso", ENVIRONMENT, "409 No"),
        ("voiso", ENVIRONMENT, "422 No"),
        ("voiso", ENVIRONMENT, "302 No"),
    ],
)
def test_answers_that_echo_the_secret_are_not_repeated(
    world: World, provider: str, secret: str, status: str
) -> None:
    """Nor in the reason of a row, which goes into ledger and reject file."""
    said = {"error": secret, "message": secret, "errors": {"key": [f"Bearer {secret}"]}}
    body = json.dumps(said | {"success": False, "detail": secret}).encode()
    echo = answer(body, f"Location: https://{secret}/", status=status)
    later = answer(b"", status="503 Busy")
    with wired({"GET": later, "POST": echo}) as wire:
        address = f"LEADCTL_{provider}_BASE_URL".upper()
        here = {address: f"http://127.0.0.1:{wire.port}"}
        assert world.push(provider, "-v", "--json", **here).code not in (0, 1)
    assert wire.heard[-1].startswith("POST")
    world.require_discretion()


def test_tls_and_time_outs_keep_their_secrets(world: World) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with wired({}, context) as wire:
        untrusted = world.push(
            "voiso", "-v", LEADCTL_VOISO_BASE_URL=f"https://127.0.0.1:{wire.port}"
        )
    with wired({"GET": (b"",), "POST": (b"",)}, pause=0.05) as wire:
        late = world.push(
            *("voiso", "-v"),
            LEADCTL_VOISO_BASE_URL=f"http://127.0.0.1:{wire.port}",
            LEADCTL_VOISO_TIMEOUT="0.1",
        )
    assert (untrusted.code, late.code) == (5, 10)
    world.require_discretion()


def test_interrupted_run_keeps_its_secrets(
    world: World, background: Background
) -> None:
    world.environment["LEADCTL_VOISO_RETRY_FOR"] = "60"
    world.fault("voiso", Fault("throttle", retry_after=30))
    where = ("push", "leads.csv", "--provider", "voiso", "-c", "3", "-v", "--json")
    world.program.write("leads.csv", LEADS)
    with background.begun(*where, env=world.environment) as run:
        happened(lambda: len(world.sandbox.simulators["voiso"].log) == 2)
        run.signalled(signal.SIGINT)
        ran = run.ended()
    assert ran.code == 130
    world.printed += [ran.out, ran.err]
    world.require_discretion()


def test_defect_shows_where_it_is_and_no_secret(
    world: World, background: Background, tmp_path: Path
) -> None:
    """A provider of another package fails in the middle: its key is at hand there."""
    site = tmp_path / "site"
    facts = site / "leadctl_beta-1.0.dist-info"
    facts.mkdir(parents=True)
    broken = MODULE.replace("upload = {", "raise RuntimeError('here')\n        _ = {")
    (site / "leadctl_beta.py").write_text(broken, encoding="utf-8")
    for name, content in METADATA.items():
        (facts / name).write_text(content, encoding="utf-8")
    world.program.write("leads.csv", LEADS)
    env = world.environment | {
        "PYTHONPATH": str(site),
        "LEADCTL_BETA_API_KEY": OTHER,
        "LEADCTL_BETA_BASE_URL": "http://127.0.0.1:9",
    }
    arguments = ("push", "leads.csv", "--provider", "beta", "-c", "x", "-v")
    with background.begun(*arguments, env=env) as run:
        out, err = (text.decode() for text in run.process.communicate(timeout=SECONDS))
    assert (run.process.returncode, "RuntimeError: here" in err) == (1, True)
    world.printed += [out, err]
    world.require_discretion()


def test_command_learns_nothing_of_other_accounts(world: World) -> None:
    """Its environment and our command line are all that a child can look at."""
    assert world.push("agora").code == 3
    run = json.loads(world("runs", "--json").out)[0]["run_id"]
    world("runs", "retry", run)
    seen = world.seen.read_text(encoding="utf-8")
    assert seen.count("leads.csv") == 1, "both runs asked it"
    assert seen.count(sys.executable) >= 2
    assert not SECRET.search(seen)
    world.require_discretion()
