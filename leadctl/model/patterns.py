"""Compiles users' regular expressions by an engine whose time is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 500
"""Characters of a pattern."""


class BadPattern(ValueError):
    """A pattern that cannot be used; the text says why."""


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that finds a pattern in any case; raises BadPattern."""
    from pydantic_core import (  # noqa: PLC0415  slow to load, rarely needed
        SchemaError,
        SchemaValidator,
        core_schema,
    )

    if len(pattern) > LONGEST:
        raise BadPattern(f"longer than {LONGEST} characters")
    try:
        schema = core_schema.str_schema(pattern=f"(?i){pattern}")
        return SchemaValidator(schema).isinstance_python
    except SchemaError as error:
        *_, reason = str(error).strip().splitlines()
        raise BadPattern(reason.strip().removeprefix("error: ")) from None
