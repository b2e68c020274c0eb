"""The files of an order: opened, stdin kept, and where their reject files go."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from leadctl import profile, reader, rejects
from leadctl.cli.asked import STDIN
from leadctl.errors import InputUnusable, LeadctlError, LedgerUnusable, UsageError
from leadctl.folders import make_private
from leadctl.reader import Wishes
from leadctl.source import Format
from leadctl.wording import nearest, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.cli.asked import Asked
    from leadctl.profile import Profile
    from leadctl.source import Source

Choice = TypeVar("Choice", bound=StrEnum)


def sources(
    asked: Asked, spool: Path | None, mapped: Profile | None
) -> tuple[Source, ...]:
    """Open the files; what an option says wins over what the profile says.

    How a reject file is written the profile does not say: a spreadsheet may have saved
    it since, and a workbook's is CSV. Its encoding is the input's, or UTF-8 then.
    """
    said = _wishes(asked)
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
        wishes = of_rejects if rejects.is_ours(path) else pinned
        return replace(reader.open_source(path, wishes, spoken(given)), given=given)

    return tuple(map(opened, asked.files))


def _wishes(asked: Asked) -> Wishes:
    form = choice(Format, asked.format, "--format") if asked.format else None
    return Wishes(
        format=form,
        encoding=asked.encoding,
        delimiter=_delimiter(asked.delimiter),
        header=None if asked.header else False,
        sheet=asked.sheet,
        region=asked.region,
    )


def _pinned(mapped: Profile) -> Wishes:
    shape = mapped.shape
    return Wishes(
        format=Format(shape.format) if shape.format else None,
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        header=shape.header,
        sheet=shape.sheet,
        known=mapped.columns,
        phones=mapped.phones,
        region=mapped.region,
    )


@contextmanager
def spooled(asked: Asked, folder: Path) -> Iterator[Path | None]:
    """Keep what stdin said, readable by the owner alone, until the run is done with.

    Entered before anything else may read stdin: a config, a key's program, a keyring.
    The reject file reads it again, and so does a resume: it outlives a process that
    dies.
    """
    if STDIN not in asked.files:
        yield None
    elif asked.spool:
        copy = Path(asked.spool)
        if not copy.exists():
            raise InputUnusable("nothing of this run's stdin is left to send")
        yield copy
    else:
        make_private(folder)
        handle, name = tempfile.mkstemp(dir=folder, prefix="stdin-")
        copy = Path(name)
        try:
            _keep_stdin(handle)
            yield copy
        except LedgerUnusable:
            raise  # the run may have begun: a resume needs what was read
        except (LeadctlError, KeyboardInterrupt):
            copy.unlink(missing_ok=True)
            raise


def _keep_stdin(handle: int) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            if sys.stdin is None:
                raise InputUnusable("stdin is closed", hint="push a file, or pipe one")
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise InputUnusable(
            f"what stdin says cannot be kept: {error.strerror}",
            hint="free the disk, or push a file",
        ) from error


def rejects_files(asked: Asked, sources: Sequence[Source]) -> tuple[Path, ...]:
    if asked.rejects and len(sources) > 1:
        raise UsageError(
            "--rejects names one file; with several inputs each has its own"
        )
    paths = tuple(
        asked.rejects
        or rejects.default_path(
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
        rejects.require_ours(path)
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
