"""Declares options and arguments, and reads their values.

Typer reads all but flags with pydantic, which takes longer to import than typer itself.
"""

from __future__ import annotations

import re
import shlex
from enum import Enum, StrEnum
from inspect import Parameter, Signature, signature
from typing import (
    TYPE_CHECKING,
    Any,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import typer
from typer.core import TyperArgument, TyperOption

from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    import typer._click as click


class Section(StrEnum):
    """The purpose of a command or an option, in the order of the help."""

    IMPORT = "Import"
    AFTERWARDS = "Runs"
    PEOPLE = "People"
    SET_UP = "Set up"

    ARGUMENTS = "Arguments"
    COMMANDS = "Commands"
    OPTIONS = "Options"
    TARGET = "Destination"
    FILE = "Reading files"
    ROW = "Mapping and checks"
    SENDING = "Sending"
    TELLING = "Output"
    OTHER = "Other"


def option(
    usage: str,
    about: str,
    section: Section | None = None,
    **limits: Any,  # noqa: ANN401  typer's
) -> Any:  # noqa: ANN401  typer's own type for it
    """Declare an option of one command; `usage` has names and value: `--limit -l N`."""
    *names, last = usage.split()
    is_flag = last.startswith("-")
    return typer.Option(
        *names,
        *([last] if is_flag else []),
        help=about,
        metavar=None if is_flag else last,
        rich_help_panel=section,
        **limits,
    )


def shared(usage: str, about: str, section: Section, **limits: Any) -> Any:  # noqa: ANN401  as above
    """Declare an option that can be set by LEADCTL_ and its long name, too."""
    name = usage.split(maxsplit=1)[0]
    variable = "LEADCTL_" + name.lstrip("-").upper().replace("-", "_")
    VARIABLES[variable] = name
    return option(usage, about, section, envvar=variable, **limits)


def argument(name: str, about: str) -> Any:  # noqa: ANN401  as above
    return typer.Argument(metavar=name, help=about)


VARIABLES = {"LEADCTL_NO_COLOR": "--no-color"}
"""The variables of options, and their options."""


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Turn each TypedDict parameter of a command into one option per key.

    Without a value, a flag is False, a number is 0, and anything else is None.
    """
    own = signature(command, eval_str=True).parameters
    flattened: list[Parameter] = []
    for one in own.values():
        if not is_typeddict(one.annotation):
            flattened.append(one.replace(kind=Parameter.KEYWORD_ONLY))
            continue
        for key, kind in get_type_hints(one.annotation, include_extras=True).items():
            usual = {bool: False, int: 0}.get(kind.__origin__)
            flattened.append(
                Parameter(key, Parameter.KEYWORD_ONLY, default=usual, annotation=kind)
            )

    def flat(**values: Any) -> None:  # noqa: ANN401  whatever typer parsed
        groups = {
            name: {key: values.pop(key) for key in one.annotation.__annotations__}
            for name, one in own.items()
            if is_typeddict(one.annotation)
        }
        command(**values, **groups)

    flat.__signature__ = Signature(flattened)  # type: ignore[attr-defined]  # typer's
    flat.__doc__ = command.__doc__
    return flat


def given(context: typer.Context, among: Container[str] | None = None) -> list[str]:
    """Return the options as given, except those of output, for the next command.

    With `among`, only those with one of these names.
    """
    words: list[str] = []
    for one in context.command.params:
        source = context.get_parameter_source(one.name or "")
        is_given = source is not None and source.name == "COMMANDLINE"
        panel = getattr(one, "rich_help_panel", None)
        if among is not None and one.name not in among:
            continue
        if one.param_type_name == "option" and is_given and panel != Section.TELLING:
            name, value = max(one.opts, key=len), context.params.get(one.name or "")
            values = value if isinstance(value, list) else [value]
            for each in values:
                words += [name] if each is True else [name, str(each)]
    return words


def read_quickly(parameters: list[click.Parameter]) -> list[click.Parameter]:
    """Let options and arguments read their values without pydantic."""
    for one in parameters:
        if isinstance(one, TyperOption):
            one.__class__ = _QuickOption
        elif isinstance(one, TyperArgument):
            one.__class__ = _QuickArgument
    return parameters


class _Reader:
    """Reads the values of a parameter in place of typer's adapters."""

    def coerce(self, value: Any, param: Any, ctx: click.Context) -> Any:  # noqa: ANN401  of any parameter
        kind = param.type_descriptor.annotation
        try:
            if get_origin(kind) is list:
                (kind,) = get_args(kind)
                return value and [_read(one, kind, param) for one in value]
            return value if value is None else _read(value, kind, param)
        except ValueError as error:
            source = ctx.get_parameter_source(param.name)
            of_variable = source is not None and source.name == "ENVIRONMENT"
            name = param.envvar if of_variable else max(param.opts, key=len)
            ctx.fail(f"{name} {error}")


class _QuickArgument(TyperArgument):
    def get_runtime_param(self) -> Any:  # noqa: ANN401  a type of typer's own
        return _Reader()


class _QuickOption(TyperOption):
    def get_runtime_param(self) -> Any:  # noqa: ANN401  as above
        return _Reader()

    def split_envvar_value(self, rv: str) -> list[str]:
        """Split a variable with several values as a shell would, including quotes."""
        try:
            return shlex.split(rv)
        except ValueError as error:
            raise typer.BadParameter(f"{self.envvar} has an unclosed quote") from error


def _read(value: Any, kind: type[Any], option: TyperOption) -> Any:  # noqa: ANN401  of any parameter
    """Return a value of this kind; raises ValueError with what is wrong.

    A number is not repeated: in the wrong place, it could be somebody's phone.
    """
    if isinstance(value, kind):
        return value
    if kind is bool:
        return _switch(value)
    if kind is int:
        return _number(value, option)
    if issubclass(kind, Enum) and value not in (choices := [*kind]):
        near = nearest(value, map(str, choices))
        raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}{near}")
    return kind(value)


def _switch(text: str) -> bool:
    """Return whether a variable sets a flag."""
    from leadctl.model.lead_fields import FieldInvalid, boolean

    try:
        return boolean(text)
    except FieldInvalid as error:
        raise ValueError("must be 1 or 0") from error


def _number(text: str, option: TyperOption) -> int:
    text = text.strip()  # some programs that count print blanks, too
    if not re.fullmatch("[+-]?[0-9]{1,18}", text):
        raise ValueError("must be a whole number")
    number, least, most = int(text), option.min, option.max
    if least is not None and number < least:
        raise ValueError(f"must be {least} or more")
    if most is not None and number > most:
        raise ValueError(f"must be {most} or less")
    return number
