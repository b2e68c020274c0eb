"""Suppression lists: every number is found, or nothing is sent."""

from __future__ import annotations

import bz2
import gzip
from typing import TYPE_CHECKING

import pytest
from suppressing import LEADS, LISTED, SENT, workbook

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Push
    from program import Program, Ran


@pytest.fixture
def leads(program: Program) -> Path:
    return program.write("leads.csv", LEADS)


# --- what is on a list is not sent ---------------------------------------------------

TWO_LINES = "+15551230002\n+15551230004\n"
UNDER_HEADER = "phone\n" + TWO_LINES
LISTS = {
    "one a line": TWO_LINES,
    "with a header": UNDER_HEADER,
    "with a header of any name": "Do not call\n" + TWO_LINES,
    "under a title": "Opted out\n\n" + UNDER_HEADER,
    "any spelling": "+1 (555) 123-0002\ntel:001-555-123-0004\n",
    "dots": "+1.555.123.0002\n+1.555.123.0004\n",
    "damage that loses nothing": "'+15551230002\n\u202a+15551230004\u202c\n",
    "numbers of a spreadsheet": "phone\n+1.5551230002E+10\n+15551230004.0\n",
    "remarks between": "who asked us:\n+15551230002\n\nn/a\n+15551230004\n",
    "twice": "+15551230002\n" + TWO_LINES,
    "several columns": "name;Phone No.;since\nA;+15551230002;2026\nB;+15551230004;\n",
    "two columns of phones": "phone,mobile\n+15551230002,\n,+15551230004\n",
    "both phones of a person": "phone,mobile\n+15551230002,+15551230004\n",
    "rows that end early": "phone,name,since\n+15551230002\n+15551230004,B\n",
    "a column twice": "phone,phone\n+15551230002,+15551230004\n",
    "JSONL": '{"phone": "+15551230002"}\n{"phone": "+1 555 123 0004", "x": 1}\n',
    "JSONL, other names": '{"Mobile": "+15551230002"}\n{"phone": "+15551230004"}\n',
    "JSONL, lists": '{"phones": ["+15551230002", "+15551230004"]}\n',
    "JSONL, nested": (
        '{"contact": {"phone": "+15551230002"}}\n{"contact": {"phone": "+15551230004"}}'
    ),
}
PACKED: dict[str, Callable[[str], bytes]] = {
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "workbook": lambda text: workbook([[line] for line in text.split()]),
}


def test_numbers_on_a_list_are_not_sent_however_it_is_written(push: Push) -> None:
    """Each list has two numbers of its own; one number is on none."""
    lists: list[tuple[str, str, Callable[[str], bytes]]] = [
        *((name, text, str.encode) for name, text in LISTS.items()),
        *((name, UNDER_HEADER, write) for name, write in PACKED.items()),
    ]
    names, given = {"15551230001": "on no list"}, list[str]()
    for place, (name, text, write) in enumerate(lists):
        first, second = str(1002 + place), str(2004 + place)
        mine = text.replace("0002", first).replace("0004", second)
        given += ["--suppress", push.program.write(f"{place}.txt", write(mine)).name]
        names |= {f"1555123{first}": name, f"1555123{second}": name}
    push.program.write("leads.csv", "\n".join(["phone", *(f"+{n}" for n in names)]))
    ran = push("voiso", "leads.csv", *given, "--json")
    assert [names[phone] for phone in push.phones("voiso")] == ["on no list"], ran.err
    assert ran.counts == {"created": 1, "suppressed": 2 * len(lists)}
    assert ran.codes == {"on_suppression_list": 2 * len(lists)}
    assert ran.code == 0


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("Who,Called at\n+15551230099,+15551230002\n", "Called at"),
        ("+15551230099,+15551230002\n", "2"),
        ("phone,old\n+15551230099,+15551230002\n", "old"),
        ('{"a": {"b": "+15551230002"}}\n', "a.b"),
    ],
    ids=["by name", "by number", "not the phone column", "into an object"],
)
def test_column_can_be_named(
    program: Program, leads: Path, content: str, column: str
) -> None:
    program.write("never.csv", content)
    listed = f"never.csv::{column}"
    ran = program("check", leads, "--provider", "voiso", "--suppress", listed, "--json")
    assert ran.counts == {"created": 4, "suppressed": 1}, ran.err


def test_names_of_a_list_may_be_in_any_encoding(program: Program, leads: Path) -> None:
    """Czech and Danish names in cp1250: undetectable, and irrelevant to numbers."""
    content = "name;phone\nJiří;+420601123400\nSřren;+4532123456\nA;+15551230002\n"
    program.write("never.csv", content.encode("cp1250"))
    ran = program(
        *("check", leads, "--provider", "voiso", "--suppress", "never.csv", "--json")
    )
    assert ran.counts == {"created": 4, "suppressed": 1}, ran.err


def test_suppressed_leads_never_reach_the_provider(push: Push, leads: Path) -> None:
    """From several lists, and in every spelling that a lead may have."""
    push.program.write("leads.csv", LEADS + "+1 555-123-0002,Again Testperson\n")
    push.program.write("a.txt", "+15551230002\n")
    push.program.write("b.txt", "+15551230004\n")
    ran = push("voiso", leads, "--suppress", "a.txt", "--suppress", "b.txt", "--json")
    assert ran.counts == {"created": 3, "suppressed": 3}
    assert push.phones("voiso") == SENT
    assert ran.document["files"][0]["rejects_file"] is None
    shown = push("voiso", leads, "--suppress", "a.txt", "--suppress", "b.txt")
    assert shown.table == {
        "created": 0,
        "duplicate": 3,
        "rejected": 0,
        "suppressed": 3,
        "rows": 6,
    }


def test_dry_run_and_variable_know_the_list(push: Push, leads: Path) -> None:
    push.program.write("never.txt", "\n".join(LISTED))
    ran = push(
        "voiso",
        leads,
        "--dry-run",
        "--region",
        "US",
        "--json",
        env={"LEADCTL_SUPPRESS": "never.txt"},
    )
    assert ran.counts == {"created": 3, "suppressed": 2}


def test_list_of_the_leads_themselves_leaves_nothing(push: Push, leads: Path) -> None:
    ran = push("voiso", leads, "--suppress", leads, "--json")
    assert (ran.code, ran.counts) == (0, {"suppressed": 5})
    assert not push.uploads("voiso")


def test_what_was_delivered_before_is_suppressed_now(push: Push, leads: Path) -> None:
    push("voiso", leads)
    push.program.write("never.txt", "+15551230002\n")
    ran = push("voiso", leads, "--suppress", "never.txt", "--json")
    assert ran.counts == {"duplicate": 4, "suppressed": 1}


# --- whose number it is --------------------------------------------------------------


def test_numbers_without_a_country_code_are_of_the_region(push: Push) -> None:
    push.program.write("leads.csv", "phone\n5551230001\n+15551230002\n5551230003\n")
    push.program.write("never.txt", "(555) 123-0001\n555.123.0002\n")
    ran = push(
        "voiso",
        "leads.csv",
        *("--region", "US", "--suppress", "never.txt", "--json"),
    )
    assert ran.counts == {"created": 1, "suppressed": 2}
    assert push.phones("voiso") == ["15551230003"]


def test_region_of_the_profile_counts(program: Program, leads: Path) -> None:
    program.write("p.yaml", "region: US\nfields: {phone: phone}\n")
    program.write("never.txt", "5551230002\n")
    ran = program(
        *("check", leads, "--provider", "voiso", "--profile", "p.yaml"),
        *("--suppress", "never.txt", "--json"),
    )
    assert ran.counts == {"created": 4, "suppressed": 1}, ran.err


def test_indian_numbers_are_compared_as_yotel_takes_them(push: Push) -> None:
    """What is no Indian number can be no lead of Yotel's: it does no harm."""
    spellings = [
        "9000000001",
        "+919000000002",
        "919000000003",
        "09000000004",
        "00919000000005",
        "90000 00006",
        "9.000000007E+09",
        "+15551230001",
    ]
    leads = "\n".join(["phone", *(f"90000000{row:02}" for row in range(1, 9))])
    push.program.write("leads.csv", leads)
    push.program.write("never.txt", "\n".join(spellings))
    ran = push("yotel", "leads.csv", "--suppress", "never.txt", "--json")
    assert ran.counts == {"created": 1, "suppressed": 7}
    assert push.phones("yotel") == ["9000000008"]


@pytest.mark.parametrize("entry", ["0919000000001", "91 (0) 90000 00001"])
def test_damaged_number_of_a_list_is_compared_all_the_same(
    push: Push, entry: str
) -> None:
    push.program.write("leads.csv", "phone\n9000000001\n")
    push.program.write("never.txt", f"{entry}\n")
    ran = push("yotel", "leads.csv", "--suppress", "never.txt", "--json")
    assert ran.counts == {"suppressed": 1}
    assert not push.stored("yotel")


@pytest.mark.parametrize("form", ["as-written", "e164", "national"])
def test_ozonetel_compares_whatever_is_written(push: Push, form: str) -> None:
    push.program.write("leads.csv", "phone\n9000000001\n+919000000002\n09000000003\n")
    push.program.write("never.txt", "+91 90000 00001\n9000000002\n9000000003\n")
    environment = {"LEADCTL_OZONETEL_PHONE_FORMAT": form}
    where = ("--region", "IN", "--suppress", "never.txt", "--json")
    ran = push("ozonetel", "leads.csv", *where, env=environment)
    assert ran.counts == {"suppressed": 3}, ran.err
    assert not push.stored("ozonetel")


def held_back(
    push: Push, leads: list[str], entries: list[str], *options: str
) -> dict[str, int]:
    """Push leads with a list; those not held back are created or rejected."""
    push.program.write("leads.csv", "\n".join(["phone", *leads]) + "\n")
    push.program.write("never.txt", "\n".join(entries) + "\n")
    given = ("--suppress", "never.txt", "--dry-run", "--json")
    ran = push("voiso", "leads.csv", *given, *options)
    assert ran.code in (0, 3), ran.err
    return ran.counts


@pytest.mark.parametrize(
    ("lead", "entry", "options"),
    [
        pytest.param("+49 151 12345678", "4915112345678", "DE", id="plus lost"),
        pytest.param("+91 98765 43210", "0919876543210", "IN", id="zero for plus"),
        pytest.param("+48 22 512 00 00", "+48 (0) 22 512 00 00", "US", id="(0)"),
        pytest.param("+54 9 11 2345 6789", "+54 11 2345 6789", "US", id="Argentina"),
        pytest.param("+52 55 1234 5678", "+52 1 55 1234 5678", "US", id="Mexico"),
        pytest.param("+55 11 98765 4321", "+55 11 8765 4321", "US", id="Brazil"),
        pytest.param("+55 11 97765 4321", "+55 11 7765 4321", "US", id="Brazil, 7"),
        pytest.param("+225 01 02 03 04 05", "+225 02 03 04 05", "US", id="Ivory Coast"),
        pytest.param("+225 0102030405", "+225 0 0102030405", "US", id="a second zero"),
        pytest.param("+44 7700 900123", "07700 900123", "US", id="of another country"),
        pytest.param("+39 06 1234 5678", "612345678", "IT", id="leading zero lost"),
        pytest.param("+65 9876 5432", "6598765432", "IN", id="also another country's"),
        pytest.param("6598765432", "+65 9876 5432", "IN", id="other lead"),
        pytest.param("0151 12345678", "+49 49 151 12345678", "DE", id="code twice"),
        pytest.param("+1 555 123 4567", '="(555) 123-4567"', "US", id="formula"),
        pytest.param("0151 12345678", "0151 12345678-79", "DE", id="two numbers"),
        pytest.param("0151 12345679", "+49 151 12345678/9", "DE", id="the second"),
    ],
)
def test_any_reading_of_an_entry_holds_back_any_reading_of_a_lead(
    push: Push, lead: str, entry: str, options: str
) -> None:
    counts = held_back(push, [lead, "+12015550123"], [entry], "--region", options)
    assert counts == {"suppressed": 1, "created": 1}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param("phone_code,phone_number\n44,7700900123\n", id="code"),
        pytest.param("phone_code,phone_number\n44,07700900123\n", id="zero"),
        pytest.param("phone_code,phone_number\n44,447700900123\n", id="code twice"),
        pytest.param("country,phone\nUnited Kingdom,7700900123\n", id="address"),
        pytest.param("country,phone\nGermany,07700900123\n", id="other address"),
    ],
)
def test_countries_of_a_list_are_read_from_its_own_column(
    push: Push, entries: str
) -> None:
    push.program.write("leads.csv", "phone\n+447700900123\n+17700900123\n")
    push.program.write("never.csv", entries)
    where = ("--suppress", "never.csv", "--region", "US", "--dry-run", "--json")
    ran = push("voiso", "leads.csv", *where)
    others = {"created": 1} if "code" in entries else {}
    assert ran.counts["suppressed"] == 2 - len(others), ran.err
    assert ran.counts.items() >= others.items()


def test_list_holds_back_whom_only_the_users_word_reads(push: Push) -> None:
    """Without a region, digits are international because --numbers says so."""
    leads = ["4915112345678", "4915112345679"]
    entries = ["+4915112345678"]
    counts = held_back(push, leads, entries, "--numbers", "international")
    assert counts == {"suppressed": 1, "created": 1}


@pytest.mark.parametrize(
    ("header", "noted"),
    [
        ("Mobile Phone 2,Phone", ""),
        ("Work Phone,Account Phone", ""),
        ("Alternate,Telefono", "'Alternate'"),
        ("CallerID,Phone (with country code)", "'CallerID'"),
        ("WhatsApp ID,Tel", "'WhatsApp ID'"),
        ("Mobil (neu),Phone (updated)", "'Phone (updated)'"),
    ],
)
def test_every_phone_column_of_a_list_is_read(
    push: Push, header: str, noted: str
) -> None:
    push.program.write("leads.csv", "phone\n+15550100001\n+15550100009\n+15550100005\n")
    others = "Order,Date,Phone ID,Mobile Type,customer_id,CustomerID,Account Number"
    ids = "1000001,20260131,1000001,1234567,15550100005,15550100005,+15550100005"
    listed = f"{header},{others}\n+15550100001,+15550100009,{ids}\n"
    push.program.write("never.csv", listed)
    where = ("--suppress", "never.csv", "--dry-run", "--json")
    ran = push("voiso", "leads.csv", *where)
    assert ran.counts == {"suppressed": 2, "created": 1}
    assert ran.err.partition("phone numbers: ")[2].partition("\n")[0] == noted


def test_numbers_of_a_list_hold_back_nobody_else(push: Push) -> None:
    leads = ["+4915112345679", "+919876543211", "+5511987654322", "+2250102030406"]
    entries = ["4915112345678", "0919876543210", "+551187654321", "+22502030405"]
    assert held_back(push, leads, entries, "--region", "DE") == {"created": 4}


# --- a run that goes on --------------------------------------------------------------

HURRY = {"LEADCTL_VOISO_RETRY_FOR": "0"}


def go_on(push: Push, ran: Ran, command: str = "resume", *options: str) -> Ran:
    run = str(ran.document["run_id"])
    environment = push.environment("voiso")
    return push.program("runs", command, run, "--json", *options, env=environment)


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_list_holds_for_the_rest_of_a_run(
    push: Push, leads: Path, command: str
) -> None:
    """It is read again, and people added meanwhile are not sent either."""
    push.program.write("never.txt", "+15551230002\n")
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, times=99))
    given = ("--batch-size", "1", "--suppress", "never.txt", "--json")
    ran = push("voiso", leads, *given, env=HURRY)
    assert ran.counts == {"created": 1, "failed": 3, "suppressed": 1}
    push.simulator("voiso").faults.clear()
    if command == "resume":
        push.program.write("never.txt", "+15551230002\n+15551230004\n")
    else:
        push.program("suppress", "+15551230004")
    ran = go_on(push, ran, command)
    assert ran.counts == {"created": 3, "suppressed": 2}
    assert ran.codes == {"on_suppression_list": 2}
    assert push.phones("voiso") == SENT


def test_run_does_not_go_on_without_its_list(push: Push, leads: Path) -> None:
    listed = push.program.write("never.txt", "+15551230002\n")
    push.simulator("voiso").faults.add(Fault("deny", times=99))
    given = ("--batch-size", "1", "--suppress", "never.txt", "--json")
    ran = push("voiso", leads, *given)
    assert ran.counts == {"failed": 4, "suppressed": 1}
    push.simulator("voiso").faults.clear()
    listed.unlink()
    stopped = go_on(push, ran)
    assert stopped.code == 6
    assert "suppression list" in stopped.error["message"]
    assert not push.stored("voiso")
    listed.write_text("+15551230002\n")
    assert go_on(push, ran).counts == {"created": 4, "suppressed": 1}


def test_lead_in_doubt_is_not_sent_again_once_it_is_listed(
    push: Push, leads: Path
) -> None:
    """Its batch was on the way when the answer was lost: the others go again."""
    config = push.program.write("config.yaml", "accounts: {voiso: {suppress: a.txt}}\n")
    push.program.write("a.txt", "+15551239999\n")
    push.simulator("voiso").faults.add(Fault("error_before", status=500, times=99))
    ran = push("voiso", leads, "--config", config, "--json", env=HURRY)
    assert ran.counts == {"unknown": 5}
    push.simulator("voiso").faults.clear()
    push.program.write("a.txt", "+15551230002\n")
    push.program("suppress", "+15551230004")
    for _ in range(2):
        ran = go_on(push, ran, "resume", "--config", str(config))
        assert (ran.code, ran.counts) == (10, {"created": 3, "unknown": 2})
        assert push.phones("voiso") == SENT
    assert "suppression list" in ran.document["reasons"][0]["message"]
    run = str(ran.document["run_id"])
    push.program("runs", "resolve", run, "--as", "not-delivered")
    ran = go_on(push, ran, "retry", "--config", str(config))
    assert (ran.code, ran.counts) == (0, {"created": 3, "suppressed": 2})
    assert push.phones("voiso") == SENT
