"""The files of an order: opened, and where their reject files go."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from leadctl.cli.cli_options import STDIN
from leadctl.mapping import profile
from leadctl.model.errors import UsageError
from leadctl.model.wording import display_name, nearest
from leadctl.reports import reject_file
from leadctl.sources import detect
from leadctl.sources.detect import ReadOptions
from leadctl.sources.source import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.cli.cli_options import CliOptions
    from leadctl.mapping.profile import Profile
    from leadctl.sources.source import Source

Choice = TypeVar("Choice", bound=StrEnum)


def sources(
    cli_options: CliOptions, spool: Path | None, mapped: Profile | None
) -> tuple[Source, ...]:
    """Open the files; what an option says wins over what the profile says.

    How a reject file is written the profile does not say: a spreadsheet may have saved
    it since, and a workbook's is CSV. Its encoding is the input's, or UTF-8 then.
    """
    said = _wishes(cli_options)
    pinned = said.over(_pinned(mapped)) if mapped else said
    of_rejects = replace(
        said,
        encoding=None,
        unless_utf8=pinned.encoding,
        known=pinned.known,
        phones=pinned.phones,
        region=pinned.region,
    )

    def opened(name: str) -> Source:
        given = str(Path(name))
        path = spool if spool and name == STDIN else Path(name)
        read_options = of_rejects if reject_file.is_ours(path) else pinned
        return replace(
            detect.open_source(path, read_options, display_name(given)), given=given
        )

    return tuple(map(opened, cli_options.files))


def _wishes(cli_options: CliOptions) -> ReadOptions:
    form = (
        choice(Format, cli_options.format, "--format") if cli_options.format else None
    )
    return ReadOptions(
        format=form,
        encoding=cli_options.encoding,
        delimiter=_delimiter(cli_options.delimiter),
        header=None if cli_options.header else False,
        sheet=cli_options.sheet,
        region=cli_options.region,
    )


def _pinned(mapped: Profile) -> ReadOptions:
    shape = mapped.shape
    return ReadOptions(
        format=Format(shape.format) if shape.format else None,
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        header=shape.header,
        sheet=shape.sheet,
        known=mapped.columns,
        phones=mapped.phones,
        region=mapped.region,
    )


def rejects_files(
    cli_options: CliOptions, sources: Sequence[Source]
) -> tuple[Path, ...]:
    if cli_options.rejects and len(sources) > 1:
        raise UsageError(
            "--rejects names one file; with several inputs each has its own"
        )
    paths = tuple(
        cli_options.rejects
        or reject_file.default_path(
            Path.cwd() / f"stdin.{source.format}"
            if source.given == STDIN
            else source.path,
            source.format,
        )
        for source in sources
    )
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("two inputs would share one reject file; push them one by one")
    for path in paths:
        if any(_is_same(path, source.path) for source in sources):
            raise UsageError(
                f"the reject file would replace an input: {path}",
                hint="push the files one by one, or name another with --rejects",
            )
        reject_file.require_ours(path)
    return paths


def _is_same(path: Path, other: Path) -> bool:
    return os.path.exists(path) and path.samefile(other)  # noqa: PTH110  any name will do


def _delimiter(text: str | None) -> str | None:
    found = profile.delimiter(text) if text else None
    if text and found is None:
        raise UsageError("--delimiter takes one character, or tab")
    return found


def choice(kind: type[Choice], text: str, option: str) -> Choice:
    names = [member.value for member in kind]
    if text.casefold() not in names:
        raise UsageError(
            f"{option} takes {', '.join(names)}, not {text!r}{nearest(text, names)}"
        )
    return kind(text.casefold())
