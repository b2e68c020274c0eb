"""Looks a person up in the ledger, reading numbers as for leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.suppression_entry import identities_of_lead
from leadctl.phones.normalize import Normalizer
from leadctl.phones.numbering_plan import split
from leadctl.phones.rule import ANY_COUNTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.base import Ledger
    from leadctl.ledger.records import Trace


class Person(NamedTuple):
    """A person by number or external id; a suppression list may have `listed_as`."""

    name: str
    identity: str
    masked: str
    listed_as: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Person({self.masked})"


def by_number(text: str, region: str | None) -> Person:
    """Parse a number; raises PhoneUnreadable."""
    phone = Normalizer(ANY_COUNTRY, region)(text)
    digits = str(phone.wire)
    number = split(digits)
    code, national = number or ("", digits)
    return Person(
        f"+{digits}",
        f"phone {phone.key}",
        f"+{code} {'#' * len(national)}",
        frozenset(identities_of_lead(text, region)),
    )


def by_external_id(text: str) -> Person:
    """Return the person with this external id at a provider that compares ids."""
    return Person(f"external id {text}", f"external id {text}", "external id ####")


class Found(NamedTuple):
    person: Person
    traces: Sequence[Trace]
    is_suppressed: bool

    def __bool__(self) -> bool:
        return self.is_suppressed or bool(self.traces)


def find(ledger: Ledger, people: Sequence[Person]) -> list[Found]:
    """Look people up in all campaigns and on the ledger's suppression list."""
    traces = ledger.traces([person.identity for person in people])
    listed = ledger.suppression_list.among(
        [*{identity for person in people for identity in person.listed_as}]
    )
    return [
        Found(
            person,
            traces.get(person.identity, ()),
            not listed.isdisjoint(person.listed_as),
        )
        for person in people
    ]
