"""Lead fields: what each check accepts, and what it rejects without repeating it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import refused

from leadctl.config import config
from leadctl.mapping.lead_builder import FieldError, LeadBuilder
from leadctl.model import lead_fields
from leadctl.model.lead_fields import PriorityScale
from leadctl.model.leads import Code
from leadctl.model.yaml_file import parse
from leadctl.phones.normalize import Normalizer
from leadctl.providers.installed import installed
from leadctl.providers.registry import provider_class
from leadctl.reports.provider_sheet import usual

if TYPE_CHECKING:
    from conftest import Push

    from leadctl.model.leads import Json

WORDS = ["highest", "high", "normal", "low", "lowest"]
SCALES = {
    name: scale for name in installed() if (scale := provider_class(name).priority)
}


def reason_against(provider: str, name: str, value: Json) -> str:
    """Return why a value of a field is rejected; empty if it is accepted."""
    try:
        wire(provider, **{name: value})
    except Invalid as caught:
        return caught.error.reason
    return ""


def lead_builder(provider: str) -> LeadBuilder:
    account = config.resolve(parse("", "config"), {}, provider=provider)
    return LeadBuilder(
        account.provider, Normalizer(account.provider.phone_rule), str.encode
    )


class Invalid(Exception):
    """A lead that cannot be sent as it is."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.reason)
        self.error = error


def wire(provider: str, **values: Json) -> dict[str, Any]:
    phone = "+919000000001" if provider == "yotel" else "+15551234567"
    table = {name: [value] for name, value in {"phone": phone, **values}.items()}
    leads, field_errors, _ = lead_builder(provider).fitted([1], table)
    if field_errors:
        raise Invalid(field_errors[0])
    return leads[0].wire


# --- priority ----------------------------------------------------------------------


def test_every_scale_is_under_test() -> None:
    assert [*SCALES] == ["lupitor", "ozonetel", "voiso"]


@given(first=st.integers(-50, 2000), last=st.integers(-50, 2000))
@settings(deadline=None, database=None, max_examples=300)
def test_higher_word_is_never_dialled_later(first: int, last: int) -> None:
    scale = PriorityScale(first, last)
    numbers = [scale.check(word) for word in WORDS]
    assert numbers == sorted(numbers, reverse=first > last)
    assert (numbers[0], numbers[-1]) == (first, last)


@pytest.mark.parametrize("provider", SCALES)
def test_words_are_five_numbers_of_the_providers_own(provider: str) -> None:
    scale = SCALES[provider]
    numbers = [scale.check(word) for word in WORDS]
    assert len(set(numbers)) == len(WORDS)
    assert numbers[0] == scale.first
    assert [scale.check(number) for number in numbers] == numbers


@pytest.mark.parametrize(
    ("provider", "best", "worst"),
    [("lupitor", 100, 0), ("ozonetel", "99", "1"), ("voiso", 1, 1000)],
)
def test_words_go_out_in_the_providers_direction(
    provider: str, best: Json, worst: Json
) -> None:
    assert wire(provider, priority=" Highest ")["priority"] == best
    assert wire(provider, priority="LOWEST")["priority"] == worst


@pytest.mark.parametrize("provider", SCALES)
def test_numbers_outside_the_scale_are_refused(provider: str) -> None:
    low, high = sorted((SCALES[provider].first, SCALES[provider].last))
    for number in (low, high):
        assert int(wire(provider, priority=number)["priority"]) == number
    for number in (low - 1, high + 1):
        with pytest.raises(Invalid, match=f"outside {low} to {high}") as caught:
            wire(provider, priority=str(number))
        error = caught.value.error
        assert (error.code, error.field) == (Code.FIELD_INVALID, "priority")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (10, 10),
        ("10", 10),
        (" 10 ", 10),
        ("10.0", 10),
        (10.0, 10),
        ("+7", 7),
        ("007", 7),
    ],
    ids=repr,
)
def test_whole_numbers_are_read_as_spreadsheets_write_them(
    value: Json, number: int
) -> None:
    assert lead_fields.whole_number(value) == number


@pytest.mark.parametrize(
    "value",
    ["10.5", "ten", "", "1e2", "1,000", "٣", True, None, [1], {"a": 1}, 1e22, "9" * 10],
    ids=repr,
)
def test_what_is_no_whole_number_is_refused(value: Json) -> None:
    assert refused(lead_fields.whole_number, value) == "not a whole number"


# --- times, dates, truths, addresses -----------------------------------------------


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-03-01T09:30:00+05:30", "2026-03-01T09:30:00+05:30"),
        ("2026-03-01T09:30Z", "2026-03-01T09:30Z"),
        ("2026-03-01 09:30:00Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01t09:30:00.250-08:00", "2026-03-01T09:30:00.250-08:00"),
        (" 2026-12-31T23:59:59Z ", "2026-12-31T23:59:59Z"),
    ],
)
def test_time_with_its_zone_is_passed_on(written: str, sent: str) -> None:
    assert lead_fields.iso_time(written) == sent


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026-03-01T09:30",
        "2026-03-01T",
        "2026-02-30T09:30Z",
        "2026-03-01T25:00Z",
        "2026-03-01x09:30Z",
        "20260301T093000Z",
        "01/03/2026 09:30",
        "tomorrow",
        "1772357400",
        "",
        1772357400,
        True,
        None,
        ["2026-03-01T09:30Z"],
    ],
    ids=repr,
)
def test_what_is_no_time_with_a_zone_is_refused(written: Json) -> None:
    refused(lead_fields.iso_time, written)


@given(moment=st.datetimes(timezones=st.just(UTC)))
@settings(deadline=None, database=None, max_examples=100)
def test_every_moment_keeps_its_meaning(moment: datetime) -> None:
    for separator in ("T", " "):
        sent = lead_fields.iso_time(moment.isoformat(separator))
        assert datetime.fromisoformat(sent) == moment


@pytest.mark.parametrize("written", ["2026-03-31", " 2026-03-31 ", "2028-02-29"])
def test_date_is_passed_on(written: str) -> None:
    assert lead_fields.iso_date(written) == written.strip()


def test_midnight_is_how_a_spreadsheet_writes_a_date() -> None:
    assert lead_fields.iso_date("2026-03-31T00:00:00") == "2026-03-31"


@pytest.mark.parametrize(
    "written",
    [
        "31/03/2026",
        "2026-3-1",
        "20260331",
        "2026-02-29",
        "2026-W10-1",
        "2026-03-31T00:01",
        "٢٠٢٦-03-31",
        "",
        None,
        20260331,
    ],
    ids=repr,
)
def test_what_is_no_date_is_refused(written: Json) -> None:
    assert refused(lead_fields.iso_date, written)


@pytest.mark.parametrize(
    "value", ["true", "YES", "y", "T", "on", "1", 1, True, " Yes "]
)
def test_yes_has_many_spellings(value: Json) -> None:
    assert lead_fields.boolean(value) is True


@pytest.mark.parametrize("value", ["false", "NO", "n", "F", "off", "0", 0, False])
def test_no_has_many_spellings(value: Json) -> None:
    assert lead_fields.boolean(value) is False


@pytest.mark.parametrize("value", ["", "maybe", "2", 2, None, [], "да"], ids=repr)
def test_what_is_neither_yes_nor_no_is_refused(value: Json) -> None:
    assert "yes or no" in refused(lead_fields.boolean, value)


@pytest.mark.parametrize(
    "value",
    ["a@mail.example", "a.b+c@x.mail.example", "ä@mail.example", "o'b@x.example"],
)
def test_address_is_passed_on(value: str) -> None:
    assert lead_fields.email(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "a@b",
        "@mail.example",
        "a@mail.example, b@mail.example",
        "A <a@mail.example>",
        "a b@mail.example",
        "a@@mail.example",
        "a@mail.",
        5,
        ["a@mail.example"],
        None,
    ],
    ids=repr,
)
def test_what_is_no_address_is_refused_without_repeating_it(value: Json) -> None:
    assert "mail.example" not in refused(lead_fields.email, value)


@pytest.mark.parametrize(
    ("value", "sent"), [("A", "A"), (5, "5"), (True, "true"), (1.5, "1.5")]
)
def test_text_is_what_has_one_spelling(value: Json, sent: str) -> None:
    assert lead_fields.text(value) == sent


@pytest.mark.parametrize("value", [None, ["A"], {"a": "A"}], ids=repr)
def test_text_is_no_list_and_no_object(value: Json) -> None:
    refused(lead_fields.text, value)


# --- objects -----------------------------------------------------------------------


# --- names of columns --------------------------------------------------------------


# --- a lead as its provider takes it -----------------------------------------------


def test_name_is_built_and_never_split() -> None:
    assert (
        wire("voiso", first_name="Ada", last_name="Testperson")["name"]
        == "Ada Testperson"
    )
    assert wire("voiso", last_name="Testperson")["name"] == "Testperson"
    assert wire("voiso", name="A B", first_name="C")["name"] == "A B"
    agora = wire("agora", name="Ada Testperson")
    assert {"first_name", "last_name"}.isdisjoint(agora)


@pytest.mark.parametrize("part", ["name", "first_name", "last_name"])
@pytest.mark.parametrize("value", [["Ada"], {"given": "Ada"}], ids=["list", "object"])
def test_name_that_is_no_text_costs_its_row_only(part: str, value: Json) -> None:
    with pytest.raises(Invalid) as caught:
        wire("voiso", **{part: value})
    assert caught.value.error.code is Code.FIELD_INVALID


@pytest.mark.parametrize("provider", ["lupitor", "yotel"])
def test_field_without_a_place_goes_into_metadata(provider: str) -> None:
    sent = wire(provider, company="X", metadata={"plan": "gold", "company": "Y"})
    assert sent["metadata"] == {"company": "Y", "plan": "gold"}


@pytest.mark.parametrize("provider", ["lupitor", "yotel"])
def test_metadata_in_a_cell_is_the_object_it_spells(provider: str) -> None:
    sent = wire(provider, metadata='{"plan": "gold", "seats": 3}')
    assert sent["metadata"] == {"plan": "gold", "seats": 3}


def test_field_without_a_place_is_named() -> None:
    found = lead_builder("voiso")
    table: dict[str, list[Json]] = {
        "phone": ["+15551234567"],
        "company": ["X"],
        "name": ["A"],
    }
    (lead,) = found.fitted([1], table).leads
    assert lead.wire == {"phone_number": "15551234567", "name": "A"}
    assert found.unplaced == {"company"}


@pytest.mark.parametrize("provider", [*installed()])
def test_reason_never_repeats_the_cell(provider: str) -> None:
    marker = "Secretvalue 90000000017"
    values: list[Json] = [marker, [marker], {marker: marker}, f'{{"{marker}": 1}}']
    for field in usual(provider_class(provider)).fields:
        for value in values:
            said = reason_against(provider, field.name, value)
            assert not re.search("Secretvalue|90000000017", said), field.name


@pytest.mark.parametrize(
    "cell",
    [r'{"X-Id": "\ud83d"}', '{"X-Id": ' + "[" * 100_000],
    ids=["half a pair", "nested without end"],
)
def test_cell_with_bad_json_never_ends_the_run(push: Push, cell: str) -> None:
    quoted = cell.replace('"', '""')
    push.program.write(
        "leads.csv", f'phone,context_headers\n+15551230001,"{quoted}"\n+15551230002,\n'
    )
    ran = push("voiso", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (3, {"created": 1, "rejected": 1})


def test_name_of_another_kind_never_ends_the_run(push: Push) -> None:
    lines = [
        {"phone": "+15551230001", "first_name": ["Ada"]},
        {"phone": "+15551230002", "first_name": "Ada"},
    ]
    push.program.write("leads.jsonl", "\n".join(map(json.dumps, lines)))
    ran = push("voiso", "leads.jsonl", "--json")
    assert (ran.code, ran.counts) == (3, {"created": 1, "rejected": 1})
