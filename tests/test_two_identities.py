"""Lupitor knows a lead by its external id and by its phone: neither may mislead us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push

ONE, TWO, THREE = "+15551230001", "+15551230002", "+15551230003"


def test_row_that_was_not_sent_makes_no_later_row_a_duplicate(push: Push) -> None:
    """Row 2 is row 1 again; row 3 shares only the external id of row 2."""
    rows = f"phone,external_id\n{ONE},e-1\n{ONE},e-2\n{THREE},e-2\n"
    push.program.write("leads.csv", rows)
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.counts == {"created": 2, "duplicate": 1}
    assert push.phones("lupitor") == [ONE, THREE]


def test_duplicate_by_one_identity_is_not_delivered_by_the_other(push: Push) -> None:
    push.program.write("first.csv", f"phone,external_id\n{ONE},e-1\n")
    push.program.write("second.csv", f"phone,external_id\n{TWO},e-1\n")
    push.program.write("third.csv", f"phone,external_id\n{TWO},e-3\n")
    assert push("lupitor", "first.csv", "--json").counts == {"created": 1}
    again = push("lupitor", "second.csv", "--resend-delivered", "--json")
    assert again.counts == {"duplicate": 1}
    assert push("lupitor", "third.csv", "--json").counts == {"created": 1}
    assert push.phones("lupitor") == [ONE, TWO]


def test_look_up_of_a_resumed_run_knows_when_the_run_began(push: Push) -> None:
    """What the killed process brought there is the run's own, and no duplicate."""
    program, environment = push.program, push.environment("lupitor")
    program.write("leads.csv", f"phone\n{ONE}\n{TWO}\n")
    push.simulator("lupitor").faults.add(Fault("slow_after", seconds=30))
    where = ("--provider", "lupitor", "--campaign", "cmp_1")
    process = program.start("push", "leads.csv", *where, env=environment)
    while len(push.phones("lupitor")) < 2:
        assert process.poll() is None
    process.kill()
    process.wait()
    ran = program("runs", "resume", "--json", env=environment)
    assert (ran.code, ran.counts) == (0, {"created": 2})


def test_run_that_must_not_repeat_waits_for_one_that_left_leads(push: Push) -> None:
    """Checked when it was killed, unchecked now: a repeat would add the lead twice."""
    program, environment = push.program, push.environment("ozonetel")
    program.write("leads.csv", "phone\n9000000001\n")
    push.simulator("ozonetel").faults.add(Fault("slow_after", seconds=30))
    where = ("--provider", "ozonetel", "--campaign", "Demo")
    process = program.start("push", "leads.csv", *where, env=environment)
    while not push.phones("ozonetel"):
        assert process.poll() is None
    process.kill()
    process.wait()
    unchecked = {"LEADCTL_OZONETEL_CHECK_DUPLICATE": "false"}
    ran = push("ozonetel", "leads.csv", "--json", env=unchecked)
    assert ran.code == 6
    assert "runs resume" in ran.err
    assert push.phones("ozonetel") == ["9000000001"]
    assert program("runs", "resume", "--json", env=environment).code == 0
    assert push.phones("ozonetel") == ["9000000001"]
