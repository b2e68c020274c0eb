"""What a row costs when millions came before it: in the file, or in the ledger."""

from __future__ import annotations

import os
import secrets
import shutil
import statistics
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.measured import spread
from benchmarks.pipeline import push
from benchmarks.sink import Served, sink
from benchmarks.table import Table
from leadctl.ledger.sqlite.connection import connect
from leadctl.ledger.sqlite.delivered import SIZE, DeliveredLog

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measured import Cost
    from benchmarks.world import World


def tables(world: World) -> list[Table]:
    return [_big_ledger(world)]


def _big_ledger(world: World) -> Table:
    """Push the same rows beside an empty ledger and beside a full one, at once.

    What else the machine does slows both; in turns, either met it by chance.
    """
    count = world.size(100_000, 20_000)
    delivered = world.size(5_000_000, 500_000)
    alone, beside = world.inside("alone"), world.inside("beside")
    filled, ledger = world.folder / "filled.sqlite", beside.folder / "ledger.sqlite"
    found: dict[World, list[float]] = {alone: [], beside: []}
    with sink() as served, ThreadPoolExecutor() as pool:

        def both(leads: int) -> dict[World, float]:
            shutil.copy(filled, ledger)
            os.sync()  # or the run is billed for the copy
            runs = {
                each: pool.submit(_push, each, leads, served, keep=each is beside)
                for each in found
            }
            return {each: run.result().cpu for each, run in runs.items()}

        _push(beside, 1, served)  # makes the ledger, and the key it keeps
        fill(ledger, delivered)
        ledger.rename(filled)
        for _ in range(world.size(15, 2)):
            start = both(1)[alone]
            for each, cpu in both(count).items():
                found[each].append((cpu - start) / count * 1e6)
    empty, full = found.values()
    rounds = zip(empty, full, strict=True)
    slower = statistics.median(after / before for before, after in rounds) - 1
    lines = [
        ["empty ledger", spread(empty), ""],
        [f"{delivered:,} delivered leads", spread(full), f"{slower:+.0%}"],
    ]
    note = (
        f"µs of CPU a row, start-up left out, of {count:,} new rows beside an empty "
        "ledger and beside a full one, both at the same time. Median (least–most); "
        "more is the median of what it is in each round; at most +50% is asked for."
    )
    return Table("Growth of the ledger", note, ["", "µs a row", "more"], lines)


def _push(world: World, leads: int, served: Served, *, keep: bool = False) -> Cost:
    file = world.folder / f"{leads}.csv"
    if not file.exists():
        rows.write(file, leads)
    return push(world, file, served, keep=keep)


def fill(path: Path, count: int) -> None:
    """Add made-up deliveries to the first run of a ledger."""
    part = 10_000
    db = connect(path)
    log = DeliveredLog(db)
    for _ in range(0, count, part):
        with db.transaction():
            log.add(1, [secrets.token_bytes(SIZE) for _ in range(part)])
            if log.is_full:
                log.put_away()
    db.close()
