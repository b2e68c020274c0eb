"""The options of an import; messages name them as the command line does: --region."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import partial
from itertools import chain
from math import isinf
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, cast

import platformdirs

from leadctl.config import config
from leadctl.importing.job import NO_LIMIT, Job, RejectLimit
from leadctl.mapping import profile
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.wording import nearest
from leadctl.phones.rule import Numbers, PhoneCheck
from leadctl.sources.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.runs.spool import Streams

FileName: TypeAlias = str | os.PathLike[str]
Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Iterable[Row]
Files: TypeAlias = FileName | Rows | Iterable[FileName | Rows]
"""A path, rows (one mapping each), or several of these."""

Choice = TypeVar("Choice", bound=StrEnum)


class PreviewOptions(TypedDict, total=False):
    """How files are read and mapped."""

    provider: str | None
    account: str | None
    profile: FileName | None
    region: str | None
    phone_check: str | None
    numbers: str | None
    set: Mapping[str, object] | Sequence[str] | None
    """Constants, by lead field; or texts such as `source=fair`."""
    ignore_column: Sequence[str] | None
    format: str | None
    encoding: str | None
    delimiter: str | None
    no_header: bool
    sheet: str | None
    config: FileName | None


class CheckOptions(PreviewOptions, total=False):
    """The same, plus which rows are read and what happens to invalid ones."""

    campaign: str | None
    limit: int | None
    skip: int
    max_rejects: int | str | None
    """Rows, or a share of them such as `5%`."""
    suppress: Sequence[FileName] | None
    rejects: FileName | None
    rejects_dir: FileName | None
    strict: bool
    """Do not begin where anything about the files is in doubt."""
    ledger: FileName | None


class PushOptions(CheckOptions, total=False):
    """The same, plus how leads are sent."""

    tag: Sequence[str] | None
    batch_size: int | None
    wait: int
    """Seconds to wait for a campaign that another run holds."""
    dry_run: bool
    sandbox: bool
    keep: bool
    """Keep a run in the sandbox, in a ledger of its own."""
    workers: int | None
    """Worker processes to start; 0 waits for those that others start."""
    resend_delivered: bool
    acknowledge_compliance: bool
    yes: bool
    """Send also to a campaign that may not take leads."""


_TEXTS = [
    "provider",
    "account",
    "campaign",
    "region",
    "phone_check",
    "numbers",
    "format",
    "encoding",
    "sheet",
    "delimiter",
]


def job_of(files: Sequence[str], said: PushOptions) -> Job:
    """Return the job of these options; UsageError, or TypeError for an unknown name."""
    for name in said.keys() - PushOptions.__annotations__.keys():
        near = nearest(name, PushOptions.__annotations__)
        raise TypeError(f"no option {name!r}{near}")
    values: Mapping[str, object] = said
    for name in _TEXTS:
        if not isinstance(value := values.get(name), str | None):
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{option} must be text, not {type(value).__name__}")
    limit = said.get("max_rejects")
    return Job(
        files=tuple(files),
        provider=said.get("provider"),
        account=said.get("account"),
        campaign=said.get("campaign"),
        profile=_text(said.get("profile")),
        region=said.get("region"),
        phone_check=_choice(PhoneCheck, said.get("phone_check"), "--phone-check")
        or PhoneCheck.POSSIBLE,
        numbers=_choice(Numbers, said.get("numbers"), "--numbers"),
        constants=_constants(said.get("set") or {}),
        tags=_several(said.get("tag")),
        format=_choice(Format, said.get("format"), "--format"),
        encoding=said.get("encoding"),
        delimiter=_delimiter(said.get("delimiter")),
        header=False if said.get("no_header") else None,
        sheet=said.get("sheet"),
        batch_size=_least(1, said.get("batch_size"), "--batch-size"),
        limit=_least(0, said.get("limit"), "--limit"),
        skip=_least(0, said.get("skip"), "--skip") or 0,
        reject_limit=NO_LIMIT if limit is None else RejectLimit.named(limit),
        suppress=_several(said.get("suppress")),
        ignored=_several(said.get("ignore_column")),
        rejects=_text(said.get("rejects")),
        rejects_dir=_text(said.get("rejects_dir")),
        acknowledge_compliance=said.get("acknowledge_compliance", False),
        resend_delivered=said.get("resend_delivered", False),
        sandbox=said.get("sandbox", False),
        workers=_workers(said),
        ledger=_kept_in(said),
        config=_text(config.named(said.get("config"))),
    )


def _workers(said: PushOptions) -> int | None:
    workers = _least(0, said.get("workers"), "--workers")
    if workers is not None and (said.get("sandbox") or said.get("dry_run")):
        raise UsageError("--sandbox and --dry-run run in one process; remove --workers")
    return workers


def _kept_in(said: PushOptions) -> str | None:
    if not said.get("keep"):
        return None
    if not said.get("sandbox"):
        raise UsageError("--keep requires --sandbox; other runs are always kept")
    return str(platformdirs.user_state_path("leadctl") / "sandbox.sqlite")


def streams_of(files: Files) -> tuple[list[str], Streams]:
    """Return the names of files, and the content of what can only be read once."""
    given = _each([files] if isinstance(files, (str, os.PathLike)) else files)
    first = next(given, None)
    if isinstance(first, Mapping):
        given = iter([chain([first], cast("Iterator[Row]", given))])
    elif first is not None:
        given = chain([first], given)
    names: list[str] = []
    streams: dict[str, Iterable[bytes]] = {}
    for one in given:
        if isinstance(one, (str, os.PathLike)):
            name = os.fspath(one)
            if name == "-":
                streams[name] = _stdin()
        else:
            name = f"rows-{len(streams) + 1}" if streams else "rows"
            streams[name] = _rows(_each(one))
        names.append(name)
    for name in streams.keys() - {"-"}:
        if names.count(name) > 1:
            raise UsageError(f"a file called {name!r} needs a folder: ./{name}")
    return names, streams


def _each(given: object) -> Iterator[Any]:
    if isinstance(given, Iterable) and not isinstance(given, Mapping):
        return iter(given)
    message = f"leads are files or rows, not {type(given).__name__}"
    hint = "pass paths, or rows as mappings: push([{'phone': '+1 555 010 0001'}])"
    raise UsageError(message, hint=hint)


def _stdin() -> Iterator[bytes]:
    if sys.stdin is None:
        raise InputUnusable("stdin is closed", hint="name a file, or pipe one")
    try:
        yield from iter(partial(sys.stdin.buffer.read, 1 << 16), b"")
    except OSError as error:
        raise InputUnusable(f"cannot read stdin: {error.strerror}") from error


def _rows(rows: Iterator[Any]) -> Iterator[bytes]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            kind = type(row).__name__
            raise UsageError(f"row {number} must be a mapping, not {kind}")
        cells = {key: _cell(cell) for key, cell in row.items()}
        try:
            text = json.dumps(cells, default=str, allow_nan=False)
        except ValueError as error:  # within a list or an object
            raise UsageError(f"row {number} cannot be written as JSON") from error
        yield text.encode() + b"\n"


def _cell(cell: object) -> object:
    """Return a cell as JSON: NaN is empty, an infinite number is text."""
    if cell != cell:  # noqa: PLR0124  NaN, NaT
        return None
    return str(cell) if isinstance(cell, float) and isinf(cell) else cell


def _text(path: FileName | None) -> str | None:
    return None if path is None else os.fspath(path)


def _several(given: FileName | Sequence[FileName] | None) -> tuple[str, ...]:
    """Return texts or paths; a single one need not be in a list."""
    if isinstance(given, (str, os.PathLike)):
        given = [given]
    return tuple(map(str, given or ()))


def _least(least: int, number: int | None, option: str) -> int | None:
    if not isinstance(number, int | None):
        raise UsageError(f"{option} must be a whole number")
    if number is not None and number < least:
        raise UsageError(f"{option} must be {least} or more")
    return number


def _choice(kind: type[Choice], text: str | None, option: str) -> Choice | None:
    if not text:
        return None
    names = [member.value for member in kind]
    if text.casefold() not in names:
        raise UsageError(
            f"{option} must be one of {', '.join(names)}, not {text!r}"
            f"{nearest(text, names)}"
        )
    return kind(text.casefold())


def _delimiter(text: str | None) -> str | None:
    found = profile.delimiter(text) if text else None
    if text and found is None:
        raise UsageError("--delimiter must be one character, or tab")
    return found


def _constants(given: Mapping[str, object] | Sequence[str]) -> Mapping[str, str]:
    if isinstance(given, Mapping):
        return {name: str(value) for name, value in given.items()}
    constants = {}
    for text in _several(given):
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set takes FIELD=VALUE, not {text!r}")
        constants[name.strip()] = value
    return constants
