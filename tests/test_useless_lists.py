"""Invalid suppression lists, and the lists of an account."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from suppressing import LEADS, LISTED, SENT, workbook

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program


@pytest.fixture
def leads(program: Program) -> Path:
    return program.write("leads.csv", LEADS)


def test_entry_that_is_no_number_anywhere_stops_the_run(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+919876543210\n")
    push.program.write("never.txt", "9876543210\n98765432101234567\n")
    where = ("--suppress", "never.txt", "--region", "IN", "--json")
    ran = push("voiso", "leads.csv", *where)
    assert ran.code == 6
    assert "row 2: not a number of any country" in ran.error["message"]


def test_remarks_of_a_list_are_counted(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    push.program.write("never.txt", "+15551230002\nasked us on 3 May\n12345\n")
    ran = push("voiso", "leads.csv", "--suppress", "never.txt")
    assert ran.code == 0
    assert "never.txt: 2 cells without a phone number" in ran.err


USELESS: dict[str, tuple[str | bytes | None, str]] = {
    "missing": (None, "never.txt: No such file"),
    "empty": ("", "never.txt: the file is empty"),
    "header alone": ("phone\n", "never.txt contains no phone number"),
    "no number": ("phone\nnobody\n\n", "never.txt contains no phone number"),
    "no text": (b"\x00\x01\x02" * 30, "not text"),
    "another format": (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Office file"),
    "cut short": (gzip.compress(b"+15551230002\n" * 99)[:-12], "truncated or damaged"),
    "two encodings": ("é+15551230002\n".encode() + b"\xe9\n", "byte 16 is not utf-8"),
    "malformed row": (
        "phone,name\n+15551230002,A\n+15551230004,B,C\n",
        "row 2: 3 cells",
    ),
    "row in another": (
        'phone,name\n+15551230002,"A\n+15551230004,B"\n',
        "row 1: a quote opens in this row and closes in a later one",
    ),
    "JSON broken": ('{"phone": "+15551230002"}\n{"phone"\n', "row 2: not JSON"),
    "cut number": (
        "+15551230002\n1.55512E+10\n",
        "row 2: digits lost in a spreadsheet",
    ),
    "cut to nothing": ("+15551230002\n2E+10\n", "row 2: digits lost in a spreadsheet"),
    "hidden number": ("+15551230002\n########\n", "row 2"),
    "calculated number": ("+15551230002\n#ERROR!\n", "row 2"),
    "rounded numbers": (
        "+15551230002\n15551200000\n15551300000\n15551400000\n",
        "3 of 4 numbers seem to have lost digits",
    ),
    "no country": ("+15551230002\n5551230004\n", "row 2: no country code"),
    "two numbers": (
        "phone\n+15551230002 / +15551230004\n",
        "row 1: contains more than one number",
    ),
    "date": ("phone\n+15551230002\n2026-01-30\n", "row 2: a date, not a phone"),
    "other date": ("phone\n+15551230002\n30.01.2026\n", "row 2: a date, not"),
    "extension": ("phone\n+15551230002 x12\n", "row 1: has an extension"),
    "number as a name": ("call +15551230002 never\n+15551230004\n", "its first line: "),
    "objects in a list": ('{"phone": [{"x": 15551230002}]}\n', "row 1: not a phone"),
    "no area code": ("5551230002\n5550123\n", "row 2: the area code is missing"),
    "area code apart": ("DDD,Phone\n11,912345678\n", "row 1: the area code is missing"),
    "area code and code apart": (
        "country code,DDD,phone\n55,11,912345678\n",
        "row 1: the area code is missing",
    ),
    "a number before the header": (
        "+15551230002,,\nphone,remark,since\n+15551230004,asked,2026\n",
        "has 3 columns",
    ),
    "columns unknown": ("who,what\n+15551230002,+15551230004\n", "has 2 columns"),
}


REGIONS = {
    "rounded numbers": "US",
    "no area code": "US",
    "area code apart": "BR",
}


HINTS = {"columns unknown": "--suppress never.txt::who --suppress never.txt::what"}


@pytest.mark.parametrize("name", USELESS)
def test_list_that_cannot_be_relied_on_stops_the_run(
    push: Push, leads: Path, name: str
) -> None:
    content, words = USELESS[name]
    if content is not None:
        push.program.write("never.txt", content)
    given = ["--region", region] if (region := REGIONS.get(name)) else []
    ran = push("voiso", leads, "--suppress", "never.txt", *given, "--json")
    assert ran.code == 6
    assert ran.error["message"].startswith("suppression list never.txt")
    assert words in ran.error["message"]
    assert HINTS.get(name, "") in (ran.error["hint"] or "")
    assert not push.simulator("voiso").log
    assert not [*push.program.folder.glob("*.rejects*")]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("never.csv::Mobil", "no column 'Mobil' (did you mean 'Mobile'?)"),
        ("never.csv::", "no column ''"),
        (".", "is a folder"),
        ("", "is a folder"),
    ],
)
def test_list_that_is_named_wrongly_stops_the_run(
    push: Push, leads: Path, listed: str, message: str
) -> None:
    push.program.write("never.csv", "Mobile,Phone\n+15551230002,+15551230004\n")
    ran = push("voiso", leads, "--suppress", listed, "--json")
    assert ran.code == 6
    assert message in ran.error["message"]
    assert not push.simulator("voiso").log


def test_one_useless_list_of_several_stops_the_run(push: Push, leads: Path) -> None:
    push.program.write("good.txt", "+15551230002\n")
    push.program.write("bad.txt", "nobody\n")
    ran = push("voiso", leads, "--suppress", "good.txt", "--suppress", "bad.txt")
    assert ran.code == 6
    assert "bad.txt" in ran.err


def test_unreadable_workbook_stops_the_run(program: Program, leads: Path) -> None:
    whole = workbook([["phone"], ["+15551230002"]])
    program.write("never.xlsx", whole[:-200])
    ran = program("check", leads, "--provider", "voiso", "--suppress", "never.xlsx")
    assert ran.code == 6
    assert "suppression list never.xlsx" in ran.err


def test_cut_numbers_of_a_national_list_are_seen(program: Program, leads: Path) -> None:
    program.write("never.txt", "5551230000\n5551240000\n5551250000\n5551230002\n")
    ran = program(
        *("check", leads, "--provider", "voiso", "--region", "US"),
        *("--suppress", "never.txt"),
    )
    assert ran.code == 6
    assert "3 of 4 numbers seem to have lost digits" in ran.err


@pytest.mark.parametrize("written", ["never.txt", "[lists/a.txt, never.txt]"])
def test_list_of_an_account_lies_beside_the_config(
    push: Push, leads: Path, written: str
) -> None:
    folder = push.program.home / "settings"
    (folder / "lists").mkdir(parents=True)
    (folder / "never.txt").write_text("\n".join(f"+{n}" for n in LISTED))
    (folder / "lists" / "a.txt").write_text("+15551239999\n")
    config = folder / "config.yaml"
    config.write_text(f"accounts: {{voiso: {{suppress: {written}}}}}\n")
    ran = push("voiso", leads, "--config", config, "--json")
    assert ran.counts == {"created": 3, "suppressed": 2}, ran.err
    assert push.phones("voiso") == SENT


def test_list_of_an_account_holds_beside_those_of_the_command(
    push: Push, leads: Path
) -> None:
    push.program.write("config.yaml", "accounts: {voiso: {suppress: a.csv::tel}}\n")
    push.program.write("a.csv", "tel,phone\n+15551230002,+15551230001\n")
    push.program.write("b.txt", "+15551230004\n")
    given = ("--config", "config.yaml", "--suppress", "b.txt", "--json")
    assert push("voiso", leads, *given).counts == {"created": 3, "suppressed": 2}


@pytest.mark.parametrize("written", ["gone.txt", "~/gone.txt", "7", "false", "{a: b}"])
def test_useless_list_of_an_account_stops_the_run(
    push: Push, leads: Path, written: str
) -> None:
    push.program.write("config.yaml", f"accounts: {{voiso: {{suppress: {written}}}}}\n")
    ran = push("voiso", leads, "--config", "config.yaml", "--json")
    assert ran.code == 6
    assert "suppress" in ran.error["message"]
    assert not push.simulator("voiso").log
