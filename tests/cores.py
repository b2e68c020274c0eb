"""Checks files on one core and on three; run as a program, for want of threads.

It prints for each case both results, and whether other processes had a part in them.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from leadctl import api
from leadctl.reports.report import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.runs.request import ImportRequest

ROWS = 4000
"""Enough for several pieces of text."""


def phone(row: int) -> str:
    if row % 50 == 7:
        return "+1555"
    return f"+1555{(row - row % 9 * 500) % 3600:07}"  # some came before


def table(note: str, end: str = "\n", first: str = "phone,name,note") -> str:
    lines = [f"{phone(row)},Testperson,{note.format(row)}" for row in range(ROWS)]
    return end.join([first, *lines, ""])


def odd(row: int) -> str:
    match row % 400:
        case 11:
            return '"a stray quote'
        case 12:
            return "one,cell,too many"
        case 13:
            return '"closed" here'
        case 14:
            return "\n\n   "
        case 15:
            return "\\N"
        case _:
            pass
    return f'"over {row}\ntwo, ""lines"" {"long " * 20}"'


def unlike(values: dict[int, str], usual: str) -> str:
    """Write a column in which few cells are unlike the others."""
    rows = (values.get(row, usual) for row in range(ROWS))
    lines = (f"{phone(row)},{value}" for row, value in enumerate(rows))
    return "phone,status," + "x" * 40 + "\n" + ",\n".join([*lines, ""])


class Case(NamedTuple):
    files: dict[str, bytes]
    options: Any = MappingProxyType({})
    shares: bool = True
    """Whether other processes have a part in it."""


SWEDISH = "phone,name\n" + "".join(
    f"{f'46123456{row % 100:02}' if row % 50 == 7 else f'4670123{row:04}'},"
    f"{'Testperson ' * 6}\n"
    for row in range(ROWS)
)
"""One in fifty could be a number of the United States."""
RULES = """\
fields: {phone: phone}
skip_if: {column: status, in: [gone, dead, absent], contains: [never]}
"""
COUNTRIES = "phone,country,name\n" + "".join(
    f"555{row:07},{'US' if row % 5 else 'Nowhere'},{'Testperson ' * 6}\n"
    for row in range(ROWS)
)
JSON_LINES = "".join(
    json.dumps({"phone": phone(row), "a": {"b": row}, "note": "x" * 60}) + "\n"
    if row % 300
    else '{"phone": \n\n'
    for row in range(ROWS)
)
LONG = "a note of some length {}"
CASES = {
    "plain": Case({"a.csv": table(LONG).encode()}),
    "carriage returns": Case({"a.csv": table(LONG, "\r").encode()}),
    "utf-16": Case({"a.csv": table("Größe " * 4, "\r\n").encode("utf-16")}),
    "cp1252": Case({"a.csv": table("Größe " * 9).encode("cp1252")}),
    "quotes": Case(
        {
            "a.csv": "\n".join(
                ["phone,name,note"]
                + [f"{phone(row)},Testperson,{odd(row)}" for row in range(ROWS)]
            ).encode()
        }
    ),
    "quote never closed": Case({"a.csv": table(LONG).encode() + b'1,"2\n' * 30_000}),
    "objects": Case({"a.jsonl": JSON_LINES.encode()}),
    "several files": Case(
        {
            "a.csv": table(LONG).encode(),
            "b.csv": b"phone\n+15550000001\n+1\n",
            "c.jsonl": JSON_LINES.encode(),
            "d.csv.gz": gzip.compress(table(LONG).encode()),
            "list.csv": b"phone\n+15550000001\n",
        },
        {"suppress": ["list.csv"]},
    ),
    "too many rejects": Case(
        {"a.csv": table(LONG).encode()}, {"max_rejects": 30, "provider": "agora"}
    ),
    "rules": Case(
        {
            "a.csv": unlike(
                {9: "gon", 3500: "gone", 3600: "Never!", 3900: "DNC"}, "here"
            ).encode(),
            "profile.yaml": RULES.encode(),
        },
        {"profile": "profile.yaml"},
    ),
    "countries": Case({"a.csv": COUNTRIES.encode()}),
    "column decides": Case({"a.csv": SWEDISH.encode()}, {"region": "US"}),
    "skip and limit": Case(
        {"a.csv": table(LONG).encode()}, {"skip": 10, "limit": 3000}, shares=False
    ),
}


def checked(case: Case, cores: int) -> dict[str, Any]:
    """Check a case's files, and take away what is written."""

    @contextmanager
    def on_cores(request: ImportRequest) -> Iterator[ImportRequest]:
        yield replace(request, cores=cores)

    names = [name for name in case.files if name[1] == "."]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    options = {"provider": "voiso", **case.options}
    report = api.check(names, watch=on_cores, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    written = {}
    for path in sorted(Path().glob("*.check.*")):
        written[path.name] = path.read_bytes().replace(b"\0", b"").decode("latin-1")
        path.unlink()
    found = {"report": document(report), "files": written, "shared": after > before}
    same: dict[str, Any] = json.loads(
        json.dumps(found).replace(str(report.run_id), "RUN")
    )
    del same["report"]["started_at"], same["report"]["finished_at"]
    return same


def main() -> None:
    results = {}
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for file, content in case.files.items():
                Path(file).write_bytes(content)
            results[name] = [checked(case, cores) for cores in (1, 3)]
            os.chdir("/")
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
