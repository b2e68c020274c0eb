"""What an entry of a suppression list costs, the reading of its file included."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.table import Table
from leadctl.importing.suppression import read
from leadctl.importing.suppression_entries import List

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.world import World

MOST = "5 µs"


def tables(world: World) -> list[Table]:
    count = world.size(5_000_000, 50_000)
    kinds: dict[str, Callable[[int], str]] = {
        "behind +1": lambda i: f"+1{rows.assigned(i % 3_000_000)}",
        "national, --region US": lambda i: rows.assigned(i % 3_000_000),
        "national, --region IN": lambda i: f"{9_000_000_000 + i * 199:010}",
    }
    lines = []
    for name, number in kinds.items():
        path = world.folder / "never.txt"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{number(i)}\n" for i in range(count))
        region = "IN" if name.endswith("IN") else "US"
        lines.append([name, f"{_each_entry(path, region, count):.1f}", MOST])
    note = (
        f"µs of CPU an entry of a list of {count:,}, read from its file to the sorted "
        "numbers that leads are compared with; one run each."
    )
    return [Table("Suppression lists", note, ["", "µs an entry", "at most"], lines)]


def _each_entry(path: Path, region: str, count: int) -> float:
    began = time.process_time()
    read([List(path)], region)
    return (time.process_time() - began) / count * 1e6
