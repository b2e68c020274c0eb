"""Rows, leads, batches and their outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress, zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, Union, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
Cells: TypeAlias = Union["list[str]", "dict[str, Json]"]
"""A data row: cells in the order of the header (CSV), or the object itself (JSONL)."""

OWN = "_leadctl_"
"""Prefix of leadctl's columns in a reject file; they are never mapped."""


class Status(StrEnum):
    """The outcome of a row; every row read has exactly one in the end."""

    CREATED = "created"  # the provider says this lead is now in the campaign
    ACCEPTED = "accepted"  # queued there; nothing more is reported per lead
    DUPLICATE = "duplicate"  # it was there already
    REJECTED = "rejected"  # not acceptable as it is
    SUPPRESSED = "suppressed"  # left out on the user's word or the person's
    FAILED = "failed"  # certainly not delivered; sending again is safe
    UNKNOWN = "unknown"  # sent, the answer lost; sending again could add it twice


DELIVERED = (Status.CREATED, Status.ACCEPTED)
IN_REJECT_FILE = (Status.REJECTED, Status.FAILED)


class Code(StrEnum):
    """Why a row is not `created` or `accepted`. Scripts rely on these words."""

    ROW_MALFORMED = "row_malformed"
    PHONE_MISSING = "phone_missing"
    PHONE_INVALID = "phone_invalid"
    PHONE_WRONG_COUNTRY = "phone_wrong_country"
    PHONE_DAMAGED = "phone_damaged"
    PHONE_AMBIGUOUS = "phone_ambiguous"
    FIELD_INVALID = "field_invalid"
    FIELD_MISSING = "field_missing"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    DUPLICATE_IN_CAMPAIGN = "duplicate_in_campaign"
    ALREADY_DELIVERED = "already_delivered"
    SKIPPED_BY_RULE = "skipped_by_rule"
    OPTED_OUT = "opted_out"
    ON_SUPPRESSION_LIST = "on_suppression_list"
    ON_PROVIDER_DNC = "on_provider_dnc"
    PROVIDER_REJECTED = "provider_rejected"
    BATCH_REFUSED = "batch_refused"
    NOT_SENT = "not_sent"
    NOT_PROCESSED = "not_processed"
    ANSWER_LOST = "answer_lost"
    ANSWER_UNREADABLE = "answer_unreadable"


class Row(NamedTuple):
    """A data row as read. `number` counts from 1; a header is not a row."""

    number: int
    cells: Cells


class Malformed(NamedTuple):
    """A row that cannot be mapped: its cells if it could be split, else its text."""

    number: int
    reason: str
    cells: Cells | str


class Block(NamedTuple):
    """Consecutive rows of a file: their `numbers` and `cells`, malformed ones apart."""

    first: int
    last: int
    numbers: Sequence[int]
    cells: list[Cells]
    malformed: Sequence[Malformed] = ()

    def between(self, first: int, last: float) -> Block:
        """Return the rows within these numbers, both included."""
        kept = [i for i, number in enumerate(self.numbers) if first <= number <= last]
        return Block(
            max(first, self.first),
            int(min(last, self.last)),
            [self.numbers[i] for i in kept],
            [self.cells[i] for i in kept],
            [row for row in self.malformed if first <= row.number <= last],
        )


class Phone(NamedTuple):
    """A number as a provider takes it, the identity it reaches, and its repairs."""

    wire: str
    key: str
    repairs: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Phone(hidden)"


class Lead(NamedTuple):
    """A row that fits its provider: the object to send, hashes of its identities."""

    row: int
    phone: Phone
    wire: dict[str, Json]
    digests: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Lead(row={self.row}, hidden)"


@dataclass(frozen=True, slots=True)
class Leads(Sequence[Lead]):
    """Leads of one file in the order of their rows, kept in columns for speed.

    `phones` are in the provider's form, `keys` are the identities they reach, and
    `fields` are what is sent, by key in the request. `digests` has a column for each
    identity that the provider compares, the phone's first. A missing value is None.
    """

    rows: Sequence[int] = ()
    phones: Sequence[str] = ()
    keys: Sequence[str] = ()
    fields: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    digests: Sequence[Sequence[bytes | None]] = ((),)

    def __len__(self) -> int:
        return len(self.rows)

    def wires(self) -> list[Json]:
        """Return the objects to send, newly built."""
        found: list[dict[str, Json]] = [{} for _ in self.rows]
        for name, column in self.fields.items():
            for wire, value in zip(found, column, strict=True):
                if value is not None:
                    wire[name] = value
        return [*found]

    @overload
    def __getitem__(self, place: int) -> Lead: ...
    @overload
    def __getitem__(self, place: slice) -> Leads: ...
    def __getitem__(self, place: int | slice) -> Lead | Leads:
        if isinstance(place, slice):
            return self._each(itemgetter(place))
        digests = (column[place] for column in self.digests)
        wire = {name: column[place] for name, column in self.fields.items()}
        return Lead(
            self.rows[place],
            Phone(self.phones[place], self.keys[place]),
            {name: value for name, value in wire.items() if value is not None},
            tuple(digest for digest in digests if digest is not None),
        )

    def __add__(self, later: Leads) -> Leads:
        """Append later leads."""
        if not self.rows:
            return later

        def joined(column: Sequence[Any], more: Sequence[Any]) -> Sequence[Any]:
            return [*(column or [None] * len(self)), *(more or [None] * len(later))]

        names = {**self.fields, **later.fields}
        digests = zip_longest(self.digests, later.digests, fillvalue=())
        return Leads(
            joined(self.rows, later.rows),
            joined(self.phones, later.phones),
            joined(self.keys, later.keys),
            {n: joined(self.fields.get(n, ()), later.fields.get(n, ())) for n in names},
            [joined(column, more) for column, more in digests],
        )

    def chosen(self, flags: Sequence[bool]) -> Leads:
        """Return the leads whose flag is true."""
        return self._each(lambda column: [*compress(column, flags)])

    def _each(self, change: Callable[[Sequence[Any]], Sequence[Any]]) -> Leads:
        return Leads(
            change(self.rows),
            change(self.phones),
            change(self.keys),
            {name: change(column) for name, column in self.fields.items()},
            [*map(change, self.digests)],
        )

    def among(self, hashes: set[bytes]) -> list[bool]:
        """Tell for each lead whether one of its identities is among these."""
        return [
            any(digest in hashes for digest in digests)
            for digests in zip(*self.digests, strict=True)
        ]

    def identities(self) -> list[tuple[int, bytes]]:
        """Return the row and hash of each identity."""
        return [
            (row, digest)
            for column in self.digests
            for row, digest in zip(self.rows, column, strict=True)
            if digest is not None
        ]

    def hashes(self) -> list[bytes]:
        """Return the hashes of all identities."""
        return [digest for column in self.digests for digest in column if digest]

    def only_hashes(self) -> list[bytes]:
        """Return the hashes of those that have a single identity."""
        return [
            phone
            for phone, *others in zip(*self.digests, strict=True)
            if phone is not None and not any(others)
        ]

    def __repr__(self) -> str:
        return f"Leads({len(self)}, hidden)"


class Finding(NamedTuple):
    """A verdict on a row that ends neither `created` nor `accepted`."""

    row: int
    status: Status
    code: Code
    reason: str
    field: str = ""


class Outcome(NamedTuple):
    """What a provider's answer says about one lead; `reason` is the provider's text."""

    status: Status
    code: Code | None = None
    reason: str = ""


CREATED = Outcome(Status.CREATED)
ACCEPTED = Outcome(Status.ACCEPTED)


@dataclass(frozen=True)
class Note:
    """A remark about a run; a quiet run prints only warnings."""

    code: str
    message: str
    count: int = 0
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Leads of one file that travel in one request.

    `id` stays the same for every repeat, as idempotency key. `is_stale`: it has been in
    doubt so long that the provider may not recognise a repeat.
    """

    id: UUID
    campaign: str
    file: int
    leads: Leads
    tags: tuple[str, ...] = ()
    is_stale: bool = False

    def __len__(self) -> int:
        return len(self.leads)

    def __repr__(self) -> str:
        return f"Batch({self.id}, {len(self)} leads)"
