"""Resident memory and CPU a row of files from thousands of rows to millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measured import Cost
    from benchmarks.world import World


def tables(world: World) -> list[Table]:
    (world.folder / "profile.yaml").write_text(rows.PROFILE)
    small, big = world.size(100_000, 20_000), world.size(10_000_000, 60_000)
    pushed = (1, small, world.size(1_000_000, 40_000), world.size(5_000_000, 60_000))
    files = {
        count: rows.write(world.folder / f"{count}.csv", count)
        for count in {1, small, big, *pushed}
    }
    checked = {count: _check(world, files[count]) for count in (1, small, big)}
    rehearsed = {count: _dry_run(world, files[count]) for count in (1, small, big)}
    with sink() as served:
        sent = {count: push(world, files[count], served) for count in pushed}
    lines = [
        *_lines("check", checked, {10_000_000: "150 MB, +10%"}),
        *_lines("push --dry-run", rehearsed, {10_000_000: "150 MB, +10%"}),
        *_lines("push", sent, {1_000_000: "80 MB", 5_000_000: "120 MB"}),
    ]
    note = (
        "One run each: the most memory that was resident, and the CPU a row (start-up "
        f"left out) compared with that of {small:,} rows."
    )
    columns = ["", "rows", "MB resident", "µs a row", "more", "at most"]
    return [Table("Memory and growth", note, columns, lines)]


def _lines(
    name: str, costs: dict[int, Cost], targets: dict[int, str]
) -> list[list[str]]:
    start = costs[1].cpu
    each = {n: (cost.cpu - start) / n * 1e6 for n, cost in costs.items() if n > 1}
    base = each[min(each)]
    return [
        [
            name,
            f"{count:,}",
            f"{costs[count].peak_mib * 1.048576:.0f}",
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
