"""Reads the values of options and arguments without pydantic, with few exceptions.

Typer reads all but flags with it, and importing it takes longer than importing typer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer._click.core import Parameter
from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer._click.core import Context


def quick(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Let typer's options and arguments read their values as below."""
    for one in parameters:
        if isinstance(one, TyperOption):
            one.__class__ = _Option
        elif isinstance(one, TyperArgument):
            one.__class__ = _Argument
    return [*parameters]


class _Quick(Parameter):
    def process_value(self, ctx: Context, value: Any) -> Any:  # noqa: ANN401  click's
        """Read text, paths and defaults; typer reads the rest, and reports mistakes."""
        descriptor = getattr(self, "type_descriptor", None)  # earlier typers have none
        kind = getattr(descriptor, "annotation", None)
        if kind is Path and isinstance(value, str):
            value = Path(value)
        if _is_read(value, kind) and not (
            self.required and self.value_is_missing(value)
        ):
            return value if self.callback is None else self.callback(ctx, self, value)
        return super().process_value(ctx, value)  # type: ignore[safe-super]  # of the next class


def _is_read(value: object, kind: object) -> bool:
    if value is None:
        return True
    if kind == list[str]:
        return isinstance(value, list | tuple)
    return isinstance(kind, type) and isinstance(value, kind)


class _Option(_Quick, TyperOption):
    pass


class _Argument(_Quick, TyperArgument):
    pass
