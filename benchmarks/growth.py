"""What a row costs when millions came before it: in the file, or in the ledger."""

from __future__ import annotations

import secrets
import shutil
import statistics
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.measured import spread
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table
from leadctl.database import connect
from leadctl.delivered import Delivered
from leadctl.hashes import SIZE, cut

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.world import World


def tables(world: World) -> list[Table]:
    return [_big_ledger(world)]


def _big_ledger(world: World) -> Table:
    """Push the same rows beside an empty ledger and beside a full one, in turns."""
    count = world.size(100_000, 20_000)
    delivered = world.size(10_000_000, 500_000)
    file = rows.write(world.folder / "leads.csv", count)
    one = rows.write(world.folder / "one.csv", 1)
    (world.folder / "profile.yaml").write_text(rows.PROFILE)
    empty: list[float] = []
    full: list[float] = []
    filled, ledger = world.folder / "filled.sqlite", world.folder / "ledger.sqlite"
    with sink() as served:
        push(world, one, served)
        fill(ledger, delivered)
        ledger.rename(filled)
        for _ in range(world.size(31, 2)):
            start = push(world, one, served).cpu
            empty.append((push(world, file, served).cpu - start) / count * 1e6)
            push(world, one, served)
            shutil.copy(filled, ledger)
            cost = push(world, file, served, keep=True)
            full.append((cost.cpu - start) / count * 1e6)
    each = [after / before for before, after in zip(empty, full, strict=True)]
    slower = statistics.median(each) - 1
    lines = [
        ["empty ledger", spread(empty), ""],
        [f"{delivered:,} delivered leads", spread(full), f"{slower:+.0%}"],
    ]
    note = (
        f"µs of CPU a row, start-up left out, of {count:,} new rows beside an empty "
        "ledger and beside a full one. Median (least–most); more is the median of what "
        "it is in each round; at most +20% is asked for."
    )
    return Table("Growth of the ledger", note, ["", "µs a row", "more"], lines)


def fill(path: Path, count: int) -> None:
    """Add made-up deliveries to a ledger, as runs do."""
    part = 10_000
    db = connect(path)
    delivered = Delivered(db)
    for _ in range(0, count, part):
        db.execute("BEGIN")
        delivered.add(cut(secrets.token_bytes(part * SIZE)))
        db.execute("COMMIT")
    db.close()
