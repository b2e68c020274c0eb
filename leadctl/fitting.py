"""Mapped fields -> the lead a provider takes, or the field and why it would not.

Like the mapping it goes field by field, for all rows of a block together.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from leadctl.fields import FieldInvalid, mapping, text
from leadctl.model import Code, Lead
from leadctl.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.fields import Check
    from leadctl.mapping import Table, Values
    from leadctl.model import Json, Phone
    from leadctl.phone import Normaliser
    from leadctl.provider import Provider


class Unfit(Exception):
    """Why a row cannot be sent as it is. The reason never repeats a cell."""

    def __init__(self, code: Code, field: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.field = field
        self.reason = reason


class Fitter:
    """Checks rows against one provider and writes the objects that go on the wire.

    `digest` turns an identity (phone or external id) into the keyed hash the ledger
    knows. `unplaced` collects the fields that rows had and the provider has no place
    for.
    """

    def __init__(
        self, provider: Provider, normalise: Normaliser, digest: Callable[[str], bytes]
    ) -> None:
        self._provider = provider
        self._normalise = normalise
        self._digest = digest
        self._fields = [(f.name, f.wire, _quick(f.check)) for f in provider.fields]
        self._builds_name = any(field.name == "name" for field in provider.fields)
        self._compares_external_id = provider.compares_external_id
        self._phone_wire = provider.phone_wire
        self.unplaced: set[str] = set()

    def lead(self, row: int, values: Values) -> Lead:
        """Build the lead of one row; raises Unfit."""
        (found,) = self.leads([row], {name: [value] for name, value in values.items()})
        if isinstance(found, Unfit):
            raise found
        return found

    def leads(self, rows: Sequence[int], table: Table) -> list[Lead | Unfit]:
        """Build the lead of each row, or tell what is wrong with it.

        `table` has a value a row in each of its fields, and is used up.
        """
        phones, problems = self._normalise.column(
            table.pop("phone", [None] * len(rows))
        )
        unfit = {
            place: Unfit(problem.code, "phone", problem.reason)
            for place, problem in problems.items()
        }
        digests = self._digests(phones, table)
        if self._builds_name:
            _build_names(table, unfit)
        wires: list[dict[str, Json]] = [
            {self._phone_wire: phone[0]} for phone in phones
        ]
        for name, key, check in self._fields:
            for place, value in enumerate(table.pop(name, ())):
                if value is not None:
                    try:
                        wires[place][key] = check(value)
                    except FieldInvalid as problem:
                        unfit.setdefault(place, _unfit(name, problem))
        for name, column in [*table.items()]:
            if column.count(None) == len(column):
                del table[name]
        if table:
            self._place_the_rest(table, wires, unfit)
        leads = map(_LEAD, zip(rows, phones, wires, digests, strict=True))
        if not unfit:
            return [*leads]
        return [unfit.get(place) or lead for place, lead in enumerate(leads)]

    def _digests(
        self, phones: Sequence[Phone], table: Table
    ) -> list[tuple[bytes, ...]]:
        digest = self._digest
        found: list[tuple[bytes, ...]] = [
            (digest(f"phone {key}"),) for _, key, _ in phones
        ]
        if self._compares_external_id:
            for place, value in enumerate(table.get("external_id", ())):
                if value is not None:
                    found[place] += (digest(f"external id {value}"),)
        return found

    def _place_the_rest(
        self, table: Table, wires: list[dict[str, Json]], unfit: dict[int, Unfit]
    ) -> None:
        """Put what no field has a place for where the provider takes anything."""
        for place, wire in enumerate(wires):
            values = {
                name: column[place]
                for name, column in table.items()
                if column[place] is not None
            }
            if not values or place in unfit:
                continue
            if self._provider.overflow is None:
                self.unplaced.update(values)
                continue
            try:
                wire[self._provider.overflow] = _overflow(
                    self._provider.overflow, values
                )
            except FieldInvalid as problem:
                unfit[place] = _unfit(self._provider.overflow, problem)


_LEAD: Callable[[tuple[int, Phone, dict[str, Json], tuple[bytes, ...]]], Lead]
_LEAD = partial(tuple.__new__, Lead)  # at half the cost of calling the class


def _overflow(name: str, values: Values) -> Json:
    given = values.pop(name, {})
    if isinstance(given, str) and given.startswith("{"):
        given = mapping(given)
    if not isinstance(given, dict):
        given = {name: given}
    # A key the profile names wins over a field that ends up beside it.
    return {**values, **given}


def _quick(check: Check) -> Check:
    return check if check is text else Remembered(check)  # a text is its own


def _build_names(table: Table, unfit: dict[int, Unfit]) -> None:
    """Make a name of its parts in rows that have none; the parts are used up."""
    parts = [
        (part, table[part]) for part in ("first_name", "last_name") if part in table
    ]
    if not parts:
        return
    names = table.setdefault("name", [None] * len(parts[0][1]))
    for place, name in enumerate(names):
        if name is not None:
            continue
        found = []
        for part, column in parts:
            value, column[place] = column[place], None
            if value is not None:
                try:
                    found.append(text(value))
                except FieldInvalid as problem:
                    unfit.setdefault(place, _unfit(part, problem))
        names[place] = " ".join(found) or None


def _unfit(name: str, problem: FieldInvalid) -> Unfit:
    return Unfit(Code.FIELD_INVALID, name, f"{name}: {problem}")
