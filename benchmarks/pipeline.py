"""CPU a row from CSV to ledger, against a plain script, curl and drt."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import drt_project, rows
from benchmarks.measured import Cost, cost, interleaved, ratio, spread
from benchmarks.sink import Served, sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.world import World

HERE = Path(__file__).parent
CURL_ROWS = 200


def tables(world: World) -> list[Table]:
    """Measure what each more row costs: a big file less a small one, by their rows."""
    many, few = world.size(200_000, 20_000), world.size(20_000, 2_000)
    big = rows.write(world.folder / "big.csv", many, valid=True)
    small = rows.write(world.folder / "small.csv", few, valid=True)
    short = rows.write(world.folder / "short.csv", CURL_ROWS, valid=True)
    with sink() as served:
        programs = _programs(world, served)

        def each_row(send: Callable[[Path], Cost]) -> float:
            before = served.counted().leads
            seconds = send(big).cpu - send(small).cpu
            if served.counted().leads - before < 0.98 * (many + few):
                raise RuntimeError("not all leads arrived")
            return seconds / (many - few) * 1e6

        found = interleaved(
            {name: partial(each_row, send) for name, send in programs.items()},
            world.size(3, 1),
        )
        found["curl, a request a lead"] = [
            _curl(world, short, served).cpu / CURL_ROWS * 1e6
            for _ in range(world.size(3, 1))
        ]
    ours = found["leadctl"]
    lines = [[name, spread(one), ratio(ours, one)] for name, one in found.items()]
    note = (
        f"CSV → profile → phone → batches of 500 → loopback server → ledger: µs of CPU "
        f"a row (user and system, the client's process alone), from {few:,} rows to "
        f"{many:,}, start-up left out. Median (least–most) of interleaved rounds. The "
        "plain script checks numbers as leadctl's `--phone-check valid`; drt checks "
        "none. Neither finds duplicates, keeps a ledger or writes a reject file."
    )
    return [Table("Pipeline", note, ["", "µs a row", "× leadctl"], lines)]


def _programs(world: World, served: Served) -> dict[str, Callable[[Path], Cost]]:
    def drt(records: int, fetched: int) -> Callable[[Path], Cost]:
        return lambda file: drt_project.sync(
            world, file, served.url, records=records, fetched=fetched
        )

    return {
        "leadctl": lambda file: push(world, file, served),
        "leadctl --phone-check valid": lambda file: push(
            world, file, served, "--phone-check", "valid"
        ),
        "plain script": lambda file: _plain(world, file, served),
        "drt, 500 a request": drt(500, 500),
        "drt, 500 a request, 10,000 fetched": drt(500, 10_000),
        "drt, 10,000 a request": drt(10_000, 10_000),
    }


def push(
    world: World,
    file: Path,
    served: Served,
    *arguments: str,
    keep: bool = False,
    **settings: int,
) -> Cost:
    """Push a file to the sink; all of it is new to the ledger unless that is kept."""
    if not keep:
        for old in world.folder.glob("ledger.sqlite*"):
            if old.is_file():
                old.unlink()
    account: dict[str, str | int] = {"base_url": served.url, "api_key": "made-up"}
    usual = {"min_interval": 0, "batch_size": 500}
    return world.leadctl(
        *("push", str(file), "--provider", "voiso", "--campaign", "3", "--quiet"),
        *("--profile", str(rows.profile(world.folder))),
        *("--ledger", str(world.folder / "ledger.sqlite"), *arguments),
        **(account | usual | settings),
    )


def _plain(world: World, file: Path, served: Served) -> Cost:
    script = [sys.executable, str(HERE / "plain_script.py"), str(file), served.url]
    return cost(script, world.folder, world.environment)


def _curl(world: World, file: Path, served: Served) -> Cost:
    path = {"PATH": os.environ["PATH"]}
    command = ["bash", str(HERE / "curl_loop.sh"), str(file), served.url]
    return cost(command, world.folder, world.environment | path)
