"""What a program costs: CPU, time and memory of its process, in interleaved rounds."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """CPU is user and system time of the process; both times are in seconds."""

    cpu: float
    wall: float
    peak_mib: float


def cost(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    codes: Sequence[int] = (0,),
) -> Cost:
    """Run a program to its end; RuntimeError unless it ends with one of `codes`."""
    said = folder / "said.txt"
    with said.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  programs of the benchmarks
            [*command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        told = said.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}: {told}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Run what this thread starts on one core.

    Large files are checked on all of them, and what more processes cost is no cost of
    a row.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [sorted(before)[number % len(before)]])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def interleaved(
    measurements: Mapping[str, Callable[[], Result]], rounds: int
) -> dict[str, list[Result]]:
    """Take every measurement once a round, each round beginning with another."""
    names = [*measurements]
    found: dict[str, list[Result]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(measurements[name]())
    return found


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write the median and, between brackets, the least and the most."""
    middle = statistics.median(values)
    if len(values) == 1:
        return f"{middle:,.{digits}f}"
    low, high = min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Write how many times `others` cost what `values` cost, by the medians."""
    return f"{statistics.median(others) / statistics.median(values):.1f} ×"
