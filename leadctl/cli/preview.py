"""`leadctl preview`: the detected format of a file, and its first rows as mapped."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output, opened_screen
from leadctl.model.errors import ExitCode, LeadctlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.importing.preview import Preview
    from leadctl.importing.row_view import RowView
    from leadctl.model.leads import Json


@app.command("preview", rich_help_panel=Section.IMPORT)
@options.spread
def preview(
    context: typer.Context,
    files: options.Files,
    asked: options.PreviewOptions,
    json: options.Json = False,
) -> None:
    """Show how files are read and how the first rows are mapped.

    Checks every row, by the provider's rules if you name one, and shows the first
    rejected rows of each kind, with names and numbers.

    Example: leadctl preview leads.csv --provider voiso
    """
    from leadctl import api
    from leadctl.cli.progress import looked_through
    from leadctl.importing.preview import previews

    try:
        with (
            api.inspected(files, **asked) as rules,
            looked_through(rules.sources) as tell,
        ):
            found = previews(rules, tell)
    except LeadctlError as error:
        if json:
            Output().document(_document([], error))
        raise
    if json:
        Output().document(_document(found))
    else:
        _show(found, options.given(context), files, asked["provider"])
    if any(one.problem for one in found):
        raise typer.Exit(ExitCode.INPUT)


def _show(
    found: Sequence[Preview],
    said: Sequence[str],
    files: Sequence[str],
    provider: str | None,
) -> None:
    from leadctl.reports.preview_view import show_preview
    from leadctl.reports.terminal import show_command

    with opened_screen() as screen:
        for one in found:
            show_preview(one, screen)
        show_command(_next_command(said, found, files, provider), screen)


def _next_command(
    said: Sequence[str],
    found: Sequence[Preview],
    files: Sequence[str],
    provider: str | None,
) -> str:
    """Return the command to run when the preview looks right."""
    if not any(one.good for one in found):
        return shlex.join(["leadctl", "profile", "guess", *files])
    if not provider:
        return f"{shlex.join(['leadctl', 'check', *files, *said])} --provider NAME"
    return f"{shlex.join(['leadctl', 'push', *files, *said])} --campaign ID"


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
        "first": [_row_facts(view, found) for view in found.first],
        "rejects": [_row_facts(view, found) for view in found.held_back],
    }


def _row_facts(view: RowView, found: Preview) -> Json:
    from leadctl.reports.preview_view import filled

    finding = view.finding
    return {
        "row": view.number,
        "line": found.lines.get(view.number),
        "raw": filled(view.cells),
        "mapped": dict(view.mapped or {}),
        "sent": dict(view.sent or {}),
        "code": finding.code if finding else None,
        "field": finding.field or None if finding else None,
        "reason": finding.reason if finding else None,
    }
