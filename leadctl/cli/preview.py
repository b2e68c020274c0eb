"""`leadctl preview`: the detected format of a file, and its first rows as mapped."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.help_layout import Section
from leadctl.cli.output import Output, opened_screen
from leadctl.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.importing.preview import Preview


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
    from leadctl.reports import preview_view
    from leadctl.reports.terminal import show_command

    output = Output(json=json)
    with (
        output.failures(partial(preview_view.document, ())),
        api.inspected(files, **asked) as rules,
        looked_through(rules.sources) as tell,
    ):
        found = previews(rules, tell)
    if json:
        output.document(preview_view.document(found))
    else:
        words = [*files, *options.given(context)]
        command = _next_command(found, files, words, asked["provider"])
        with opened_screen() as screen:
            for one in found:
                preview_view.show_preview(one, screen)
            show_command(command, screen)
    if any(one.problem for one in found):
        raise typer.Exit(ExitCode.INPUT)


def _next_command(
    found: Sequence[Preview],
    files: Sequence[str],
    words: Sequence[str],
    provider: str | None,
) -> str:
    """Return the command to run when the preview looks right."""
    if not any(one.good for one in found):
        return shlex.join(["leadctl", "profile", "guess", *files])
    if not provider:
        return f"{shlex.join(['leadctl', 'check', *words])} --provider NAME"
    return f"{shlex.join(['leadctl', 'push', *words])} --campaign ID"
