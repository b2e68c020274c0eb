"""A column of countries gives each phone its region."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from test_confirm import QUESTION, asked

from leadctl.phones.countries import Country, country_named

if TYPE_CHECKING:
    from conftest import Push

CELLS = {
    "+44": "GB",
    "44": "GB",
    "0044": "GB",
    "(+44)": "GB",
    "44.0": "GB",
    "+44 (0)": "GB",
    '="+44"': "GB",
    "'+44": "GB",
    "IN +91": "IN",
    "91-IN": "IN",
    "India (+91)": "IN",
    "code +91": "IN",
    "1": "US",
    "Canada +1": "CA",
    "+1-876": "JM",
    "1876": "JM",
    "+1 809, +1 829": "DO",
    "+44-1481": "GB",
    "870": "001",
    "gb": "GB",
    "UK": "GB",
    "EL": "GR",
    "XK": "XK",
    "ind": "IN",
    "U.S.A.": "US",
    "uae": "AE",
    "Scotland": "GB",
    "Deutschland": "DE",
    "ALLEMAGNE": "DE",
    "Espana": "ES",
    "भारत": "IN",
    "The Netherlands": "NL",
    "Korea, Republic of": "KR",
    "South Korea": "KR",
    "Korea": None,
    "Congo": None,
    "NA": None,
    "N/A": None,
    "0": None,
    "999": None,
    "9876543210": None,
    "US +44": None,
    "12 Main Street": None,
    "AQ": None,
    "-": None,
    "True": None,
}


@pytest.mark.parametrize("cell", CELLS)
def test_cell_names_a_country(cell: str) -> None:
    found = country_named(cell)
    assert (found and found.region) == CELLS[cell]


def test_shared_calling_code_is_the_region_of_the_run_if_it_has_it() -> None:
    homes = ("CA", "IN", None)
    assert [country_named("1", home) for home in homes] == [
        Country("CA", "1"),
        Country("US", "1"),
        Country("US", "1"),
    ]


ROWS = {
    # code column, address column, number -> what is sent, or the code
    "own": ("+91", "", "9000000001", "919000000001"),
    "foreign": ("+44", "", "7700900123", "447700900123"),
    "unassigned": ("+1", "", "5550100001", "15550100001"),
    "spaced": ("44", "", "7400 123 457", "447400123457"),
    "national prefix": ("0044", "", "07400123458", "447400123458"),
    "code again": ("44", "", "447400123459", "447400123459"),
    "plus": ("44.0", "", "+447400123460", "447400123460"),
    "zeros": ("44", "", "00447400123461", "447400123461"),
    "ISO": ("DE", "", "0151 12345678", "4915112345678"),
    "contradiction": ("44", "", "+919000000002", "phone_wrong_country"),
    "contradiction without plus": ("44", "", "919000000003", "phone_wrong_country"),
    "shared code": ("CA", "", "+15550100002", "15550100002"),
    "code wins": ("44", "Germany", "7400123462", "447400123462"),
    "address": ("", "Germany", "0151 12345679", "4915112345679"),
    "address contradicts nothing": ("", "Germany", "+919000000004", "919000000004"),
    "falls back to the address": ("?", "GB", "07400123463", "447400123463"),
    "falls back": ("n/a", "", "9000000005", "919000000005"),
    "nothing said": ("", "", "9000000006", "919000000006"),
    "no region's code": ("870", "", "773123456", "870773123456"),
}


def test_columns_give_each_row_its_region(push: Push) -> None:
    """They win over --region; what names no country is counted."""
    lines = [",".join((name, *cells[:3])) for name, cells in ROWS.items()]
    header = "Name,Country Code,Country,Phone Number"
    push.program.write("leads.csv", "\n".join([header, *lines, ""]))
    ran = push("voiso", "leads.csv", "--region", "IN")
    assert ran.code == 3
    field = push.simulator("voiso").phone_field
    found = {lead["name"]: lead[field] for lead in push.stored("voiso")}
    with (push.program.folder / "leads.rejects.csv").open(encoding="utf-8") as file:
        found |= {row["Name"]: row["_leadctl_code"] for row in csv.DictReader(file)}
    assert found == {name: cells[3] for name, cells in ROWS.items()}
    assert "2 rows with no known country in" in ran.err
    assert "its number is one of +91, but its country code column says +44" in ran.out


CONTRADICTING = """\
Phone,Country Code,Dial Code,ISD,Country
7400123456,GB,+44,,India
7400123457,,0044,44.0,
9000000001,IN,+44,,
+919000000002,91,,+44,
9000000003,?,91,n/a,
+15550100001,CA,+1,,
"""


def test_code_columns_that_contradict_each_other_decide_nothing(push: Push) -> None:
    push.program.write("leads.csv", CONTRADICTING)
    ran = push("voiso", "leads.csv", "--region", "IN", "--json")
    assert ran.codes == {"phone_wrong_country": 2}
    (reason,) = ran.document["reasons"]
    assert reason["example_row"] == 3
    assert "name different countries" in reason["message"]
    sent = ["15550100001", "447400123456", "447400123457", "919000000003"]
    assert push.phones("voiso") == sent


def test_list_whose_code_columns_contradict_holds_back_in_every_country(
    push: Push,
) -> None:
    push.program.write("leads.csv", "phone\n+447400123456\n+917400123456\n")
    listed = "phone,Country Code,Dial Code\n7400123456,IN,+44\n"
    push.program.write("never.csv", listed)
    told = ("--suppress", "never.csv", "--region", "US", "--json")
    assert push("voiso", "leads.csv", *told).codes == {"on_suppression_list": 2}


SPLIT = "name,phone_code,mobile,phone\n" + "".join(
    f"T{n},{code},{mobile},{phone}\n"
    for n, (code, mobile, phone) in enumerate(
        [("91", "9000000001", ""), ("+44", "", "7400123456"), ("", "9000000003", "")]
    )
)


@pytest.mark.parametrize(
    ("provider", "region", "expected"),
    [
        ("agora", "IN", ["+447400123456", "+919000000001", "+919000000003"]),
        ("lupitor", "IN", ["+447400123456", "+919000000001", "+919000000003"]),
        # What only the column knows the country of goes out with its code.
        ("ozonetel", "IN", ["447400123456", "9000000001", "9000000003"]),
        ("ozonetel", "US", ["447400123456", "9000000003", "919000000001"]),
        ("yotel", "US", ["9000000001"]),
    ],
)
def test_every_provider_gets_its_own_form(
    push: Push, provider: str, region: str, expected: list[str]
) -> None:
    """Whichever phone column holds the number, the code is the row's."""
    push.program.write("leads.csv", SPLIT)
    push(provider, "leads.csv", "--region", region)
    assert push.phones(provider) == expected


def test_objects_name_the_country_by_number_or_inside_an_object(push: Push) -> None:
    rows = [
        {"phone": "7400123456", "isd": 44, "name": "T1"},
        {"phone": "9000000001", "isd": 91.0, "name": "T2"},
        {"phone": "+15550100001", "isd": None, "name": "T3"},
        {"phone": "7400123457", "mobile": {"country_code": "+44"}},
    ]
    push.program.write("leads.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    ran = push("voiso", "leads.jsonl")
    assert ran.code == 0, ran.err
    assert push.phones("voiso") == [
        "15550100001",
        "447400123456",
        "447400123457",
        "919000000001",
    ]


PROFILES = {
    "other columns": ("fields: {phone: Tel}", [], ["447400123456"]),
    "ignored": ("fields: {phone: Tel}\nignore: [Dial Code, Land]", [], []),
    "ignored by option": (
        "fields: {phone: Tel}",
        ["--ignore-column", "Dial Code", "--ignore-column", "Land"],
        [],
    ),
    "another column": (
        "fields: {phone: Tel, phone_country: Land}",
        [],
        ["497400123456"],
    ),
    "constant": ("fields: {phone: Tel, phone_country: {value: 44}}", [], None),
    "table": (
        "fields: {phone: Tel, phone_country: {column: Kind, map: {uk: +44}}}",
        [],
        None,
    ),
    "template": ('fields: {phone: Tel, phone_country: "+{Dial Code}"}', [], None),
    "option": ("fields: {phone: Tel}", ["--set", "phone_country=UK"], None),
    "region of the profile": ("region: IN\nfields: {phone: Tel}", [], None),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_may_say_where_the_country_stands(push: Push, profile: str) -> None:
    text, options, expected = PROFILES[profile]
    push.program.write("map.yaml", f"{text}\n")
    push.program.write("leads.csv", "Tel,Dial Code,Land,Kind\n7400123456,44,DE,uk\n")
    push("voiso", "leads.csv", "--profile", "map.yaml", *options)
    assert push.phones("voiso") == (["447400123456"] if expected is None else expected)


def test_reject_file_keeps_the_column_for_a_second_round(push: Push) -> None:
    push.program.write("leads.csv", "phone,isd\n+919000000001,44\n7400123456,44\n")
    first = push("voiso", "leads.csv", "--region", "IN")
    assert first.code == 3
    rejects = push.program.folder / "leads.rejects.csv"
    text = rejects.read_text(encoding="utf-8")
    rejects.write_text(text.replace("1,44", "1,91"), encoding="utf-8")
    second = push("voiso", rejects.name, "--region", "US")
    assert (second.code, push.phones("voiso")) == (0, ["447400123456", "919000000001"])


LISTED = {
    "split lead": ("7400123456,44", "+447400123456", True),
    "lead by its code": ("7400123456,+44", "07400 123456", True),
    "code in the number": ("447400123456,44", "+44 7400 123456", True),
    "address": ("07400123456,", "+447400123456", False),
    "somebody else": ("7400123457,44", "+447400123456", False),
}


@pytest.mark.parametrize("case", LISTED)
def test_list_holds_back_a_lead_whose_column_has_the_code(
    push: Push, case: str
) -> None:
    lead, entry, is_held_back = LISTED[case]
    push.program.write("leads.csv", f"phone,isd\n{lead}\n+15550100009,\n")
    push.program.write("never.csv", f"phone\n{entry}\n")
    ran = push(
        "voiso", "leads.csv", "--region", "US", "--suppress", "never.csv", "--json"
    )
    assert ran.codes.get("on_suppression_list", 0) == is_held_back


def test_set_must_name_a_country(push: Push) -> None:
    push.program.write("leads.csv", "phone\n7400123456\n")
    ran = push("voiso", "leads.csv", "--set", "phone_country=Atlantis")
    assert ran.code == 2
    assert "'Atlantis' is not a country" in ran.err


def test_preview_guess_and_trace_name_the_column(push: Push) -> None:
    push.program.write(
        "leads.csv", "Tel,Dial Code,Country\n07400123456,44,UK\n9000000001,,India\n"
    )
    shown = push.program("preview", "leads.csv", discreet=False)
    assert "Dial Code  → phone_country, the region of each phone" in shown.out
    assert "Country    → the region of phones without +" in shown.out
    drafted = push.program("profile", "guess", "leads.csv")
    assert "  phone_country: Dial Code\n" in drafted.out
    assert "Dial Code, Country names their country" in drafted.out
    push("voiso", "leads.csv")
    run = json.loads(push.program("runs", "--json").out)[0]["run_id"]
    told = push.program("runs", "show", run, "--row", "2", "--json")
    assert json.loads(told.out)["fields"] == {"country": "Xxxxx", "phone": "##########"}


def test_question_says_where_the_region_comes_from(push: Push) -> None:
    with asked(push, "--region", "IN", header="ISD,Country") as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        terminal.end()
    assert "region of each phone from ISD, else Country, else IN" in screen
    assert "no place for" not in screen
