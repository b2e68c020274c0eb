"""How much of what a provider allows is used, and how often it had to refuse."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measured import cost
from benchmarks.table import Table
from leadctl.sandbox import (
    LupitorSimulator,
    Simulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.world import World
    from leadctl.sandbox.simulator import Exchange


@dataclass(frozen=True)
class Scenario:
    """Requests to a simulator as its documentation limits it.

    `interval` is the documented time from one request to the next; for Voiso, from the
    end of one to the start of the next (`after_end`).
    """

    name: str
    simulator: Simulator
    requests: int
    interval: float
    campaigns: tuple[str, ...]
    after_end: bool = False


def tables(world: World) -> list[Table]:
    """Run all scenarios at the same time: each of them mostly waits."""
    scenarios = _scenarios(world)
    with ThreadPoolExecutor(len(scenarios)) as pool:
        lines = [*pool.map(lambda scenario: _line(world, scenario), scenarios)]
    note = (
        "Starts between the first and the last upload, as a share of those that the "
        "documented limit allows in that time; at least 98% and no refusal are asked "
        "for."
    )
    columns = ["", "requests", "used", "refusals"]
    return [Table("Use of the rate", note, columns, lines)]


def _scenarios(world: World) -> list[Scenario]:
    two = ("camp_1", "second")
    pair = ("cmp_1", "second")
    few, many = world.size(12, 4), world.size(600, 150)
    return [
        Scenario(
            "voiso, one at a time, 2 s of rest",
            *(VoisoSimulator(latency=0.1), world.size(30, 6), 2.0, ("3",)),
            after_end=True,
        ),
        Scenario("lupitor, 10 a minute", LupitorSimulator(), few, 6.0, pair[:1]),
        Scenario(
            "lupitor, two processes",
            *(LupitorSimulator(open_campaigns=pair), few, 6.0, pair),
        ),
        Scenario("yotel, 600 a minute", YotelSimulator(), many, 0.1, two[:1]),
        Scenario(
            "yotel, two processes",
            *(YotelSimulator(open_campaigns=two), many, 0.1, two),
        ),
    ]


def _line(world: World, scenario: Scenario) -> list[str]:
    folder = world.folder / scenario.name.replace(" ", "-").replace(",", "")
    folder.mkdir()
    with serve([scenario.simulator]) as sandbox:
        environment = world.environment | sandbox.environment(scenario.simulator.name)
        with ThreadPoolExecutor(len(scenario.campaigns)) as pool:
            waiting = [
                pool.submit(_push, folder, scenario, campaign, environment)
                for campaign in scenario.campaigns
            ]
            for future in waiting:
                future.result()
    uploads = [one for one in scenario.simulator.log if one.leads]
    # The call before a second run comes in between, and counts for the limit as well.
    first, last = uploads[0].time, uploads[-1].time
    counted = [one for one in scenario.simulator.log if first <= one.time <= last]
    refused = [one for one in scenario.simulator.log if (one.status or 500) >= 400]
    used = f"{_share(scenario, counted):.1%}"
    return [scenario.name, str(len(uploads)), used, str(len(refused))]


def _share(scenario: Scenario, requests: list[Exchange]) -> float:
    times = sorted(one.time for one in requests)
    allowed = scenario.interval * (len(times) - 1)
    if scenario.after_end:
        allowed += sum(one.seconds for one in requests[:-1])
    return allowed / (times[-1] - times[0])


def _push(
    folder: Path, scenario: Scenario, campaign: str, environment: dict[str, str]
) -> None:
    """Push batches of two leads: what counts here are requests."""
    own = folder / campaign
    own.mkdir()
    number = scenario.requests // len(scenario.campaigns) * 2
    leads = own / "leads.csv"
    leads.write_text("phone\n" + "".join(f"90000{i:05}\n" for i in range(number)))
    region = [] if scenario.simulator.name == "yotel" else ["--region", "IN"]
    where = ["--provider", scenario.simulator.name, "--campaign", campaign, *region]
    ledger = ["--ledger", str(folder / "ledger.sqlite")]
    command = [sys.executable, "-m", "leadctl", "push", str(leads), *where, *ledger]
    cost([*command, "--batch-size", "2", "--quiet"], own, environment)
