"""Rows and findings for reject files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from leadctl.model.leads import Code, Finding, Status
from leadctl.reports import reject_file
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.sources.source import Source


OURS = [
    "_leadctl_row",
    "_leadctl_status",
    "_leadctl_code",
    "_leadctl_field",
    "_leadctl_reason",
    "_leadctl_run",
]
REASON = "1 cell, but the header has 3"


def source_of(
    path: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> Source:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(path, read_options or ReadOptions())


def finding(row: int, reason: str = REASON) -> Finding:
    return Finding(row, Status.REJECTED, Code.PHONE_INVALID, reason, "phone")


def written(rows: list[list[str]], delimiter: str = ",", newline: str = "\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL
    )
    writer.writerows(rows)
    return file.getvalue()


def rejected(
    source: Source, path: Path, read_options: ReadOptions | None = None
) -> Source:
    """Reject every row of a source and open the file that comes of it."""
    number = reject_file.write(
        path, source, (finding(row.number) for row in source.rows()), "run-1"
    )
    assert number == sum(1 for _ in source.rows())
    return open_source(path, read_options or ReadOptions())
