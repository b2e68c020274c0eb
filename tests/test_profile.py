"""Profiles and header names: the fields of every row, or a sentence with the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.mapping import profile
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import Mapper, bind
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.lead_fields import FIELDS
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from leadctl.model.leads import Cells, Json

HEADER = ["Phone", "First", "Last", "Score", "Status"]


def mapper(
    text: str, header: list[str] | None = None, *, nested: bool = False
) -> Mapper:
    loaded = profile.load(parse(text, "profile.yaml"))
    return bind(loaded, Header(header or HEADER, nested))


def fields(spec: str, cells: list[str] | None = None, name: str = "name") -> Json:
    """Map one row by a profile that has the phone and one more field."""
    text = f"fields:\n  phone: Phone\n  {name}: {spec}\n"
    row = cells or ["12", "Ada", "Test", "7", "new"]
    return mapper(text).one_row(row).get(name)


def of_object(
    spec: str, cells: dict[str, Json], header: list[str], name: str = "name"
) -> Json:
    text = f"fields:\n  phone: phone\n  {name}: {spec}\n"
    found = mapper(text, ["phone", *header], nested=True)
    return found.one_row({"phone": "12", **cells}).get(name)


@pytest.mark.parametrize(
    ("spec", "cells", "expected"),
    [
        ('"Dr {Name}"', ["12", "", ""], None),
        ('"Dr {Name}"', ["12", "", "Ada"], "Dr Ada"),
        ('"{Name} {Name}"', ["12", "Ada", ""], "Ada Ada"),
        ('"{{}}"', ["12", "Ada", ""], None),
    ],
)
def test_template_of_a_column_that_stands_twice_or_nowhere(
    spec: str, cells: list[str], expected: Json
) -> None:
    found = mapper(f"fields: {{phone: Phone, name: {spec}}}", ["Phone", "Name", "Name"])
    assert found.one_row(cells).get("name") == expected
    assert [*map(len, found.table([cells] * 3).values())] == [3, 3]


# --- columns -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "3"], "1"),
        (["", "2", "3"], "2"),
        ([" \t", "", "3"], "3"),
        (["", "", ""], None),
    ],
)
def test_first_column_that_holds_something_wins(
    cells: list[str], expected: str | None
) -> None:
    text = "fields: {phone: [Mobile, Home, Office]}"
    found = mapper(text, ["Mobile", "Home", "Office"]).one_row(cells)
    assert found.get("phone") == expected


def test_listed_columns_may_be_missing_but_for_one() -> None:
    text = "fields: {phone: [Mobile, Phone]}"
    assert mapper(text, ["Phone"]).one_row(["12"]) == {"phone": "12"}


def test_zero_and_false_are_something() -> None:
    values: dict[str, Json] = {"a": 0, "b": 5}
    assert of_object("{columns: [a, b]}", values, ["a", "b"], "priority") == 0
    values = {"a": False, "b": True}
    assert of_object("{columns: [a, b]}", values, ["a", "b"], "active") is False


def test_cells_are_trimmed_and_empty_ones_left_out() -> None:
    found = mapper("fields: {phone: Phone, name: First, company: Last}")
    row = found.one_row([" 12 ", "  ", "X\t", "", ""])
    assert row == {"phone": "12", "company": "X"}


@pytest.mark.parametrize("spec", ["3", "{column: 3}", "'3'"])
def test_columns_may_be_numbers(spec: str) -> None:
    text = f"fields: {{phone: 1, name: {spec}}}"
    found = mapper(text, ["1", "2", "3"]).one_row(["12", "x", "Ada"])
    assert found == {"phone": "12", "name": "Ada"}


# --- templates ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Ada", "Test", "Ada Test"),
        ("", "Test", "Test"),
        ("Ada", "", "Ada"),
        (" Ada ", " Test ", "Ada Test"),
        ("", " ", None),
    ],
)
def test_missing_part_of_a_template_leaves_no_stray_space(
    first: str, last: str, expected: str | None
) -> None:
    assert fields('"{First} {Last}"', ["12", first, last, "", ""]) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ('"Dear {First}!"', "Dear Ada!"),
        ('"{ First }"', "Ada"),
        ('"{{{First}}}"', "{Ada}"),
        ('"{{x}} {First}"', "{x} Ada"),
        ('{template: "{Last}, {First}"}', "Test, Ada"),
    ],
)
def test_template_is_filled(spec: str, expected: str) -> None:
    assert fields(spec) == expected


def test_braces_in_a_cell_are_no_template() -> None:
    assert fields('"{First} x"', ["12", "{Last}", "Test", "", ""]) == "{Last} x"


@given(first=st.text(max_size=8), last=st.text(max_size=8))
@settings(deadline=None, database=None, max_examples=150)
def test_template_has_the_words_of_its_parts_and_no_more(first: str, last: str) -> None:
    words = [*first.split(), *last.split()]
    found = fields('"{First} {Last}"', ["12", first, last, "", ""])
    assert found == (" ".join(words) or None)


# --- constants, maps, defaults -----------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("{value: true}", True),
        ("{value: false}", False),
        ("{value: 5}", 5),
        ("{value: web}", "web"),
        ('{value: ""}', None),
    ],
)
def test_constant_is_the_same_for_every_row(spec: str, value: Json) -> None:
    assert fields(spec, name="active") == value
    assert type(fields(spec, name="active")) is type(value)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("hot", "highest"), (" HOT ", "highest"), ("cold", "low"), ("", "low")],
)
def test_words_are_looked_up_whatever_their_case(cell: str, expected: str) -> None:
    spec = "{column: Score, map: {Hot: highest, warm: normal}, default: low}"
    assert fields(spec, ["12", "", "", cell, ""], "priority") == expected


def test_without_a_default_a_word_passes_on() -> None:
    spec = "{column: Score, map: {hot: highest}}"
    assert fields(spec, ["12", "", "", "41", ""], "priority") == "41"


@pytest.mark.parametrize(("cell", "expected"), [("", "low"), (" ", "low"), ("9", "9")])
def test_default_alone_stands_in_for_nothing_only(cell: str, expected: str) -> None:
    """`{column: Score, default: low}` must not make every row `low`."""
    spec = "{column: Score, default: low}"
    assert fields(spec, ["12", "", "", cell, ""], "priority") == expected


def test_false_and_zero_can_be_looked_up() -> None:
    spec = "{column: a, map: {true: highest, false: lowest, 0: low}}"
    assert of_object(spec, {"a": False}, ["a"], "priority") == "lowest"
    assert of_object(spec, {"a": 0}, ["a"], "priority") == "low"


# --- objects and dotted paths ------------------------------------------------------


def test_object_is_built_key_by_key() -> None:
    spec = '{plan: Score, full: "{First} {Last}", fixed: {value: 5}, none: Status}'
    found = fields(spec, ["12", "Ada", "", "7", ""], "metadata")
    assert found == {"plan": "7", "full": "Ada", "fixed": 5}


def test_object_without_any_member_is_left_out() -> None:
    assert fields("{plan: Score}", ["12", "", "", "", ""], "metadata") is None


def test_dotted_path_leads_into_objects() -> None:
    cells: dict[str, Json] = {"address": {"city": "X", "geo": {"lat": 1.5}}}
    header = ["address", "address.city", "address.geo", "address.geo.lat"]
    spec = "{city: address.city, lat: address.geo.lat}"
    assert of_object(spec, cells, header, "metadata") == {"city": "X", "lat": 1.5}
    assert of_object(spec, {"address": "text"}, header, "metadata") is None
    assert of_object(spec, {}, header, "metadata") is None


def test_key_with_a_dot_in_it_is_found_too() -> None:
    assert of_object("a.b", {"a.b": "x", "a": {"b": "y"}}, ["a.b", "a"]) == "x"


def test_whole_object_can_be_taken() -> None:
    cells: dict[str, Json] = {"extra": {"a": 1}}
    assert of_object("extra", cells, ["extra", "extra.a"], "metadata") == {"a": 1}


# --- skip_if -----------------------------------------------------------------------


def skipped(rule: str, cells: Cells, header: list[str] | None = None) -> str | None:
    text = f"fields: {{phone: Phone}}\nskip_if: {rule}\n"
    nested = isinstance(cells, dict)
    (found,) = mapper(text, header or HEADER, nested=nested).skipped([cells])
    return found


@pytest.mark.parametrize(
    ("cell", "skips"),
    [
        ("dead", True),
        (" DEAD ", True),
        ("Do Not Call", True),
        ("deadline", False),
        ("", False),
    ],
)
def test_row_is_left_out_for_its_word(cell: str, skips: bool) -> None:
    rule = '{column: Status, in: [dead, "do not call"]}'
    found = skipped(rule, ["12", "", "", "", cell])
    assert found == ("Status" if skips else None)


def test_any_of_several_rules_leaves_a_row_out() -> None:
    rule = "[{column: Status, in: [dead]}, {column: Score, in: [0]}]"
    assert skipped(rule, ["12", "", "", "0", "new"]) == "Score"
    assert skipped(rule, ["12", "", "", "1", "dead"]) == "Status"
    assert skipped(rule, ["12", "", "", "1", "new"]) is None


def test_empty_cell_can_be_a_reason() -> None:
    assert skipped('{column: Status, in: [""]}', ["12", "", "", "", " "]) == "Status"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("[false]", False),
        ("[no, 'false']", False),
        ("[true]", True),
        ("[0]", 0),
        ("[0]", "0"),
        ("[7]", 7),
    ],
    ids=repr,
)
def test_rule_holds_for_json_as_for_text(words: str, value: Json) -> None:
    """`consent: false` in JSONL means that a person must not be called."""
    cells: dict[str, Json] = {"Phone": "12", "consent": value}
    rule = f"{{column: consent, in: {words}}}"
    assert skipped(rule, cells, ["Phone", "consent"]) == "consent"


@pytest.mark.parametrize(
    ("rule", "cell", "skips"),
    [
        ("contains: [dead]", "Deadline", True),
        ("contains: [dead, lost]", "it was LOST", True),
        ("contains: [dead]", "new", False),
        ("matches: 'dead|lost'", "it was LOST", True),
        ("matches: '^(dead|lost)$'", "it was lost", False),
        ("matches: '^(a+)+$'", "a" * 5000 + "b", False),
        ("in: [new], contains: [dead]", "Deadline", True),
        ("in: [new], matches: x", "New", True),
        ("in: [new], matches: x", "old", False),
    ],
)
def test_rule_may_ask_for_a_part_or_a_pattern(
    rule: str, cell: str, *, skips: bool
) -> None:
    found = skipped(f"{{column: Status, {rule}}}", ["12", "", "", "", cell])
    assert found == ("Status" if skips else None)


# --- mistakes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("fields:\n  phone: Phone\n  nmae: First\n", 3, "did you mean 'name'?"),
        ("fields:\n  phone: Phon\n", 2, "no column 'Phon' (did you mean 'Phone'?)"),
        ('fields:\n  phone: Phone\n  name: "{Frist}"\n', 3, "did you mean 'First'?"),
        ("fields:\n  phone: [A,\n    B]\n", 2, "none of 'A', 'B'"),
        (
            "fields:\n  phone: Phone\n  metadata:\n    a: Scor\n",
            4,
            "did you mean 'Score'?",
        ),
        (
            "fields:\n  phone: Phone\nskip_if:\n  column: Stat\n  in: [x]\n",
            4,
            "'Status'",
        ),
        (
            "fields:\n  phone: Phone\nskip_if:\n  column: Status\n",
            3,
            "must have one of",
        ),
        (
            "fields:\n  phone: Phone\nskip_if: {column: Status, in: []}\n",
            3,
            "must have one of",
        ),
        ("fields:\n  phone: Phone\nskip_if: dead\n", 3, ""),
        ("region: usa\nfields:\n  phone: Phone\n", 1, "must be a country code"),
        ("region: us\nfields:\n  phone: Phone\n", 1, "must be a country code"),
        ("fields:\n  name: First\n", 1, "does not map `phone`"),
        ("fields:\n", 1, "lacks 'fields'"),
        ("region: US\n", 1, "lacks 'fields'"),
        ("feilds:\n  phone: Phone\n", 1, "did you mean 'fields'?"),
        ("- phone\n", 1, "must be a mapping"),
        ("fields: phone\n", 1, "must be a mapping"),
        ("fields:\n  phone: Phone\n  name: true\n", 3, "must be text, a"),
        ("fields:\n  phone: Phone\n  name: []\n", 3, "must not be empty"),
        ("fields:\n  phone:\n", 2, "must be text, a"),
        ('fields:\n  phone: Phone\n  name: "{First"\n', 3, "balanced { }"),
        ('fields:\n  phone: Phone\n  name: "First}"\n', 3, "balanced { }"),
        ("fields:\n  phone: Phone\n  name: {map: {a: b}}\n", 3, "exactly one of"),
        (
            "fields:\n  phone: Phone\n  name: {column: First, value: x}\n",
            3,
            "exactly one of",
        ),
        (
            "fields:\n  phone: Phone\n  name: {colum: First}\n",
            3,
            "did you mean 'column'?",
        ),
        (
            "fields:\n  phone: Phone\n  name: {column: First, map: x}\n",
            3,
            "'map' must be",
        ),
        (
            "fields:\n  phone: Phone\n  name:\n    column: First\n    column: Last\n",
            5,
            "duplicate key",
        ),
    ],
)
def test_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(InputUnusable) as caught:
        mapper(text)
    assert caught.value.message.startswith(f"profile.yaml, line {line}: ")
    assert words in caught.value.message


def test_region_that_looks_like_no_is_norway() -> None:
    text = "region: NO\nfields: {phone: Phone}"
    assert profile.load(parse(text, "profile.yaml")).region == "NO"


def test_constant_of_the_command_line_wins() -> None:
    loaded = profile.load(parse("fields: {phone: Phone, name: First}", "profile.yaml"))
    fixed = loaded.with_constants({"name": "X", "priority": "5"})
    found = bind(fixed, Header(HEADER, nested=False)).one_row(["12", "Ada", "", "", ""])
    assert found == {"phone": "12", "name": "X", "priority": "5"}


def test_unknown_field_of_the_command_line_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'emial' \(did you mean 'email'\?\)"):
        profile.require_field("emial")
    for name in FIELDS:
        profile.require_field(name)


# --- by name -----------------------------------------------------------------------
