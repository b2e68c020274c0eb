"""Recognises files that are not tables of leads by how they begin."""

from __future__ import annotations

import re
from typing import NamedTuple

from leadctl.model.errors import InputUnusable

LOOKED_AT = 4096
"""Bytes of a file that show what it is."""

_AS_CSV = "save it as CSV (UTF-8)"
_IN_A_SPREADSHEET = f"open it in a spreadsheet and {_AS_CSV}"
_FROM_ITS_SOURCE = "export the leads as CSV from the original program"


class FileKind(NamedTuple):
    """A kind of file: how it begins, what people call it, and what to do with it."""

    begins: str
    name: str
    remedy: str


KINDS = (
    FileKind(
        r"PK\x03\x04",
        "a ZIP archive, not an .xlsx workbook",
        "unpack it and push the file inside; save .ods, .xlsb and .numbers files as "
        "CSV (UTF-8)",
    ),
    FileKind(
        r"Rar!|7z\xbc\xaf|\xfd7zXZ", "an archive", "unpack it and push the file inside"
    ),
    FileKind(
        r"\xd0\xcf\x11\xe0",
        "an old Office file (.xls, .doc, .msg) or a protected workbook",
        "save it as .xlsx without a password, or as CSV (UTF-8)",
    ),
    FileKind(r"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a", "an image", _FROM_ITS_SOURCE),
    FileKind(r"\x7fELF", "a program", "name a file with leads"),
    FileKind(r"%PDF-", "a PDF document", _FROM_ITS_SOURCE),
    FileKind(r"\{\\rtf", "an RTF document", _FROM_ITS_SOURCE),
    FileKind(r"SQLite format 3", "an SQLite database", _FROM_ITS_SOURCE),
    FileKind(r"PAR1", "a Parquet file", _FROM_ITS_SOURCE),
    FileKind(
        r"BEGIN:VCARD", "a vCard file", "import it into an address book and export CSV"
    ),
    FileKind(
        r"(?:#[^\n]*\n|version:[^\n]*\n|\s)*dn::?\s",
        "an LDIF export",
        "export the entries as CSV",
    ),
    FileKind(
        r"(?:--\s*)*(?:MySQL|MariaDB|PostgreSQL)[^\n]* dump\b"
        r"|(?:INSERT INTO|CREATE TABLE)\s",
        "an SQL dump",
        _FROM_ITS_SOURCE,
    ),
    FileKind(
        r"<(?=.*urn:schemas-microsoft-com:office:spreadsheet)",
        "an XML spreadsheet (Excel 2003)",
        _IN_A_SPREADSHEET,
    ),
    FileKind(
        r"MIME-Version:|(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*"
        r"<(?:!doctype html|html|head|meta|body|table|style|div)\b",
        "an HTML page",
        _IN_A_SPREADSHEET,
    ),
    FileKind(r"<\?xml\b|<[a-z][^<>]*>\s*<[a-z]", "an XML file", _FROM_ITS_SOURCE),
)
_MARK = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)")
_PATTERNS = [
    re.compile(k.begins.encode("latin-1"), re.IGNORECASE | re.DOTALL) for k in KINDS
]


def require_lead_table(start: bytes, shown: str) -> None:
    """Raise InputUnusable with the remedy if a file begins as no table does."""
    # What is ASCII in UTF-16 has a zero in every other byte.
    plain = _MARK.sub(b"", start[:LOOKED_AT]).replace(b"\0", b"").lstrip()
    for kind, pattern in zip(KINDS, _PATTERNS, strict=True):
        if pattern.match(plain):
            raise InputUnusable(f"{shown} is {kind.name}", hint=kind.remedy)
