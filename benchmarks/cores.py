"""What users wait for a check of a large file, against the build of an earlier commit.

Today's judges rows on all cores: the memory is that of all its processes together, each
page they share counted once.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import baseline, rows
from benchmarks.measured import interleaved, spread
from benchmarks.memory import check, dry_run
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measured import Cost
    from benchmarks.world import World

OFTEN = 0.25
"""Seconds between two looks at the memory."""


def tables(world: World) -> list[Table]:
    count = world.size(5_000_000, 200_000)
    file = rows.write(world.folder / "large.csv", count)
    before = replace(world, python=str(baseline.PYTHON.absolute()))
    lines = []
    for name, run, rounds in (("check", check, 3), ("push --dry-run", dry_run, 1)):
        found = interleaved(
            {
                "before": partial(run, before, file),
                "today": partial(_of_all_processes, run, world, file),
            },
            world.size(rounds, 1),
        )
        lines.append([name, *_cells(found), "0.60 ×, 220 MB"])
    note = (
        f"Seconds from start to end for {count:,} rows, of the build of commit "
        f"{baseline.COMMIT} and of today's, which uses all cores; CPU and MB are those "
        "of all its processes. Median (least–most) of interleaved rounds; the ratio is "
        "the median of those of each round."
    )
    columns = ["", baseline.COMMIT, "today", "ratio", "CPU", "MB", "at most"]
    return [Table("Checks on all cores", note, columns, lines)]


def _cells(found: dict[str, list[Cost]]) -> list[str]:
    pairs = [*zip(found["before"], found["today"], strict=True)]
    wall = statistics.median(now.wall / then.wall for then, now in pairs)
    cpu = statistics.median(now.cpu / then.cpu for then, now in pairs)
    times = [spread([cost.wall for cost in costs]) for costs in found.values()]
    most = max(cost.peak_mib for cost in found["today"]) * 1.048576
    return [*times, f"{wall:.2f} ×", f"{cpu:.2f} ×", f"{most:.0f}"]


def _of_all_processes(
    run: Callable[[World, Path], Cost], world: World, file: Path
) -> Cost:
    """Run it; the memory is that of all processes under this one together."""
    seen = [0]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, world, file)
        while not running.done():
            seen.append(sum(map(_resident, _below("self"))))
            time.sleep(OFTEN)
    return replace(running.result(), peak_mib=max(seen) / 1024)


def _below(process: str) -> Iterator[str]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in _read(task).split():
            yield child
            yield from _below(child)


def _resident(process: str) -> int:
    """Return kB; of a page that several processes share, each has its part."""
    lines = _read(Path(f"/proc/{process}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
