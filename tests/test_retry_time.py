"""How long a run keeps trying, through the whole program."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from leadctl.sandbox import AgoraSimulator, Fault, serve

if TYPE_CHECKING:
    from conftest import Push
    from program import Program


ALWAYS = 1000


def lead(program: Program, phone: str = "+15551230001") -> str:
    program.write("leads.csv", f"phone\n{phone}\n")
    return "leads.csv"


@pytest.mark.parametrize(
    ("status", "code", "counts"),
    [
        (400, 5, {"failed": 1}),
        (401, 4, {"failed": 1}),
        (403, 4, {"failed": 1}),
        (404, 7, {"failed": 1}),
        (405, 5, {"failed": 1}),
        (422, 3, {"rejected": 1}),
    ],
)
def test_refusal_that_repeating_cannot_mend_is_not_repeated(
    push: Push, status: int, code: int, counts: dict[str, int]
) -> None:
    fault = Fault("error_before", status=status, times=ALWAYS, retry_after=1)
    push.simulator("voiso").faults.add(fault)
    ran = push("voiso", lead(push.program), "--json")
    assert (ran.code, ran.counts) == (code, counts)
    assert len(push.sent("voiso")) == 1


def test_time_to_retry_is_the_accounts_setting(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("throttle", times=ALWAYS, retry_after=1))
    env = {"LEADCTL_VOISO_RETRY_FOR": "2.5"}
    began = time.monotonic()
    ran = push("voiso", lead(push.program), "--json", env=env)
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert 2 <= len(push.sent("voiso")) <= 3
    assert time.monotonic() - began < 6


def test_wait_beyond_the_time_to_retry_is_not_begun(push: Push) -> None:
    push.simulator("voiso").faults.add(
        Fault("throttle", times=ALWAYS, retry_after=3600)
    )
    began = time.monotonic()
    push.program.write("leads.csv", "phone\n+15551230001\n+15551230002\n")
    arguments = ("leads.csv", "--batch-size", "1", "--json")
    ran = push("voiso", *arguments)
    assert (ran.code, ran.counts) == (5, {"failed": 2})
    assert len(push.sent("voiso")) == 1
    assert "longer than retry_for allows" in ran.error["message"]
    again = push("voiso", *arguments)
    assert (again.code, again.counts) == (5, {"failed": 2})
    assert len(push.sent("voiso")) == 1, "the wish holds for the account"
    assert time.monotonic() - began < 12


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_wish_to_wait_of_the_token_call_is_heeded(program: Program, form: str) -> None:
    simulator = AgoraSimulator()
    with serve([simulator]) as sandbox:
        fault = {"kind": "throttle", "where": "token", "retry_after": 2}
        answer = httpx.post(
            f"{sandbox.control_url('agora')}/faults",
            content=json.dumps([fault | {"retry_form": form}]),
        )
        assert answer.is_success
        where = ("--provider", "agora", "--campaign", "42")
        ran = program(
            *("push", lead(program), *where, "--acknowledge-compliance"),
            env=sandbox.environment("agora"),
        )
    assert ran.code == 0
    first, second, _asked, upload = simulator.log
    assert (first.status, second.status, upload.status) == (429, 200, 202)
    assert second.time - first.time >= 2


def test_what_is_waited_for_is_shown_on_request(push: Push) -> None:
    for options, shown in (("-v",), True), ((), False), (("-q",), False):
        push.simulator("voiso").forget()
        push.simulator("voiso").faults.add(Fault("throttle"))
        again = "--resend-delivered"
        ran = push("voiso", lead(push.program), again, *options)
        assert ran.code == 0
        assert ("waiting" in ran.err and "429" in ran.err) == shown
        assert "waiting" not in ran.out
