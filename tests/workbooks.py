"""Workbooks as different programs write them."""

from __future__ import annotations

import io
import zipfile

A, B, C = "+15550100001", "+15550100002", "+15550100003"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PHONE = '<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row>'
LEAD = f'<row r="2"><c r="A2" t="inlineStr"><is><t>{A}</t></is></c></row>'


def written(
    rows: str, strings: str = "", *, main: str = MAIN, calc: str = "", start: str = ""
) -> bytes:
    """Write a workbook by hand: what no library of ours would write."""
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="S" sheetId="1" r:id="r1"/></sheets>{calc}</workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="/xl/s.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="T.xml"/>'
        "</Relationships>",
        "xl/t.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/s.xml": f'{start}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
