"""Text helpers for messages: nearest name, lists, counted nouns."""

from __future__ import annotations

from difflib import get_close_matches
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)`; empty if no name is similar."""
    close = close_to(name, known, 0.6)
    return f" (did you mean {short(close)!r}?)" if close else ""


def close_to(name: str, known: Iterable[str], likeness: float) -> str | None:
    """Return the most similar name; `likeness` of 1 means equal but for case."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=likeness)
    return folded[close[0]] if close else None


LONGEST_QUOTE = 40
"""Characters of a cell or a name that a message repeats."""
MOST_NAMES = 20
"""Names that a message lists."""


def short(text: str) -> str:
    """Shorten a quoted text: a header may have thousands of characters."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def listed(names: Sequence[str]) -> str:
    """List names, the first of many."""
    more = len(names) - MOST_NAMES
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(map(short, names[:MOST_NAMES])) + rest


def display_name(path: str) -> str:
    """Return a file's name as people say it: `-` is the standard input."""
    return "standard input" if path == "-" else path


def files_named(paths: Sequence[str]) -> str:
    """Name files in a title: many by the first and the last."""
    names = [display_name(path) for path in paths]
    if len(names) <= MOST_FILES:
        return ", ".join(names)
    return f"{count(len(names), 'file')} ({names[0]} … {names[-1]})"


MOST_FILES = 3
"""Files that a title names one by one."""


def duration(seconds: float) -> str:
    """Format whole seconds in at most two units: 6 s, 3 min 5 s, 2 h 10 min."""
    whole = ceil(seconds)
    for size, unit, small, lesser in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{whole} s"


def count(number: int, noun: str) -> str:
    """Return `1 row`, `2 rows`, `1,234 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
