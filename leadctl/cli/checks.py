"""Prints checks: one line each, with the fix below it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import typer

from leadctl.cli.output import Output, opened_screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leadctl.cli.diagnostics.config_check import Check
    from leadctl.model.leads import Json
    from leadctl.reports.screen import Screen


def conclude(
    checks: Iterable[Check], *, json: bool, facts: Mapping[str, Json] | None = None
) -> NoReturn:
    """Print the checks and exit with their exit code; `facts` are for scripts."""
    from leadctl.cli.diagnostics import config_check

    found = [*checks]
    code = config_check.exit_code(found)
    if json:
        Output(json=True).document(
            {
                "schema_version": 1,
                **(facts or {}),
                "checks": config_check.document(found),
                "exit_code": int(code),
            }
        )
    else:
        with opened_screen() as screen:
            _show(found, screen)
    raise typer.Exit(code)


def _show(checks: Sequence[Check], screen: Screen) -> None:
    from leadctl.cli.diagnostics.config_check import Grade
    from leadctl.model.wording import count
    from leadctl.reports.screen import Text

    styles = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.PROBLEM: "red"}
    facts: list[tuple[str | Text, str]] = []
    for check in checks:
        head = Text(f"{check.grade:<9}", styles[check.grade])
        facts.append((head.append(Text(check.topic)), check.message))
        if check.remedy:
            facts.append(("", check.remedy))
    screen.facts(facts)
    graded = Counter(check.grade for check in checks)
    parts = [f"{graded[Grade.OK]} ok"]
    for grade in (Grade.WARNING, Grade.PROBLEM):
        parts += [count(graded[grade], grade.value)] if graded[grade] else []
    screen.close(f"{count(len(checks), 'check')}: {', '.join(parts)}")
