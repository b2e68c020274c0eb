"""Resident memory and CPU a row of files from thousands of rows to millions."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.measured import Cost
    from benchmarks.world import World

AROUND = 3
"""Runs of the small file before each larger one, and after the last."""


def tables(world: World) -> list[Table]:
    (world.folder / "profile.yaml").write_text(rows.PROFILE)
    small, big = world.size(100_000, 20_000), world.size(10_000_000, 60_000)
    million, five = world.size(1_000_000, 40_000), world.size(5_000_000, 50_000)
    files = {
        count: rows.write(world.folder / f"{count}.csv", count)
        for count in {1, small, million, five, big}
    }
    offline, sent = [big, big], [big, million, five, big, million, five, big, million]

    def checked(count: int) -> Cost:
        return _check(world, files[count])

    def rehearsed(count: int) -> Cost:
        return _dry_run(world, files[count])

    with sink() as served:

        def pushed(count: int) -> Cost:
            return push(world, files[count], served)

        aims = {1_000_000: "80 MB, +10%", 5_000_000: "120 MB, +10%"}
        lines = [
            *_lines("check", _runs(checked, small, offline), _OFFLINE),
            *_lines("push --dry-run", _runs(rehearsed, small, offline), _OFFLINE),
            *_lines("push", _runs(pushed, small, sent), aims),
        ]
    note = (
        "The most memory that was resident, and the CPU a row (start-up left out) "
        f"compared with that of {small:,} rows. Medians of as many runs as said; those "
        f"of {small:,} rows are spread over the time the larger ones took."
    )
    columns = ["", "rows", "runs", "MB resident", "µs a row", "more", "at most"]
    return [Table("Memory and growth", note, columns, lines)]


_OFFLINE = {10_000_000: "150 MB, +10%"}


def _runs(
    run: Callable[[int], Cost], small: int, larger: Sequence[int]
) -> dict[int, list[Cost]]:
    """Run files of so many rows, the small one and one of a row before and after."""
    found: dict[int, list[Cost]] = {}
    for count in [*larger, None]:
        for number in [1, small] * AROUND + ([count] if count else []):
            found.setdefault(number, []).append(run(number))
    return found


def _lines(
    name: str, costs: dict[int, list[Cost]], targets: dict[int, str]
) -> list[list[str]]:
    cpu = {n: statistics.median(cost.cpu for cost in all_) for n, all_ in costs.items()}
    each = {n: (cpu[n] - cpu[1]) / n * 1e6 for n in sorted(costs) if n > 1}
    base = each[min(each)]
    return [
        [
            name,
            f"{count:,}",
            f"{len(costs[count])}",
            f"{max(cost.peak_mib for cost in costs[count]) * 1.048576:.0f}",
            f"{one:.1f}",
            f"{one / base - 1:+.0%}",
            targets.get(count, ""),
        ]
        for count, one in each.items()
    ]


def _check(world: World, file: Path) -> Cost:
    return world.leadctl(*_offline(world, "check", file))


def _dry_run(world: World, file: Path) -> Cost:
    where = ("--campaign", "3", "--dry-run")
    return world.leadctl(*_offline(world, "push", file), *where)


def _offline(world: World, command: str, file: Path) -> list[str]:
    profile = ["--profile", str(world.folder / "profile.yaml")]
    rejects = ["--rejects", str(world.folder / "rejects.csv")]
    return [command, str(file), "--provider", "voiso", "--quiet", *profile, *rejects]
