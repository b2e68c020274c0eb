"""The reject file: the rows not delivered that can be, as they came, with the reason.

Our columns stand before the user's, so that a row with too many or too few cells keeps
every cell in its place and stays what it is until somebody corrects it.
"""

from __future__ import annotations

import csv
import errno
import filecmp
import io
import json
import os
import re
import secrets
import time
from itertools import chain, count, tee
from typing import TYPE_CHECKING, TextIO

from leadctl import strictjson
from leadctl.aside import in_turn, replacing
from leadctl.errors import InputUnusable, RejectsNotWritten
from leadctl.model import OWN
from leadctl.packing import SUFFIXES as PACKED
from leadctl.source import Format
from leadctl.splitting import RAW

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from leadctl.model import Cells, Finding, Json
    from leadctl.source import Source
    from leadctl.splitting import JsonLine

NAMES = tuple(
    OWN + word for word in ("row", "status", "code", "field", "reason", "run")
)

LONGEST_NAME = 255
"""Bytes a file's name may have."""


def default_path(path: Path, form: Format) -> Path:
    """Return `<stem>.rejects<suffix>` beside the input.

    It is to be opened and corrected: never compressed, and a workbook's is CSV.
    """
    if path.suffix.casefold() in PACKED:
        path = path.with_suffix("")
    suffix = ".csv" if form is Format.XLSX else path.suffix
    return path.with_name(f"{path.stem}.rejects{suffix}")


def require_ours(path: Path) -> None:
    """Refuse a path that holds something leadctl did not write; nothing is sent yet."""
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise InputUnusable(
            "the name of the reject file would be too long",
            hint="name another with --rejects",
        )
    _require_room(path.parent)
    if not os.path.lexists(path):
        return
    if not is_ours(path):
        raise InputUnusable(
            f"{path} exists and is not a reject file of leadctl",
            hint="move it away, or name another file with --rejects",
        )


def _require_room(folder: Path) -> None:
    """Raise unless a file can be made there: after the run it would be too late."""
    trial = folder / f".leadctl-{secrets.token_hex(8)}"
    try:
        trial.touch(mode=0o600, exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise InputUnusable(
            f"no reject file can be written to {folder}: {error.strerror}",
            hint="name another place with --rejects",
        ) from error


def is_ours(path: Path) -> bool:
    """Tell a reject file by its first cell, whatever has saved it since."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(64).replace(b"\0", b"")
    return NAMES[0].encode() in start[:32]


def set_aside(path: Path) -> Path | None:
    """Keep an earlier run's reject file as `….old`; returns where, if there is one.

    What somebody has corrected in it is never replaced by a later one.
    """
    if not is_ours(path):
        return None
    old = _place_aside(path)
    path.replace(old)
    return old


def corrections_go_to(path: Path) -> Path | None:
    """Return where a reject file will be kept, if somebody has edited it."""
    is_edited = is_ours(path) and _is_edited(path)
    return _place_aside(path) if is_edited else None


def _place_aside(path: Path) -> Path:
    ends = chain(["old"], (f"old-{number}" for number in count(2)))
    places = (path.with_name(f"{path.stem}.{end}{path.suffix}") for end in ends)
    return next(
        place
        for place in places
        if not os.path.lexists(place) or (is_ours(place) and not _is_edited(place))
    )


def _is_edited(path: Path) -> bool:
    """Tell whether a reject file may have been written by anybody since we wrote it.

    Where times have no such fractions, or were not copied with it, nobody knows.
    """
    return path.stat().st_mtime_ns % _SECOND != _MARK


def _mark_unedited(path: Path) -> None:
    """Give it a time that no editor leaves behind."""
    now = time.time_ns() // _SECOND * _SECOND + _MARK
    os.utime(path, ns=(now, now))


_SECOND = 1_000_000_000
_MARK = 123_456_700
"""Nanoseconds; some file systems keep only hundreds of them."""


def write_if_any(
    path: Path,
    source: Source,
    findings: Iterator[Finding],
    run_id: str,
    phones: Collection[str] = (),
) -> int:
    """Write the reject file if there is such a row; an earlier one is set aside."""
    first = next(findings, None)
    if first is None:
        with in_turn(path.parent):
            set_aside(path)
        return 0
    return write(path, source, chain([first], findings), run_id, phones)


def write(
    path: Path,
    source: Source,
    findings: Iterator[Finding],
    run_id: str,
    phones: Collection[str] = (),
) -> int:
    """Write the rows of `findings` (in row order) from the source; returns how many.

    Of a workbook, the columns named in `phones` are kept from being taken for numbers
    when the CSV is opened. The file appears complete or not at all: written aside (mode
    0600) and renamed.
    Raises InputUnusable where the source has changed, RejectsNotWritten where the disk
    or the folder is not up to it.
    """
    source.require_unchanged()

    def keep_other(new: Path) -> None:
        _mark_unedited(new)
        if not _is_same(new, path):
            set_aside(path)
        if os.path.lexists(path) and not is_ours(path):
            raise FileExistsError(errno.EEXIST, "something else has turned up there")

    try:
        with replacing(
            path, encoding=source.encoding, errors="replace", before=keep_other
        ) as file:
            number = _write_rows(file, source, findings, run_id, phones)
    except OSError as error:
        raise RejectsNotWritten(
            f"the reject file {path} cannot be written: {error.strerror}",
            hint=f"`leadctl runs rejects {run_id} --to PATH` writes it elsewhere",
        ) from error
    return number


def _is_same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _write_rows(
    file: TextIO,
    source: Source,
    findings: Iterator[Finding],
    run_id: str,
    phones: Collection[str],
) -> int:
    number = 0
    if source.format is Format.JSONL:
        for finding, line in _paired(source.json_lines(), findings):
            file.write(_json_line(line.text, _own_cells(finding, run_id)))
            file.write(source.dialect.newline)
            number += 1
        return number
    # Where the input has no header, too: our columns have to be known again.
    theirs = [
        name
        for name, column in zip(source.names, source.columns, strict=True)
        if not column.startswith(OWN)
    ]
    file.write(_joined([*NAMES, *theirs], source))
    is_workbook = source.format is Format.XLSX
    guarded = {
        i for i, name in enumerate(source.columns) if is_workbook and name in phones
    }
    findings, wanted = tee(findings)
    rows = source.rows_at(finding.row for finding in wanted)
    for finding, row in zip(findings, rows, strict=False):
        cells = _guarded(row.cells, guarded) if guarded else row.cells
        file.write(_delimited_line(cells, _own_cells(finding, run_id), source))
        number += 1
    return number


def _paired(
    lines: Iterable[JsonLine], findings: Iterator[Finding]
) -> Iterator[tuple[Finding, JsonLine]]:
    finding = next(findings, None)
    for line in lines:
        if finding is None:
            return
        if line.number == finding.row:
            yield finding, line
            finding = next(findings, None)


def _own_cells(finding: Finding, run_id: str) -> list[str]:
    cells = [
        finding.row,
        finding.status,
        finding.code,
        finding.field,
        finding.reason,
        run_id,
    ]
    return [harmless(str(cell)) for cell in cells]


_FORMULA = re.compile(r"(^|[,;|\t\r\n])(?=[=+@\t\r-])")


def harmless(text: str) -> str:
    """Keep a spreadsheet from calculating a provider's text.

    After a separator as well: it may split cells at another one than we do.
    """
    return _FORMULA.sub(r"\1'", text)


def _guarded(cells: Cells | str, places: Collection[int]) -> Cells | str:
    """Put an apostrophe before phones: no spreadsheet takes them for numbers then."""
    if not isinstance(cells, list):
        return cells
    return [
        f"'{cell}" if i in places and cell[:1] not in ("", "'") else cell
        for i, cell in enumerate(cells)
    ]


def _delimited_line(cells: Cells | str, own: list[str], source: Source) -> str:
    if isinstance(cells, list):
        ours = _own_places(source)
        theirs = [cell for place, cell in enumerate(cells) if place not in ours]
        return _joined([*own, *theirs], source)
    # A line that could not be split goes back as it stands.
    raw = _without_own(str(cells), source)
    return (
        _joined(own, source).removesuffix(source.dialect.newline)
        + source.dialect.delimiter
        + raw
        + source.dialect.newline
    )


def _own_places(source: Source) -> set[int]:
    return {i for i, name in enumerate(source.columns) if name.startswith(OWN)}


def _without_own(raw: str, source: Source) -> str:
    """Drop our cells from the front of a line that an earlier reject file holds."""
    delimiter = re.escape(source.dialect.delimiter)
    quote = source.dialect.quote
    quoted = f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"
    cell = f"(?:{quoted}|[^{quote}{delimiter}]*){delimiter}"
    own = len(_own_places(source))
    return re.sub(f"^(?:{cell}){{{own}}}", "", raw) if own else raw


def _joined(cells: list[str], source: Source) -> str:
    line = io.StringIO(newline="")
    # With CR LF for its own end, the writer quotes both characters inside a cell.
    writer = csv.writer(
        line,
        delimiter=source.dialect.delimiter,
        quotechar=source.dialect.quote,
        lineterminator="\r\n",
    )
    writer.writerow(cells)
    return line.getvalue().removesuffix("\r\n") + source.dialect.newline


_OWN_MEMBERS = re.compile(
    rf'(?:"{OWN}\w+"\s*:\s*(?:\d+|"(?:[^"\\]|\\.)*")\s*(?:,\s*|(?=\}})))*'
)


def _json_line(text: str, own: list[str]) -> str:
    """Put our members before the user's, which stay as they are written."""
    written: dict[str, Json] = dict(zip(NAMES, own, strict=True))
    written[NAMES[0]] = int(own[0])
    text = _original(text)
    if _is_object(text):
        theirs = _OWN_MEMBERS.sub("", text[1:].lstrip(), count=1)
        gap = "" if theirs.startswith("}") else ", "
        return json.dumps(written, ensure_ascii=False)[:-1] + gap + theirs
    return json.dumps({**written, RAW: text}, ensure_ascii=False)


def _original(text: str) -> str:
    """Return the line itself, or the one an earlier reject file kept as text."""
    try:
        found = strictjson.loads(text)
    except ValueError:
        return text
    if (
        isinstance(found, dict)
        and RAW in found
        and all(k.startswith(OWN) for k in found)
    ):
        return str(found[RAW])
    return text


def _is_object(text: str) -> bool:
    try:
        return isinstance(strictjson.loads(text), dict)
    except ValueError:
        return False
