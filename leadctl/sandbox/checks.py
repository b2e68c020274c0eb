"""Checks of one JSON value each; a provider's fields are a table of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

Check = Callable[[object], str | None]
"""Takes a value, returns what is wrong with it, or None."""

OUT_OF_SERVICE = "15554040404"
"""A well-formed number that providers refuse."""
E164_DIGITS = rf"(?!{OUT_OF_SERVICE}\b)[1-9][0-9]{{7,14}}"


def must(complaint: str, holds: Callable[[object], bool]) -> Check:
    return lambda value: None if holds(value) else f"must {complaint}"


text = must("be a string", lambda value: isinstance(value, str))
flag = must("be true or false", lambda value: isinstance(value, bool))
record = must("be an object", lambda value: isinstance(value, dict))
texts = must(
    "be an array of strings",
    lambda value: isinstance(value, list) and not any(map(text, value)),
)


def _is_moment(value: object) -> bool:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    if moment is None or "T" not in str(value):
        return False
    return moment.tzinfo is not None  # else: whose time is it?


timestamp = must("be an ISO 8601 timestamp with an offset", _is_moment)


def integer(low: int, high: int) -> Check:
    is_fine = number(low, high)
    return must(
        f"be an integer from {low} to {high}",
        lambda value: isinstance(value, int) and not is_fine(value),
    )


def number(low: float, high: float) -> Check:
    return must(
        f"be a number from {low} to {high}",
        lambda value: (
            isinstance(value, int | float)
            and not isinstance(value, bool)  # JSON's true is an int to Python
            and low <= value <= high
        ),
    )


def matching(pattern: str, complaint: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: object) -> str | None:
        fits = isinstance(value, str) and compiled.fullmatch(value)
        return None if fits else complaint

    return check


def complaints(
    values: object,
    fields: Mapping[str, Check],
    required: Collection[str] = (),
    *,
    closed: bool = True,
) -> dict[str, str]:
    """Return what is wrong, by field.

    Other keys are refused unless a document allows them (`closed=False`): a
    misspelt field should be noticed.
    """
    if not isinstance(values, dict):
        return {"lead": "must be an object"}
    found = {name: "is required" for name in required if name not in values}
    for name, value in values.items():
        if name in fields:
            complaint = fields[name](value)
        else:
            complaint = "is not a known field" if closed else None
        if complaint:
            found[name] = complaint
    return found
