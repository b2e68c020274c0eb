"""An answer that does not say "not taken in" leaves its leads in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize("provider", ["agora", "lupitor", "voiso", "yotel"])
@pytest.mark.parametrize("status", [409, 424, 451])
def test_where_a_repeat_is_safe_it_settles_the_doubt(
    push: Push, provider: str, status: int
) -> None:
    if (provider, status) == ("yotel", 409):
        pytest.skip("there it is the campaign's state")
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
