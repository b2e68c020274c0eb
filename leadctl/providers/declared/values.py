"""The values of a definition's keys: texts, numbers, paths to a value."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from leadctl.model.typed_yaml import OR_ONE, Must, text_like


def number_from(least: float, most: float) -> Must:
    """Ask for a number from the least to the most, both included."""

    def check(number: float) -> None:
        if not least <= number <= most:
            raise ValueError(f"must be a number from {least:g} to {most:,.0f}")

    return Must(check, {"minimum": least, "maximum": most})


HeaderName: TypeAlias = Annotated[
    str, text_like(r"[!#-'*+.^-z|~0-9A-Z-]+", "a header's name, such as X-Key")
]
HeaderText: TypeAlias = Annotated[
    str, text_like("[ -~]*", "one line of printable ASCII characters")
]
Headers: TypeAlias = dict[HeaderName, HeaderText]
Name: TypeAlias = Annotated[
    str, text_like("[a-z][a-z0-9_-]{0,39}", "lowercase letters, digits, - and _ only")
]
Key: TypeAlias = Annotated[
    str, text_like("[a-z][a-z0-9_]{0,39}", "lowercase letters, digits and _ only")
]
Path: TypeAlias = Annotated[
    str,
    text_like(r"[^.\s]+(\.[^.\s]+)*", "keys separated by dots: data.created"),
]
"""The way to a value in the answer: keys and positions (from 0), separated by dots.
`$body` is the whole answer, `$listed` the campaign found by `among`."""
Count: TypeAlias = Annotated[int, number_from(1, 1_000_000)]
Seconds: TypeAlias = Annotated[float, number_from(0, 86_400)]
Scalar: TypeAlias = bool | int | float | str
Scalars: TypeAlias = Annotated[list[Scalar], OR_ONE]
OutcomeWord: TypeAlias = Literal[
    "created", "accepted", "updated", "duplicate", "rejected", "suppressed", "unknown"
]
OUTCOMES: tuple[OutcomeWord, ...] = get_args(OutcomeWord)
ErrorName: TypeAlias = Literal[
    "AccessDenied",
    "CampaignClosed",
    "Refused",
    "NotProcessed",
    "InDoubt",
    "Unusable",
]
Meaning: TypeAlias = Literal[ErrorName, "unreadable", "status"]
Template: TypeAlias = Any
"""Any value with $names in it."""
Texts: TypeAlias = Annotated[list[str], OR_ONE]
Paths: TypeAlias = Annotated[list[Path], OR_ONE]
KindWord: TypeAlias = Literal["object", "list", "text", "number", "boolean"]
