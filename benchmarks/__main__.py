"""`python -m benchmarks [--quick] [SECTION…]`: measures, prints, writes RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from benchmarks.world import World, machine

SECTIONS = (
    "phone",
    "pipeline",
    "baseline",
    "suppression",
    "cores",
    "memory",
    "rate",
    "parallel",
    "startup",
    "everyday",
    "growth",
    "fleet",
    "workers",
)
RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "\n## "


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure leadctl against its peers.")
    parser.add_argument("--quick", action="store_true", help="small sizes, no file")
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    asked = parser.parse_args()
    found = []
    for name in asked.section or SECTIONS:
        began = time.monotonic()
        # A program's peak of memory begins with that of the process that starts it.
        with ProcessPoolExecutor(1, get_context("fork")) as alone:
            found += alone.submit(_measured, name, quick=asked.quick).result()
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if not asked.quick:
        keep(found)


def _measured(name: str, *, quick: bool) -> list[str]:
    found = []
    with tempfile.TemporaryDirectory(prefix="leadctl-bench-") as folder:
        section = import_module(f"benchmarks.{name}")
        for table in section.tables(World(Path(folder), quick)):
            found.append(str(table))
            print(f"\n{table}", flush=True)
    return found


def keep(found: list[str]) -> None:
    """Write RESULTS.md; tables that were not measured now stay as they are."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    tables = before.split(TITLE)[1:] + [
        table.removeprefix(TITLE[1:]) for table in found
    ]
    latest = {table.partition("\n")[0]: table.strip() for table in tables}
    head = f"# Benchmarks\n\n{machine()}. Written by `make bench`.\n"
    text = head + "".join(f"{TITLE}{table}\n" for table in latest.values())
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
