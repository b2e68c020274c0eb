"""What was looked at, printed: a line for each, its remedy below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from leadctl.cli.output import Output, echo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.cli.diagnostics.config_check import Check


def conclude(checks: Iterable[Check], *, json: bool) -> NoReturn:
    """Print what was found and leave with its exit code."""
    from leadctl.cli.diagnostics import config_check

    found = [*checks]
    code = config_check.exit_code(found)
    if json:
        Output(json=True).document(
            {
                "schema_version": 1,
                "checks": config_check.document(found),
                "exit_code": int(code),
            }
        )
    else:
        for check in found:
            echo(f"{check.grade:<8} {check.topic}: {check.message}", indent=9)
            if check.remedy:
                echo(f"         {check.remedy}", indent=9)
    raise typer.Exit(code)
