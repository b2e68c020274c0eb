"""Rows are processed in blocks, with the same result as one by one."""

from __future__ import annotations

import gc
import json
import random
from typing import TYPE_CHECKING

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.config import config
from leadctl.mapping import profile
from leadctl.mapping.getters import Header
from leadctl.mapping.lead_builder import LeadBuilder
from leadctl.mapping.mapper import bind
from leadctl.model.lead_fields import Field
from leadctl.model.lead_fields import text as plain_text
from leadctl.model.leads import Block, Malformed, Phone
from leadctl.model.yaml_file import parse
from leadctl.phones.decision import Taken, decide
from leadctl.phones.normalize import Normalizer
from leadctl.phones.numbering_plan import Number, plan_of
from leadctl.phones.rule import PhoneCheck, PhoneForm, PhoneRule
from leadctl.phones.spelling import PhoneUnreadable, spelled
from leadctl.phones.usual import Usual
from leadctl.providers.lupitor import Lupitor
from leadctl.sources.text_rows import Unsplit, blocks

if TYPE_CHECKING:
    from conftest import Push

    from leadctl.model.leads import Cells, Json

HEADER = ["Phone", "Mobile", "First", "Last", "Score", "State", "Note"]
PROFILE = """\
fields:
  phone: [Phone, Mobile]
  name: "{First} {Last}"
  first_name: First
  last_name: Last
  external_id: Note
  priority: {column: Score, map: {hot: highest}}
  metadata: {state: State, note: Note}
skip_if:
  - {column: State, in: [gone]}
  - {column: Note, in: [x]}
"""
CELL = st.sampled_from(
    [
        "", " ", "\t", "hot", "1", "x", "gone", "Asha", " Asha  Example ", "a\nb",
        "+1 555 123 4567", "(555) 123-4567", "5551234567", "15551234567", "555",
        "+49 30 1234567", "+91 90000 00001", "9000000001", "00491701234567",
        "5551234567\n5551234568", "9.1E+11", "\u200b+15551234567", '{"a": 1}',
    ]
)  # fmt: skip
ROWS = st.lists(st.lists(CELL, min_size=7, max_size=7), max_size=12)
VALUE: st.SearchStrategy[Json] = CELL | st.sampled_from(
    [None, True, False, 0, 15551234567, 1.5, [], {}, ["+15551234567"], {"a": "b"}]
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(HEADER), VALUE), max_size=12)


def alone(normalise: Normalizer, value: Json) -> Phone | str:
    try:
        return normalise(value)
    except PhoneUnreadable as error:
        return error.problem.reason


@pytest.mark.parametrize(
    "rule",
    [
        PhoneRule(PhoneForm.E164),
        PhoneRule(PhoneForm.DIGITS, fewest=8),
        PhoneRule(PhoneForm.NATIONAL, most=11),
        PhoneRule(PhoneForm.SPLIT),
        PhoneRule(PhoneForm.AS_WRITTEN),
        PhoneRule(PhoneForm.NATIONAL, country="IN"),
    ],
    ids=lambda rule: f"{rule.form.name} {rule.country or ''}",
)
@pytest.mark.parametrize("check", PhoneCheck)
@given(
    values=st.lists(VALUE, max_size=12),
    region=st.sampled_from([None, "US", "DE", "IN", "BR"]),
)
@settings(deadline=None, database=None, max_examples=100)
def test_column_of_phones_is_its_cells(
    rule: PhoneRule, check: PhoneCheck, values: list[Json], region: str | None
) -> None:
    normalise = Normalizer(rule, region, check)
    (wires, keys, repairs), problems = normalise.column(values)
    together = [
        problems[place].reason
        if place in problems
        else Phone(wires[place], keys[place], repairs.get(place, ()))
        for place in range(len(values))
    ]
    assert together == [alone(normalise, value) for value in values]


def test_usual_numbers_are_what_each_is_read_as() -> None:
    """On every region: examples of every type, in the spellings of a file."""
    regions = 0
    rng = random.Random(7)  # noqa: S311  made-up numbers, not secrets
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        plan = plan_of(region)
        assert plan is not None
        texts = [*_spelled(region, rng)]
        lines, found = Usual(plan, few=0).column(texts)
        assert len(found) == len(lines) == len(texts)
        assert Usual(plan).column(texts) == (lines, found)
        regions += any(found)
        for text, national in zip(texts, found, strict=True):
            if national:
                read = decide(spelled(text), region)
                assert read == Taken(Number(plan.code, national)), (text, region)
    assert regions == len(phonenumbers.SUPPORTED_REGIONS)


def _spelled(region: str, rng: random.Random) -> list[str]:
    code = phonenumbers.country_code_for_region(region)
    texts = [""]
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            national = phonenumbers.national_significant_number(example)
            texts += [
                national,
                f"0{national}",
                f"{code}{national}",
                f"+{code}{national}",
            ]
            texts += [f"{national[:-1]}{rng.randrange(10)}", national[1:]]
    return texts


def fitting_for(name: str) -> LeadBuilder:
    provider = config.resolve(parse("", "config"), {}, provider=name).provider
    return LeadBuilder(provider, Normalizer(provider.phone_rule, "US"), str.encode)


def each_alone(
    lead_builder: LeadBuilder, values: list[dict[str, Json]]
) -> list[object]:
    found: list[object] = []
    for row, one in enumerate(values):
        table = {name: [value] for name, value in one.items()}
        leads, field_errors, _ = lead_builder.fitted([row], table)
        found.append(field_errors.get(0) or leads[0])
    return found


@pytest.mark.parametrize("provider", ["agora", "lupitor", "ozonetel", "voiso", "yotel"])
@given(rows=ROWS | OBJECTS)
@settings(deadline=None, database=None, max_examples=150)
def test_block_of_rows_is_its_rows(
    provider: str, rows: list[list[str]] | list[dict[str, Json]]
) -> None:
    nested = any(isinstance(row, dict) for row in rows)
    mapper = bind(profile.load(parse(PROFILE, "profile")), Header(HEADER, nested))
    values = [mapper.one_row(row) for row in rows]
    table = mapper.table([*rows])
    assert {name: len(column) for name, column in table.items()} == dict.fromkeys(
        mapper.getters, len(rows)
    )
    assert values == [
        {n: column[place] for n, column in table.items() if column[place] is not None}
        for place in range(len(rows))
    ]
    assert mapper.skipped([*rows]) == [mapper.skipped([row])[0] for row in rows]
    lead_builder = fitting_for(provider)
    found = lead_builder.fitted(range(len(rows)), table)
    leads = {lead.row: lead for lead in found.leads}
    assert not leads.keys() & found.field_errors.keys()
    together = [leads.get(n) or found.field_errors[n] for n in range(len(rows))]
    assert together == each_alone(lead_builder, values)


class TwoInOne(Lupitor):
    """Sends two fields by one name, as somebody's provider may."""

    fields = (*Lupitor.fields[:2], Field("source", "metadata", plain_text))


def test_of_two_fields_with_one_name_each_row_sends_what_it_has() -> None:
    provider = TwoInOne()
    lead_builder = LeadBuilder(
        provider, Normalizer(provider.phone_rule, "US"), str.encode
    )
    table: dict[str, list[Json]] = {
        "phone": [f"+1 555 123 000{row}" for row in range(3)],
        "source": ["fair", None, "fair"],
        "company": [None, "Example", "Example"],
    }
    sent = [
        lead.wire.get("metadata") for lead in lead_builder.fitted(range(3), table).leads
    ]
    assert sent == ["fair", {"company": "Example"}, {"company": "Example"}]


@given(
    found=st.lists(st.lists(st.booleans(), max_size=6), max_size=5),
    first=st.integers(1, 25),
    last=st.integers(0, 25),
)
@settings(deadline=None, database=None)
def test_blocks_number_every_row_once(
    found: list[list[bool]], first: int, last: int
) -> None:
    """A true one was split, a false one was not."""
    rows: list[list[Cells | Unsplit]] = [
        [["cell"] if ok else Unsplit("odd", "text") for ok in part] for part in found
    ]
    numbered = [*blocks(rows)]
    flags = [ok for part in found for ok in part]
    assert _flags(numbered) == dict(enumerate(flags, start=1))
    within = [block.between(first, last) for block in numbered]
    assert _flags(within) == {
        number: ok
        for number, ok in enumerate(flags, start=1)
        if first <= number <= last
    }


def _flags(found: list[Block]) -> dict[int, bool]:
    flags: dict[int, bool] = {}
    for block in found:
        assert len(block.numbers) == len(block.cells)
        assert all(isinstance(row, Malformed) for row in block.malformed)
        flags |= dict.fromkeys(block.numbers, True)
        flags |= {row.number: False for row in block.malformed}
    return dict(sorted(flags.items()))


def test_nothing_of_a_block_waits_for_the_garbage_collector() -> None:
    """What is wrong with a row must not hold on to all that stood beside it."""
    lead_builder = fitting_for("voiso")
    numbers: list[Json] = ["555", "+1 555 123 4567", None, "+1"] * 50
    wrong: list[Json] = ["never", "low"] * 100
    gc.collect()
    gc.disable()
    try:
        lead_builder.fitted(range(200), {"phone": numbers, "priority": wrong})
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        pytest.param(
            ["--skip", "1500", "--limit", "1"], [1501], id="one in the middle"
        ),
        pytest.param(["--skip", "2999"], [3000], id="the last"),
        pytest.param(["--limit", "2"], [1, 2], id="the first"),
        pytest.param(["--skip", "3000"], [], id="behind the end"),
    ],
)
def test_skip_and_limit_count_rows_over_blocks(
    push: Push, options: list[str], rows: list[int]
) -> None:
    lines = "".join(f"Asha{i},+1555{i:07}\n" for i in range(1, 3001))
    ran = push(
        "voiso", push.program.write("many.csv", f"name,phone\n{lines}"), *options
    )
    assert ran.table["rows"] == len(rows)
    arrived = [lead["name"] for lead in push.stored("voiso")]
    assert arrived == [f"Asha{row}" for row in rows]


@pytest.mark.parametrize("value", [0, False])
def test_value_that_is_nothing_to_python_is_sent(push: Push, value: Json) -> None:
    lead = {"phone": "+15551230001", "title": value}
    ran = push("lupitor", push.program.write("leads.jsonl", json.dumps(lead)))
    assert ran.code == 0, ran.err
    assert push.stored("lupitor")[0]["metadata"] == {"title": value}
