"""Compiles users' regular expressions by an engine whose time is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 500
"""Characters of a pattern."""


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that finds a pattern in any case; ValueError if invalid."""
    from pydantic_core import (  # noqa: PLC0415  slow to load, rarely needed
        SchemaError,
        SchemaValidator,
        core_schema,
    )

    reason = f"longer than {LONGEST} characters"
    if len(pattern) <= LONGEST:
        try:
            schema = core_schema.str_schema(pattern=f"(?i){pattern}")
            return SchemaValidator(schema).isinstance_python
        except SchemaError as error:
            *_, last = str(error).strip().splitlines()
            reason = last.strip().removeprefix("error: ")
    raise ValueError(f"is not a valid regular expression: {reason}")
