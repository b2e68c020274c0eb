"""Fixtures: one sandbox for all tests, emptied for each, and the program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import postgres as postgres_server
import pytest
from background import Background
from program import Program, Ran

from leadctl.sandbox import (
    AgoraSimulator,
    LupitorSimulator,
    OzonetelSimulator,
    Sandbox,
    Simulator,
    VicidialSimulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from leadctl.sandbox.simulator import Exchange

CAMPAIGNS = {
    "agora": "42",
    "ozonetel": "Demo",
    "lupitor": "cmp_1",
    "yotel": "camp_1",
    "voiso": "3",
    "vicidial": "101",
}
PLENTY = 1_000_000


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Turn a skip into a failure if LEADCTL_TEST_ALL is set, as it is in CI."""
    report = yield
    if "LEADCTL_TEST_ALL" in os.environ and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"no test may be skipped here: {report.longreprtext}"
    return report


@dataclass(frozen=True)
class Push:
    """`leadctl push` to a provider's simulator, by an account that does not dawdle."""

    program: Program
    sandbox: Sandbox

    def __call__(
        self,
        provider: str,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        campaign: str | None = None,
    ) -> Ran:
        where = ["--provider", provider, "--campaign", campaign or CAMPAIGNS[provider]]
        word = ["--acknowledge-compliance"] if provider == "agora" else []
        home = ["--region", "IN"] if provider == "ozonetel" else []
        environment = self.environment(provider) | dict(env or {})
        return self.program(
            "push", *home, *arguments, *where, *word, env=environment, stdin=stdin
        )

    def environment(self, provider: str) -> dict[str, str]:
        quick = {
            "requests_per_minute": PLENTY,
            "min_interval": 0.03,
            "doubt_delay": 0.05,
        }
        settings = {
            f"LEADCTL_{provider}_{name}".upper(): str(value)
            for name, value in quick.items()
        }
        return settings | self.sandbox.environment(provider)

    def simulator(self, provider: str) -> Simulator:
        return self.sandbox.simulators[provider]

    def stored(self, provider: str) -> list[dict[str, object]]:
        """Return the leads in the provider's default campaign, by phone."""
        simulator = self.simulator(provider)
        found = simulator.stored.get(CAMPAIGNS[provider], [])
        return sorted(found, key=lambda lead: str(lead[simulator.phone_field]))

    def phones(self, provider: str) -> list[str]:
        field = self.simulator(provider).phone_field
        return [str(lead[field]) for lead in self.stored(provider)]

    def sent(self, provider: str) -> list[Exchange]:
        """Return uploads and token calls; what only reads is left out."""
        return [line for line in self.simulator(provider).log if line.purpose != "read"]

    def uploads(self, provider: str) -> list[int]:
        """Return how many leads each upload brought; look-ups and tokens are none."""
        return [
            line.leads
            for line in self.sent(provider)
            if "token" not in line.path.casefold()
        ]


REFUSED = ("+15550100097", "+15550100098")
"""Numbers that Lupitor's simulator takes for wrong."""


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    simulators = [
        AgoraSimulator(),
        OzonetelSimulator(requests_per_minute=PLENTY, do_not_disturb=("9000000099",)),
        LupitorSimulator(
            requests_per_minute=PLENTY, bulk_per_minute=PLENTY, refused=REFUSED
        ),
        YotelSimulator(requests_per_minute=PLENTY),
        VoisoSimulator(gap=0.02),
        VicidialSimulator(do_not_call=("2125550199",)),
    ]
    with serve(simulators) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    if not (postgres_server.NAMED or postgres_server.PROGRAMS):
        pytest.skip("PostgreSQL is not installed, and LEADCTL_TEST_POSTGRES names none")
    yield from postgres_server.server()


@pytest.fixture
def postgres_ledger(
    postgres: postgres_server.Server, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the URL of a new ledger; its key is in the environment."""
    monkeypatch.setenv("LEADCTL_LEDGER_KEY", postgres_server.KEY.hex())
    return postgres.ledger()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a ledger of each kind there is, which holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger"
    return str(request.getfixturevalue("postgres_ledger"))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program.at(tmp_path)


@pytest.fixture
def background(program: Program) -> Background:
    return Background(program.folder, program.home)


@pytest.fixture
def push(program: Program, served: Sandbox) -> Push:
    for simulator in served.simulators.values():
        simulator.forget()
    return Push(program, served)


BACKEND = """
from keyrings.alt.file import EncryptedKeyring

class Keyring(EncryptedKeyring):
    keyring_key = "made-up-password"  # or it would ask for it
"""


@pytest.fixture
def keyring(push: Push, tmp_path: Path) -> Path:
    """Give the program a real keyring, an encrypted file; returns the file."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "test_keyring.py").write_text(BACKEND, encoding="utf-8")
    push.program.environment |= {
        "PYTHONPATH": str(modules),
        "PYTHON_KEYRING_BACKEND": "test_keyring.Keyring",
        "PYTHONWARNINGS": "error,ignore::DeprecationWarning",  # its own
    }
    return push.program.home / "data" / "python_keyring" / "crypted_pass.cfg"
