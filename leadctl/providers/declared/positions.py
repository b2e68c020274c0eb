"""Reads which leads of a request an answer names by position, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.providers.declared.answer import within
from leadctl.providers.response import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.model.leads import Json
    from leadctl.providers.declared.answer import AnswerReader
    from leadctl.providers.declared.rules import ByPosition, Culprits


def culprits(spec: Culprits, answer: AnswerReader) -> dict[int, str]:
    """Return the positions of the leads (from 0) that a refusal names, with reasons."""
    if spec.text is not None:
        return _in_text(spec.text, spec.first, answer.text)
    found = answer.at(spec.list_ or "$body")
    by_row = named(found if isinstance(found, list) else [], spec)
    return {row: reason for row, reason in by_row.items() if row >= 0}


def _in_text(pattern: str, first: int, said: str) -> dict[int, str]:
    """Read a text by a pattern such as `leads[{row}]: {reason}`."""
    before, _, rest = pattern.partition("{row}")
    between, _, _ = rest.partition("{reason}")
    _, found, told = said.partition(before) if before else ("", True, said)
    number = told[: len(told) - len(told.lstrip("0123456789"))]
    behind = told[len(number) :]
    if not found or not 0 < len(number) < 7 or not behind.startswith(between):
        return {}
    reason = behind.removeprefix(between) if "{reason}" in rest else said
    return {int(number) - first: one_line(reason)}


def named(found: Sequence[Json], spec: ByPosition) -> dict[int, str]:
    """Group reasons by position; -1 has those without one."""
    reasons: dict[int, list[str]] = {}
    for error in found:
        row = _position(error, spec)
        reason = within(error, spec.reason.split("."))
        said = [reason if isinstance(reason, str) else "refused"] if row >= 0 else []
        reasons.setdefault(row, []).extend(said)
    return {row: one_line("; ".join(said)) for row, said in reasons.items()}


def _position(error: Json, spec: ByPosition) -> int:
    where = within(error, spec.row.split("."))
    if spec.after is not None and isinstance(where, list) and spec.after in where[:-1]:
        where = where[where.index(spec.after) + 1]
    is_number = isinstance(where, int) and not isinstance(where, bool)
    return max(-1, where - spec.first) if is_number and isinstance(where, int) else -1
