"""Presents how a file is read, and its first rows as they would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.importing.preview import pin
from leadctl.importing.profile_draft import flow
from leadctl.model.lead_fields import ADDRESS_COUNTRY
from leadctl.model.printable import members, text_of
from leadctl.model.wording import count, listed
from leadctl.reports.report import error_document
from leadctl.reports.screen import Grid, Text
from leadctl.reports.table import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leadctl.importing.preview import Preview, RowView
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json
    from leadctl.reports.screen import Screen


def show_preview(found: Preview, screen: Screen) -> None:
    """Print how a file is read and mapped, its first rows, and the verdict."""
    source = found.source
    screen.title(_visible(source.shown))
    choices = Grid("what", "value", "why", headed=False)
    for choice in source.choices:
        choices.row(choice.what, _visible(choice.value), Text(choice.why, "dim"))
    screen.print(choices, indent=2)
    pinned = f"file: {_visible(flow(pin(source)))}"
    screen.facts([(Text("to keep this in a profile:", "dim"), pinned)])
    screen.print()
    if found.problem:
        problem = _visible(found.problem.message)
        screen.facts([(Text("problem", "red"), problem)])
        screen.facts([("", _visible(found.problem.hint or ""))])
        return
    _show_columns(found, screen)
    for view in (*found.first, *found.held_back):
        _show_row(view, found.lines.get(view.number), screen)
    _close(found, screen)


def _show_columns(found: Preview, screen: Screen) -> None:
    columns = Grid("column", "field", headed=False)
    for name, of_file in found.columns.items():
        columns.row(_visible(listed(of_file)), f"→ {_USES.get(name, name)}")
    if found.opt_outs:
        columns.row(_visible(listed(found.opt_outs)), "→ who may be called")
    screen.print(columns, indent=2)
    if found.unused:
        unused = (Text("not sent:", "dim"), _visible(listed(found.unused)))
        screen.facts([unused], indent=2)
    for sentence in (
        *(note.message for note in found.notes),
        *found.remarks,
        *filter(None, [found.damage]),
    ):
        screen.facts([("", _visible(sentence))])


_USES = {
    "phone_country": "phone_country, the region of each phone",
    ADDRESS_COUNTRY: "the region of phones without +",
}


def _show_row(view: RowView, line: int | None, screen: Screen) -> None:
    finding = view.finding
    said = f"{finding.code}: {finding.reason}" if finding else ""
    style = STYLES[finding.status] if finding else "bold"
    screen.print()
    place = f"row {view.number:,}" + (f", line {line:,}" if line else "")
    screen.facts([(Text(place, style), _visible(said))])
    members = (
        ("raw", _filled(view.cells)),
        ("mapped", view.mapped),
        ("sent", view.sent),
    )
    facts = [
        (Text(f"{label:<6}", "dim"), "  ".join(_members(values)))
        for label, values in members
        if values
    ]
    screen.facts(facts, indent=2)


def _close(found: Preview, screen: Screen) -> None:
    """Print how many rows can be sent, and what is wrong with the others."""
    codes = ", ".join(f"{number:,} {code}" for code, number in found.counts.items())
    text, style = f"{count(found.rows, 'row')} checked: all can be sent", "green"
    if not found.rows:
        text, style = "no data rows", "yellow"
    elif codes:
        text = f"{count(found.rows, 'row')} checked: {found.good:,} can be sent; "
        text, style = f"{text}not sent: {codes}", "yellow" if found.good else "red"
    screen.close(text, style)


def _filled(cells: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out the empty cells of a table row; an object stays as it is."""
    return {
        name: cell
        for name, cell in cells.items()
        if not isinstance(cell, str) or cell.strip()
    }


def document(
    found: Sequence[Preview], error: LeadctlError | None = None
) -> dict[str, Json]:
    """Return the previews as `--json` prints them."""
    return {
        "schema_version": 1,
        "files": [_file(one) for one in found],
        "error": error_document(error),
    }


def _file(found: Preview) -> Json:
    source, is_table = found.source, not found.source.nested
    return {
        "path": source.recorded,
        "format": source.format,
        "compression": source.compression or None,
        "encoding": source.encoding or None,
        "delimiter": source.dialect.delimiter if is_table else None,
        "quote": source.dialect.quote if is_table else None,
        "sheet": source.sheet or None,
        "header": source.header,
        "header_line": source.preamble + 1 if source.header else None,
        "choices": [members(one, "what", "value", "why") for one in source.choices],
        "profile": {"file": pin(source)},
        "columns": {name: [*columns] for name, columns in found.columns.items()},
        "opt_out_columns": [*found.opt_outs],
        "not_sent": [*found.unused],
        "problem": found.problem.message if found.problem else None,
        "damage": found.damage or None,
        "notes": [members(one, "code", "count", "message") for one in found.notes],
        "rows_looked_at": found.rows,
        "rejected": dict(found.counts),
        "first": [_row(view, found) for view in found.first],
        "rejects": [_row(view, found) for view in found.held_back],
    }


def _row(view: RowView, found: Preview) -> Json:
    finding = view.finding
    return {
        "row": view.number,
        "line": found.lines.get(view.number),
        "raw": _filled(view.cells),
        "mapped": dict(view.mapped or {}),
        "sent": dict(view.sent or {}),
        "code": finding.code if finding else None,
        "field": finding.field or None if finding else None,
        "reason": finding.reason if finding else None,
    }


def _members(values: Mapping[str, Json]) -> Iterator[str]:
    for key, value in values.items():
        text = _visible(text_of(value))
        yield f"{_visible(key)}={text}" if key else text


def _visible(text: str) -> str:
    """Replace control characters of a cell; a tab is shown by name."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
