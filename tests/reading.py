"""Reads made-up files as the program does."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

from hypothesis import settings
from hypothesis import strategies as st

from leadctl.model.leads import Malformed, Row
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Cells
    from leadctl.sources.source import Source


NO_ZERO = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
quickly = settings(deadline=None, database=None, max_examples=150)


def opened(
    folder: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> Source:
    path = folder / "leads"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(path, read_options or ReadOptions())


def cells(
    folder: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> list[Cells]:
    rows = [*opened(folder, content, read_options).rows()]
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.cells for row in rows if isinstance(row, Row)]


def malformed(folder: Path, content: str | bytes) -> dict[int, Malformed]:
    rows = opened(folder, content).rows()
    return {row.number: row for row in rows if isinstance(row, Malformed)}


def written(
    table: list[list[str]], delimiter: str, newline: str, quoting: Literal[0, 1]
) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=delimiter, lineterminator=newline, quoting=quoting
    )
    writer.writerows(table)
    return file.getvalue()
