"""Checks of one JSON value each; a provider's fields are a table of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

Check = Callable[[object], str | None]
"""Takes a value, returns what is wrong with it, or None."""

OUT_OF_SERVICE = "15554040404"
"""Refused although it is written as it should be: a provider knows more of a number
than its form."""
E164_DIGITS = rf"(?!{OUT_OF_SERVICE}\b)[1-9][0-9]{{7,14}}"


def text(value: object) -> str | None:
    return None if isinstance(value, str) else "must be a string"


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def record(value: object) -> str | None:
    return None if isinstance(value, dict) else "must be an object"


def texts(value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return None
    return "must be an array of strings"


def timestamp(value: object) -> str | None:
    """Ask for date, time and offset: without an offset nobody knows whose time."""
    complaint = "must be an ISO 8601 timestamp with an offset"
    if not isinstance(value, str) or "T" not in value:
        return complaint
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return complaint
    return None if moment.tzinfo else complaint


def integer(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        # JSON's true is an int to Python.
        if isinstance(value, int) and not isinstance(value, bool):
            return None if low <= value <= high else complaint
        return complaint

    complaint = f"must be an integer from {low} to {high}"
    return check


def number(low: float, high: float) -> Check:
    def check(value: object) -> str | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return None if low <= value <= high else complaint
        return complaint

    complaint = f"must be a number from {low} to {high}"
    return check


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
    """Name every field in which `values` differs from `fields`, and how.

    Unless a document allows them (`closed=False`), other keys are refused, whatever
    the real service does with them: a misspelt field should be noticed, not lost.
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
