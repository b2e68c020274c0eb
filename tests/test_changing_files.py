"""Files that change during a push: no wrong number is sent, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from workbooks import PHONE, written

from leadctl.model.errors import InputChanged
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "phone,name\n+15551230001,A\n+15551230002,B\n"


def test_rows_that_come_later_are_not_read(tmp_path: Path) -> None:
    """The last row of a file that is still being written may be cut."""
    path = tmp_path / "leads.csv"
    path.write_text(ROWS)
    source = open_source(path, ReadOptions())
    with path.open("a") as file:
        file.write("+15551230003,C\n+1555")
    assert [row.cells for row in source.rows()] == [
        ["+15551230001", "A"],
        ["+15551230002", "B"],
    ]
    source.require_unchanged()


@pytest.mark.parametrize(
    "content",
    ["phone,name\n+15559990001,X\n+15559990002,Y\n", "fax,phone\n+1,+2\n", ""],
    ids=["other rows", "other columns", "nothing"],
)
def test_replaced_file_is_not_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(ROWS)
    source = open_source(path, ReadOptions())
    path.write_text(content)
    with pytest.raises(InputChanged, match="has changed"):
        next(source.rows())


def test_file_that_has_gone_is_told(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(ROWS)
    source = open_source(path, ReadOptions())
    path.unlink()
    with pytest.raises(InputChanged):
        next(source.rows())


def test_workbook_cut_off_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    cells = (f"+1555{(row * 999_983) % 10**7:07}" for row in range(2, 20_000))
    path.write_bytes(
        written(
            PHONE
            + "".join(
                f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{phone}</t></is>'
                "</c></row>"
                for row, phone in enumerate(cells, 2)
            )
        )
    )
    rows = open_source(path, ReadOptions()).rows()
    assert next(rows).number == 1
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(InputChanged):
        list(rows)
