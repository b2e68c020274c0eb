"""The nouns every room shares: rows, leads, batches and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, Union

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
Cells: TypeAlias = Union["list[str]", "dict[str, Json]"]
"""A data row: cells in the order of the header (CSV), or the object itself (JSONL)."""

OWN = "_leadctl_"
"""Columns that begin so are ours, from a reject file; they are never mapped."""


class Status(StrEnum):
    """What became of a row. Every row read ends with exactly one."""

    CREATED = "created"  # the provider says this lead is now in the campaign
    ACCEPTED = "accepted"  # queued there; nothing more is reported per lead
    DUPLICATE = "duplicate"  # it was there already
    REJECTED = "rejected"  # not acceptable as it is
    SUPPRESSED = "suppressed"  # left out on the user's word
    FAILED = "failed"  # certainly not delivered; sending again is safe
    UNKNOWN = "unknown"  # sent, the answer lost; sending again could add it twice


DELIVERED = frozenset({Status.CREATED, Status.ACCEPTED})
IN_REJECT_FILE = frozenset({Status.REJECTED, Status.FAILED})


class Code(StrEnum):
    """Why a row is not `created` or `accepted`. Scripts rely on these words."""

    ROW_MALFORMED = "row_malformed"
    PHONE_MISSING = "phone_missing"
    PHONE_INVALID = "phone_invalid"
    PHONE_WRONG_COUNTRY = "phone_wrong_country"
    PHONE_DAMAGED = "phone_damaged"
    FIELD_INVALID = "field_invalid"
    FIELD_MISSING = "field_missing"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    DUPLICATE_IN_CAMPAIGN = "duplicate_in_campaign"
    ALREADY_DELIVERED = "already_delivered"
    SKIPPED_BY_RULE = "skipped_by_rule"
    ON_SUPPRESSION_LIST = "on_suppression_list"
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
    """A row that cannot be mapped: its cells where it could be split, else its text."""

    number: int
    reason: str
    cells: Cells | str


class Block(NamedTuple):
    """Rows that stand together in a file: `cells` of each, and the `numbers` they have.

    Rows that cannot be mapped are apart; all that was read lies from `first` to `last`.
    Steps that a row takes together with its neighbours cost a third of what they cost
    one by one: what a run does with each row, it does by the block.
    """

    first: int
    last: int
    numbers: Sequence[int]
    cells: Sequence[Cells]
    malformed: Sequence[Malformed] = ()

    def between(self, first: int, last: float) -> Block:
        """Return the part within these numbers, both included."""
        kept = [i for i, number in enumerate(self.numbers) if first <= number <= last]
        return Block(
            max(first, self.first),
            int(min(last, self.last)),
            [self.numbers[i] for i in kept],
            [self.cells[i] for i in kept],
            [row for row in self.malformed if first <= row.number <= last],
        )


class Phone(NamedTuple):
    """A number as one provider takes it (`wire`) and as it is known again (`key`).

    `repairs` names what was mended in the cell first.
    """

    wire: str
    key: str
    repairs: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Phone(hidden)"


class Lead(NamedTuple):
    """A row that fits its provider: the object to send, and what it is recognised by.

    `digests` are keyed hashes of the phone and, where the provider compares it, the
    external id.
    """

    row: int
    phone: Phone
    wire: dict[str, Json]
    digests: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Lead(row={self.row}, hidden)"


class Finding(NamedTuple):
    """A verdict on a row that ends neither `created` nor `accepted`."""

    row: int
    status: Status
    code: Code
    reason: str
    field: str = ""


class Outcome(NamedTuple):
    """What a provider's answer says of one lead; `reason` is the provider's text."""

    status: Status
    code: Code | None = None
    reason: str = ""


CREATED = Outcome(Status.CREATED)
ACCEPTED = Outcome(Status.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Batch:
    """Leads of one file that travel in one request.

    `id` is written to the ledger before the first attempt and stays the same for every
    repeat of the same leads; where a provider takes an idempotency key, it is this one.
    """

    id: UUID
    campaign: str
    file: int
    leads: tuple[Lead, ...]
    tags: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.leads)

    def __repr__(self) -> str:
        return f"Batch({self.id}, {len(self)} leads)"
