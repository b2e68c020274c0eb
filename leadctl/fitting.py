"""Mapped fields -> the lead a provider takes, or the field and why it would not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.fields import FieldInvalid, mapping, text
from leadctl.model import Code, Lead
from leadctl.remembered import Remembered
from leadctl.spelling import PhoneProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadctl.fields import Check
    from leadctl.mapping import Values
    from leadctl.model import Json
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
        """Build the lead of a row; raises Unfit. `values` is used up."""
        try:
            phone = self._normalise(values.pop("phone", None))
        except PhoneProblem as problem:
            raise Unfit(problem.code, "phone", problem.reason) from None
        digests: tuple[bytes, ...] = (self._digest("phone " + phone.key),)
        if self._compares_external_id and "external_id" in values:
            digests += (self._digest(f"external id {values['external_id']}"),)
        if self._builds_name and "name" not in values:
            _build_name(values)
        wire: dict[str, Json] = {self._phone_wire: phone.wire}
        name = ""
        try:
            for name, key, check in self._fields:
                if name in values:
                    wire[key] = check(values.pop(name))
        except FieldInvalid as problem:
            raise _unfit(name, problem) from None
        if values:
            self._place_the_rest(values, wire)
        return Lead(row, phone, wire, digests)

    def _place_the_rest(self, values: Values, wire: dict[str, Json]) -> None:
        overflow = self._provider.overflow
        if overflow is None:
            self.unplaced.update(values)
            return
        given = values.pop(overflow, {})
        if isinstance(given, str) and given.startswith("{"):
            given = _checked(overflow, mapping, given)
        if not isinstance(given, dict):
            given = {overflow: given}
        # A key the profile names wins over a field that ends up beside it.
        wire[overflow] = {**values, **given}


def _quick(check: Check) -> Check:
    return check if check is text else Remembered(check)  # a text is its own


def _build_name(values: Values) -> None:
    parts = [
        str(_checked(part, text, values.pop(part)))
        for part in ("first_name", "last_name")
        if part in values
    ]
    if parts:
        values["name"] = " ".join(parts)


def _checked(name: str, check: Callable[[Json], Json], value: Json) -> Json:
    try:
        return check(value)
    except FieldInvalid as problem:
        raise _unfit(name, problem) from None


def _unfit(name: str, problem: FieldInvalid) -> Unfit:
    return Unfit(Code.FIELD_INVALID, name, f"{name}: {problem}")
