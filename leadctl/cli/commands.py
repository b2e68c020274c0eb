"""Adapts typer's commands and the layout of their help."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import typer
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from leadctl.cli.parameters import Section, read_quickly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typer._click.core import Context, Parameter
    from typer._click.formatting import HelpFormatter
    from typer.models import CommandFunctionType

    Row: TypeAlias = tuple[str, str, str]
    """A section's title, and a line in it: name and meaning."""


class Command(TyperCommand):
    """A command whose help groups its options."""

    def __init__(self, *given: Any, **settings: Any) -> None:  # noqa: ANN401  typer's
        super().__init__(*given, **settings)
        _prepare(self)

    def get_params(self, ctx: Context) -> list[Parameter]:
        return read_quickly(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Context) -> list[str]:  # noqa: ARG002  click's
        return [*usage(self)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002  click's
        arguments = [one for one in self.params if isinstance(one, TyperArgument)]
        rows = [(Section.ARGUMENTS, name_of(one), one.help or "") for one in arguments]
        _write(formatter, [*rows, *_options(self)])


class Group(TyperGroup):
    """A group of commands whose help also groups them."""

    def __init__(self, *given: Any, **settings: Any) -> None:  # noqa: ANN401  typer's
        super().__init__(*given, **settings)
        _prepare(self)

    def get_params(self, ctx: Context) -> list[Parameter]:
        return read_quickly(super().get_params(ctx))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Ignore `list` after a group that lists by itself, also behind its options."""
        _, rest, _ = self.make_parser(ctx).parse_args(args=[*args])
        if rest[:1] == ["list"] and self.invoke_without_command:
            args = [*args[: len(args) - len(rest)], *rest[1:]]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002  click's
        _write(formatter, [*self.listed(), *_options(self)])

    def listed(self) -> Iterator[Row]:
        """Yield the section, name and meaning of each command."""
        for name, one in self.commands.items():
            if isinstance(one, Command | Group):
                section = one.rich_help_panel or Section.COMMANDS
                yield section, name, one.get_short_help_str(80)


class Program(Group):
    """The program itself; its help is read from a table, without loading commands."""

    def listed(self) -> Iterator[Row]:
        from leadctl.cli.complete import vocabulary

        for name, one in vocabulary()["commands"].items():
            yield one["section"], name, one["help"]


class Commands(typer.Typer):
    """Commands with this layout."""

    def __init__(self, kind: type[Group] = Group, **settings: Any) -> None:  # noqa: ANN401  typer's own
        super().__init__(cls=kind, rich_markup_mode=None, **settings)

    def command(
        self,
        name: str | None = None,
        **settings: Any,  # noqa: ANN401  typer's own
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        return super().command(name, cls=Command, **settings)


def _prepare(command: Command | Group) -> None:
    """Let a command accept --no-color, --yes and --no-input, and name its variables.

    Scripts add these to all commands. Help names them only where they have an effect.
    """
    known = {name for one in command.params for name in one.opts}
    habits = _habits(is_colored="--json" in known)
    command.params += [one for one in habits if known.isdisjoint(one.opts)]
    command.epilog = variables(command)


@cache
def _habits(*, is_colored: bool) -> list[Any]:
    flag = partial(typer.Option, expose_value=False, show_envvar=False)
    no_color = flag(
        False,
        "--no-color",
        envvar="LEADCTL_NO_COLOR",
        callback=_switch_off_colors,
        help="No colors; so does NO_COLOR.",
        hidden=not is_colored,
        rich_help_panel=Section.TELLING,
    )
    holder = typer.Typer(add_completion=False)

    @holder.command()
    def _habit(
        yes: bool = flag(False, "--yes", "-y", hidden=True),
        no_input: bool = flag(False, "--no-input", hidden=True),
        no_color: bool = no_color,
    ) -> None: ...

    return [*typer.main.get_command(holder).params]


def _switch_off_colors(asked: bool) -> None:
    if asked:
        os.environ["NO_COLOR"] = "1"  # rich heeds it, and so does whatever we start


def shown_options(command: Command | Group) -> Iterator[TyperOption]:
    """Yield the options for help, manual pages and completion."""
    for one in command.params:
        if isinstance(one, TyperOption) and not one.hidden:
            yield one


def usage(command: Command | Group) -> Iterator[str]:
    """Yield what follows a command's name: `[OPTIONS] FILE...`."""
    yield "[OPTIONS]"
    if isinstance(command, Group):
        yield command.subcommand_metavar
    for one in command.params:
        if isinstance(one, TyperArgument):
            name = name_of(one) if one.required else f"[{name_of(one)}]"
            yield name + ("..." if one.nargs != 1 else "")


def name_of(shown: TyperArgument | TyperOption) -> str:
    """Return an option's names and the type of its value, or an argument's name."""
    taken = shown.metavar or ""
    if isinstance(shown, TyperOption):
        names = ", ".join(sorted(shown.opts, key=len))
        return names if shown.is_flag else f"{names} {taken}"
    return taken


def variables(command: Command | Group) -> str:
    """List the environment variables that the command reads in place of options."""
    options = [one for one in shown_options(command) if one.envvar]
    read = [str(one.envvar) for one in options]
    if len(read) > MOST_VARIABLES:
        return (
            f"Most options have a variable: {options[0].opts[0]} is {read[0]}; "
            "1 sets a flag."
        )
    return f"Variables in place of options: {', '.join(read)}." if read else ""


MOST_VARIABLES = 6


def _options(command: Command | Group) -> Iterator[Row]:
    for one in shown_options(command):
        yield one.rich_help_panel or Section.OPTIONS, name_of(one), one.help or ""
    if command.add_help_option:
        yield Section.OTHER, "-h, --help", "Show this message and exit."


def _write(formatter: HelpFormatter, rows: Iterable[Row]) -> None:
    sections: dict[Section, list[tuple[str, str]]] = {one: [] for one in Section}
    for title, name, meaning in rows:
        sections[Section(title)].append((name, meaning))
    for title, lines in sections.items():
        if lines:
            with formatter.section(title):
                formatter.write_dl(lines)
