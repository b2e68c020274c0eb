"""`runs undo` deletes what a run created, and nothing else."""

from __future__ import annotations

import json
import re
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from terminal import Terminal

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push
    from program import Ran

PHONES = ("+919000000001", "+919000000002", "+919000000003")
FIRST, SECOND, THIRD = PHONES
REMOVERS = ("lupitor", "ozonetel")


@dataclass(frozen=True)
class Undo:
    """A provider, and the ledger of one test."""

    push: Push
    provider: str

    def pushed(self, *phones: str, more: tuple[str, ...] = ()) -> str:
        """Push phones; returns the run."""
        self.push.program.write("leads.csv", "\n".join(["phone", *phones, ""]))
        ran = self.push(self.provider, "leads.csv", "--json", *more)
        assert ran.code == 0
        return str(ran.document["run_id"])

    def __call__(self, run: str, *words: str, env: dict[str, str] | None = None) -> Ran:
        environment = self.push.environment(self.provider) | (env or {})
        return self.push.program("runs", "undo", run, *words, env=environment)

    def document(
        self, run: str, *words: str, env: dict[str, str] | None = None
    ) -> dict[str, Any]:
        ran = self(run, "--yes", "--json", *words, env=env)
        found: dict[str, Any] = json.loads(ran.out)
        assert found["exit_code"] == ran.code
        ends = ("deleted", "not_found", "failed", "unknown")
        if not found["dry_run"] and found["error"] is None:
            assert sum(found[end] for end in ends) == found["leads"]
        return found

    @property
    def phones(self) -> list[str]:
        return self.push.phones(self.provider)

    def fault(self, fault: Fault) -> None:
        self.push.simulator(self.provider).faults.add(fault)

    def by_hand(self, action: str, **facts: str) -> None:
        """Act as another user of Lupitor: `bulk` adds a lead, `bulk-delete` removes."""
        settings = self.push.environment("lupitor")
        answer = httpx.post(
            f"{settings['LEADCTL_LUPITOR_BASE_URL']}/leads/{action}",
            headers={"x-api-key": settings["LEADCTL_LUPITOR_API_KEY"]},
            json={"campaignId": "cmp_1", "leads": [facts]},
        )
        assert answer.is_success


@pytest.fixture(params=REMOVERS)
def undo(request: pytest.FixtureRequest, push: Push) -> Undo:
    return Undo(push, request.param)


@pytest.fixture
def lupitor(push: Push) -> Undo:
    return Undo(push, "lupitor")


def test_what_the_run_created_goes_and_can_be_sent_again(undo: Undo) -> None:
    undo.pushed(FIRST)
    run = undo.pushed(*PHONES, more=("--resend-delivered",))  # the first: a duplicate
    before = len(undo.push.sent(undo.provider))
    planned = undo.document(run, "--dry-run", env={"LEADCTL_LUPITOR_API_KEY": ""})
    assert (planned["leads"], planned["deleted"], planned["exit_code"]) == (2, 0, 0)
    asked = undo(run)
    assert asked.code == 2
    assert "leads     2" in asked.err
    assert "this must be confirmed" in asked.err
    assert ("by number" in asked.err) == (undo.provider == "ozonetel")
    assert len(undo.push.sent(undo.provider)) == before
    assert undo.phones == [*PHONES]

    done = undo.document(run)
    assert (done["leads"], done["deleted"], done["exit_code"]) == (2, 2, 0)
    assert undo.phones == [FIRST]
    shown = undo.push.program("runs", "show", run).out
    assert "undone by runs undo: 2 deleted" in shown
    traced = json.loads(undo.push.program("runs", "show", run, "--row=2", "--json").out)
    assert (traced["status"], traced["undo"]) == ("created", "deleted")
    records = undo.push.program("runs", "export", run).out.splitlines()
    assert [line.rpartition(",")[2] for line in records[1:]] == [
        "",
        *["deleted"] * 2,
    ]

    ran = undo.push(undo.provider, "leads.csv", "--json")
    assert ran.counts == {"created": 2, "duplicate": 1}
    kept = undo.document(run)  # they belong to that run now
    assert (kept["leads"], kept["gone_before"]) == (0, 2)
    assert undo.phones == [*PHONES]


def test_lost_answer_is_settled_by_asking_again_or_said(undo: Undo) -> None:
    run = undo.pushed(FIRST, SECOND)
    undo.fault(Fault("lose"))
    impatient = {f"LEADCTL_{undo.provider.upper()}_RETRY_FOR": "0.01"}
    done = undo.document(run, env=impatient)
    rest = {"lupitor": 0, "ozonetel": 1}[undo.provider]  # it deletes one at a time
    assert (done["unknown"], done["failed"], done["exit_code"]) == (2 - rest, rest, 10)
    pushed = undo.push(undo.provider, "leads.csv", "--json")  # perhaps deleted
    assert pushed.counts == {"duplicate": 2}
    (warned,) = pushed.document["notes"]
    assert (warned["code"], f"runs undo {run}" in warned["message"]) == (
        "undo_unfinished",
        True,
    )
    found = undo.push.program("find", FIRST, "--region", "in").out
    assert f"run {run}" in found
    assert "(may be deleted by runs undo)" in found
    undo.fault(Fault("lose"))
    again = undo.document(run)
    assert (again["leads"], again["deleted"], again["exit_code"]) == (2, 2, 0)
    assert undo.push(undo.provider, "leads.csv", "--json").counts == {"created": 2}


@pytest.mark.parametrize(
    ("number", "seconds", "code"),
    [(signal.SIGKILL, 1.5, -signal.SIGKILL), (signal.SIGINT, 0.4, 130)],
    ids=["SIGKILL", "SIGINT"],
)
def test_stopped_undo_goes_on(
    number: int, seconds: float, code: int, lupitor: Undo
) -> None:
    run = lupitor.pushed(*PHONES)
    lupitor.fault(Fault("slow_after", seconds=seconds))
    environment = lupitor.push.environment("lupitor")
    process = lupitor.push.program.start("runs", "undo", run, "--yes", env=environment)
    while lupitor.phones and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    assert process.wait() == code
    done = lupitor.document(run)
    gone = done["deleted"] + done["gone_before"]
    assert (gone, done["exit_code"]) == (3, 0)
    assert done["gone_before"] == (3 if number == signal.SIGINT else 0)
    assert lupitor.push("lupitor", "leads.csv", "--json").counts == {"created": 3}


def test_undo_is_stopped_by_runs_stop(push: Push) -> None:
    undo = Undo(push, "ozonetel")
    run = undo.pushed(*PHONES)
    undo.fault(Fault("slow_after", seconds=1.0, times=len(PHONES)))
    environment = push.environment("ozonetel")
    process = push.program.start("runs", "undo", run, "--yes", env=environment)
    while len(undo.phones) == len(PHONES) and process.poll() is None:
        time.sleep(0.005)
    asked = push.program("runs", "stop", run)
    assert f"then: leadctl runs undo {run}" in asked.err
    assert process.wait() == 128 + signal.SIGTERM
    push.simulator("ozonetel").faults.clear()
    done = undo.document(run)
    assert done["deleted"] == len(PHONES) - done["gone_before"] > 0


@pytest.mark.parametrize(("provider", "resent"), [("lupitor", 1), ("ozonetel", 0)])
def test_lead_that_is_not_there_is_sent_again_only_where_that_is_certain(
    provider: str, resent: int, push: Push
) -> None:
    undo = Undo(push, provider)
    run = undo.pushed(FIRST, SECOND)
    if provider == "lupitor":
        undo.by_hand("bulk-delete", phoneNumber=FIRST)
    else:
        push.simulator(provider).campaigns["Demo"].discard(0, FIRST)
    done = undo.document(run)
    assert (done["deleted"], done["not_found"], done["exit_code"]) == (1, 1, 0)
    pushed = push(provider, "leads.csv", "--json").counts
    assert pushed["created"] == 1 + resent


def test_lead_of_somebody_else_with_the_number_stays(lupitor: Undo) -> None:
    """A lead with an external id is deleted by that id only."""
    lupitor.push.program.write("ids.csv", f"phone,external_id\n{FIRST},A1\n{SECOND},\n")
    ran = lupitor.push("lupitor", "ids.csv", "--json")
    lupitor.by_hand("bulk-delete", externalId="A1")
    lupitor.by_hand("bulk", externalId="B2", phoneNumber=FIRST)
    done = lupitor.document(str(ran.document["run_id"]))
    assert (done["deleted"], done["not_found"]) == (1, 1)
    assert lupitor.phones == [FIRST]


def test_lead_that_another_run_delivered_is_left_alone(lupitor: Undo) -> None:
    lupitor.pushed(FIRST)
    lupitor.push.simulator("lupitor").forget()  # deleted there, by hand
    run = lupitor.pushed(FIRST, SECOND, more=("--resend-delivered",))
    done = lupitor.document(run)
    assert (done["leads"], done["left"]["sent_again"]) == (1, 1)
    assert lupitor.phones == [FIRST]


@pytest.mark.parametrize(
    ("fault", "code", "error"),
    [
        (Fault("deny"), 4, "access_denied"),
        (Fault("error_before", status=404), 7, "campaign_closed"),
        (Fault("throttle", times=9, retry_after=3600), 5, "not_processed"),
        (Fault("error_before", status=413), 5, "refused"),
    ],
    ids=["denied", "campaign", "throttled", "refused"],
)
def test_exit_code_is_that_of_a_push(
    fault: Fault, code: int, error: str, lupitor: Undo
) -> None:
    run = lupitor.pushed(*PHONES)
    lupitor.push.simulator("lupitor").faults.add(fault)
    done = lupitor.document(run, env={"LEADCTL_LUPITOR_RETRY_FOR": "0.01"})
    assert (done["failed"], done["deleted"], done["exit_code"]) == (3, 0, code)
    assert lupitor.phones == [*PHONES]
    assert done["error"]["code"] == error


def test_nothing_is_deleted_elsewhere_or_by_another_file(lupitor: Undo) -> None:
    run = lupitor.pushed(FIRST)
    elsewhere = {"LEADCTL_LUPITOR_BASE_URL": "http://127.0.0.1:9/api/v1"}
    moved = lupitor.document(run, env=elsewhere)
    assert (moved["exit_code"], moved["error"]["code"]) == (6, "input_unusable")
    lupitor.push.program.write("leads.csv", f"phone\n{SECOND}\n")
    changed = lupitor.document(run)
    assert (changed["exit_code"], changed["error"]["code"]) == (6, "input_unusable")
    assert f"leadctl runs undo {run}. Without it, " in changed["error"]["hint"]
    assert lupitor.phones == [FIRST]


def test_providers_without_the_call_say_so(push: Push) -> None:
    undo = Undo(push, "yotel")
    run = undo.pushed(FIRST)
    document = undo.document(run)
    assert document["exit_code"] == 2
    assert "leadctl cannot delete leads at Yotel" in document["error"]["message"]
    assert undo.document("no-such-run")["exit_code"] == 2


def test_terminal_asks(lupitor: Undo) -> None:
    run = lupitor.pushed(FIRST)
    environment = lupitor.push.environment("lupitor")
    for answer, code in (("n\n", 7), ("y\n", 0)):
        given = ("runs", "undo", run)
        with Terminal(lupitor.push.program, given, 80, environment) as terminal:
            terminal.until("Delete them? [y/N]")
            assert re.search(r"\bfrom\s+\S+leads\.csv", terminal.seen)
            assert lupitor.phones == [FIRST]
            terminal.type(answer)
            assert terminal.end() == code
    assert lupitor.phones == []
