"""Leads, and lists of numbers never to call."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from openpyxl import Workbook

if TYPE_CHECKING:
    from collections.abc import Sequence


LEADS = "phone,name\n" + "".join(
    f"+155512300{row:02},Lead {row} Testperson\n" for row in range(1, 6)
)
LISTED = ["15551230002", "15551230004"]
SENT = ["15551230001", "15551230003", "15551230005"]


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book, file = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(file)
    return file.getvalue()
