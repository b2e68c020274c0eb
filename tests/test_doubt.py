"""An answer that does not prove that leads were not accepted leaves them in doubt."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from postgres import KEY
from program import recording

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push

ROWS = 6
NUMBERS = [f"+9190000000{row:02}" for row in range(1, ROWS + 1)]
UNSAFE = {"LEADCTL_OZONETEL_CHECK_DUPLICATE": "false"}


@pytest.mark.parametrize("status", [302, 307, 402, 409, 410, 424, 451, 499])
def test_lead_stored_behind_an_odd_status_is_not_sent_again(
    push: Push, status: int
) -> None:
    """Ozonetel without its check stores twice what is sent twice."""
    push.program.write("leads.csv", "\n".join(["phone", *NUMBERS]))
    fault = Fault("error_after", status=status, skip=2)
    push.simulator("ozonetel").faults.add(fault)
    ran = push("ozonetel", "leads.csv", "--json", env=UNSAFE)
    assert ran.code == 10
    assert ran.codes["answer_unreadable"] == 1
    environment = push.environment("ozonetel") | UNSAFE
    run = ran.document["run_id"] or ""
    resumed = push.program("runs", "resume", run, "--json", env=environment)
    assert resumed.counts == {"created": ROWS - 1, "unknown": 1}
    push("ozonetel", "leads.csv", env=UNSAFE)
    assert push.phones("ozonetel") == NUMBERS


@pytest.mark.parametrize(
    ("provider", "status"),
    [
        (provider, status)
        for provider in ("agora", "lupitor", "voiso", "yotel")
        for status in (409, 424, 451)
        if (provider, status) != ("yotel", 409)  # there it is the campaign's state
    ],
)
def test_where_a_repeat_is_safe_it_settles_the_doubt(
    push: Push, provider: str, status: int
) -> None:
    push.program.write("leads.csv", "\n".join(["phone", *NUMBERS]))
    push.simulator(provider).faults.add(Fault("error_after", status=status))
    ran = push(provider, "leads.csv", "--json")
    assert ran.code == 0
    assert sum(ran.counts.values()) == ROWS
    assert not ran.counts.keys() & {"failed", "unknown", "rejected"}
    assert len(push.phones(provider)) == ROWS


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 413, 415])
def test_status_that_refuses_leaves_no_doubt(push: Push, status: int) -> None:
    push.program.write("leads.csv", "\n".join(["phone", *NUMBERS]))
    fault = Fault("error_before", status=status, times=ROWS)
    push.simulator("ozonetel").faults.add(fault)
    ran = push("ozonetel", "leads.csv", "--json", env=UNSAFE)
    assert ran.code in (3, 4, 5, 7)
    assert not ran.counts.keys() & {"created", "unknown"}


DAY = 24 * 3600


def aged(push: Push, days: float) -> None:
    """Have everything in the ledger be older."""
    with sqlite3.connect(push.program.state / "ledger.sqlite") as db:
        db.execute("UPDATE requests SET departed = departed - ?", [days * DAY * 1000])
    db.close()


@pytest.mark.parametrize(
    ("provider", "fault", "days", "uploads", "counts"),
    [
        ("voiso", Fault("lose"), 6, 2, {"duplicate": ROWS}),
        ("voiso", Fault("lose"), 8, 1, {"unknown": ROWS}),
        ("lupitor", Fault("lose"), 8, 1, {"created": ROWS}),
        ("lupitor", Fault("error_before", status=500), 6, 2, {"created": ROWS}),
        ("lupitor", Fault("error_before", status=500), 8, 1, {"unknown": ROWS}),
    ],
    ids=["repeated", "too old", "found", "not found", "not found, too old"],
)
def test_doubt_is_not_repeated_when_a_repeat_may_not_be_recognised_any_more(
    push: Push,
    provider: str,
    fault: Fault,
    days: int,
    uploads: int,
    counts: dict[str, int],
) -> None:
    """Leads that a look-up finds are certain at any age."""
    push.program.write("leads.csv", "\n".join(["phone", *NUMBERS]))
    push.simulator(provider).faults.add(fault)
    short = {f"LEADCTL_{provider.upper()}_RETRY_FOR": "0"}
    ran = push(provider, "leads.csv", "--json", env=short)
    assert ran.counts == {"unknown": ROWS}
    aged(push, days)
    environment = push.environment(provider)
    run = ran.document["run_id"] or ""
    resumed = push.program("runs", "resume", run, "--json", env=environment)
    assert resumed.counts == counts
    assert len(push.uploads(provider)) == uploads
    if "unknown" in counts:
        (reason,) = resumed.document["reasons"]
        assert "sent too long ago" in reason["message"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_doubt_is_not_repeated_for_somebody_who_is_suppressed_by_now(
    push: Push, kind: str, request: pytest.FixtureRequest
) -> None:
    push.program.write("leads.csv", "\n".join(["phone", *NUMBERS]))
    if kind == "postgres":
        url = request.getfixturevalue("postgres_ledger")
        key = {"LEADCTL_LEDGER": url, "LEADCTL_LEDGER_KEY": KEY.hex()}
        push.program.environment.update(key)
    push.simulator("voiso").faults.add(Fault("error_before", status=500))
    ran = push("voiso", "leads.csv", "--json", env={"LEADCTL_VOISO_RETRY_FOR": "0"})
    assert ran.counts == {"unknown": ROWS}
    push.program("suppress", NUMBERS[0])
    environment = push.environment("voiso")
    run = ran.document["run_id"] or ""
    resumed = push.program("runs", "resume", run, "--json", env=environment)
    assert resumed.counts == {"created": ROWS - 1, "unknown": 1}
    assert push.phones("voiso") == [number[1:] for number in NUMBERS[1:]]


BAD = "+15554040404"


@pytest.mark.parametrize(
    ("provider", "status"), [("voiso", "unknown"), ("agora", "rejected")]
)
def test_rejection_after_a_lost_answer_counts_only_where_it_is_final(
    push: Push, provider: str, status: str
) -> None:
    """Voiso rejects "invalid or duplicate" records: the lead may be there."""
    push.program.write("leads.csv", f"phone\n{NUMBERS[0]}\n{BAD}\n")
    push.simulator(provider).faults.add(Fault("lose"))
    ran = push(provider, "leads.csv", "--json")
    assert ran.counts == {"duplicate": 1, status: 1}


CONTRADICTIONS: dict[str, tuple[str, dict[str, object], str]] = {
    "agora-status-failed": (
        "agora",
        {
            "status": "failed",
            "received_count": 1,
            "valid_count": 1,
            "invalid_count": 0,
            "errors": [],
        },
        "'failed'",
    ),
    "agora-error": (
        "agora",
        {
            "status": "accepted",
            "received_count": 1,
            "valid_count": 1,
            "invalid_count": 0,
            "errors": [],
            "error": "queue full",
        },
        "queue full",
    ),
    "lupitor-error": (
        "lupitor",
        {"success": True, "data": {"leadId": "x"}, "error": "Quota reached"},
        "Quota reached",
    ),
    "ozonetel-fail": (
        "ozonetel",
        {"status": "FAIL", "message": "Number Already Exist"},
        "'Number Already Exist'",
    ),
    "voiso-two-lists": (
        "voiso",
        {
            "leads_import": {
                "created": ["919000000001"],
                "rejected": ["919000000001"],
                "duplicates": [],
            }
        },
        "created and rejected",
    ),
    "yotel-word": (
        "yotel",
        {
            "total": 1,
            "valid": 1,
            "invalid": 0,
            "duplicates": 0,
            "results": [{"phone": "9000000001", "status": "queued", "id": "x"}],
        },
        "'queued'",
    ),
    "yotel-totals": (
        "yotel",
        {
            "total": 3,
            "valid": 1,
            "invalid": 0,
            "duplicates": 0,
            "results": [{"phone": "9000000001", "status": "added", "id": "x"}],
        },
        "counts contradict",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_answer_that_contradicts_itself_is_no_success(
    push: Push, case: tuple[str, dict[str, object], str]
) -> None:
    provider, said, quoted = case
    answer = said | {"access_token": "t", "expires_in": 300, "token": "t"}
    push.program.write("leads.csv", f"phone\n{NUMBERS[0]}\n")
    prefix = f"LEADCTL_{provider.upper()}"
    with recording(json.dumps(answer).encode()) as wire:
        env = {f"{prefix}_BASE_URL": wire.url, f"{prefix}_RETRY_FOR": "0"}
        ran = push(provider, "leads.csv", "--json", env=env)
    assert (ran.code, ran.counts) == (10, {"unknown": 1})
    (reason,) = ran.document["reasons"]
    assert reason["code"] == "answer_unreadable"
    assert quoted in reason["message"]
