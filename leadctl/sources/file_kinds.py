"""Rejects files that do not exist, or that are no table of leads."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import close_to

if TYPE_CHECKING:
    from pathlib import Path

LOOKED_AT = 4096
"""Bytes of a file from which its kind is detected."""

_UNPACK = "unpack it and push the file inside"
_AS_CSV = "save it as CSV (UTF-8)"
_IN_A_SPREADSHEET = f"open it in a spreadsheet and {_AS_CSV}"
_FROM_ITS_SOURCE = "export the leads as CSV from the original program"

KINDS = (
    (
        r"PK\x03\x04",
        "a ZIP archive, not an .xlsx workbook",
        f"{_UNPACK}; save .ods, .xlsb and .numbers files as CSV (UTF-8)",
    ),
    (r"Rar!|7z\xbc\xaf|\xfd7zXZ", "an archive", _UNPACK),
    (
        r"\xd0\xcf\x11\xe0",
        "an old Office file (.xls, .doc, .msg) or a protected workbook",
        "save it as .xlsx without a password, or as CSV (UTF-8)",
    ),
    (r"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a", "an image", _FROM_ITS_SOURCE),
    (r"\x7fELF", "a program", "name a file with leads"),
    (r"%PDF-", "a PDF document", _FROM_ITS_SOURCE),
    (r"\{\\rtf", "an RTF document", _FROM_ITS_SOURCE),
    (r"SQLite format 3", "an SQLite database", _FROM_ITS_SOURCE),
    (r"PAR1", "a Parquet file", _FROM_ITS_SOURCE),
    (r"BEGIN:VCARD", "a vCard file", "import it into an address book and export CSV"),
    (
        r"(?:#[^\n]*\n|version:[^\n]*\n|\s)*dn::?\s",
        "an LDIF export",
        "export the entries as CSV",
    ),
    (
        (
            r"(?:--\s*)*(?:MySQL|MariaDB|PostgreSQL)[^\n]* dump\b"
            r"|(?:INSERT INTO|CREATE TABLE)\s"
        ),
        "an SQL dump",
        _FROM_ITS_SOURCE,
    ),
    (
        r"<(?=.*urn:schemas-microsoft-com:office:spreadsheet)",
        "an XML spreadsheet (Excel 2003)",
        _IN_A_SPREADSHEET,
    ),
    (
        (
            r"MIME-Version:|(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*"
            r"<(?:!doctype html|html|head|meta|body|table|style|div)\b"
        ),
        "an HTML page",
        _IN_A_SPREADSHEET,
    ),
    (r"<\?xml\b|<[a-z][^<>]*>\s*<[a-z]", "an XML file", _FROM_ITS_SOURCE),
)
"""How a kind of file begins, its name, and what to do with it."""
_MARK = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)")


def require_lead_table(start: bytes, shown: str) -> None:
    """Raise InputUnusable with the remedy if a file is no table of leads."""
    # What is ASCII in UTF-16 has a zero in every other byte.
    plain = _MARK.sub(b"", start[:LOOKED_AT]).replace(b"\0", b"").lstrip()
    for begins, name, remedy in KINDS:
        if re.match(begins.encode("latin-1"), plain, re.IGNORECASE | re.DOTALL):
            raise InputUnusable(f"{shown} is {name}", hint=remedy)


def require_file(path: Path, shown: str) -> None:
    """Raise InputUnusable unless a file exists and can be read twice."""
    if not os.path.lexists(path) and path.parent.is_dir():
        with suppress(PermissionError):
            names = [other.name for other in path.parent.iterdir()]
            if near := close_to(path.name, names, 0.85):  # most end alike
                meant = path.parent / near
                raise InputUnusable(
                    f"{shown}: No such file (did you mean {str(meant)!r}?)"
                )
    if path.is_dir():
        raise InputUnusable(f"{shown} is a folder", hint="name the files inside it")
    if path.exists() and not path.is_file():
        raise InputUnusable(
            f"{shown} can only be read once",
            hint="pipe it to stdin: `… | leadctl push - …`",
        )
