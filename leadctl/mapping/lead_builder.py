"""Builds a provider's leads from mapped fields, or names the field that is wrong."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from leadctl.mapping.getters import Memo
from leadctl.mapping.times import check_in
from leadctl.model.lead_fields import FieldInvalid, mapping, text
from leadctl.model.leads import Code, Leads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from leadctl.mapping.mapper import Table, Values
    from leadctl.model.lead_fields import Check
    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries
    from leadctl.phones.normalize import Normalizer
    from leadctl.providers.base import Provider


class FieldError(NamedTuple):
    """Why a row cannot be sent as it is. The reason never repeats a cell."""

    code: Code
    field: str
    reason: str


class BuiltLeads(NamedTuple):
    """The leads of valid rows; errors by place, repairs of phones by row."""

    leads: Leads
    field_errors: dict[int, FieldError]
    repairs: dict[int, tuple[str, ...]]


class LeadBuilder:
    """Checks rows against one provider and builds the objects to send.

    Without a provider it checks the phone alone. `digest` makes the keyed hash of an
    identity (phone or external id). `unplaced` collects fields that the provider does
    not support. `zone` is for times without one.
    """

    def __init__(
        self,
        provider: Provider | None,
        normalise: Normalizer,
        digest: Callable[[str], bytes] | None,
        zone: ZoneInfo | None = None,
    ) -> None:
        self._provider = provider
        self._normalise = normalise
        self._digest = digest
        fields = provider.fields if provider else ()
        self._fields = [(f.name, f.wire, _memo(check_in(zone, f))) for f in fields]
        self._builds_name = any(field.name == "name" for field in fields)
        self._compares_external_id = bool(provider and provider.compares_external_id)
        self._phone_wire = provider.phone_wire if provider else "phone"
        self._code_wire = provider.phone_code_wire if provider else ""
        self.unplaced: set[str] = set()

    def fitted(
        self,
        rows: Sequence[int],
        table: Table,
        odd: Mapping[int, FieldError] | None = None,
        countries: Countries = None,
    ) -> BuiltLeads:
        """Build leads or errors; `odd` are known errors. Empties `table`."""
        provider = self._provider
        cells = table.pop("phone", [None] * len(rows))
        phones, problems = self._normalise.column(cells, countries)
        field_errors = {
            place: FieldError(code, "phone", reason)
            for place, (code, reason) in problems.items()
        }
        field_errors.update(odd or {})
        digests = self._digests(phones.keys, table)
        if self._builds_name:
            _build_names(table, field_errors)
        fields: dict[str, Sequence[Json]] = {}
        wires = phones.wires
        if self._code_wire:
            fields[self._code_wire] = [wire.partition(" ")[0] for wire in wires]
            wires = [wire.partition(" ")[2] for wire in wires]
        fields[self._phone_wire] = wires
        for name, key, check in self._fields:
            if name in table:
                _put(fields, key, _checked(name, table.pop(name), check, field_errors))
        for name, column in [*table.items()]:
            if column.count(None) == len(column):
                del table[name]
            elif provider and not (provider.overflow and provider.has_place_for(name)):
                self.unplaced.add(name)
                del table[name]
        if table and provider and provider.overflow:
            _put_the_rest(provider.overflow, fields, table, field_errors)
        leads = Leads(rows, wires, phones.keys, fields, digests)
        if field_errors:
            leads = leads.chosen([n not in field_errors for n in range(len(rows))])
        repairs = {rows[place]: words for place, words in phones.repairs.items()}
        return BuiltLeads(leads, field_errors, repairs)

    def _digests(
        self, keys: Sequence[str], table: Table
    ) -> list[Sequence[bytes | None]]:
        of_phones: list[bytes | None] = [None] * len(keys)
        if digest := self._digest:
            of_phones = [digest(f"phone {key}") for key in keys]
        if not self._compares_external_id or "external_id" not in table:
            return [of_phones]
        digest = digest or _unkeyed
        of_ids = [
            None if value is None else digest(f"external id {value}")
            for value in table["external_id"]
        ]
        return [of_phones, of_ids]


def _unkeyed(identity: str) -> bytes:
    """Return a hash of an identity when there is no ledger to compare it with."""
    return blake2b(identity.encode(), digest_size=16).digest()


def _put_the_rest(
    overflow: str,
    fields: dict[str, Sequence[Json]],
    table: Table,
    field_errors: dict[int, FieldError],
) -> None:
    """Put fields without a place into the provider's object for other data."""
    found: list[Json] = []
    for place, row in enumerate(zip(*table.values(), strict=True)):
        pairs = zip(table, row, strict=True)
        values = {name: value for name, value in pairs if value is not None}
        found.append(None)
        if values and place not in field_errors:
            try:
                found[place] = _overflow(overflow, values)
            except FieldInvalid as problem:
                field_errors[place] = _field_error(overflow, problem)
    _put(fields, overflow, found)


def _put(fields: dict[str, Sequence[Json]], key: str, column: Sequence[Json]) -> None:
    """Add a column; of two with the same name, the later one wins if it has a value."""
    if earlier := fields.get(key):
        pairs = zip(earlier, column, strict=True)
        column = [one if other is None else other for one, other in pairs]
    fields[key] = column


def _checked(
    name: str, column: list[Json], check: Check, field_errors: dict[int, FieldError]
) -> list[Json]:
    """Return the values to send for a field; adds to `field_errors`."""
    has_texts = {*map(type, column)} <= {str, type(None)}
    if check is text and has_texts:
        return column
    quick: Callable[..., Json] = check
    if has_texts and isinstance(check, Memo):
        quick = check.__getitem__
    try:
        return [None if value is None else quick(value) for value in column]
    except FieldInvalid:
        pass
    found: list[Json] = [None] * len(column)
    for place, value in enumerate(column):
        if value is not None:
            try:
                found[place] = check(value)
            except FieldInvalid as problem:
                field_errors.setdefault(place, _field_error(name, problem))
    return found


def _overflow(name: str, values: Values) -> Json:
    given = values.pop(name, {})
    if isinstance(given, str) and given.startswith("{"):
        given = mapping(given)
    if not isinstance(given, dict):
        given = {name: given}
    # A key the profile names wins over a field that ends up beside it.
    return {**values, **given}


def _memo(check: Check) -> Check:
    return check if check is text else Memo(check)


def _build_names(table: Table, field_errors: dict[int, FieldError]) -> None:
    """Combine the parts of names in rows without a name; the parts are used up."""
    parts = [part for part in ("first_name", "last_name") if part in table]
    if not parts:
        return
    names = table.setdefault("name", [None] * len(table[parts[0]]))
    for place, name in enumerate(names):
        if name is not None:
            continue
        found = []
        for part in parts:
            value, table[part][place] = table[part][place], None
            if value is not None:
                try:
                    found.append(text(value))
                except FieldInvalid as problem:
                    field_errors.setdefault(place, _field_error(part, problem))
        names[place] = " ".join(found) or None


def _field_error(name: str, problem: FieldInvalid) -> FieldError:
    return FieldError(Code.FIELD_INVALID, name, f"{name}: {problem}")
