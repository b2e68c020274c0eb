"""The main job, end to end: what a file holds is what the provider has afterwards."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from program import csv_rows, recording, write_csv

if TYPE_CHECKING:
    from conftest import Push
    from program import Program, Ran


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
    """As the dry run foretells, in several requests, and again on the user's word."""
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


THREE = ["+15551230001", "+15551230002", "+15551230003"]
NAMES = ["Ann Testperson", 'Bob "B" Testperson', "Cid Testperson; | , and so on"]
QUOTED = '"Bob ""B"" Testperson"'
LONG = '"Cid\nTestperson; | , \t and so on"'


def separated(by: str, newline: str = "\n") -> str:
    rows = [
        ("phone", "name"),
        (THREE[0], "Ann Testperson"),
        (THREE[1], QUOTED),
        (THREE[2], LONG),
    ]
    return "".join(by.join(row) + newline for row in rows)


OBJECTS = "".join(
    json.dumps({"phone": phone, "name": name}) + "\n"
    for phone, name in zip(
        THREE, ["Ann Testperson", 'Bob "B" Testperson', LONG.strip('"')], strict=True
    )
)


WRITTEN = {
    "comma.csv": separated(","),
    "semicolon.csv": separated(";"),
    "bar.txt": separated("|"),
    "tab.tsv": separated("\t"),
    "mark.csv": "\ufeff" + separated(","),
    "crlf.csv": separated(",", "\r\n"),
    "unended.csv": separated(",").rstrip("\n"),
    "objects.jsonl": OBJECTS,
}


def test_leads_arrive_however_their_file_is_written(push: Push) -> None:
    """Eight files in one run, which differ in writing and not in what they say."""
    for index, (name, content) in enumerate(WRITTEN.items()):
        push.program.write(name, content.replace("55512300", f"55512{index}00"))
    ran = push("voiso", *WRITTEN, "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3 * len(WRITTEN)})
    files = [(file["path"], file["rows"]) for file in ran.document["files"]]
    assert files == [(name, 3) for name in WRITTEN]
    for index, name in enumerate(WRITTEN):
        found = [
            (phone, " ".join(str(lead["name"]).split()))
            for lead in push.stored("voiso")
            if (phone := str(lead["phone_number"])).startswith(f"155512{index}")
        ]
        phones = [each.replace("123", f"12{index}").lstrip("+") for each in THREE]
        assert found == [*zip(phones, NAMES, strict=True)], name
    assert sorted(path.name for path in push.program.folder.iterdir()) == [
        *sorted(WRITTEN)
    ]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        pytest.param("a.dat", separated("~"), ("--delimiter", "~"), id="delimiter"),
        pytest.param("-", OBJECTS, (), id="jsonl-from-stdin"),
        pytest.param(
            "a.csv",
            separated(",").encode("utf-16"),
            ("--encoding", "utf-16"),
            id="encoding",
        ),
    ],
)
def test_file_that_needs_a_word_is_read_with_it(
    push: Push, name: str, content: str | bytes, options: tuple[str, ...]
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    if name != "-":
        push.program.write(name, raw)
    ran = push("voiso", name, *options, "--json", stdin=raw if name == "-" else b"")
    assert (ran.code, ran.counts) == (0, {"created": 3})
    assert push.phones("voiso") == [phone.lstrip("+") for phone in THREE]


def test_input_that_can_be_read_only_once_loses_no_row(push: Push) -> None:
    """A pipe by name, as a shell's `<(…)` gives one: read whole, or refused."""
    content = b"phone\n+15551230001\n+15551230002\n"
    ran = push("voiso", "/dev/stdin", "--json", stdin=content)
    assert ran.code == 6 or ran.counts == {"created": 2}
    assert len(push.phones("voiso")) == ran.document["created"]


def test_old_line_ends_are_read_or_refused_in_a_sentence(push: Push) -> None:
    push.program.write("leads.csv", separated(",", "\r"))
    ran = push("voiso", "leads.csv", "--json")
    assert ran.counts == {"created": 3} or "leads.csv" in ran.error["message"]
    assert ran.code in (0, 6)


def test_file_without_header_is_mapped_by_column_numbers(push: Push) -> None:
    push.program.write("a.csv", "x,+15551230001\ny,+15551230002\n")
    push.program.write("p.yaml", 'fields:\n  phone: "2"\n')
    ran = push("voiso", "a.csv", "--no-header", "--profile", "p.yaml", "--json")
    assert ran.counts == {"created": 2}
    assert push.phones("voiso") == ["15551230001", "15551230002"]


def test_several_files_are_one_run_with_a_reject_file_each(push: Push) -> None:
    folder = push.program.folder
    push.program.write("a.csv", "phone\n+15551230001\n+1555\n")
    push.program.write("b.jsonl", '{"phone": "+15551230002"}\n{"phone": "+1555"}\n')
    push.program.write("c.tsv", "phone\tname\n+15551230003\tCid Testperson\n")
    ran = push(
        *("voiso", "a.csv", "b.jsonl", "c.tsv", "-", "--json"),
        stdin=b"phone\n+15551230001\n+15551230004\nletters\n",
    )
    assert ran.counts == {"created": 4, "duplicate": 1, "rejected": 3}
    assert [(file["path"], file["rows"]) for file in ran.document["files"]] == [
        ("a.csv", 2),
        ("b.jsonl", 2),
        ("c.tsv", 1),
        ("-", 3),
    ]
    assert len(push.phones("voiso")) == 4
    a, b, c, stdin = (file["rejects_file"] for file in ran.document["files"])
    assert (a, b, c) == ("a.rejects.csv", "b.rejects.jsonl", None)
    assert [row["phone"] for row in csv_rows(folder / "a.rejects.csv")] == ["'+1555"]
    (row,) = (folder / "b.rejects.jsonl").read_text().splitlines()
    assert json.loads(row)["phone"] == "+1555"
    assert stdin is not None
    assert [row["phone"] for row in csv_rows(folder / stdin)] == ["'letters"]
    assert (folder / stdin).parent == folder


def test_pushed_with_its_reject_file_the_corrections_survive(push: Push) -> None:
    """`leadctl push *.csv` meets both: the reject file is left out, and kept."""
    push.program.write("leads.csv", "phone\n+15551230001\n+1555\n")
    push("voiso", "leads.csv")
    path = push.program.folder / "leads.rejects.csv"
    corrected = path.read_text().replace("+1555\n", "+15551230002\n")
    path.write_text(corrected)
    ran = push("voiso", "leads.csv", "leads.rejects.csv", "--json")
    assert [file["path"] for file in ran.document["files"]] == ["leads.csv"]
    assert "leads.rejects.csv" in ran.err
    old = push.program.folder / "leads.rejects.old.csv"
    assert old.read_text() == corrected


NATIONAL = "phone\n(555) 123-0001\n555.123.0002\n"


def test_region_completes_numbers_without_country_code(push: Push) -> None:
    """The option counts, and not the variable."""
    push.program.write("leads.csv", NATIONAL)
    ran = push("voiso", "leads.csv", "--region", "us", env={"LEADCTL_REGION": "IN"})
    assert ran.code == 0
    assert push.phones("voiso") == ["15551230001", "15551230002"]


def test_every_option_has_a_variable(push: Push) -> None:
    push.program.write("leads.csv", NATIONAL + "555 123 0003\n")
    said = {
        "LEADCTL_PROVIDER": "voiso",
        "LEADCTL_CAMPAIGN": "3",
        "LEADCTL_REGION": "US",
        "LEADCTL_BATCH_SIZE": "2",
        "LEADCTL_SET": "priority=7",
        "LEADCTL_JSON": "true",
    }
    ran = push.program("push", "leads.csv", env=push.environment("voiso") | said)
    assert ran.counts == {"created": 3}
    assert push.uploads("voiso") == [2, 1]
    assert {lead["priority"] for lead in push.stored("voiso")} == {7}


def test_without_region_a_country_is_never_guessed(push: Push) -> None:
    push.program.write("leads.csv", NATIONAL)
    ran = push("voiso", "leads.csv", "--json")
    assert (ran.code, ran.codes) == (3, {"phone_invalid": 2})
    assert "--region" in ran.document["reasons"][0]["message"]
    assert push.sent("voiso") == []


def test_phone_check_valid_asks_for_an_assigned_range(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n+919000000001\n")
    ran = push("voiso", "leads.csv", "--phone-check", "valid", "--json")
    assert (ran.counts, ran.codes) == (
        {"created": 1, "rejected": 1},
        {"phone_invalid": 1},
    )
    assert push.phones("voiso") == ["919000000001"]


def test_set_gives_every_lead_the_same_value(push: Push) -> None:
    push.program.write("leads.csv", "phone,priority\n+15551230001,5\n+15551230002,\n")
    ran = push("voiso", "leads.csv", "--set", "priority=7", "--set", "active=false")
    assert ran.code == 0
    wire = [(lead["priority"], lead["active"]) for lead in push.stored("voiso")]
    assert wire == [(7, False), (7, False)]


def test_tags_go_with_every_request(push: Push) -> None:
    """The simulator keeps no tags: here the request itself is looked at."""
    push.program.write("leads.csv", "phone\n+15551230001\n")
    token = {"access_token": "made-up", "expires_in": 300}
    answer = {**token, "status": "accepted", "errors": []}
    counts = {"received_count": 1, "valid_count": 1, "invalid_count": 0}
    with recording(json.dumps(answer | counts).encode()) as recorder:
        ran = push(
            *("agora", "leads.csv", "--tag", "spring fair", "--tag", "b", "--json"),
            env={"LEADCTL_AGORA_BASE_URL": recorder.url},
        )
    assert ran.counts == {"accepted": 1}
    _, (path, _, upload) = recorder.requests
    assert path == "/leads/upload"
    assert upload["tags"] == ["spring fair", "b"]
    assert upload["compliance_acknowledged"] is True


def test_skip_and_limit_choose_rows_and_keep_their_numbers(push: Push) -> None:
    rows = "".join(f"+1555123000{n}\n" for n in (1, 2, 3)) + "+1555\n+15551230005\n"
    push.program.write("leads.csv", f"phone\n{rows}")
    ran = push("voiso", "leads.csv", "--skip", "2", "--limit", "2", "--json")
    assert (ran.document["rows"], ran.counts) == (2, {"created": 1, "rejected": 1})
    assert push.phones("voiso") == ["15551230003"]
    (rejected,) = csv_rows(push.program.folder / "leads.rejects.csv")
    assert rejected["_leadctl_row"] == "4"
    assert ran.document["reasons"][0]["example_row"] == 4


@pytest.mark.parametrize(("provider", "largest"), [("yotel", 500), ("voiso", 1000)])
def test_batch_size_never_exceeds_what_the_provider_takes(
    push: Push, provider: str, largest: int
) -> None:
    start = 9000000000 if provider != "voiso" else 919000000000
    plus = "+" if provider == "voiso" else ""
    numbers = "".join(f"{plus}{start + n}\n" for n in range(largest + 1))
    push.program.write("leads.csv", f"phone\n{numbers}")
    ran = push(provider, "leads.csv", "--batch-size", "5000", "--json")
    assert ran.counts == {"created": largest + 1}
    assert sorted(push.uploads(provider)) == [1, largest]


def test_batch_size_of_the_account_may_be_lowered_by_option(push: Push) -> None:
    push.program.write("leads.csv", "phone\n" + "\n".join(THREE))
    ran = push(
        *("voiso", "leads.csv", "--batch-size", "2"),
        env={"LEADCTL_VOISO_BATCH_SIZE": "3"},
    )
    assert (ran.code, push.uploads("voiso")) == (0, [2, 1])


@pytest.mark.parametrize("limit", ["1", "10%"])
def test_max_rejects_stops_the_run(push: Push, limit: str) -> None:
    """Row after row is bad: what is left is not sent, and told as `failed`."""
    good = "".join(f"+1555123{n:04}\n" for n in range(100))
    push.program.write("leads.csv", "phone\n" + "+1555\n" * 150 + good)
    ran = push(
        "voiso", "leads.csv", "--max-rejects", limit, "--batch-size", "10", "--json"
    )
    assert ran.code == 7
    assert ran.counts == {"rejected": 150, "failed": 100}
    assert ran.codes == {"phone_invalid": 150, "not_sent": 100}
    assert "--max-rejects" in ran.error["message"]
    assert push.sent("voiso") == []
    assert len(csv_rows(push.program.folder / "leads.rejects.csv")) == 250


def test_fewer_rejects_than_allowed_stop_nothing(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+1555\n+15551230001\n+1555\n")
    ran = push("voiso", "leads.csv", "--max-rejects", "3", "--json")
    assert (ran.code, ran.counts) == (3, {"created": 1, "rejected": 2})


@pytest.mark.parametrize(
    "content",
    ["+1555\n" * 5, "+15551230001\n" + "+1555\n" * 5],
    ids=["nothing-good", "good-before"],
)
def test_max_rejects_holds_for_bad_rows_at_the_end(push: Push, content: str) -> None:
    """Nothing good comes after them: there is no next batch to be kept back."""
    push.program.write("leads.csv", f"phone\n{content}")
    ran = push(
        "voiso", "leads.csv", "--max-rejects", "2", "--batch-size", "1", "--json"
    )
    assert (ran.code, ran.document["rejected"]) == (7, 5)


def test_rejects_option_names_the_reject_file(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+1555\n")
    ran = push("voiso", "leads.csv", "--rejects", "bad rows.csv", "--json")
    assert ran.document["files"][0]["rejects_file"] == "bad rows.csv"
    assert [row["phone"] for row in csv_rows(push.program.folder / "bad rows.csv")] == [
        "'+1555"
    ]
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_sandbox_needs_no_account_and_keeps_nothing(program: Program) -> None:
    program.write("leads.csv", "phone\n9000000001\n9000000002\n900\n")
    for _ in range(2):
        ran = program(
            *("push", "leads.csv", "--provider", "yotel", "--campaign", "any-at-all"),
            *("--sandbox", "--json"),
        )
        assert (ran.code, ran.counts) == (3, {"created": 2, "rejected": 1})
        assert ran.document["requests"] == 1
        assert ran.document["dry_run"] is False
    assert not [*program.home.rglob("ledger*")]


PROFILE = """\
region: US
fields:
  phone: [Mobile, "Phone No.", phone]
  name: "{First Name} {Last Name}"
  priority: {column: Score, map: {hot: highest, warm: "500"}, default: low}
  active: {value: true}
  source: {system: Origin, url: Link}
  context_headers: {X-Order-Id: "Order ID"}
skip_if: {column: Status, in: [dead, "do not call"]}
"""
CELLS = (
    "Mobile,Phone No.,First Name,Last Name,Score,Origin,Link,Order ID,Status\n"
    "555 123 0001,,Ann,Testperson,hot,web,https://example.com/1,A-1,new\n"
    ",(555) 123-0002,,Testperson,warm,web,,,new\n"
    " ,555-123-0003,Cid,,cold,,,,\n"
    "555 123 0004,,Dan,Testperson,hot,web,,,DEAD\n"
    "555 123 0005,,Eve,Testperson,hot,web,,,Do Not Call\n"
)


def test_profile_maps_columns_as_it_says(push: Push) -> None:
    """First non-empty column, template, table, default, constant, objects, skip_if."""
    push.program.write("leads.csv", CELLS)
    push.program.write("map.yaml", PROFILE)
    ran = push("voiso", "leads.csv", "--profile", "map.yaml", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3, "suppressed": 2})
    assert ran.codes == {"skipped_by_rule": 2}
    first, second, third = push.stored("voiso")
    assert first == {
        "phone_number": "15551230001",
        "name": "Ann Testperson",
        "priority": 1,
        "active": True,
        "source": {"system": "web", "url": "https://example.com/1"},
        "context_headers": {"X-Order-Id": "A-1"},
    }
    assert (second["name"], second["priority"]) == ("Testperson", 500)
    assert "context_headers" not in second
    assert third["name"] == "Cid"
    assert isinstance(third["priority"], int)
    assert third["priority"] > 500, "a low priority is called later, Voiso's way round"
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_profile_of_the_config_reads_paths_into_objects(push: Push) -> None:
    config = push.program.write(
        "config.yaml",
        "profiles:\n  crm:\n    fields:\n"
        "      phone: contact.phone\n      external_id: id\n"
        '      metadata: {plan: Plan, city: "address.city"}\n',
    )
    lead = {"id": 7, "contact": {"phone": "+15551230001"}, "Plan": "gold"}
    push.program.write(
        "leads.jsonl",
        json.dumps({**lead, "address": {"city": "Testville"}})
        + "\n"
        + json.dumps(
            {"id": "8", "contact": {"phone": "+15551230002"}, "address": None}
        ),
    )
    ran = push(
        "lupitor", "leads.jsonl", "--profile", "crm", "--config", config, "--json"
    )
    assert (ran.code, ran.counts) == (0, {"created": 2})
    first, second = push.stored("lupitor")
    assert first["metadata"] == {"plan": "gold", "city": "Testville"}
    assert [first["externalId"], second["externalId"]] == ["7", "8"]
    assert not second.get("metadata")


def test_set_wins_over_the_profile(push: Push) -> None:
    push.program.write("leads.csv", "Tel,Score\n+15551230001,3\n")
    push.program.write("map.yaml", "fields:\n  phone: Tel\n  priority: Score\n")
    push("voiso", "leads.csv", "--profile", "map.yaml", "--set", "priority=9")
    assert [lead["priority"] for lead in push.stored("voiso")] == [9]


def test_field_without_a_place_is_told_once_and_not_sent(push: Push) -> None:
    push.program.write(
        "leads.csv",
        "phone,email,company\n"
        "+15551230001,ann@mail.example,Example Ltd\n"
        "+15551230002,bob@mail.example,Example Inc\n",
    )
    ran = push("voiso", "leads.csv")
    assert push.stored("voiso") == [
        {"phone_number": "15551230001"},
        {"phone_number": "15551230002"},
    ]
    assert (ran.err.count("email"), ran.err.count("company")) == (1, 1)


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


@pytest.mark.parametrize("option", ["--dry-run", "--sandbox"])
def test_batch_size_that_is_lowered_is_told_of(program: Program, option: str) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    where = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3", option)
    said = "voiso takes 1,000 a request; --batch-size 5000 is lowered to that"
    assert said in program(*where, "--batch-size", "5000").err
    assert "lowered" not in program(*where, "--batch-size", "1000").err
    assert "lowered" not in program(*where, "--batch-size", "5000", "-q").err
