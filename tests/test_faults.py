"""Every provider, every kind of trouble, at the first, a middle and the last request.

The provider's own declaration, real HTTP to its simulator and a real ledger; only the
waiting is not real. What the books say in the end is compared with what was stored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from model import FakeClock

from leadctl.config import config
from leadctl.config.credentials import secrets_of
from leadctl.delivery.provider_session import ProviderSession
from leadctl.delivery.rate_limiter import RateLimiter
from leadctl.delivery.sender import Sender
from leadctl.delivery.transport import Transport
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.plan import Plan
from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import ExitCode, LeadctlError
from leadctl.model.leads import Status
from leadctl.model.yaml_file import parse
from leadctl.providers.http_auth import Credentials
from leadctl.reports import report
from leadctl.sandbox import (
    AgoraSimulator,
    Fault,
    LupitorSimulator,
    OzonetelSimulator,
    Simulator,
    VicidialSimulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BATCHES = 5
CAMPAIGNS = {
    "agora": "42",
    "lupitor": "cmp_1",
    "ozonetel": "Demo",
    "vicidial": "101",
    "voiso": "3",
    "yotel": "camp_1",
}
SIMULATORS: dict[str, Callable[[], Simulator]] = {
    "agora": AgoraSimulator,
    "lupitor": lambda: LupitorSimulator(
        requests_per_minute=100_000, bulk_per_minute=100_000
    ),
    "ozonetel": lambda: OzonetelSimulator(requests_per_minute=100_000),
    "vicidial": VicidialSimulator,
    "voiso": lambda: VoisoSimulator(gap=0),
    "yotel": lambda: YotelSimulator(requests_per_minute=100_000),
}
FAULTS = {
    "refused before": Fault("refuse"),
    "lost after": Fault("lose"),
    "500 before": Fault("error_before", status=500),
    "500 after": Fault("error_after", status=500),
    "429": Fault("throttle", retry_after=2),
    "429 until a date": Fault("throttle", retry_after=2, retry_form="date"),
    "429 with a reset": Fault("throttle", retry_after=2, retry_form="reset"),
    "503 with Retry-After": Fault("error_before", status=503, retry_after=2),
    "garbage after": Fault("garbage"),
    "garbage before": Fault("garbage_before"),
    "truncated": Fault("truncate"),
    "time-out": Fault("slow_after", seconds=0.4),
    "token expired": Fault("expire_token"),
    "denied": Fault("deny"),
    "lost three times": Fault("lose", times=3),
}
POSITIONS = {"first": 0, "middle": BATCHES // 2, "last": BATCHES - 1}


@dataclass
class Result:
    """What a run's books say, and what the simulator has."""

    counts: dict[Status, int]
    delivered: set[int]
    error: LeadctlError | None
    stored: Counter[int]
    slept: float

    @property
    def exit_code(self) -> ExitCode:
        return report.exit_code(self.counts, self.error)


@pytest.fixture(params=sorted(SIMULATORS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[str], tuple[Simulator, dict[str, str]]]]:
    """Serve all once; each test begins with an empty one."""
    with serve([make() for make in SIMULATORS.values()]) as sandbox:

        def fresh(name: str) -> tuple[Simulator, dict[str, str]]:
            simulator = sandbox.simulators[name]
            simulator.forget()
            return simulator, sandbox.environment(name)

        yield fresh


def push(
    name: str,
    simulator: Simulator,
    environment: dict[str, str],
    folder: Path,
    settings: dict[str, str] | None = None,
) -> Result:
    rows = BATCHES if name in ("ozonetel", "vicidial") else BATCHES * 3
    path = folder / "leads.csv"
    path.write_text(
        "phone\n" + "".join(f"+9190000000{row:02}\n" for row in range(1, rows + 1))
    )
    given = {
        f"LEADCTL_{name.upper()}_{key}": value
        for key, value in ({"MIN_INTERVAL": "0"} | (settings or {})).items()
    }
    account = config.resolve(
        parse("", "no config"),
        environment | given,
        provider=name,
        overrides={"compliance_acknowledged": True},
    )
    secrets = secrets_of(account, environment)
    transport = Transport(
        Credentials(account.provider.auth(secrets), secrets), timeout=0.3
    )
    clock = FakeClock(real=0.1 if simulator.name == "voiso" else 0.0)
    limits = account.limits._replace(concurrency=1)
    size = min(3, limits.batch_size)
    plan = Plan(
        provider=account.provider,
        campaign=CAMPAIGNS[name],
        sources=(open_source(path, ReadOptions()),),
        batch_size=size,
    )
    with open_ledger(folder / "ledger.sqlite") as ledger:
        at_most_once = not account.provider.resend_is_safe
        new = NewRun(name, name, plan.campaign, [("leads.csv", "")])
        books = ledger.begin(new, at_most_once=at_most_once)
        earlier = ledger.delivered(name, plan.campaign)
        known = DeliveryHistory(ledger.digest(name, plan.campaign), earlier.among)
        importer = Importer(plan, books, known)
        delivery = Sender(
            account.provider,
            limits,
            ProviderSession(
                transport.send,
                RateLimiter(limits, ledger.rates, name, plan.campaign, clock),
            ),
            books,
            clock,
            CancellationToken(),
        )
        try:
            error = importer.deliver(delivery.deliver)
        finally:
            transport.close()
        others = {finding.row for finding in books.findings(0, Status)}
        delivered = set(range(1, rows + 1)) - others
        assert sum(books.counts().values()) == rows
        slept = sum(clock.slept)
        return Result(books.counts(), delivered, error, stored_rows(simulator), slept)


def stored_rows(simulator: Simulator) -> Counter[int]:
    """Read the rows back from the numbers the simulator has."""
    key = simulator.phone_field
    return Counter(
        int(str(lead[key])[-2:])
        for leads in simulator.stored.values()
        for lead in leads
    )


@pytest.mark.parametrize("position", POSITIONS.values(), ids=POSITIONS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_books_equal_what_the_provider_stored(
    name: str,
    fault: Fault,
    position: int,
    served: Callable[[str], tuple[Simulator, dict[str, str]]],
    tmp_path: Path,
) -> None:
    simulator, environment = served(name)
    simulator.faults.add(replace(fault, skip=position))
    result = push(name, simulator, environment, tmp_path)
    assert set(result.stored.values()) <= {1}
    assert result.delivered <= set(result.stored)
    assert not result.counts[Status.UNKNOWN]
    lost = result.counts[Status.FAILED]
    # A token that was exchanged for a key is renewed, and no more is heard of it.
    if (
        fault.kind in ("deny", "expire_token")
        and name not in EXCHANGED_KEYS[fault.kind]
    ):
        assert result.exit_code is ExitCode.ACCESS
        assert len(result.stored) + lost == sum(result.counts.values())
    else:
        assert len(result.stored) == sum(result.counts.values())
        assert result.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    ("name", "waits"), [("lost after", False), ("500 before", True)]
)
def test_lead_that_is_not_found_waits_until_a_repeat_is_recognised(
    name: str,
    waits: bool,
    served: Callable[[str], tuple[Simulator, dict[str, str]]],
    tmp_path: Path,
) -> None:
    """VICIdial recognises a repeat when the first request is over."""
    simulator, environment = served("vicidial")
    simulator.faults.add(FAULTS[name])
    result = push("vicidial", simulator, environment, tmp_path)
    assert sum(result.counts.values()) == len(result.stored) == BATCHES
    assert (result.slept >= 60) == waits


EXCHANGED_KEYS = {"deny": ("agora",), "expire_token": ("agora", "ozonetel")}


@pytest.mark.parametrize("position", POSITIONS.values(), ids=POSITIONS)
@pytest.mark.parametrize(
    "name", ["lost after", "500 after", "garbage after", "truncated", "500 before"]
)
def test_without_the_duplicate_check_a_lost_answer_leaves_its_row_unknown(
    name: str,
    position: int,
    served: Callable[[str], tuple[Simulator, dict[str, str]]],
    tmp_path: Path,
) -> None:
    """Ozonetel adds again what is sent again: so nothing is repeated, or claimed."""
    simulator, environment = served("ozonetel")
    simulator.faults.add(replace(FAULTS[name], skip=position))
    settings = {"CHECK_DUPLICATE": "false"}
    result = push("ozonetel", simulator, environment, tmp_path, settings)
    assert set(result.stored.values()) <= {1}
    assert result.counts[Status.UNKNOWN] == 1
    assert result.counts[Status.CREATED] == BATCHES - 1
    assert result.exit_code is ExitCode.UNKNOWN
