"""What a row costs today, against the build of an earlier commit beside it.

`make bench` installs that build from git history, in an environment of its own.
"""

from __future__ import annotations

import os
import shutil
import statistics
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import pipeline, rows
from benchmarks.measured import Cost, interleaved, on_core, spread
from benchmarks.sink import sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.sink import Served
    from benchmarks.world import World

COMMIT = "e7659d8"
PYTHON = Path(".venv-baseline/bin/python")
MOST, MOST_OF_A_MILLION, MOST_BESIDE = "1.15 ×", "1.3 ×", "1.5 ×"


def tables(world: World) -> list[Table]:
    """Measure what each more row costs: a big file less a small one, by their rows."""
    if not PYTHON.exists():
        raise FileNotFoundError(f"{PYTHON}: `make bench` installs {COMMIT} there")
    many, few = world.size(100_000, 20_000), world.size(10_000, 2_000)
    lines = []
    with sink() as served:
        commands: dict[str, Callable[[World, Path], Cost]] = {
            "check": _check,
            "push": lambda build, file: pipeline.push(build, file, served),
        }
        for name, cost in commands.items():
            for valid in (True, False):
                found = _each_row(world, cost, (many, few), valid=valid)
                kind = "assigned numbers" if valid else "unassigned numbers"
                lines.append([f"{name}, {kind}", *found, MOST])
        million = world.size(1_000_000, 40_000)
        found = _each_row(world, commands["push"], (million, few), rounds=3)
        lines.append([f"push, {million:,} rows", *found, MOST_OF_A_MILLION])
        lines.append(_beside_many(world, served))
    note = (
        f"µs of CPU a row, from {few:,} rows to {many:,} or as said, start-up left "
        f"out: of the build of commit {COMMIT} and of today's. Checks run on one core. "
        "Median (least–most) of interleaved rounds; the ratio is the median of those "
        "of each round."
    )
    return [
        Table("Against e7659d8", note, ["", COMMIT, "today", "ratio", "at most"], lines)
    ]


def _each_row(
    world: World,
    cost: Callable[[World, Path], Cost],
    sizes: tuple[int, int],
    *,
    valid: bool = True,
    rounds: int = 7,
) -> list[str]:
    many, few = sizes
    big = rows.write(world.folder / "big.csv", many, valid=valid)
    small = rows.write(world.folder / "small.csv", few, valid=valid)

    def measured(build: World) -> float:
        seconds = cost(build, big).cpu - cost(build, small).cpu
        return seconds / (many - few) * 1e6

    before, today = replace(world, python=str(PYTHON.absolute())), world
    return _compared(
        partial(measured, before),
        partial(measured, today),
        world.size(rounds, 1),
    )


def _beside_many(world: World, served: Served) -> list[str]:
    """Push new rows beside millions that the same build has delivered."""
    count, delivered = world.size(100_000, 20_000), world.size(5_000_000, 200_000)
    old = rows.write(world.folder / "old.csv", delivered, valid=False)
    new = rows.write(world.folder / "new.csv", count)
    one = rows.write(world.folder / "one.csv", 1)

    def filled(name: str, python: str) -> Callable[[], float]:
        build = replace(world.inside(name), python=python)
        pipeline.push(build, old, served)
        full = build.folder / "full"
        full.mkdir()
        for part in build.folder.glob("ledger.sqlite*"):
            part.rename(full / part.name)

        def pushed(file: Path) -> float:
            shutil.copytree(full, build.folder, dirs_exist_ok=True)
            os.sync()  # or the run is billed for the copy
            return pipeline.push(build, file, served, keep=True).cpu

        return lambda: (pushed(new) - pushed(one)) / count * 1e6

    found = _compared(
        filled("before", str(PYTHON.absolute())),
        filled("today", world.python),
        world.size(5, 1),
    )
    return [f"push, {count:,} beside {delivered:,} delivered", *found, MOST_BESIDE]


def _compared(
    before: Callable[[], float], today: Callable[[], float], rounds: int
) -> list[str]:
    found = interleaved({"before": before, "today": today}, rounds)
    ratios = [
        now / then for then, now in zip(found["before"], found["today"], strict=True)
    ]
    return [
        spread(found["before"]),
        spread(found["today"]),
        f"{statistics.median(ratios):.2f} ×",
    ]


@on_core(0)
def _check(build: World, file: Path) -> Cost:
    profile = str(rows.profile(build.folder))
    return build.leadctl(
        "check", str(file), "--provider", "voiso", "--quiet", "--profile", profile
    )
