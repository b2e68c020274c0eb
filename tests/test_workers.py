"""Workers that share one run: planned once, sent by several, closed by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from postgres import KEY

if TYPE_CHECKING:
    from conftest import Push

ROWS = 40
PHONES = [f"{9000000000 + row}" for row in range(ROWS)]


@pytest.fixture
def team(push: Push, postgres_ledger: str) -> Push:
    """Push into a ledger that workers can share."""
    push.program.environment |= {
        "LEADCTL_LEDGER": postgres_ledger,
        "LEADCTL_LEDGER_KEY": KEY.hex(),
    }
    write_leads(push, *PHONES)
    return push


def write_leads(push: Push, *phones: str) -> None:
    lines = "".join(f"+91{phone}\n" for phone in phones)
    push.program.write("leads.csv", f"phone\n{lines}")


def test_workers_of_a_push_share_it(team: Push) -> None:
    write_leads(team, *PHONES, PHONES[3], "123")
    ran = team("yotel", "leads.csv", "--workers", "2", "--batch-size", "1", "--json")
    assert ran.code == 3, ran.err
    assert ran.counts == {"created": ROWS, "duplicate": 1, "rejected": 1}
    assert ran.document["requests"] == ROWS
    assert team.phones("yotel") == PHONES
    assert (team.program.folder / "leads.rejects.csv").exists()
    again = team.program("work")
    assert (again.code, again.err) == (0, "no work left\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "2"], "a ledger on PostgreSQL"),
        (["--workers", "2", "--dry-run"], "--dry-run runs in one process"),
        (["--workers", "0", "--sandbox"], "--sandbox runs in one process"),
    ],
    ids=["ledger in a file", "dry run", "sandbox"],
)
def test_workers_are_refused(push: Push, words: list[str], said: str) -> None:
    write_leads(push, *PHONES)
    ran = push("yotel", "leads.csv", *words)
    assert ran.code == 2
    assert said in ran.err
    assert not push.sent("yotel")
