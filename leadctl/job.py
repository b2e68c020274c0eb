"""What to import where, and how the columns of its files map."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.errors import InputUnusable
from leadctl.mapping import bind, bind_by_name
from leadctl.phones.normalize import PhoneCheck
from leadctl.suppression import Suppressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.mapping import Mapper
    from leadctl.profile import Profile
    from leadctl.provider import Provider
    from leadctl.source import Source


@dataclass(frozen=True)
class RejectLimit:
    """`--max-rejects`: a number of rows, or a share of those read.

    A share is judged from 100 rows on, and at the end.
    """

    rows: int | None = None
    percent: float | None = None

    def is_passed(self, rejected: int, read: int, *, at_end: bool = False) -> bool:
        if self.rows is not None:
            return rejected > self.rows
        if self.percent is None or (read < 100 and not at_end):
            return False
        return rejected * 100 > self.percent * read


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Files, and what their rows are judged by.

    Without a provider only phones are checked. `skip` and `limit` count data rows of
    each file.
    """

    sources: tuple[Source, ...]
    provider: Provider | None = None
    profile: Profile | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    phone_check: PhoneCheck = PhoneCheck.POSSIBLE
    skip: int = 0
    limit: int | None = None
    suppressed: Suppressed = field(default_factory=Suppressed)

    @property
    def effective_region(self) -> str | None:
        return self.region or (self.profile.region if self.profile else None)


@dataclass(frozen=True, kw_only=True)
class Job(Rules):
    """What to import where."""

    provider: Provider
    campaign: str
    batch_size: int
    tags: tuple[str, ...] = ()
    reject_limit: RejectLimit = RejectLimit()


def require_mappable(job: Job) -> None:
    """Raise InputUnusable unless every file of the job fits the column map."""
    for source in job.sources:
        mapper_of(source, job.profile, job.constants)


def mapper_of(
    source: Source, profile: Profile | None, constants: Mapping[str, str]
) -> Mapper:
    """Bind a profile, or the names of lead fields, to a file's columns."""
    try:
        if profile:
            fixed = profile.with_constants(constants)
            return bind(fixed, source.columns, nested=source.nested)
        return bind_by_name(source.columns, constants, nested=source.nested)
    except InputUnusable as error:
        error.message = f"{source.shown}: {error.message}"
        if not profile:
            draft = f"leadctl profile guess {shlex.quote(source.recorded)}"
            error.hint = f"{error.hint}; a draft of one: {draft}"
        raise
