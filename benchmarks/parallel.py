"""Requests under way at a time: how many a second, and what each costs.

Against the build of an earlier commit, and against httpx alone, with as many threads,
no row to read and no ledger to write.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import baseline, rows
from benchmarks.measured import cost, interleaved
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measured import Cost
    from benchmarks.sink import Served
    from benchmarks.world import World

LATENCY = 0.05
PLACES = {64: "CPU 0.75 ×, 1,152 a second", 256: "rate 1.4 × or more"}
"""Requests under way at a time, and what is asked for."""


class Sent(NamedTuple):
    """Requests a second, and µs of CPU that each took."""

    rate: float
    each: float


def tables(world: World) -> list[Table]:
    requests = world.size(6_000, 1_000)
    before = replace(world, python=str(baseline.PYTHON.absolute()))
    lines = []
    for places, asked in PLACES.items():
        found = interleaved(
            {
                "before": partial(_sent, partial(_ours, before, places), requests),
                "today": partial(_sent, partial(_ours, world, places), requests),
                "httpx": partial(_sent, partial(_plain, world, places), requests),
            },
            world.size(3, 1),
        )
        lines.append([f"{places} in parallel", *_cells(found), asked])
    note = (
        f"{requests:,} requests of one lead, each answered after {LATENCY * 1000:.0f} "
        f"ms: requests a second of the build of commit {baseline.COMMIT}, of today's, "
        "and of httpx alone; the rate and the CPU a request, start-up left out, "
        f"against {baseline.COMMIT}. Medians of interleaved rounds."
    )
    columns = ["", baseline.COMMIT, "today", "httpx", "rate", "CPU", "asked for"]
    return [Table("Requests in parallel", note, columns, lines)]


def _cells(found: dict[str, list[Sent]]) -> list[str]:
    pairs = [*zip(found["before"], found["today"], strict=True)]
    rate = statistics.median(now.rate / then.rate for then, now in pairs)
    each = statistics.median(now.each / then.each for then, now in pairs)
    rates = [f"{_median_rate(sent):,.0f}" for sent in found.values()]
    return [*rates, f"{rate:.2f} ×", f"{each:.2f} ×"]


def _median_rate(sent: Sequence[Sent]) -> float:
    return statistics.median(one.rate for one in sent)


def _sent(send: Callable[[int, Served], Cost], requests: int) -> Sent:
    with sink(LATENCY) as served:
        start = send(1, served).cpu
    with sink(LATENCY) as served:
        cpu = send(requests, served).cpu - start
        counted = served.counted()
    return Sent(counted.requests / counted.seconds, cpu / counted.requests * 1e6)


def _ours(build: World, places: int, requests: int, served: Served) -> Cost:
    file = rows.write(build.folder / "leads.csv", requests)
    return push(build, file, served, batch_size=1, concurrency=places)


def _plain(world: World, places: int, requests: int, served: Served) -> Cost:
    script = Path(__file__).with_name("plain_parallel.py")
    asked = [str(requests), str(places), "1"]
    command = [sys.executable, str(script), served.url, *asked]
    return cost(command, world.folder, world.environment)
