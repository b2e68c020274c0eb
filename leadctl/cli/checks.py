"""What a check found and how to fix it, as printed and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

import typer

from leadctl.cli.output import Output, opened_screen
from leadctl.model.errors import ExitCode
from leadctl.model.printable import members
from leadctl.model.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json
    from leadctl.reports.screen import Screen


class Grade(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """One finding, how to fix it, and the exit code if it is a problem."""

    topic: str
    message: str
    grade: Grade = Grade.OK
    remedy: str | None = None
    exit_code: ExitCode = ExitCode.OK


_WORST_FIRST = (ExitCode.INPUT, ExitCode.ACCESS, ExitCode.STOPPED, ExitCode.TROUBLE)
"""Without a configuration nothing works; then as for runs."""


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Choose the exit code for these findings."""
    codes = {check.exit_code for check in checks if check.grade is Grade.PROBLEM}
    return next((code for code in _WORST_FIRST if code in codes), ExitCode.OK)


def problem(topic: str, error: LeadctlError) -> Check:
    code = ExitCode(error.exit_code)
    return Check(topic, error.message, Grade.PROBLEM, error.hint, code)


def warning(topic: str, message: str, remedy: str | None = None) -> Check:
    return Check(topic, message, Grade.WARNING, remedy)


def conclude(
    checks: Iterable[Check], *, json: bool, facts: Mapping[str, Json] | None = None
) -> NoReturn:
    """Print the checks and exit with their exit code; `facts` are for scripts."""
    found = [*checks]
    code = exit_code(found)
    if json:
        shown: dict[str, Json] = {"schema_version": 1, **(facts or {})}
        shown["checks"] = [
            members(check, "topic", "grade", "message", "remedy") for check in found
        ]
        shown["exit_code"] = int(code)
        Output(json=True).document(shown)
    else:
        with opened_screen() as screen:
            _show(found, screen)
    raise typer.Exit(code)


def _show(checks: Sequence[Check], screen: Screen) -> None:
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
