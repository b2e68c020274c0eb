"""`leadctl check`: checks a file for a provider, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from program import csv_rows

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

EVERYTHING = """\
phone,name,priority,active,context_headers
+15551230001,Ann Testperson,1000,yes,"{""X-Order"": ""1""}"
,No Phone Testperson,5,yes,
+1555,Short Testperson,5,yes,
1.55512E+10,Spreadsheet Testperson,5,yes,
call me,Words Testperson,5,yes,
+15551230002,Zero Testperson,0,yes,
+15551230003,Large Testperson,1001,yes,
+15551230004,Vague Testperson,5,maybe,
+15551230005,Headers Testperson,5,yes,"{""Order"": ""1""}"
+15551230006,Short Testperson,5
+15551230007,Many Testperson,5,yes,,,
+1 555 123 0001,Again Testperson,5,yes,
"""
VERDICTS = [
    ("2", "rejected", "phone_missing", "phone"),
    ("3", "rejected", "phone_invalid", "phone"),
    ("4", "rejected", "phone_damaged", "phone"),
    ("5", "rejected", "phone_invalid", "phone"),
    ("6", "rejected", "field_invalid", "priority"),
    ("7", "rejected", "field_invalid", "priority"),
    ("8", "rejected", "field_invalid", "active"),
    ("9", "rejected", "field_invalid", "context_headers"),
    ("11", "rejected", "row_malformed", ""),
]


def test_check_gives_the_verdicts_of_a_push(push: Push) -> None:
    """With no account and no ledger; the push that follows agrees row by row.

    Each has a reject file of its own.
    """
    program = push.program
    program.write("leads.csv", EVERYTHING)
    checked = program("check", "leads.csv", "--provider", "voiso", "--json")
    path, theirs = (program.folder / f"leads.{one}.csv" for one in ("check", "rejects"))
    assert (checked.code, checked.counts) == (
        3,
        {"created": 2, "duplicate": 1, "rejected": 9},
    )
    assert checked.codes["duplicate_in_file"] == 1
    rejects = verdicts(csv_rows(path))
    assert rejects == VERDICTS
    assert not [*program.home.rglob("ledger*")]

    pushed = push("voiso", "leads.csv", "--json")
    assert (pushed.counts, pushed.codes) == (checked.counts, checked.codes)
    assert verdicts(csv_rows(theirs)) == rejects
    before = theirs.read_bytes()
    program("check", "leads.csv", "--provider", "voiso")
    assert theirs.read_bytes() == before
    told = [
        [dict(reason) for reason in ran.document["reasons"]]
        for ran in (checked, pushed)
    ]
    assert told[0] == told[1]


def verdicts(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    columns = ("row", "status", "code", "field")
    return [tuple(row[f"_leadctl_{name}"] for name in columns) for row in rows]


@pytest.mark.parametrize(
    ("provider", "content", "codes"),
    [
        pytest.param(
            "yotel",
            "phone\n+15551230001\n+919000000001\n90000\n",
            {"phone_wrong_country": 1, "phone_invalid": 1},
            id="yotel",
        ),
        pytest.param(
            "lupitor",
            "phone,priority,scheduled_for\n+15551230001,100,2099-03-01T09:00:00Z\n"
            "+15551230002,101,\n+15551230003,-1,\n+15551230004,5,tomorrow\n",
            {"field_invalid": 3},
            id="lupitor",
        ),
        pytest.param(
            "ozonetel",
            "phone,priority,expires_on\n9000000001,99,2099-12-31\n9000000002,100,\n"
            "9000000003,0,\n9000000004,5,31/12/2027\n12,,\n",
            {"field_invalid": 3, "phone_invalid": 1},
            id="ozonetel",
        ),
        pytest.param(
            "agora",
            "phone,email\n+15551230001,ann@mail.example\n+15551230002,ann at mail\n",
            {"field_invalid": 1},
            id="agora",
        ),
    ],
)
def test_check_holds_rows_against_the_rules_of_the_provider(
    program: Program, provider: str, content: str, codes: dict[str, int]
) -> None:
    program.write("leads.csv", content)
    where = ("--provider", provider, "--region", "IN", "--json")
    ran = program("check", "leads.csv", *where)
    assert (ran.code, ran.codes) == (3, codes)
    good = "accepted" if provider == "agora" else "created"
    assert ran.counts[good] == 1


def test_external_id_makes_two_rows_one_lead_where_the_provider_compares_it(
    program: Program,
) -> None:
    program.write("leads.csv", "phone,crm id\n+15551230001,7\n+15551230002,7\n")
    lupitor = program("check", "leads.csv", "--provider", "lupitor", "--json")
    assert (lupitor.code, lupitor.codes) == (0, {"duplicate_in_file": 1})
    voiso = program("check", "leads.csv", "--provider", "voiso", "--json")
    assert (voiso.code, voiso.counts) == (0, {"created": 2})


def test_good_file_is_checked_without_a_word_if_asked(program: Program) -> None:
    ran = program(
        *("check", "-", "--provider", "yotel", "--quiet"),
        stdin=b"phone\n9000000001\n9000000002\n",
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert [*program.folder.iterdir()] == []


def test_check_stops_nothing_but_tells_that_a_push_would_stop(program: Program) -> None:
    program.write("leads.csv", "phone\n+1555\n+1555\n+1555\n+15551230001\n")
    ran = program(
        *("check", "leads.csv", "--provider", "voiso", "--max-rejects", "1", "--json")
    )
    assert ran.code == 7
    assert ran.document["rejected"] == 3


def test_dry_run_knows_what_was_delivered(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n+15551230002\n")
    push("voiso", "leads.csv", "--limit", "1")
    before = len(push.uploads("voiso"))
    ran = push("voiso", "leads.csv", "--dry-run", "--json")
    assert ran.counts == {"created": 1, "duplicate": 1}
    assert ran.codes == {"already_delivered": 1}
    assert len(push.uploads("voiso")) == before


def test_number_of_another_country_is_no_indian_one(program: Program) -> None:
    """Ten digits are ten digits: whose they are the user says."""
    program.write("leads.csv", "phone\n9000000001\n+919000000002\n")
    where = ("--provider", "yotel", "--region", "DE", "--json")
    checked = program("check", "leads.csv", *where)
    assert checked.counts == {"created": 1, "rejected": 1}
    assert checked.codes == {"phone_invalid": 1}
