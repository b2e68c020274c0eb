"""Resident memory and CPU a row of files from thousands of rows to millions."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.measured import on_core
from benchmarks.pipeline import push
from benchmarks.sink import Served, sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.measured import Cost
    from benchmarks.world import World


def tables(world: World) -> list[Table]:
    small, big = world.size(100_000, 20_000), world.size(10_000_000, 60_000)
    million, five = world.size(1_000_000, 40_000), world.size(5_000_000, 50_000)
    files = {
        count: rows.write(world.folder / f"{count}.csv", count, step=big // count)
        for count in {1, small, million, five, big}
    }
    trial = _Trial(world.inside("long"), world.inside("short"), files, small)
    sent = [million, five]
    with sink() as served:
        found = {
            "check": trial.runs(check, [big]),
            "push --dry-run": trial.runs(dry_run, [big]),
            "push": trial.runs(partial(_sent, served), sent),
        }
    lines = [
        [name, f"{count:,}", *_cells(runs), _AIMS.get((name, count), "")]
        for name, by_count in found.items()
        for count, runs in sorted(by_count.items())
    ]
    note = (
        "The most memory of the process that reads, and the CPU a row, start-up left "
        f"out, compared with that of {small:,} rows before and after, all on one core. "
        "Medians of as many runs as said."
    )
    columns = ["", "rows", "runs", "MB resident", "µs a row", f"of {small:,}", "more"]
    return [Table("Memory and growth", note, [*columns, "at most"], lines)]


_AIMS = {
    ("check", 10_000_000): "150 MB, +15%",
    ("push --dry-run", 10_000_000): "150 MB, +15%",
    ("push", 1_000_000): "130 MB, +15%",
    ("push", 5_000_000): "170 MB, +25%",
}
"""What is asked for."""


@dataclass(frozen=True)
class _Run:
    """A run of a large file: µs of CPU a row, and what one of the small file's cost."""

    peak_mib: float
    each: float
    small: float


@dataclass(frozen=True)
class _Trial:
    """Runs large files, by their rows, between runs of a small one, all on one core."""

    long: World
    short: World
    files: dict[int, Path]
    small: int

    def runs(
        self, run: Callable[[World, Path], Cost], counts: Sequence[int]
    ) -> dict[int, list[_Run]]:
        found: dict[int, list[_Run]] = {count: [] for count in counts}
        for count in counts:
            found[count].append(self._run(run, count))
        return found

    def _run(self, run: Callable[[World, Path], Cost], count: int) -> _Run:
        alone = on_core(0)(run)
        starts: list[float] = []
        smalls: list[float] = []

        def small() -> None:
            for _ in range(3):
                starts.append(alone(self.short, self.files[1]).cpu)
                smalls.append(alone(self.short, self.files[self.small]).cpu)

        small()
        large = alone(self.long, self.files[count])
        small()
        start = statistics.median(starts)
        return _Run(
            large.peak_mib,
            (large.cpu - start) / count * 1e6,
            (statistics.median(smalls) - start) / self.small * 1e6,
        )


def _cells(runs: Sequence[_Run]) -> list[str]:
    more = statistics.median(run.each / run.small for run in runs) - 1
    return [
        f"{len(runs)}",
        f"{max(run.peak_mib for run in runs) * 1.048576:.0f}",
        f"{statistics.median(run.each for run in runs):.1f}",
        f"{statistics.median(run.small for run in runs):.1f}",
        f"{more:+.0%}",
    ]


def _sent(served: Served, world: World, file: Path) -> Cost:
    return push(world, file, served)


def check(world: World, file: Path) -> Cost:
    return world.leadctl(*_offline(world, "check", file))


def dry_run(world: World, file: Path) -> Cost:
    where = ("--campaign", "3", "--dry-run")
    return world.leadctl(*_offline(world, "push", file), *where)


def _offline(world: World, command: str, file: Path) -> list[str]:
    profile = ["--profile", str(rows.profile(world.folder))]
    rejects = ["--rejects", str(world.folder / "rejects.csv")]
    return [command, str(file), "--provider", "voiso", "--quiet", *profile, *rejects]
