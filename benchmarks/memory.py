"""Resident memory and CPU a row of files from thousands of rows to millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import rows
from benchmarks.pipeline import push
from benchmarks.sink import Served, sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measured import Cost
    from benchmarks.world import World

SMALL = 100_000


def tables(world: World) -> list[Table]:
    (world.folder / "profile.yaml").write_text(rows.PROFILE)
    big = world.size(10_000_000, 200_000)
    pushed = (SMALL, world.size(1_000_000, 150_000), world.size(5_000_000, 200_000))
    files = {
        count: rows.write(world.folder / f"{count}.csv", count)
        for count in {SMALL, big, *pushed}
    }
    lines: list[Sequence[str]] = []
    checked = {count: _check(world, files[count]) for count in (SMALL, big)}
    rehearsed = {count: _dry_run(world, files[count]) for count in (SMALL, big)}
    lines += _lines("check", checked, {10_000_000: "150 MB, +10%"})
    lines += _lines("push --dry-run", rehearsed, {10_000_000: "150 MB, +10%"})
    with sink() as served:
        sent = {count: _push(world, files[count], served) for count in pushed}
    lines += _lines("push", sent, {1_000_000: "80 MB", 5_000_000: "120 MB"})
    note = (
        "One run each: the most memory that was resident, and the CPU a row (start-up "
        f"included) compared with that of {SMALL:,} rows."
    )
    columns = ["", "rows", "MB resident", "µs a row", "more", "at most"]
    return [Table("Memory and growth", note, columns, lines)]


def _lines(
    name: str, costs: dict[int, Cost], targets: dict[int, str]
) -> list[list[str]]:
    base = costs[SMALL].cpu / SMALL
    return [
        [
            name,
            f"{count:,}",
            f"{cost.peak_mib * 1.048576:.0f}",
            f"{cost.cpu / count * 1e6:.1f}",
            f"{cost.cpu / count / base - 1:+.0%}",
            targets.get(count, ""),
        ]
        for count, cost in costs.items()
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


def _push(world: World, file: Path, served: Served) -> Cost:
    return push(world, file, served)
