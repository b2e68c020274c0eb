"""Reads the values of options and arguments without pydantic, with few exceptions.

Typer reads all but flags with it, and importing it takes longer than importing typer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperArgument, TyperOption

from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typer._click.core import Context, Parameter


def quick(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Let typer's options and arguments read their values as below."""
    for one in parameters:
        if isinstance(one, TyperOption):
            one.__class__ = _Option
        elif isinstance(one, TyperArgument):
            one.__class__ = _Argument
    return [*parameters]


class _Option(TyperOption):
    def process_value(self, ctx: Context, value: Any) -> Any:  # noqa: ANN401  click's
        try:
            return _read(self, ctx, value, super().process_value)
        except typer.BadParameter as error:
            if message := _mistake(self, value):
                raise _Unfit(message, ctx, self) from error
            raise


class _Argument(TyperArgument):
    def process_value(self, ctx: Context, value: Any) -> Any:  # noqa: ANN401  click's
        return _read(self, ctx, value, super().process_value)


class _Unfit(typer.BadParameter):
    def format_message(self) -> str:
        return self.message


def _read(
    parameter: TyperOption | TyperArgument,
    ctx: Context,
    value: object,
    by_typer: Callable[[Context, Any], object],
) -> object:
    """Read text, paths and defaults; typer reads the rest, and reports mistakes."""
    descriptor = getattr(parameter, "type_descriptor", None)  # typer 0.28 and later
    kind = getattr(descriptor, "annotation", None)
    if kind is Path and isinstance(value, str):
        value = Path(value)
    if not _is_read(value, kind) or (
        parameter.required and parameter.value_is_missing(value)
    ):
        return by_typer(ctx, value)
    return parameter.callback(ctx, parameter, value) if parameter.callback else value


def _is_read(value: object, kind: object) -> bool:
    if value is None:
        return True
    if kind == list[str]:
        return isinstance(value, list | tuple)
    return isinstance(kind, type) and isinstance(value, kind)


def _mistake(option: TyperOption, value: Any) -> str:  # noqa: ANN401  text, or texts
    """Say what is wrong with a number or a choice.

    A number is not repeated: in the wrong place, it could be somebody's phone.
    """
    name, choices = max(option.opts, key=len), (option.metavar or "").split("|")
    limits = getattr(option, "type", None) or option  # the type before typer 0.28
    least, most = getattr(limits, "min", None), getattr(limits, "max", None)
    if len(choices) > 1:
        given = [value] if isinstance(value, str) else value
        wrong = next(one for one in given if one not in choices)
        near = nearest(wrong, choices)
        return f"{name} must be one of {', '.join(choices)}, not {wrong!r}{near}"
    if least is None:
        return ""
    try:
        too_small = int(value) < least
    except ValueError:
        return f"{name} must be a whole number"
    return f"{name} must be {f'{least} or more' if too_small else f'{most} or less'}"
