"""Failures of every part at any moment: the report says what happened."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from program import csv_rows, recording

from leadctl.sandbox import Fault
from leadctl.sandbox.checks import OUT_OF_SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Push
    from program import Ran

SIX = [f"+1555123000{n}" for n in range(1, 7)]
INDIAN = [f"900000000{n}" for n in range(1, 7)]
ALWAYS = 1000


def leads(push: Push, provider: str, number: int = 4) -> str:
    """Write a file of good leads and return its name."""
    numbers = INDIAN if provider in ("yotel", "ozonetel") else SIX
    push.program.write("leads.csv", "phone\n" + "\n".join(numbers[:number]) + "\n")
    return "leads.csv"


def in_a_hurry(provider: str) -> dict[str, str]:
    """Return the setting that gives a batch up at the first trouble."""
    return {f"LEADCTL_{provider.upper()}_RETRY_FOR": "0"}


def require_truth(push: Push, provider: str, ran: Ran) -> None:
    """Hold the report against what the provider has."""
    stored, found = push.phones(provider), ran.document
    assert len(stored) == len(set(stored)), "a lead is there twice"
    delivered = found["created"] + found["accepted"]
    assert delivered <= len(stored), "a lead is called created that is not there"
    assert len(stored) <= delivered + found["duplicate"] + found["unknown"]
    assert found["requests"] == len(push.uploads(provider))
    (file,) = found["files"]
    rejects = file["rejects_file"]
    rows = csv_rows(push.program.folder / rejects) if rejects else []
    assert len(rows) == found["rejected"] + found["failed"]
    there = {phone.lstrip("+") for phone in stored}
    assert there.isdisjoint(row["phone"].lstrip("'+") for row in rows)


@dataclass(frozen=True)
class Passing:
    """A temporary fault, and the outcome of the four leads in the file."""

    provider: str
    fault: Fault
    counts: Mapping[str, int]


CREATED = {"created": 4}
HALF_OURS = {"created": 2, "duplicate": 2}
PASSING = {
    "refused-connection": Passing("lupitor", Fault("refuse"), CREATED),
    # It lists leads, so that what arrived can be looked up.
    "lost-answer-lupitor": Passing("lupitor", Fault("lose"), CREATED),
    # Its idempotency key is not enforced: the duplicate check alone keeps them apart.
    "lost-answer-yotel": Passing("yotel", Fault("lose"), HALF_OURS),
    # It counts what it queues: of a batch that is there already, nothing.
    "lost-answer-agora": Passing(
        "agora", Fault("lose"), {"accepted": 2, "duplicate": 2}
    ),
    # Nothing proves that the duplicates are ours.
    "lost-answer-voiso": Passing("voiso", Fault("lose"), HALF_OURS),
    "error-after": Passing("voiso", Fault("error_after", status=500), HALF_OURS),
    "garbage-after": Passing("voiso", Fault("garbage", skip=1), HALF_OURS),
    "expired-token-agora": Passing("agora", Fault("expire_token"), {"accepted": 4}),
    "expired-token-ozonetel": Passing(
        "ozonetel", Fault("expire_token", skip=2), CREATED
    ),
    "token-call-fails": Passing(
        "agora", Fault("error_before", where="token"), {"accepted": 4}
    ),
    "busy": Passing("voiso", Fault("busy", skip=1), CREATED),
}


@pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
def test_trouble_that_passes_costs_no_lead_and_doubles_none(
    push: Push, case: Passing
) -> None:
    push.simulator(case.provider).faults.add(case.fault)
    name = leads(push, case.provider)
    ran = push(case.provider, name, "--batch-size", "2", "--json", "-v")
    assert (ran.code, ran.counts) == (0, case.counts)
    assert len(set(push.phones(case.provider))) == len(push.phones(case.provider)) == 4
    # A dead token is nothing to wait for: the request goes again with a new one.
    assert ("waiting" in ran.err) == (case.fault.kind != "expire_token")


def test_provider_that_says_when_is_asked_no_earlier(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("throttle", retry_after=1))
    ran = push("voiso", leads(push, "voiso"), "--json")
    assert (ran.code, ran.counts) == (0, {"created": 4})
    first, second = push.sent("voiso")
    assert (first.status, second.status) == (429, 200)
    assert second.time - first.time >= 1


@dataclass(frozen=True)
class Staying:
    """A permanent fault, and the outcome of four leads in batches of two."""

    provider: str
    fault: Fault
    counts: Mapping[str, int]
    code: int
    codes: Mapping[str, int]
    env: Mapping[str, str] | None = None


FAILED = {"failed": 4}
UNKNOWN = {"unknown": 4}
NO_CHECK = {"LEADCTL_OZONETEL_CHECK_DUPLICATE": "false"}
STAYING = {
    "throttled": Staying(
        *("voiso", Fault("throttle", times=ALWAYS), FAILED, 5, {"not_processed": 4})
    ),
    "busy": Staying(
        *("voiso", Fault("busy", times=ALWAYS), FAILED, 5, {"not_processed": 4})
    ),
    "no-token": Staying(
        "agora",
        Fault("error_before", where="token", times=ALWAYS),
        FAILED,
        5,
        {"not_processed": 4},
    ),
    "answers-lost": Staying(
        *("voiso", Fault("lose", times=ALWAYS), UNKNOWN, 10, {"answer_lost": 4})
    ),
    "garbage": Staying(
        "yotel",
        Fault("garbage", times=ALWAYS),
        UNKNOWN,
        10,
        {"answer_unreadable": 4},
    ),
    "lost-where-a-repeat-could-double": Staying(
        "ozonetel",
        Fault("lose", skip=1),
        {"created": 3, "unknown": 1},
        10,
        {"answer_lost": 1},
        NO_CHECK,
    ),
    "cut-short-where-a-repeat-could-double": Staying(
        "agora",
        Fault("truncate"),
        {"accepted": 2, "unknown": 2},
        10,
        {"answer_lost": 2},
        {"LEADCTL_AGORA_SKIP_DUPLICATES": "false"},
    ),
}


@pytest.mark.parametrize("case", STAYING.values(), ids=STAYING)
def test_trouble_that_stays_is_told_as_it_is(push: Push, case: Staying) -> None:
    """`failed` leads are certainly not there, `unknown` ones may be."""
    push.simulator(case.provider).faults.add(case.fault)
    ran = push(
        *(case.provider, leads(push, case.provider), "--batch-size", "2", "--json"),
        env=case.env or in_a_hurry(case.provider),
    )
    assert (ran.code, ran.counts) == (case.code, case.counts)
    assert sum(ran.codes.values()) == sum(case.codes.values())
    assert set(ran.codes) <= {*case.codes, "not_sent"}
    if case.fault.where == "upload":
        require_truth(push, case.provider, ran)


def test_failed_rows_go_when_the_trouble_is_over(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("throttle", times=ALWAYS))
    name = leads(push, "voiso")
    assert push("voiso", name, env=in_a_hurry("voiso")).code == 5
    push.simulator("voiso").faults.clear()
    ran = push("voiso", "leads.rejects.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 4})


def test_unknown_rows_are_not_sent_by_the_next_push(push: Push) -> None:
    """They may be there; where a repeat would double them only the user may decide."""
    push.simulator("ozonetel").faults.add(Fault("lose"))
    name = leads(push, "ozonetel")
    push("ozonetel", name, env=NO_CHECK)
    push("ozonetel", name, "--json", env=NO_CHECK)
    assert len(set(push.phones("ozonetel"))) == len(push.phones("ozonetel")) == 4


def test_host_that_nobody_answers_on_leaves_all_rows_failed(push: Push) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = {"LEADCTL_VOISO_BASE_URL": f"http://127.0.0.1:{port}"}
    ran = push(
        *("voiso", leads(push, "voiso"), "--json"),
        env=address | in_a_hurry("voiso"),
    )
    assert (ran.code, ran.counts) == (5, {"failed": 4})
    assert set(ran.codes) <= {"not_processed", "not_sent"}
    cause = f"cannot connect to 127.0.0.1:{port}: connection refused"
    assert cause in ran.document["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        ("voiso", Fault("deny", times=ALWAYS)),
        ("agora", Fault("deny", times=ALWAYS)),
    ],
    ids=["voiso", "agora"],
)
def test_refused_key_stops_the_run_at_once(
    push: Push, provider: str, fault: Fault
) -> None:
    push.simulator(provider).faults.add(fault)
    ran = push(provider, leads(push, provider), "--batch-size", "1", "--json")
    assert (ran.code, ran.counts) == (4, {"failed": 4})
    assert ran.error["code"] == "access_denied"
    assert push.phones(provider) == []
    assert len(push.uploads(provider)) <= 2, "those under way, and no other"


@pytest.mark.parametrize(
    ("provider", "good", "times"),
    [
        ("voiso", "created", 1),
        ("agora", "accepted", 2),  # the first one may be a token's end
    ],
)
def test_key_refused_later_keeps_what_was_delivered(
    push: Push, provider: str, good: str, times: int
) -> None:
    push.simulator(provider).faults.add(Fault("deny", skip=1, times=times))
    one_by_one = {f"LEADCTL_{provider.upper()}_CONCURRENCY": "1"}
    name = leads(push, provider)
    ran = push(provider, name, "--batch-size", "1", "--json", env=one_by_one)
    assert (ran.code, ran.counts) == (4, {good: 1, "failed": 3})
    if provider != "agora":
        require_truth(push, provider, ran)

    push.simulator(provider).faults.clear()
    rest = push(provider, name, "--json")
    assert (rest.code, rest.counts) == (0, {good: 3, "duplicate": 1})
    assert rest.codes == {"already_delivered": 1}
    assert len(set(push.phones(provider))) == len(push.phones(provider)) == 4


def test_campaign_that_only_an_upload_finds_closed_stops_the_run(push: Push) -> None:
    """Ozonetel lists inbound campaigns too, so the call before the run says nothing."""
    name = leads(push, "ozonetel")
    ran = push("ozonetel", name, "--json", campaign="Inbound")
    assert (ran.code, ran.counts) == (7, {"failed": 4})
    assert ran.error["code"] == "campaign_closed"
    assert push.simulator("ozonetel").stored == {}


@pytest.mark.parametrize(
    ("provider", "bad", "good"),
    [
        ("voiso", f"+{OUT_OF_SERVICE}", "created"),
        ("lupitor", f"+{OUT_OF_SERVICE}", "created"),
        ("agora", f"+{OUT_OF_SERVICE}", "accepted"),
    ],
)
def test_row_the_provider_refuses_costs_no_other_row(
    push: Push, provider: str, bad: str, good: str
) -> None:
    numbers = [*SIX[:3], bad, *SIX[3:]]
    push.program.write("leads.csv", "phone\n" + "\n".join(numbers))
    ran = push(provider, "leads.csv", "--json")
    assert (ran.code, ran.counts) == (3, {good: 6, "rejected": 1})
    assert ran.codes == {"provider_rejected": 1}
    (row,) = csv_rows(push.program.folder / "leads.rejects.csv")
    assert (row["phone"], row["_leadctl_row"]) == (f"'{bad}", "4")
    assert len(push.phones(provider)) == 6


def test_lead_that_lupitor_names_is_not_searched_for(push: Push) -> None:
    """At ten bulk requests a minute halving would take minutes."""
    numbers = [*SIX[:3], f"+{OUT_OF_SERVICE}", *SIX[3:]]
    push.program.write("leads.csv", "phone\n" + "\n".join(numbers))
    assert push("lupitor", "leads.csv").code == 3
    assert push.uploads("lupitor") == [7, 6]


def test_number_on_the_providers_do_not_call_list_is_suppressed(push: Push) -> None:
    """There is nothing to correct: no reject file, and all is well."""
    numbers = [*INDIAN[:3], "9000000099", *INDIAN[3:]]
    push.program.write("leads.csv", "phone\n" + "\n".join(numbers))
    ran = push("ozonetel", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 6, "suppressed": 1})
    assert ran.codes == {"on_provider_dnc": 1}
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_what_ozonetel_says_of_the_campaign_is_kept(push: Push) -> None:
    push.program.write("leads.csv", "phone\n" + "\n".join(INDIAN[:2]))
    stop = {"LEADCTL_OZONETEL_ACTION": "STOP"}
    ran = push("ozonetel", "leads.csv", "-q", env=stop)
    said = "2 leads: Ozonetel answered 'SuccessFully Updated Demo Campaign Stoped'"
    assert (ran.code, said in ran.err) == (0, True)


ODD_ANSWERS = {
    "empty-body": b"",
    "empty-object": b"{}",
    "foreign-numbers": b'{"leads_import": {"created": ["15559990000"]}}',
    "not-lists": b'{"leads_import": {"created": 2, "rejected": 0, "duplicates": 0}}',
}


@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_odd_answer_is_never_taken_for_success(push: Push, answer: bytes) -> None:
    with recording(answer) as recorder:
        ran = push(
            *("voiso", leads(push, "voiso", 2), "--json"),
            env={"LEADCTL_VOISO_BASE_URL": recorder.url, **in_a_hurry("voiso")},
        )
    assert (ran.code, ran.counts) == (10, {"unknown": 2})
    assert ran.codes == {"answer_unreadable": 2}
    assert not (push.program.folder / "leads.rejects.csv").exists()
