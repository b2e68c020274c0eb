"""`--wait`: a push waits for the campaign that another run holds."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from terminal import Terminal

from leadctl.ledger import open_ledger

if TYPE_CHECKING:
    from conftest import Push

WORDS = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3", "--yes")


def test_push_goes_on_when_the_other_run_has_ended(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    environment = push.environment("voiso")
    words = (*WORDS, "--wait", "30")
    with open_ledger(push.program.state / "ledger.sqlite") as ledger:
        held = ExitStack()
        held.enter_context(ledger.campaign_lock("voiso", "3"))
        with held, Terminal(push.program, words, env=environment) as terminal:
            terminal.until("waiting 30 s: another run is writing to campaign 3")
            assert push.uploads("voiso") == []
            held.close()
            assert terminal.end() == 0
    assert push.phones("voiso") == ["15551230001"]
