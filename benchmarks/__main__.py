"""`python -m benchmarks [--quick] [SECTION…]`: measures, prints, writes RESULTS.md."""

from __future__ import annotations

import argparse
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.world import World, machine

SECTIONS = ("phone", "pipeline", "memory", "rate", "startup", "growth")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure leadctl against its peers.")
    parser.add_argument("--quick", action="store_true", help="small sizes, no file")
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    asked = parser.parse_args()
    chosen = asked.section or [*SECTIONS]
    written = [f"# Benchmarks\n\n{machine()}. `make bench` writes this file anew."]
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="leadctl-bench-") as folder:
            section = import_module(f"benchmarks.{name}")
            for table in section.tables(World(Path(folder), asked.quick)):
                written.append(str(table))
                print(f"\n{table}", flush=True)
    if not asked.quick and not asked.section:
        RESULTS.write_text("\n\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
