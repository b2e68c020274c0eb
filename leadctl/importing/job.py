"""The job: what to import where, as plain values that are stored with its run."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from leadctl.model.errors import UsageError
from leadctl.phones.rule import Numbers, PhoneCheck
from leadctl.sources.formats import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.model.leads import Json


@dataclass(frozen=True)
class RejectLimit:
    """`--max-rejects`: a number of rows, or a share of those read.

    A share counts from 100 rows on, and at the end.
    """

    rows: int | None = None
    percent: float | None = None

    @classmethod
    def named(cls, limit: int | str) -> Self:
        """Parse `100` or `5%`."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", str(limit).strip())
        if not found or (not found[2] and "." in found[1]):
            raise UsageError(
                "--max-rejects must be a number of rows (100) or a percentage (5%)"
            )
        return cls(percent=float(found[1])) if found[2] else cls(rows=int(found[1]))

    def is_passed(self, rejected: int, read: int, *, at_end: bool = False) -> bool:
        if self.rows is not None:
            return rejected > self.rows
        if self.percent is None or (read < 100 and not at_end):
            return False
        return rejected * 100 > self.percent * read


NO_LIMIT = RejectLimit()


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to import where; opening it again gives the same leads.

    It holds no secret and no lead. `files` are paths, or names of `copies`.
    """

    files: tuple[str, ...] = ()
    provider: str | None = None
    account: str | None = None
    campaign: str | None = None
    campaign_name: str = ""
    """What the provider calls it, where the preflight check says so."""
    profile: str | None = None
    mapping: Json = None
    """The profile's content, so that a resumed run maps as it began."""
    region: str | None = None
    phone_check: PhoneCheck = PhoneCheck.POSSIBLE
    numbers: Numbers | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    batch_size: int | None = None
    limit: int | None = None
    skip: int = 0
    reject_limit: RejectLimit = NO_LIMIT
    suppress: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """Columns not to be read."""
    rejects: str | None = None
    rejects_dir: str | None = None
    acknowledge_compliance: bool = False
    resend_delivered: bool = False
    sandbox: bool = False
    ledger: str | None = None
    """The ledger of a sandbox run that is kept."""
    workers: int | None = None
    """How many processes to start; None for a run in one process."""
    config: str | None = None
    copies: Mapping[str, str] = field(default_factory=dict)
    """Our copies, by name, of what can only be read once, such as stdin (`-`)."""
    base_url: str | None = None
    """Where the leads went, to compare with a later run to the campaign."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """How each file's phone column reads digits without +."""
    column_numbers: str | None = None
    """The `numbers` option that decides like these columns; empty if none does."""
    given_up: bool = False
    """Whether the run was given up (`runs stop --give-up`)."""

    def absolute(self) -> Job:
        """Return the same job, independent of the current folder."""
        return replace(
            self,
            files=tuple(
                name if name in self.copies else _absolute(name) for name in self.files
            ),
            suppress=tuple(map(_absolute, self.suppress)),
            rejects=self.rejects and _absolute(self.rejects),
            rejects_dir=self.rejects_dir and _absolute(self.rejects_dir),
            config=self.config and _absolute(self.config),
        )

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Restore a job; missing members have their default."""
        said: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document.items()
        }
        for name, kind in _KINDS.items():
            if said.get(name):
                said[name] = kind(said[name])
        return cls(**said)


_KINDS: dict[str, Callable[[Any], object]] = {
    "phone_check": PhoneCheck,
    "numbers": Numbers,
    "format": Format,
    "reject_limit": lambda limit: RejectLimit(**limit),
}


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
