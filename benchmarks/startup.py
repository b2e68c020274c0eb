"""Start-up as multiples of `python -c pass`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.measured import cost, interleaved, ratio, spread
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.world import World

TARGETS = {
    "--version": "7 ×",
    "completion of a command": "8 ×",
    "completion of an option": "8 ×",
    "completion of a provider": "8 ×",
    "completion of an account": "8 ×",
    "completion of a run": "8 ×",
    "--help": "14 ×",
    "push --help": "14 ×",
}


def tables(world: World) -> list[Table]:
    completed = {
        "command": "leadctl pu",
        "option": "leadctl push --camp",
        "provider": "leadctl push --provider v",
        "account": "leadctl push --account v",
        "run": "leadctl runs show 2",
    }
    questions = {
        "python -c pass": _timed(world, sys.executable, "-c", "pass"),
        "python -c 'import typer'": _timed(world, sys.executable, "-c", "import typer"),
        "--version": _timed(world, "leadctl", "--version"),
        "--help": _timed(world, "leadctl", "--help"),
        "push --help": _timed(world, "leadctl", "push", "--help"),
        **{
            f"completion of a{'n' * (kind[0] in 'ao')} {kind}": _tab(world, words)
            for kind, words in completed.items()
        },
    }
    found = interleaved(questions, world.size(25, 5))
    python = found["python -c pass"]
    lines = [
        [name, spread(times), ratio(python, times), TARGETS.get(name, "")]
        for name, times in found.items()
    ]
    note = (
        "Milliseconds of CPU, as long as it takes on a machine that does nothing else; "
        "median (least–most) of interleaved rounds."
    )
    return [Table("Start-up", note, ["", "ms", "× python", "at most"], lines)]


def _timed(world: World, *command: str, **variables: str) -> Callable[[], float]:
    environment = world.environment | variables
    return lambda: cost(command, world.folder, environment).cpu * 1e3


def _tab(world: World, words: str) -> Callable[[], float]:
    return _timed(
        world,
        "leadctl",
        _LEADCTL_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
    )
