"""Runs leadctl and counts what cannot be noisy: `counting.py COUNTS ARGUMENT…`.

Counted are the SQL statements, the calls of functions on the deciding thread, the most
memory that was allocated at once, and what was imported.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tracemalloc
from pathlib import Path
from typing import Any

connect = sqlite3.connect
statements: list[str] = []
calls = 0


def traced(*arguments: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401  as sqlite3's
    db: sqlite3.Connection = connect(*arguments, **named)
    db.set_trace_callback(statements.append)
    return db


def count(_frame: object, event: str, _argument: object) -> None:
    global calls  # noqa: PLW0603  the smallest counter there is
    calls += event in ("call", "c_call")


def main(counts: Path, arguments: list[str]) -> None:
    from leadctl import api, cli  # noqa: F401, PLC0415  what push imports is not counted
    from leadctl.cli import app  # noqa: PLC0415  the same

    app.load(app.needed(arguments))
    sqlite3.connect = traced  # type: ignore[assignment]  # it passes all on
    tracemalloc.start()
    sys.setprofile(count)
    try:
        cli.main(arguments)
    finally:
        sys.setprofile(None)
        found = {
            "statements": len(statements),
            "calls": calls,
            "peak": tracemalloc.get_traced_memory()[1],
            "packages": sorted(
                {name.partition(".")[0] for name in sys.modules}
                - sys.stdlib_module_names
            ),
        }
        counts.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
