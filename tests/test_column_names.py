"""Columns matched by name, without a profile, and columns that are not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.mapping import profile
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import Mapper, bind, bind_by_name
from leadctl.model.errors import InputUnusable
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from leadctl.mapping.mapper import Values
    from leadctl.model.leads import Json

HEADER = ["Phone", "First", "Last", "Score", "Status"]


def mapper(
    text: str, header: list[str] | None = None, *, nested: bool = False
) -> Mapper:
    loaded = profile.load(parse(text, "profile.yaml"))
    return bind(loaded, Header(header or HEADER, nested))


def test_columns_are_matched_by_name_and_alias() -> None:
    header = ["Full Name", "E-Mail", "Mobile No.", "PHONE", "Shoe Size"]
    found = bind_by_name(Header(header, nested=False), {})
    assert found.one_row(["A", "a@x.example", "12", "13", "44"]) == {
        "name": "A",
        "email": "a@x.example",
        "phone": "13",
    }
    assert found.one_row(["A", "", "12", "", ""]) == {"name": "A", "phone": "12"}
    assert found.unused == ("Shoe Size",)


def test_constants_fill_or_replace_columns() -> None:
    found = bind_by_name(Header(["phone", "name"], nested=False), {"name": "X"})
    assert found.one_row(["12", "A"]) == {"phone": "12", "name": "X"}
    assert found.unused == ("name",)


def test_without_a_phone_column_the_names_are_shown() -> None:
    with pytest.raises(InputUnusable, match="columns: 'Naem', 'Tlf'") as caught:
        bind_by_name(Header(["Naem", "Tlf"], nested=False), {})
    assert "--profile" in (caught.value.hint or "")


def test_objects_are_matched_by_name_too() -> None:
    header = ["phone", "metadata", "metadata.plan", "other", "other.a"]
    header += ["address", "address.country", "address.city"]
    found = bind_by_name(Header(header, nested=True), {})
    cells: dict[str, Json] = {
        "phone": 12,
        "metadata": {"plan": "gold"},
        "other": {"a": 1},
        "address": {"country": "FR"},
    }
    assert found.one_row(cells) == {
        "phone": 12,
        "metadata": {"plan": "gold"},
        "country": "FR",
    }
    assert found.unused == ("other", "other.a", "address.city")


def test_second_column_of_one_name_is_looked_at_too() -> None:
    """Spreadsheets allow it, and either may hold the number."""
    found = bind_by_name(Header(["phone", "name", "phone"], nested=False), {})
    assert found.one_row(["12", "A", "13"]) == {"phone": "12", "name": "A"}
    assert found.one_row(["", "A", "13"]) == {"phone": "13", "name": "A"}


def test_second_column_of_one_name_is_looked_at_by_a_profile_too() -> None:
    found = mapper("fields: {phone: phone}", ["phone", "name", "phone"])
    assert found.one_row(["", "A", "13"]) == {"phone": "13"}


def test_columns_of_a_reject_file_are_never_mapped() -> None:
    header = ["_leadctl_row", "_leadctl_status", "_leadctl_phone", "phone", "x"]
    found = bind_by_name(Header(header, nested=False), {})
    assert found.one_row(["3", "rejected", "99", "12", "y"]) == {"phone": "12"}
    assert found.unused == ("x",)


def test_profile_cannot_map_the_columns_of_a_reject_file() -> None:
    header = ["_leadctl_reason", "Phone"]
    with pytest.raises(InputUnusable):
        mapper("fields: {phone: Phone, name: _leadctl_reason}", header)


def test_columns_that_go_nowhere_are_named() -> None:
    text = (
        'fields: {phone: Phone, name: "{First} {Last}"}\n'
        "skip_if: {column: Status, in: [x]}"
    )
    assert mapper(text).unused == ("Score",)
    header = ["Phone", "Score", "Country", "Country Code", "DNC", "Consent"]
    by_profile = mapper("fields: {phone: Phone}", header)
    for found in (by_profile, bind_by_name(Header(header, nested=False), {})):
        assert found.opt_outs == ("DNC", "Consent")
        assert found.unused == ("Score",)


def test_columns_of_each_field_are_told() -> None:
    text = 'fields: {phone: Phone, name: "{First} {Last}", active: {value: true}}'
    assert mapper(text).columns == {
        "phone": ("Phone",),
        "name": ("First", "Last"),
        "active": (),
    }


@given(data=st.data(), width=st.integers(1, 6))
@settings(deadline=None, database=None, max_examples=150)
def test_every_column_is_used_or_named(data: st.DataObject, width: int) -> None:
    name = st.sampled_from(
        ["Phone", "name", "E-mail", "x", "y", "_leadctl_row", "Mobile"]
    )
    header = [
        "phone",
        *data.draw(st.lists(name, min_size=width, max_size=width, unique=True)),
    ]
    found = bind_by_name(Header(header, nested=False), {})
    used = {column for columns in found.columns.values() for column in columns}
    assert used.isdisjoint(found.unused)
    assert used | {*found.unused} == {
        n for n in header if not n.startswith("_leadctl_")
    }
    values: Values = found.one_row([f"cell {n}" for n in range(len(header))])
    assert values["phone"] == "cell 0"
