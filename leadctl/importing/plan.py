"""The plan of an import: its opened files, and the rules for their rows."""

from __future__ import annotations

import math
import shlex
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.importing.job import Job
from leadctl.importing.suppression import Suppressed
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import bind, bind_by_name
from leadctl.model.clock import now
from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import INSTRUCTIONS
from leadctl.model.wording import MOST_NAMES, count
from leadctl.phones.rule import Numbers
from leadctl.sources.detect import open_sheets
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from leadctl.mapping.mapper import Mapper
    from leadctl.mapping.profile import Profile
    from leadctl.model.leads import Block
    from leadctl.phones.column import ColumnSays
    from leadctl.providers.base import Provider
    from leadctl.sources.source import Source


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """The files of a job, and the rules for their rows.

    Without a provider only phones are checked.
    """

    sources: tuple[Source, ...]
    job: Job = field(default_factory=Job)
    provider: Provider | None = None
    profile: Profile | None = None
    region: str | None = None
    numbers: Numbers = Numbers.AUTO
    earlier_columns: Mapping[str, ColumnSays] = field(default_factory=dict)
    """What an earlier run decided about the phone columns, by path."""
    suppressed: Suppressed = field(default_factory=Suppressed)
    now: Callable[[], datetime] = now

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone of times without one."""
        return self.profile.zone if self.profile else None

    def within(self, block: Block) -> Block | None:
        """Return the part of a block to read (--skip, --limit)."""
        skip, limit = self.job.skip, self.job.limit
        first, last = skip + 1, math.inf if limit is None else skip + limit
        if first <= block.first and block.last <= last:
            return block
        if block.first > last or block.last < first:
            return None
        return block.between(first, last)

    @property
    def effective_region(self) -> str | None:
        """The region of numbers without a country code."""
        said = self.region or (self.profile.region if self.profile else None)
        return said or (self.provider.phone_rule.country if self.provider else None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan(Rules):
    provider: Provider
    campaign: str
    batch_size: int


class UnusableFiles:
    """Collects what is wrong with several files, to report all of it at once."""

    def __init__(self) -> None:
        self.found: list[InputUnusable] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        try:
            yield
        except InputUnusable as error:
            self.found.append(error)

    def require_none(self) -> None:
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            lines = [one.message for one in self.found[:MOST_NAMES]]
            if (more := len(self.found) - MOST_NAMES) > 0:
                lines.append(f"and {count(more, 'more file')}")
            hints = dict.fromkeys(one.hint for one in self.found if one.hint)
            several = "fix these files or move them away, or name only the others"
            lines += hints if len(hints) == 1 else [several]
            number = count(len(self.found), "file")
            raise InputUnusable(
                f"{number} cannot be used; nothing was sent", hint="\n".join(lines)
            )


def mappers_of(rules: Rules, unusable: UnusableFiles | None = None) -> list[Mapper]:
    """Bind every file; InputUnusable names all files that cannot be used."""
    mappers, unusable = [], unusable or UnusableFiles()
    for source in rules.sources:
        with unusable.noted():
            mappers.append(mapper_of(source, rules))
    unusable.require_none()
    return mappers


def require_acted_on(profile: Profile, provider: Provider) -> None:
    """Raise InputUnusable for a field that the provider does not support."""
    for name in INSTRUCTIONS:
        if name in profile.fields and not provider.has_place_for(name):
            raise profile.document.problem(
                (*profile.at, "fields", name),
                f"{provider.title} does not support {name}",
                hint=f"remove {name} from the profile for {provider.title}",
            )


def _fitting_sheet(source: Source, rules: Rules) -> str | None:
    """Return the first other sheet of a workbook whose columns can be bound."""
    if not source.sheet:
        return None
    known = rules.profile.columns if rules.profile else frozenset()
    with suppress(InputUnusable):  # a damaged sheet
        for other in open_sheets(source.path, ReadOptions(known=known)):
            with suppress(InputUnusable):
                _bound(other, rules)
                return other.sheet
    return None


def _bound(source: Source, rules: Rules) -> Mapper:
    header = Header(source.columns, source.nested)
    if rules.profile:
        fixed = rules.profile.with_constants(rules.job.constants)
        return bind(fixed, header, rules.job.ignored)
    return bind_by_name(header, rules.job.constants, rules.job.ignored)


def mapper_of(source: Source, rules: Rules) -> Mapper:
    """Bind a profile, or the names of lead fields, to a file's columns."""
    try:
        return _bound(source, rules)
    except InputUnusable as error:
        hint = error.hint
        if sheet := _fitting_sheet(source, rules):
            hint = f"the sheet {sheet!r} fits: --sheet {shlex.quote(sheet)}"
        elif not rules.profile:
            sheet = rules.job.sheet
            words = [source.recorded, *(["--sheet", sheet] if sheet else [])]
            draft = f"leadctl profile guess {shlex.join(words)}"
            hint = f"{hint}; to draft a profile: {draft}"
        raise error.but(
            message=f"{source.shown}: {error.message}", hint=hint
        ) from error
