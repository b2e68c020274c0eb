"""`leadctl profile`: a draft that works, and a check that names mistakes."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from corpus import ENTRIES, FOLDER
from jsonschema import Draft202012Validator
from openpyxl import Workbook

from leadctl.mapping import profile
from leadctl.model import yaml_file

if TYPE_CHECKING:
    from conftest import Push
    from corpus import Entry
    from program import Program

CHECK = ("check", "leads.csv", "--provider", "voiso")
EXPORTS = {
    "salesforce-report.csv",
    "hubspot-contacts.csv",
    "zoho-leads.csv",
    "pipedrive-people.csv",
    "lead-ads.csv",
    "excel-german.csv",
    "hindi.csv",
    "nested.jsonl",
    "no-header.csv",
    "sheets.xlsx",
    "utf16-be.csv",
}


def drafted(program: Program, name: str, *options: str) -> profile.Profile:
    """Read the draft of a file as a push would."""
    ran = program("profile", "guess", name, *options)
    assert ran.code == 0, ran.err
    assert ran.err == ""
    return profile.load(yaml_file.parse(ran.out, "draft"))


def phones_in(program: Program, content: str) -> list[str]:
    """Return the columns that a draft takes for phones."""
    program.write("leads.csv", content)
    source = drafted(program, "leads.csv").fields["phone"]
    return [name for name in profile.columns_of(source) if name != "PHONE"]


# --- guess ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if entry.name in EXPORTS],
    ids=lambda entry: entry.name,
)
def test_draft_of_an_export_is_sound_and_pushes_it(push: Push, entry: Entry) -> None:
    """What is expected of these files is said in tests/files, with other profiles."""
    program = push.program
    program.write(entry.file.name, entry.file.read_bytes())
    ran = program("profile", "guess", entry.file.name, "-o", "draft.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "", "written: draft.yaml\n")
    ran = program("profile", "check", "draft.yaml", entry.file.name)
    assert ran.out == f"draft.yaml is valid and matches {entry.file.name}\n", ran.err
    options = [*entry.said.get("options", []), "--profile", "draft.yaml", "--json"]
    ran = push(entry.provider, entry.file.name, *options)
    assert push.phones(entry.provider) == sorted(entry.sent), ran.err
    assert ran.document["rejected"] == len(entry.rejected)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("Kunde,Anschluss\nA,+15551230001\nB,+15551230002\n", ["Anschluss"]),
        ("Anschluss;Name\n01 23 45 67 89;A\n01.23.45.67.89;B\n", ["Anschluss"]),
        ("Nr,Anschluss\n10000001,+15551230001\n10000002,+15551230002\n", ["Anschluss"]),
        ("Record ID,Kontakt\n10000001,5551230001\n10000002,\n", ["Kontakt"]),
        ("Kundennummer,Haustelefon\n10000001,5551230001\n", ["Haustelefon"]),
        ("Telefax,Haustelefon\n5551239999,5551230001\n", ["Haustelefon"]),
        ("Name,Name,Ruf\nA,B,+15551230001\n", ["Ruf"]),
        ("Seit,Ruf\n2024-01-15,+15551230001\n15.01.2024,+15551230002\n", ["Ruf"]),
        ("Phone,Mobile\n+15551230001,\n,+15551230002\n", ["Phone", "Mobile"]),
        ("Phone,Mobile\nyes,+15551230002\nno,+15551230003\n", ["Mobile", "Phone"]),
        ("Phone,Ruf\nprivate,+15551230002\n,+15551230003\n", ["Ruf"]),
        ("Mobile,Id\n9.19E+11,10000001\n9.2E+11,10000002\n", ["Mobile"]),
        ("Ruf,x\n+15551230001; +15551230002,1\n+15551230003,2\n", ["Ruf"]),
        ("who,what\na,b\n", []),
        ("Phone,Mobile\n", ["Phone", "Mobile"]),
    ],
    ids=[
        "foreign name",
        "French pairs",
        "not the number of a row",
        "not a column of another meaning",
        "not a customer's number",
        "not the fax",
        "behind a name that stands twice",
        "no dates",
        "both of a person's",
        "the likelier first",
        "by values against the name",
        "cut numbers",
        "two in a cell",
        "none",
        "no rows",
    ],
)
def test_phones_are_found_by_their_values(
    program: Program, content: str, columns: list[str]
) -> None:
    assert phones_in(program, content) == columns


def test_draft_says_why(program: Program) -> None:
    program.write("leads.csv", "Tel,Ort\n+15551230001,A\n5551230002,B\nnone,C\n")
    text = program("profile", "guess", "leads.csv").out
    assert "leadctl preview leads.csv --profile THIS_FILE" in text
    program("profile", "guess", "leads.csv", "-o", "a b.yaml")
    written = (program.folder / "a b.yaml").read_text()
    assert written == text.replace("THIS_FILE", "'a b.yaml'")
    assert "# 1 of 2 numbers have no country code; set their country." in text
    assert "  # Tel: 2 of 3 look like phones" in text
    assert "  #   ort: Ort" in text
    for name, column in (("a", "Tel"), ("b", "Tel"), ("c", "Handy")):
        program.write(f"folder/{name}.csv", f"{column}\n+15551230001\n")
    assert program("profile", "guess", "folder").err.splitlines() == [
        "drafted from folder/a.csv, the first of 3 files",
        "folder/c.csv: the draft, line 6: the file has no column 'Tel'",
    ]


def test_commented_lines_can_be_taken_in(program: Program) -> None:
    """No duplicate key, although two names are shortened to the same one."""
    program.write("leads.csv", "phone,Note 1,note-1,?,Value\n+15551230001,a,b,c,d\n")
    text = program("profile", "guess", "leads.csv").out
    at = text.index("  # metadata:")
    program.write(
        "p.yaml", text[:at] + text[at:].replace("  # ", "  ").replace("# ", "")
    )
    ran = program("profile", "check", "p.yaml", "leads.csv")
    assert ran.code == 0, ran.err
    lead = json.loads(
        program(
            *("preview", "leads.csv", "--profile", "p.yaml", "--provider", "lupitor"),
            "--json",
            discreet=False,
        ).out
    )["files"][0]["first"][0]["sent"]
    assert sorted(lead["metadata"].values()) == ["a", "b", "c", "d"]


def test_people_who_opted_out_are_left_out(push: Push) -> None:
    program = push.program
    program.write(
        "leads.csv",
        "Phone,Do Not Call,Opt Out\n+15551230001,0,no\n+15551230002,1,\n"
        "+15551230003,,Yes\n",
    )
    program("profile", "guess", "leads.csv", "-o", "draft.yaml")
    ran = push("voiso", "leads.csv", "--profile", "draft.yaml", "--json")
    assert ran.counts == {"created": 1, "suppressed": 2}, ran.err
    assert push.phones("voiso") == ["15551230001"]


def test_draft_names_the_columns_that_leave_people_out(program: Program) -> None:
    program.write("leads.csv", "phone,DNC,Consent\n+15551230001,ja,\n")
    text = program("profile", "guess", "leads.csv").out
    assert "# ignore: [DNC, Consent]\n" in text
    program.write("draft.yaml", text.replace("# ignore:", "ignore:"))
    ran = program(*CHECK, "--profile", "draft.yaml", "--json")
    assert ran.counts == {"created": 1}, ran.err


UNMET = {
    "in: [ded]": "no row has 'ded' (did you mean 'Dead'?) in 'Status'",
    "in: [dead]": "",
    "in: [dead, gone, '']": "no row has an empty cell, 'gone' in 'Status'",
    "contains: [ea, xy]": "no row has 'xy' in 'Status'",
    "matches: '^x'": "no row has '^x' in 'Status'",
    "contains: [ea], matches: 'd$'": "",
}


@pytest.mark.parametrize(("rule", "told"), UNMET.items(), ids=UNMET)
def test_words_of_a_rule_that_no_row_has_are_reported(
    program: Program, rule: str, told: str
) -> None:
    program.write("leads.csv", "phone,Status\n+15551230001,Dead\n+15551230002,new\n")
    rules = f"skip_if: {{column: Status, {rule}}}"
    program.write("p.yaml", f"fields: {{phone: phone}}\n{rules}\n")
    for command in (
        ("profile", "check", "p.yaml", "leads.csv"),
        ("preview", "leads.csv", "--profile", "p.yaml"),
        (*CHECK, "--profile", "p.yaml"),
    ):
        ran = program(*command, discreet=False)
        assert ran.code == 0
        assert (ran.out + ran.err).count("no row has") == bool(told)
        assert told in ran.out + ran.err


ODD_NAMES = (
    "a: b # c",
    "yes",
    "null",
    "- x",
    'said "so"',
    "it's",
    "[a, b]",
    "back\\slash",
    "two\nlines",
    "\U0001f4de",
    "c1\x9bcontrol",
    "right\u202eleft",
    "1",
    "line\u2028end",
)


def test_any_name_of_a_column_can_stand_in_a_draft(program: Program) -> None:
    with (program.folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([ODD_NAMES, ["+15551230001"] * len(ODD_NAMES)])
    found = drafted(program, "leads.csv")
    assert found.fields["phone"] == [*ODD_NAMES]


def test_column_that_would_be_a_template_is_left_to_the_user(program: Program) -> None:
    assert not phones_in(program, "{phone},x\n+15551230001,a\n")


def test_draft_holds_what_the_options_said(program: Program) -> None:
    program.write("leads.csv", "Zoë^+15551230001\nJörg^+15551230002\n".encode("cp850"))
    options = "--delimiter ^ --no-header --encoding cp850"
    found = drafted(program, "leads.csv", *options.split())
    facts = {"format": "csv", "encoding": "cp850", "delimiter": "^", "header": False}
    assert vars(found.shape).items() >= facts.items()
    assert found.fields["phone"] == "2"


def test_sheet_is_pinned(program: Program) -> None:
    program.write("book.xlsx", (FOLDER / "sheets.xlsx").read_bytes())
    assert drafted(program, "book.xlsx").shape.sheet == "Leads"
    book = Workbook()
    book.worksheets[0].append(["About", "this list"])
    leads = book.create_sheet("Old leads")
    for cell in ("phone", "+15551230001"):
        leads.append([cell])
    book.save(program.folder / "cover.xlsx")
    draft = program("profile", "guess", "cover.xlsx").out
    assert "phone numbers: --sheet 'Old leads'\n  phone: PHONE\n" in draft
    ran = program(*CHECK[:1], "cover.xlsx", *CHECK[2:])
    assert (ran.code, "fits: --sheet 'Old leads'" in ran.err) == (6, True)
    ran = program("profile", "guess", "book.xlsx", "--sheet", "9")
    assert (ran.code, "no sheet '9'" in ran.err) == (6, True)


def test_stdin_gives_a_draft(program: Program) -> None:
    ran = program("profile", "guess", "-", stdin=b"tel\n+15551230001\n")
    assert "  phone: tel\n" in ran.out
    assert not [*program.state.glob("spool/*")]


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_draft_never_overwrites(program: Program, there: str) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    path = program.folder / "mine.yaml"
    match there:
        case "file":
            path.write_text("# mine\n")
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(program.folder / "elsewhere.yaml")
    ran = program("profile", "guess", "leads.csv", "--output", "mine.yaml")
    assert ran.code == 6
    assert "mine.yaml: File exists" in ran.err
    assert not (program.folder / "elsewhere.yaml").exists()
    assert there != "file" or path.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["guess", "gone.csv"], 6, "gone.csv: No such file"),
        (["guess", "lead.csv"], 6, "lead.csv: No such file (did you mean 'leads.csv'?"),
        (["guess", "empty.csv"], 6, "empty.csv: the file is empty"),
        (["guess", "leads.csv", "-o", "no/where.yaml"], 6, "No such file"),
        (["guess", "leads.csv", "leads.csv"], 2, "unexpected extra argument"),
        (["check", "nope"], 2, "no profile 'nope'"),
        (["check", "nope.yaml"], 6, "nope.yaml: No such file"),
        (["chek"], 2, "No such command 'chek'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_one_sentence(
    program: Program, arguments: list[str], code: int, words: str
) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    program.write("empty.csv", "\n")
    ran = program("profile", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


# --- check ---------------------------------------------------------------------------


def test_sound_profile_is_called_so(program: Program) -> None:
    program.write("p.yaml", "region: US\nfields: {phone: Tel}\n")
    program.write("a.csv", "Tel,x\n1,2\n")
    program.write("b.jsonl", '{"Tel": 1}\n')
    ran = program("profile", "check", "p.yaml")
    assert (ran.code, ran.out) == (0, "p.yaml is valid\n")
    ran = program("profile", "check", "p.yaml", "a.csv", "b.jsonl")
    assert (ran.code, ran.out) == (0, "p.yaml is valid and matches a.csv, b.jsonl\n")
    ran = program("profile", "check", "p.yaml", "-", stdin=b"Tel;y\n")
    assert (ran.code, ran.out) == (0, "p.yaml is valid and matches -\n")


FAULTY = {
    "region: us\nfields: {phone: Tel}\n": "line 1: 'region' must be a country code",
    "fields: {phone: Tel}\n\nregion: ZZ\n": "line 3: 'region' must be a country",
    "fields:\n  fone: Tel\n": "line 2: unknown key 'fone' (did you mean",
    "field:\n  phone: Tel\n": "line 1: unknown key 'field' (did you mean 'fields'?)",
    "file: {encoding: klingon}\nfields: {phone: Tel}\n": "line 1: no text",
    "file:\n  delimiter: ab\nfields: {phone: Tel}\n": "line 2: 'delimiter' must be one",
    "file:\n  format: pdf\nfields: {phone: Tel}\n": "line 2: 'format' cannot be 'pdf'",
    "file:\n  header: maybe\nfields: {phone: Tel}\n": "line 2: 'header' must be true",
    "file:\n  sheat: A\nfields: {phone: Tel}\n": "line 2: unknown key 'sheat' (did you",
    "fields: {phone: Tel}\nskip_if: {column: A}\n": "line 2: 'skip_if' must have one",
    "fields:\n  name: Tel\n": "line 1: the profile does not map `phone`",
    "fields:\n  phone: [Mobile, Tell]\n": "line 2: the file has none of 'Mobile'",
    "fields:\n  phone: Tell\n": "line 2: the file has no column 'Tell' (did you mean",
    'fields:\n  phone: Tel\n  name: "{Nam}"\n': "line 3: the file has no column 'Nam'",
    "fields:\n  phone: Tel\n  priority: {column: Name, map: {hot: higest}}\n": (
        "line 3: 'hot' cannot be 'higest' (did you mean 'highest'?)"
    ),
    "fields:\n  phone: Tel\n  priority:\n    column: Name\n    default: soon\n": (
        "line 5: 'default' cannot be 'soon'; use highest"
    ),
    "fields:\n  phone: Tel\n  priority: {value: 1.5}\n": "line 3: 'value' cannot be",
    "fields:\n  phone: Tel\n  priority: {value: true}\n": "line 3: 'value' cannot be",
    "fields: {phone: Tel}\nskip_if:\n  - {column: Ort, in: [x]}\n": "line 3: the file",
}


@pytest.mark.parametrize("text", FAULTY, ids=range(len(FAULTY)))
def test_fault_is_told_with_its_line(program: Program, text: str) -> None:
    program.write("a.csv", "Tel,Name\n1,2\n")
    program.write("p.yaml", text)
    ran = program("profile", "check", "p.yaml", "a.csv")
    assert (ran.code, f"p.yaml, {FAULTY[text]}" in ran.err) == (6, True), ran.err


def test_words_and_numbers_of_a_priority_are_sound(program: Program) -> None:
    """Empty values, too; the range of numbers is checked for each provider."""
    table = "{hot: Highest, warm: '7', cold: 1000, none: '', gone: null}"
    priority = f"{{column: A, map: {table}, default: -1}}"
    program.write("p.yaml", f"fields: {{phone: Tel, priority: {priority}}}\n")
    ran = program("profile", "check", "p.yaml")
    assert (ran.code, ran.out) == (0, "p.yaml is valid\n"), ran.err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fields: {phone: Tel}, region: ZZ", 3),
        ("file: {encoding: klingon},\n    fields: {phone: Tel}", 3),
        ("fields: {name: Tel}", 3),
        ("fields:\n      {phone: Tell}", 4),
    ],
    ids=["region", "encoding", "no phone", "no column"],
)
def test_fault_in_the_config_is_told_with_the_line_there(
    program: Program, text: str, line: int
) -> None:
    program.write("a.csv", "Tel,Name\n1,2\n")
    program.write("config.yaml", f"profiles:\n  mine:\n    {{{text}}}\n")
    ran = program("profile", "check", "mine", "a.csv", "--config", "config.yaml")
    assert (ran.code, f"config.yaml, line {line}: " in ran.err) == (6, True)


def test_profile_of_the_config_has_its_name(program: Program) -> None:
    program.write("config.yaml", "profiles: {crm: {fields: {phone: Tel}}}\n")
    ran = program("profile", "check", "crm", "--config", "config.yaml")
    assert (ran.code, ran.out) == (0, "crm is valid\n")


def test_schema_is_printed_for_editors(program: Program) -> None:
    """What it says of profiles is held by tests/test_schema.py."""
    program.write("leads.csv", "Phone,Do Not Call\n+15551230001,no\n")
    draft = yaml_file.parse(program("profile", "guess", "leads.csv").out, "draft")
    ran = program("profile", "schema")
    assert (ran.code, ran.err) == (0, "")
    Draft202012Validator(json.loads(ran.out)).validate(draft.content)
