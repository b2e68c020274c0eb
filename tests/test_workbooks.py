"""Workbooks as people see them: sheets, hidden rows, errors, number formats."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook
from workbooks import LEAD, PHONE, A, B, C, written

from leadctl.sources import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Push
    from program import Program

CHECK = ("check", "leads.xlsx", "--provider", "voiso")

STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def save(program: Program, book: Workbook, name: str = "leads.xlsx") -> None:
    book.save(program.folder / name)


def sheet_of(rows: list[list[Any]]) -> Workbook:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    return book


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the sheets of a workbook to what another program writes."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            is_sheet = name.startswith("xl/worksheets")
            archive.writestr(name, change(content) if is_sheet else content)


def column(path: Path) -> list[str]:
    """Return what the reader makes of a sheet with one column."""
    rows = xlsx.rows(path, path.name, "S", {})
    return ["|".join(row.cells) for row in rows]


# --- sheets and rows ------------------------------------------------------------------


@pytest.fixture
def two_sheets(program: Program) -> None:
    book = sheet_of([["phone"], [A]])
    book.worksheets[0].title = "Old"
    book.worksheets[0].sheet_state = "veryHidden"
    leads = book.create_sheet("Leads")
    for phone in ("phone", B, C):
        leads.append([phone])
    leads.row_dimensions[3].hidden = True
    book.create_sheet("Blank")
    book.create_sheet("More leads").append(["phone"])
    book.active = 1
    save(program, book)


@pytest.mark.usefixtures("two_sheets")
def test_first_visible_sheet_is_read_and_what_is_hidden_is_said(push: Push) -> None:
    ran = push("voiso", "leads.xlsx")
    assert ran.code == 0
    assert push.phones("voiso") == [B[1:], C[1:]]
    assert (
        "leads.xlsx: hidden sheets 'Old': not read (choose one with --sheet)" in ran.err
    )
    assert "leads.xlsx: hidden rows 1: read like other rows" in ran.err
    left_out = "sheet More leads is not imported (--sheet 'More leads')"
    assert f"sheet Leads: the first of 3; {left_out}" in ran.err


@pytest.mark.usefixtures("two_sheets")
def test_hidden_sheet_can_be_named(push: Push) -> None:
    ran = push("voiso", "leads.xlsx", "--sheet", "Old")
    assert push.phones("voiso") == [A[1:]]
    assert "hidden" not in ran.err


def viewed(content: bytes) -> bytes:
    """Add a custom view, which has page margins of its own."""
    view = b"<customSheetView><pageMargins/></customSheetView>"
    return content.replace(b"<mergeCells", view + b"<mergeCells")


def test_merged_cells_count_in_each_of_their_rows(push: Push) -> None:
    book = of_sheets(S=[["phone", "DNC"], [], [A, "yes"], [B, ""], [C, ""]])
    for area in ("A1:A2", "B1:B2", "B3:B4"):
        book.worksheets[0].merge_cells(area)
    save(push.program, book)
    rewrite(push.program.folder / "leads.xlsx", viewed)
    ran = push("voiso", "leads.xlsx", "--strict", "--json")
    assert ran.codes == {"opted_out": 2}
    assert push.phones("voiso") == [C[1:]]
    assert "merged cells 1: read in each of their rows" in ran.err


# --- cells without a result -----------------------------------------------------------


def test_cell_without_a_result_is_named_and_never_sent(push: Push) -> None:
    book = sheet_of(
        [
            ["phone", "name", "company"],
            ["#N/A", "Anna Testperson", "x"],
            ["=A1", "Ben Testperson", "x"],
            [C, "#REF!", "=A1"],
        ]
    )
    save(push.program, book)
    ran = push("lupitor", "leads.xlsx", "--json")
    assert ran.codes == {"phone_invalid": 2}
    reasons = {reason["message"] for reason in ran.document["reasons"]}
    assert reasons == {
        "an error cell (#N/A)",
        (
            "a formula that was never calculated; open and save the workbook in a "
            "spreadsheet program"
        ),
    }
    (lead,) = push.stored("lupitor")
    assert "#" not in json.dumps(lead)
    assert "leads.xlsx: error cells 2: such as #N/A; not sent" in ran.err
    assert "leads.xlsx: formulas without a result 2: not sent" in ran.err
    text = (push.program.folder / "leads.rejects.csv").read_text("utf-8-sig")
    cells = [row["phone"] for row in csv.DictReader(io.StringIO(text))]
    assert cells == ["'#N/A", "'#UNCALCULATED!"]


FORMULAS = {
    "none": ("<f>X1</f>", "#UNCALCULATED!"),
    "empty": ("<f>X1</f><v></v>", "#UNCALCULATED!"),
    "a number": ("<f>X1</f><v>7</v>", "7"),
    "nought": ("<f>X1</f><v>0</v>", "0"),
    "shared": ('<f t="shared" si="0"/>', "#UNCALCULATED!"),
}


@pytest.mark.parametrize(("inside", "shown"), FORMULAS.values(), ids=FORMULAS)
def test_result_of_a_formula_is_told_from_none(
    tmp_path: Path, inside: str, shown: str
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(written(f"<row><c>{inside}</c></row>"))
    assert column(path) == [shown]


@pytest.mark.parametrize("formula", ["<f>X1</f>", ""])
def test_nought_of_a_library_that_calculates_nothing_is_no_result(
    tmp_path: Path, formula: str
) -> None:
    path = tmp_path / "book.xlsx"
    cells = f"<row><c>{formula}<v>0</v></c></row>"
    path.write_bytes(written(cells, calc='<calcPr fullCalcOnLoad="1"/>'))
    assert column(path) == ["#UNCALCULATED!" if formula else "0"]


# --- number formats -------------------------------------------------------------------

LOCAL = "[<=9999999]###-####;(###) ###-####"
SHOWN: list[tuple[object, str, str]] = [
    (15550100001, '"+"0', "+15550100001"),
    (15550100001, "+0", "+15550100001"),
    (15550100001, r"\+#", "+15550100001"),
    (15550100001, '"+"@', "+15550100001"),
    (15550100001, '"+"General', "+15550100001"),
    ("15550100001", '"+"@', "+15550100001"),
    (555010001, "0000000000", "0555010001"),
    (5550100001, "000-000-0000", "555-010-0001"),
    (5550100001, "(000) 000-0000", "(555) 010-0001"),
    (5550100, LOCAL, "555-0100"),
    (5550100001, LOCAL, "(555) 010-0001"),
    (123456789, '0#" "##" "##" "##" "##', "01 23 45 67 89"),
    (7, '000;[Red]-000;"none"', "007"),
    (155501, "[$-409]00000000", "00155501"),
    (155501, "_-0000000_-", "0155501"),
    # What a phone number does not have is left to the bare number, as before.
    (5, '0" km"', "5"),
    (1234567, "#,##0.00", "1234567"),
    (1234567.5, "#,##0.00", "1234567.5"),
    (0.5, "0%", "0.5"),
    (12, '"€" 0', "12"),
    (12, "[$€-407] 0", "12"),
    (-12, '"+"0', "-12"),
    (1.5, '"+"0', "1.5"),
    (15550100001, "0.00E+00", "15550100001"),
    (3, ";;;", "3"),
    (7, "", "7"),
    # Dates are ISO 8601, as before.
    (45000, "yyyy-mm-dd", "2023-03-15"),
    (45000, '[$-409]d" of "mmm', "2023-03-15"),
    (45000.5, "dd.mm.yy hh:mm", "2023-03-15T12:00:00"),
    (0.25, "hh:mm", "06:00:00"),
    (1.5, "[h]:mm", "1 day, 12:00:00"),
    (59, "yyyy-mm-dd", "1900-02-28"),
    (61, "yyyy-mm-dd", "1900-03-01"),
    (1e9, "yyyy-mm-dd", "1000000000"),
    (-1, "yyyy-mm-dd", "-1"),
]


def test_cell_is_what_its_number_format_shows(push: Push) -> None:
    book = sheet_of([["phone", "name"]])
    sheet = book.worksheets[0]
    for place, (value, code, _) in enumerate(SHOWN, start=2):
        sheet.append([f"+1555{place:07}", value])
        sheet.cell(place, 2).number_format = code
    save(push.program, book)
    assert push("voiso", "leads.xlsx").code == 0
    shown = {lead["phone_number"]: lead["name"] for lead in push.stored("voiso")}
    assert [*shown.values()] == [expected for _, _, expected in SHOWN]


def test_leading_zero_of_a_format_is_part_of_the_phone(push: Push) -> None:
    book = sheet_of([["phone"], [9000000001], [919000000002], ["9000000003"]])
    for place, code in enumerate(("00000000000", '"+"0', "00000000000"), start=2):
        book.worksheets[0].cell(place, 1).number_format = code
    save(push.program, book)
    assert push("yotel", "leads.xlsx").code == 0
    assert push.phones("yotel") == ["9000000001", "9000000002", "9000000003"]


# --- what writers differ in -----------------------------------------------------------

RICH = "<si><r><t>+1555</t></r><r><t>0100001</t></r><rPh><t>x</t></rPh></si>"
WRITERS: dict[str, tuple[bytes, list[str]]] = {
    "shared and rich text": (
        written('<row><c t="s"><v>0</v></c></row>', RICH),
        [A],
    ),
    "strict": (written(PHONE + LEAD, main=STRICT), ["phone", A]),
    "cells without a place": (
        written("<row><c><v>1</v></c><c/><c><v>2</v></c></row>"),
        ["1||2"],
    ),
    "gaps": (written('<row r="9"><c r="C9"><v>1</v></c></row>'), ["||1"]),
    "escapes": (
        written('<row><c t="str"><v>a_x000D_b_x005F_xD800_</v></c></row>'),
        ["a\rb__xD800_".replace("__", "_")],
    ),
    "odd numbers": (
        written(
            "<row><c><v>1.5550100001E10</v></c><c><v>nan</v></c><c><v>x</v></c></row>"
        ),
        ["15550100001|nan|x"],
    ),
    "truth": (
        written('<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c></row>'),
        ["true|false"],
    ),
    "a date in words": (
        written('<row><c t="d"><v>2026-01-01</v></c></row>'),
        ["2026-01-01"],
    ),
}


@pytest.mark.parametrize(("content", "shown"), WRITERS.values(), ids=WRITERS)
def test_workbook_of_another_writer_is_read(
    tmp_path: Path, content: bytes, shown: list[str]
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert column(path) == shown


def prefixed(content: bytes) -> bytes:
    marked = content.replace(b"</", b"\0").replace(b"<", b"<x:")
    return marked.replace(b"\0", b"</x:").replace(b"xmlns=", b"xmlns:x=")


def test_prefixes_of_elements_are_the_writers_choice(program: Program) -> None:
    save(program, sheet_of([["phone"], [A]]))
    rewrite(program.folder / "leads.xlsx", prefixed)
    assert program(*CHECK, "--json").counts == {"created": 1}


# --- bounds ---------------------------------------------------------------------------


# --- suppression lists ----------------------------------------------------------------


def of_sheets(**sheets: list[list[Any]]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


SEVERAL = {
    "a column": of_sheets(One=[["phone"], [A]], Empty=[], More=[[B]]),
    "known columns": of_sheets(One=[["x", "Mobile"], ["y", A]], More=[["tel"], [B]]),
    "remarks": of_sheets(About=[["never call these"]], One=[["phone"], [A], [B]]),
}


@pytest.mark.parametrize("book", SEVERAL.values(), ids=SEVERAL)
def test_every_sheet_of_a_list_counts_and_hidden_rows_too(
    program: Program, book: Workbook
) -> None:
    book.worksheets[-1].sheet_state = "hidden"
    book.worksheets[-1].row_dimensions[1].hidden = True
    save(program, book, "never.xlsx")
    program.write("leads.csv", f"phone\n{A}\n{B}\n{C}\n")
    arguments = ("leads.csv", "--provider", "voiso", "--suppress", "never.xlsx")
    ran = program("check", *arguments, "--json")
    assert ran.counts == {"created": 1, "suppressed": 2}, ran.err


def test_column_of_a_list_is_named_for_the_sheets_that_have_it(
    program: Program,
) -> None:
    rows = [["Caller", "x"], [A, "y"]]
    save(program, of_sheets(One=rows, Two=[["phone", "x"], [B, "y"]]), "never.xlsx")
    program.write("leads.csv", f"phone\n{A}\n{B}\n{C}\n")
    arguments = ("leads.csv", "--provider", "voiso", "--suppress", "never.xlsx::Caller")
    ran = program("check", *arguments, "--json")
    assert ran.counts == {"created": 1, "suppressed": 2}, ran.err


KNOWN = [["phone"], [A]]
UNREADABLE = {
    "error": (of_sheets(A=KNOWN, B=[*KNOWN, ["#N/A"]]), "sheet 'B', row 2: an error"),
    "formula": (of_sheets(A=[*KNOWN, ["=B1"]]), "sheet 'A', row 2: a formula"),
    "no column": (
        of_sheets(A=KNOWN, B=[["a", "b"], ["x", "y"]]),
        "sheet 'B' has 2 columns, but none is named",
    ),
}


@pytest.mark.parametrize(("book", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_sheet_that_may_hide_a_number_stops_the_run(
    program: Program, book: Workbook, words: str
) -> None:
    save(program, book, "never.xlsx")
    program.write("leads.csv", f"phone\n{A}\n")
    arguments = ("leads.csv", "--provider", "voiso", "--suppress", "never.xlsx")
    ran = program("check", *arguments, "--json")
    assert ran.code == 6
    assert words in ran.error["message"]
