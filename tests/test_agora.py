"""Agora through the program: queued, skipped and rejected leads, in both dialects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import pytest
from conftest import Push

from leadctl.sandbox import AgoraSimulator, Fault, serve

if TYPE_CHECKING:
    from program import Program
    from starlette.responses import Response

    from leadctl.sandbox.simulator import Call

BAD = "+15554040404"
NUMBERS = [f"+1555010000{row}" for row in range(1, 9)]


def write(push: Push, numbers: list[str]) -> None:
    push.program.write("leads.csv", "\n".join(["phone", *numbers]))


def test_leads_left_out_are_counted_in_a_note(push: Push) -> None:
    write(push, NUMBERS[:5])
    assert push("agora", "leads.csv").code == 0
    write(push, NUMBERS)
    ran = push("agora", "leads.csv", "--resend-delivered", "--json")
    assert (ran.code, ran.counts) == (0, {"accepted": 8})
    assert "5 leads: not queued, probably duplicates" in ran.err
    assert push.phones("agora") == NUMBERS


def test_batch_of_which_nothing_is_queued_is_duplicate(push: Push) -> None:
    write(push, NUMBERS)
    push("agora", "leads.csv")
    ran = push("agora", "leads.csv", "--resend-delivered", "--json")
    assert (ran.code, ran.counts) == (0, {"duplicate": 8})


@pytest.mark.parametrize("speaks", ["reference", "contract"])
@pytest.mark.parametrize("counts_skipped", [False, True])
def test_both_documents_are_understood(
    program: Program, speaks: Literal["reference", "contract"], *, counts_skipped: bool
) -> None:
    simulator = AgoraSimulator(speaks=speaks, counts_skipped=counts_skipped)
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        write(push, [*NUMBERS, BAD])
        simulator.faults.add(Fault("lose"))
        ran = push("agora", "leads.csv", "--json")
        assert ran.counts == {
            "accepted" if counts_skipped else "duplicate": 8,
            "rejected": 1,
        }
        assert push.phones("agora") == NUMBERS
        tested = program("accounts", "test", "agora", env=sandbox.environment("agora"))
        assert tested.code == 0


class QueuesBehindRefusals(AgoraSimulator):
    """Answers 422 where a row is bad, and has queued the others."""

    def upload(self, call: Call) -> Response:
        answer = super().upload(call)
        if json.loads(bytes(answer.body))["errors"]:
            answer.status_code = 422
        return answer


@pytest.mark.parametrize(
    ("skips", "code", "good"), [("true", 3, "duplicate"), ("false", 10, "unknown")]
)
def test_good_rows_of_a_refused_batch_go_again_only_where_that_is_safe(
    program: Program, skips: str, code: int, good: str
) -> None:
    """Whether they were queued the first time is not documented."""
    simulator = QueuesBehindRefusals()
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        write(push, [NUMBERS[0], BAD, *NUMBERS[1:3]])
        env = {"LEADCTL_AGORA_SKIP_DUPLICATES": skips}
        ran = push("agora", "leads.csv", "--json", env=env)
        assert (ran.code, ran.counts) == (code, {"rejected": 1, good: 3})
        assert push.phones("agora") == NUMBERS[:3]
