"""Caches a function's results by text: most columns have few different texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.model.leads import Json

MOST = 1000
"""Texts of which the answer is kept; later ones are asked for every time."""


class Memo(dict[str, "Json"]):
    """A function with a cache of its results for texts.

    Only texts are cached: as keys, 1, 1.0 and true would be the same.
    """

    def __init__(self, function: Callable[[Json], Json]) -> None:
        super().__init__()
        self._function = function

    def __call__(self, value: Json) -> Json:
        return self[value] if isinstance(value, str) else self._function(value)

    def column(self, values: Sequence[Json]) -> list[Json]:
        """Return the answer to each value."""
        return [
            self[value] if isinstance(value, str) else self._function(value)
            for value in values
        ]

    def __missing__(self, text: str) -> Json:
        answer = self._function(text)
        if len(self) < MOST:
            self[text] = answer
        return answer
