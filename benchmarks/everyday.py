"""What small, everyday commands cost, against the build of an earlier commit, and why.

Both builds are installed as users install them: packages that only the peers of other
benchmarks bring would be loaded, too.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import baseline, rows
from benchmarks.measured import cost, interleaved, spread
from benchmarks.sink import sink
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measured import Cost
    from benchmarks.world import World

PYTHON = Path(".venv-today/bin/python")
MAPPED = ("hundred.csv", "--profile", "profile.yaml")
LEDGER = ("--ledger", "ledger.sqlite")
TAB = {
    "_LEADCTL_COMPLETE": "complete_bash",
    "COMP_WORDS": "leadctl push --pro",
    "COMP_CWORD": "2",
}


class Command(NamedTuple):
    """Words, and the ratios that are asked for; `before` are words of the old build."""

    words: Sequence[str]
    most: str
    before: Sequence[str] | None = None


COMMANDS = {
    "runs": Command(("runs", *LEDGER), "0.50"),
    "runs show": Command(("runs", "show", *LEDGER), "0.50"),
    "accounts": Command(("accounts",), "0.50"),
    "config show": Command(("config", "show"), "0.50"),
    "providers": Command(("providers",), "0.50"),
    "find": Command(("find", "+12015550123", *LEDGER), "0.50", ("runs", *LEDGER)),
    "check, 100 rows": Command(("check", *MAPPED, "--provider", "voiso"), "0.62"),
    "preview, 100 rows": Command(("preview", *MAPPED), "0.62"),
    "push, 100 rows": Command(
        ("push", *MAPPED, "--provider", "voiso", "--campaign", "3"), "0.75, 0.4 wall"
    ),
    "--help": Command(("--help",), "0.95"),
    "push --help": Command(("push", "--help"), "0.95"),
    "Tab": Command((), "1.05"),
}


PROFILED = ("accounts", "check, 100 rows", "preview, 100 rows", "push, 100 rows")
"""Commands of which the imports are measured one by one."""
LEAST = 1_000
"""Microseconds from which a package has a line of its own."""


def tables(world: World) -> list[Table]:
    for python in (PYTHON, baseline.PYTHON):
        if not python.exists():
            raise FileNotFoundError(f"{python}: `make bench` installs it")
    before = replace(world.inside("before"), python=str(baseline.PYTHON.absolute()))
    today = replace(world.inside("today"), python=str(PYTHON.absolute()))
    lines = []
    with sink() as served:
        for build in (before, today):
            rows.write(build.folder / "hundred.csv", 100, valid=True)
            rows.profile(build.folder)
            _run(build, [*COMMANDS["push, 100 rows"].words, *LEDGER], served.url)
        for name, command in COMMANDS.items():
            words = command.words if command.before is None else command.before
            found = interleaved(
                {
                    "before": partial(_run, before, words, served.url),
                    "today": partial(_run, today, command.words, served.url),
                },
                world.size(7, 1),
            )
            lines.append([name, *_compared(*found.values()), command.most])
        imports = _imports(today, served.url, world.size(7, 1))
    note = (
        "Milliseconds of CPU from start to end, of the build of commit "
        f"{baseline.COMMIT} and of today's; median (least–most) of interleaved rounds. "
        "The ratios are the medians of those of each round, of CPU and of time. "
        f"`find` is new: it is compared with `runs` of {baseline.COMMIT}."
    )
    columns = ["", baseline.COMMIT, "today", "ratio", "wall", "at most"]
    return [Table("Everyday commands", note, columns, lines), imports]


def _run(build: World, words: Sequence[str], url: str, **more: str) -> Cost:
    """Run a command; a push is new to its ledger unless it names one."""
    fresh = build.folder / "fresh.sqlite"
    for old in build.folder.glob(f"{fresh.name}*"):
        if old.is_file():
            old.unlink()
    variables = {
        "LEADCTL_VOISO_BASE_URL": url,
        "LEADCTL_VOISO_API_KEY": "made-up",
        "LEADCTL_LEDGER": str(fresh),
    } | (more if words else TAB)
    return cost(
        [build.python, "-m", "leadctl", *words],
        build.folder,
        build.environment | variables,
        codes=(0, 3),
    )


def _imports(build: World, url: str, rounds: int) -> Table:
    """Measure what the imports of commands take, by package."""
    found = {name: _packages(build, name, url, rounds) for name in PROFILED}
    totals = sum(map(Counter, found.values()), Counter[str]())
    lines = [
        [package, *(f"{one[package] / 1e3:.1f}" for one in found.values())]
        for package, _ in totals.most_common()
        if max(one[package] for one in found.values()) >= LEAST
    ]
    sums = [f"{one.total() / 1e3:.1f}" for one in found.values()]
    note = (
        "Milliseconds that importing takes, by package, as Python measures it with "
        "`-X importtime`, which adds a little: each module's least of several runs. "
        "A short command does little else; one that reads phones also compiles a "
        "pattern of its country's assigned numbers, which takes longest for +1."
    )
    columns = ["", *found]
    return Table(
        "What everyday commands import", note, columns, [["all", *sums], *lines]
    )


def _packages(build: World, name: str, url: str, rounds: int) -> Counter[str]:
    modules: dict[str, int] = {}
    for _ in range(rounds):
        _run(build, COMMANDS[name].words, url, PYTHONPROFILEIMPORTTIME="1")
        for line in (build.folder / "said.txt").read_text().splitlines():
            taken, _, module = line.removeprefix("import time:").rpartition("|")
            own = taken.partition("|")[0].strip()
            if own.isdecimal():
                modules[module] = min(int(own), modules.get(module, int(own)))
    packages = Counter[str]()
    for module, microseconds in modules.items():
        package = module.strip().partition(".")[0]
        is_python = package in sys.stdlib_module_names
        packages["Python itself" if is_python else package] += microseconds
    return packages


def _compared(before: Sequence[Cost], today: Sequence[Cost]) -> list[str]:
    pairs = [*zip(before, today, strict=True)]
    cpu = statistics.median(now.cpu / then.cpu for then, now in pairs)
    wall = statistics.median(now.wall / then.wall for then, now in pairs)
    return [
        spread([one.cpu * 1e3 for one in before], 0),
        spread([one.cpu * 1e3 for one in today], 0),
        f"{cpu:.2f} ×",
        f"{wall:.2f} ×",
    ]
