"""`leadctl preview`: what a file is taken for, and its first rows as they would go."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output, echo
from leadctl.model.errors import LeadctlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leadctl.importing.judge import RowView
    from leadctl.importing.preview import Preview
    from leadctl.model.leads import Json


@app.command("preview", rich_help_panel=Section.IMPORT)
def preview(
    files: options.Files,
    provider: options.ProviderName = None,
    account: options.AccountName = None,
    profile: options.ProfileName = None,
    region: options.Region = None,
    phone_check: options.PhoneCheckName = "possible",
    numbers: options.NumbersName = None,
    set_: options.Constants = None,
    ignore_column: options.IgnoreColumns = None,
    format_: options.FormatName = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    no_header: options.NoHeader = False,
    sheet: options.Sheet = None,
    json: options.Json = False,
    config: options.ConfigPath = None,
) -> None:
    """Show how files are read and how the first rows are mapped.

    Checks every row, with --provider by its rules, and shows the first rejects of
    each kind. Names and numbers are shown.

    Example: leadctl preview leads.csv --provider voiso
    """
    from leadctl import api

    try:
        found = api.preview(
            files,
            provider=provider,
            account=account,
            profile=profile,
            region=region,
            phone_check=phone_check,
            numbers=numbers,
            set=set_,
            ignore_column=ignore_column,
            format=format_,
            encoding=encoding,
            delimiter=delimiter,
            no_header=no_header,
            sheet=sheet,
            config=config,
        )
    except LeadctlError as error:
        if json:
            Output().document(_document([], error))
        raise
    if json:
        Output().document(_document(found))
        return
    for one in found:
        for line in _lines(one):
            echo(line, indent=len("  mapped  "))


def _document(
    found: Sequence[Preview], error: LeadctlError | None = None
) -> dict[str, Json]:
    from leadctl.reports.report import error_document

    return {
        "schema_version": 1,
        "files": [_facts(one) for one in found],
        "error": error_document(error) if error else None,
    }


def _facts(found: Preview) -> Json:
    from leadctl.importing.preview import pin

    source = found.source
    return {
        "path": source.recorded,
        "format": source.format,
        "compression": source.compression or None,
        "encoding": source.encoding or None,
        "delimiter": None if source.nested else source.dialect.delimiter,
        "quote": None if source.nested else source.dialect.quote,
        "sheet": source.sheet or None,
        "header": source.header,
        "header_line": source.preamble + 1 if source.header else None,
        "choices": [
            {"what": choice.what, "value": choice.value, "why": choice.why}
            for choice in source.choices
        ],
        "profile": {"file": pin(source)},
        "columns": {name: [*columns] for name, columns in found.columns.items()},
        "not_sent": [*found.unused],
        "problem": found.problem.message if found.problem else None,
        "damage": found.damage or None,
        "notes": [
            {"code": note.code, "count": note.count, "message": note.message}
            for note in found.notes
        ],
        "rows_looked_at": found.rows,
        "rejected": dict(found.counts),
        "first": [_row_facts(view) for view in found.first],
        "rejects": [_row_facts(view) for view in found.held_back],
    }


def _row_facts(view: RowView) -> Json:
    finding = view.finding
    return {
        "row": view.number,
        "raw": _filled(view.cells),
        "mapped": dict(view.mapped or {}),
        "sent": dict(view.sent or {}),
        "code": finding.code if finding else None,
        "field": finding.field or None if finding else None,
        "reason": finding.reason if finding else None,
    }


def _filled(cells: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out what a table has empty; an object is shown as it stands."""
    return {
        name: cell
        for name, cell in cells.items()
        if not isinstance(cell, str) or cell.strip()
    }


def _lines(found: Preview) -> Iterator[str]:
    from leadctl.importing.preview import pin
    from leadctl.importing.profile_draft import flow
    from leadctl.model.wording import listed

    source = found.source
    yield _printed(source.shown)
    for choice in source.choices:
        yield f"  {choice.what:<14} {_printed(choice.value):<12} {choice.why}"
    yield f"to fix this in a profile:  file: {_printed(flow(pin(source)))}"
    yield ""
    if found.problem:
        yield _printed(found.problem.message)
        yield f"  {_printed(found.problem.hint or '')}"
        return
    for name, columns in found.columns.items():
        yield f"  {_printed(listed(columns))} → {_use_of(name)}"
    if found.unused:
        yield f"  not sent: {_printed(listed(found.unused))}"
    for sentence in (
        *(note.message for note in found.notes),
        *found.without_effect,
        *found.unknown_countries,
    ):
        yield f"  {_printed(sentence)}"
    if found.damage:
        yield f"  {found.damage}"
    for view in (*found.first, *found.held_back):
        yield from _row_lines(view)
    if found.counts:
        yield ""
        counts = (f"{number:,} {code}" for code, number in found.counts.items())
        yield f"{found.rows:,} rows checked; not to be sent: {', '.join(counts)}"


def _use_of(name: str) -> str:
    from leadctl.model.lead_fields import ADDRESS_COUNTRY

    match name:
        case "phone_country":
            return "phone_country, the region of each phone"
        case _ if name == ADDRESS_COUNTRY:
            return "the region of phones without +"
        case _:
            return name


def _row_lines(view: RowView) -> Iterator[str]:
    yield ""
    verdict = f"{view.finding.code}: {view.finding.reason}" if view.finding else ""
    yield _printed(f"row {view.number}  {verdict}".rstrip())
    for label, values in (
        ("raw", _filled(view.cells)),
        ("mapped", view.mapped),
        ("sent", view.sent),
    ):
        if values:
            yield f"  {label:<6}  {_members(values)}"


def _members(values: Mapping[str, Json]) -> str:
    named = (
        f"{key}={_shown(value)}" if key else _shown(value)
        for key, value in values.items()
    )
    return "  ".join(map(_printed, named))


def _shown(value: Json) -> str:
    """Write what is no text as JSON does: objects, true, null."""
    if isinstance(value, str):
        return value
    return json_module.dumps(value, ensure_ascii=False)


def _printed(text: str) -> str:
    """Keep a cell from speaking to the terminal; a tab is shown by name."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
