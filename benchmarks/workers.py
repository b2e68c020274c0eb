"""What it costs to share a run among workers, and what two of them deliver."""

from __future__ import annotations

import os
import statistics
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.fleet import Host
from benchmarks.measured import interleaved, spread
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table

import postgres  # isort: skip  its folder is known by now

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measured import Cost
    from benchmarks.world import World

LATENCY = 0.05
QUICK_ANSWER = 0.005
CONCURRENCY = 128


def tables(world: World) -> list[Table]:
    if not (postgres.NAMED or postgres.PROGRAMS):
        print("workers: PostgreSQL is not installed")
        return []
    host = Host(world.folder, world.quick)
    few, many = world.size(2_000, 500), world.size(10_000, 4_000)
    small, big = (rows.write(world.folder / f"{n}.csv", n) for n in (few, many))
    others: list[float] = []
    with contextmanager(postgres.server)() as server:

        def pushed(file: Path, workers: int, latency: float) -> tuple[Cost, float]:
            """Return what a push and its workers cost, and the leads a second."""
            words = ("--workers", str(workers), "--ledger", server.ledger())
            with sink(latency) as served:
                before = _busy()
                cost = push(
                    *(host, file, served, *words), batch_size=1, concurrency=CONCURRENCY
                )
                counted = served.counted()
                if file is big:
                    others.append((_busy() - before - cost.cpu) / many * 1e6)
                return cost, counted.leads / counted.seconds

        def each(workers: int) -> Callable[[], float]:
            def cpu(file: Path) -> float:
                return pushed(file, workers, LATENCY)[0].cpu

            return lambda: (cpu(big) - cpu(small)) / (many - few) * 1e6

        def rate(workers: int) -> Callable[[], float]:
            return lambda: pushed(big, workers, QUICK_ANSWER)[1]

        measured: dict[str, Callable[[], float]] = {
            "µs of CPU a request, 1 worker": each(1),
            "µs of CPU a request, 4 workers": each(4),
            "requests a second, 1 worker": rate(1),
            "requests a second, 2 workers": rate(2),
        }
        found = interleaved(measured, world.size(3, 1))
    lines = [[name, spread(values, 0), ""] for name, values in found.items()]
    one, four, alone, two = map(statistics.median, found.values())
    lines.insert(2, ["… as a multiple", f"{four / one:.2f} ×", "≤ 1.15 ×"])
    lines.append(["… as a multiple", f"{two / alone:.2f} ×", "≥ 1.6 ×"])
    lines.append(["µs of CPU a request, all else", spread(others, 0), ""])
    note = (
        f"A run of {many:,} one-lead requests, {CONCURRENCY} at a time by all workers "
        "together, to a loopback server. CPU is that of the push and its workers, with "
        f"answers after {LATENCY * 1000:.0f} ms, start-up left out. Requests a second "
        f"with answers after {QUICK_ANSWER * 1000:.0f} ms. The provider's server and "
        "PostgreSQL run on the same cores: their CPU, as that of all else, bounds what "
        "a second worker can add. Median (least–most)."
    )
    return [Table("Several workers on one run", note, ["", "found", "goal"], lines)]


def _busy() -> float:
    """Return the seconds of CPU that all programs have taken, and the kernel."""
    fields = Path("/proc/stat").read_text().split(maxsplit=8)
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
