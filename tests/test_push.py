"""The main job, end to end: the provider has what the file has."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from program import csv_rows, write_csv
from test_input_forms import THREE

if TYPE_CHECKING:
    from conftest import Push
    from program import Ran


@dataclass(frozen=True)
class Import:
    """A file with four good leads, one of them twice, and two bad rows: 4 and 6."""

    file: str
    stored: list[dict[str, object]]
    good: str = "created"
    batches: tuple[int, ...] = (2, 2)


IMPORTS = {
    "voiso": Import(
        "Phone Number,Full Name,Lead Priority,Is Active\n"
        "+15551230001,Ann Testperson,highest,yes\n"
        "+1 (555) 123-0002,Bob Testperson,lowest,no\n"
        "+1.555.123.0001,Ann Testperson again,5,yes\n"
        "+1555,Cut Testperson,5,yes\n"
        "+1 555 123 0003,,17,\n"
        ",No Phone Testperson,5,yes\n"
        "+15551230004,Dan Testperson,,\n",
        [
            {
                "phone_number": "15551230001",
                "name": "Ann Testperson",
                "priority": 1,
                "active": True,
            },
            {
                "phone_number": "15551230002",
                "name": "Bob Testperson",
                "priority": 1000,
                "active": False,
            },
            {"phone_number": "15551230003", "priority": 17},
            {"phone_number": "15551230004", "name": "Dan Testperson"},
        ],
    ),
    "lupitor": Import(
        "mobile,external id,first name,last name,priority,scheduled_for,e-mail\n"
        "+15551230001,crm-1,Ann,Testperson,highest,,ann@mail.example\n"
        "+1 (555) 123-0002,crm-2,Bob,Testperson,lowest,,\n"
        "+1.555.123.0001,crm-9,Ann,Testperson,5,,\n"
        "+1555,crm-4,Cut,Testperson,5,,\n"
        "+1 555 123 0003,crm-3,,,17,2099-03-01T09:30:00+05:30,\n"
        ",crm-6,No Phone,Testperson,5,,\n"
        "+15551230004,,,,,,\n",
        [
            {
                "phoneNumber": "+15551230001",
                "externalId": "crm-1",
                "priority": 100,
                "metadata": {
                    "first_name": "Ann",
                    "last_name": "Testperson",
                    "email": "ann@mail.example",
                },
            },
            {
                "phoneNumber": "+15551230002",
                "externalId": "crm-2",
                "priority": 0,
                "metadata": {"first_name": "Bob", "last_name": "Testperson"},
            },
            {
                "phoneNumber": "+15551230003",
                "externalId": "crm-3",
                "priority": 17,
                "scheduledFor": "2099-03-01T09:30:00+05:30",
            },
            {"phoneNumber": "+15551230004"},
        ],
    ),
    "agora": Import(
        "PHONE,First Name,last-name,Email,Company,Title\n"
        "+15551230001,Ann,Testperson,ann@mail.example,Example Ltd,CEO\n"
        "+1 (555) 123-0002,Bob,Testperson,,,\n"
        "+1.555.123.0001,Ann,Testperson,,,\n"
        "+1555,Cut,Testperson,,,\n"
        "+1 555 123 0003,,,,Example Inc,\n"
        ",No Phone,Testperson,,,\n"
        "+15551230004,,,,,\n",
        [
            {
                "phone": "+15551230001",
                "first_name": "Ann",
                "last_name": "Testperson",
                "email": "ann@mail.example",
                "company": "Example Ltd",
                "title": "CEO",
            },
            {"phone": "+15551230002", "first_name": "Bob", "last_name": "Testperson"},
            {"phone": "+15551230003", "company": "Example Inc"},
            {"phone": "+15551230004"},
        ],
        good="accepted",
    ),
    "yotel": Import(
        "Phone No.,First Name,Last Name,Email,Company\n"
        "9000000001,Ann,Testperson,ann@mail.example,Example Ltd\n"
        "+91 90000-00002,,Testperson,,\n"
        "09000000001,Ann,Testperson,,\n"
        "900000,Cut,Testperson,,\n"
        "919000000003,,,,Example Inc\n"
        ",No Phone,Testperson,,\n"
        "9123400004,,,,\n",
        [
            {
                "phone": "9000000001",
                "name": "Ann Testperson",
                "email": "ann@mail.example",
                "metadata": {"company": "Example Ltd"},
            },
            {"phone": "9000000002", "name": "Testperson"},
            {"phone": "9000000003", "metadata": {"company": "Example Inc"}},
            {"phone": "9123400004"},
        ],
    ),
    "ozonetel": Import(
        "phone,name,priority,expires_on\n"
        "90000-00001,Ann Testperson,highest,2099-12-31\n"
        "+91 90000 00002,Bob Testperson,lowest,\n"
        "90000 00001,Ann Testperson again,5,\n"
        "12,Cut Testperson,5,\n"
        "(90000) 00003,,17,\n"
        ",No Phone Testperson,5,\n"
        "9000000004,Dan Testperson,,\n",
        [
            {
                "phoneNumber": "+919000000002",
                "Name": "Bob Testperson",
                "priority": "1",
            },
            {
                "phoneNumber": "9000000001",
                "Name": "Ann Testperson",
                "priority": "99",
                "expiryDate": "2099-12-31",
            },
            {"phoneNumber": "9000000003", "priority": "17"},
            {"phoneNumber": "9000000004", "Name": "Dan Testperson"},
        ],
        batches=(1, 1, 1, 1),
    ),
}
ALWAYS_SENT: dict[str, dict[str, object]] = {
    "ozonetel": {
        "campaignName": "Demo",
        "userName": "sandbox_user",
        "checkDuplicate": "TRUE",
    }
}


@pytest.mark.parametrize("provider", IMPORTS)
def test_provider_has_every_good_row_exactly_once(push: Push, provider: str) -> None:
    """As the dry run predicts, in several requests; --resend-delivered repeats them."""
    given = IMPORTS[provider]
    push.program.write("leads.csv", given.file)
    rejects = push.program.folder / "leads.rejects.csv"
    dry = rehearsed(push, provider)
    foretold = _without_run(csv_rows(push.program.folder / "leads.check.csv"))
    assert push.simulator(provider).log == [], "a dry run makes no request"

    ran = push(provider, "leads.csv", "--batch-size", "2", "--json")
    assert ran.counts == {given.good: 4, "duplicate": 1, "rejected": 2}
    assert ran.code == 3
    assert ran.document["requests"] == len(given.batches)
    assert sorted(push.uploads(provider)) == sorted(given.batches)
    expected = [{**lead, **ALWAYS_SENT.get(provider, {})} for lead in given.stored]
    assert push.stored(provider) == expected
    assert [(row["_leadctl_row"], row["_leadctl_code"]) for row in foretold] == [
        ("4", "phone_invalid"),
        ("6", "phone_missing"),
    ]
    assert (dry.code, dry.counts, dry.codes) == (ran.code, ran.counts, ran.codes)
    assert _without_run(csv_rows(rejects)) == foretold

    again = push(provider, "leads.csv", "--resend-delivered", "--json")
    assert push.stored(provider) == expected
    assert again.document["requests"] > 0
    assert "already_delivered" not in again.codes
    assert again.counts == {"duplicate": 5, "rejected": 2}


def rehearsed(push: Push, provider: str) -> Ran:
    """Do a dry run that could reach the simulator, and has no key to show it."""
    address = f"LEADCTL_{provider.upper()}_BASE_URL"
    where = ["--provider", provider, "--campaign", CAMPAIGNS[provider]]
    where += ["--region", "IN"] if provider == "ozonetel" else []
    ran = push.program(
        *("push", "leads.csv", *where, "--dry-run", "--json"),
        env={address: push.sandbox.base_url(provider)},
    )
    assert (ran.document["dry_run"], ran.document["requests"]) == (True, 0)
    return ran


def _without_run(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "_leadctl_run"} for row in rows]


def test_corrected_reject_file_completes_the_import(push: Push) -> None:
    """Push, correct, push again, push the original again: everybody is there once."""
    program, folder = push.program, push.program.folder
    original = (
        'Phone,Name,"Note; with, signs"\r\n'
        "+15551230001,Ann Testperson,fine\r\n"
        '  +1555,"Bob ""B"" Testperson","two\r\nlines "\r\n'
        "+15551230003,Cid Testperson,tall, dark\r\n"
        "+15551230004,Dan Testperson,\r\n"
    )
    program.write("leads.csv", original)
    first = push("voiso", "leads.csv", "--json")
    assert (first.code, first.counts) == (3, {"created": 2, "rejected": 2})
    assert first.codes == {"phone_invalid": 1, "row_malformed": 1}

    rejects = folder / "leads.rejects.csv"
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    bad, long = csv_rows(rejects)
    assert bad["Phone"] == "'  +1555"
    assert bad["Name"] == 'Bob "B" Testperson'
    assert bad["Note; with, signs"] == "two\r\nlines "
    told = {k: v for k, v in bad.items() if k.startswith("_leadctl_")}
    assert told == {
        "_leadctl_row": "2",
        "_leadctl_status": "rejected",
        "_leadctl_code": "phone_invalid",
        "_leadctl_field": "phone",
        "_leadctl_reason": told["_leadctl_reason"],
        "_leadctl_run": first.document["run_id"],
    }
    assert told["_leadctl_reason"]
    assert (long["Phone"], long["Name"]) == ("'+15551230003", "Cid Testperson")
    assert (folder / "leads.csv").read_bytes() == original.encode()

    bad["Phone"], long["Note; with, signs"] = "+15551230002", "tall, dark"
    write_csv(rejects, [bad, {name: long[name] for name in bad}])
    second = push("voiso", "leads.rejects.csv", "--json")
    assert (second.code, second.counts) == (0, {"created": 2})
    everybody = [f"1555123000{n}" for n in (1, 2, 3, 4)]
    assert push.phones("voiso") == everybody
    assert [lead["name"] for lead in push.stored("voiso")][1] == 'Bob "B" Testperson'

    requests = len(push.uploads("voiso"))
    third = push("voiso", "leads.csv", "--json")
    assert third.counts == {"duplicate": 2, "rejected": 2}
    assert third.codes["already_delivered"] == 2
    assert (third.document["requests"], len(push.uploads("voiso"))) == (0, requests)

    fourth = push("voiso", "leads.csv", "--resend-delivered", "--json")
    assert fourth.counts == {"duplicate": 2, "rejected": 2}
    assert fourth.codes["duplicate_in_campaign"] == 2
    assert fourth.document["requests"] == 1
    assert push.phones("voiso") == everybody


def test_reject_file_keeps_dialect_and_encoding(push: Push) -> None:
    original = "téléphone;name\r\n+1555;Zoë Testperson\r\n+15551230001;Ann\r\n"
    push.program.write("leads.csv", original.encode("cp1252"))
    push.program.write("map.yaml", "fields: {phone: téléphone, name: name}\n")
    options = ("--encoding", "cp1252", "--profile", "map.yaml", "--json")
    assert push("voiso", "leads.csv", *options).counts == {"created": 1, "rejected": 1}
    path = push.program.folder / "leads.rejects.csv"
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 2
    (row,) = csv_rows(path, ";", "cp1252")
    assert (row["téléphone"], row["name"]) == ("'+1555", "Zoë Testperson")

    corrected = path.read_bytes().replace(b"+1555;", b"+15551230002;")
    path.write_bytes(corrected)
    assert push("voiso", path.name, *options).counts == {"created": 1}
    assert push.phones("voiso") == ["15551230001", "15551230002"]


def test_jsonl_rows_come_back_as_jsonl(push: Push) -> None:
    push.program.write(
        "leads.jsonl",
        '{"phone": "+15551230001"}\n'
        '{"phone": "+1555", "deep": {"kept": [1, "two"]}}\n'
        '{"phone": "+15551230003"\n',
    )
    first = push("lupitor", "leads.jsonl", "--json")
    assert first.codes == {"phone_invalid": 1, "row_malformed": 1}
    path = push.program.folder / "leads.rejects.jsonl"
    bad, broken = (json.loads(line) for line in path.read_text().splitlines())
    assert (bad["phone"], bad["deep"]) == ("+1555", {"kept": [1, "two"]})
    assert (broken["_leadctl_row"], broken["_leadctl_code"]) == (3, "row_malformed")

    bad["phone"] = "+15551230002"
    path.write_text(json.dumps(bad) + '\n{"phone": "+15551230003"}\n')
    assert push("lupitor", path.name, "--json").counts == {"created": 2}
    assert push.phones("lupitor") == THREE


def test_grown_file_sends_only_what_is_new(push: Push) -> None:
    push.program.write("leads.csv", "phone\n" + "\n".join(THREE) + "\n")
    assert push("lupitor", "leads.csv").code == 0
    with (push.program.folder / "leads.csv").open("a") as file:
        file.write("+15551230004\n+1 555 123 0001\n+15551230005\n")
    ran = push("lupitor", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 2, "duplicate": 4})
    assert ran.codes["already_delivered"] >= 3
    assert push.uploads("lupitor") == [3, 2]
    assert len(push.phones("lupitor")) == 5


def test_same_file_goes_to_another_campaign_in_full(push: Push) -> None:
    push.program.write("leads.csv", "phone,skill\n9000000001,sales\n9000000002,sales\n")
    assert push("ozonetel", "leads.csv").code == 0
    ran = push("ozonetel", "leads.csv", "--json", campaign="Skills")
    assert ran.counts == {"created": 2}
    assert len(push.simulator("ozonetel").stored["Skills"]) == 2


def test_what_another_program_brought_is_a_duplicate_in_the_campaign(
    push: Push,
) -> None:
    """The ledger is not the only one who knows: here it is a new one."""
    push.program.write("leads.csv", "phone\n+15551230001\n+15551230002\n")
    push("lupitor", "leads.csv", "--limit", "1", "--ledger", "other.sqlite")
    ran = push("lupitor", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 1, "duplicate": 1})
    assert ran.codes == {"duplicate_in_campaign": 1}
    assert push.phones("lupitor") == ["+15551230001", "+15551230002"]
