"""Trouble between a run and its ledger's server: poolers, locks, time-outs."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from postgres import KEY, NAMED, POOLER, pooled
from zygote import CLOCK

if TYPE_CHECKING:
    from conftest import Push
    from postgres import Server

ROWS = 30
LEADS = "phone\n" + "".join(f"+1555010{n:04}\n" for n in range(ROWS))


@pytest.mark.skipif(POOLER is None, reason="PgBouncer is not installed")
def test_hosts_share_one_connection_of_a_pooler(
    push: Push, postgres_ledger: str
) -> None:
    """Nothing is kept in a session: each transaction may be another host's.

    The clock of one is an hour ahead.
    """
    program = push.program
    clock = program.write("clock", "3600")
    program.write("leads.csv", LEADS)
    program.environment["LEADCTL_LEDGER_KEY"] = KEY.hex()
    with pooled(postgres_ledger) as url:
        program.environment["LEADCTL_LEDGER"] = url
        wrong = {"agora": {CLOCK: str(clock)}, "lupitor": {}, "voiso": {}}
        words = ("leads.csv", "--batch-size", "5", "--json")
        with ThreadPoolExecutor(3) as hosts:
            providers = ("agora", "lupitor", "voiso")
            ran = [*hosts.map(lambda one: push(one, *words, env=wrong[one]), providers)]
        done = [{"accepted": ROWS}, {"created": ROWS}, {"created": ROWS}]
        assert [one.counts for one in ran] == done
        again = push("voiso", *words)
        assert again.codes == {"already_delivered": ROWS}
        shown = program("ledger", "show", "--json")
    assert "connected through a pooler" in shown.out
    assert json.loads(shown.out)["runs"] == 4


def test_statements_that_time_out_are_said_again(
    push: Push, postgres_ledger: str
) -> None:
    """As behind a lock that is held for longer than the server waits."""
    program = push.program
    program.write("leads.csv", LEADS)
    program.environment["LEADCTL_LEDGER_KEY"] = KEY.hex()
    program.environment["LEADCTL_LEDGER"] = postgres_ledger
    with psycopg.connect(postgres_ledger, autocommit=True) as db:
        name = db.info.dbname
        db.execute(f"ALTER DATABASE {name} SET statement_timeout = '200ms'".encode())
    environment = push.environment("voiso")
    words = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3")
    with psycopg.connect(postgres_ledger) as db:
        db.execute("SET statement_timeout = 0")
        db.execute("LOCK TABLE leadctl.runs IN ACCESS EXCLUSIVE MODE")
        run = program.fork(*words, env=environment)
        time.sleep(1)
        assert not push.phones("voiso")
    assert run.code(30) == 0
    assert len(push.phones("voiso")) == ROWS


@pytest.mark.skipif(bool(NAMED), reason="the server is not ours to fill")
@pytest.mark.parametrize(("table", "sent"), [("batches", 0), ("delivered", 10)])
def test_full_disk_is_told_in_a_sentence_and_the_run_goes_on_when_there_is_room(
    push: Push, postgres: Server, table: str, sent: int
) -> None:
    """Of the server: before the first request leaves, or when its answer is there."""
    url, program = postgres.ledger(), push.program
    program.write("leads.csv", LEADS)
    program.environment |= {"LEADCTL_LEDGER": url, "LEADCTL_LEDGER_KEY": KEY.hex()}
    with psycopg.connect(url, autocommit=True) as db:
        name = db.info.dbname
        db.execute(f"ALTER DATABASE {name} SET leadctl.lease_margin = '1'".encode())
    soon = {"LEADCTL_VOISO_TIMEOUT": "0.5"}
    with postgres.full_disk(url, table):
        ran = push("voiso", "leads.csv", "--batch-size", "10", env=soon)
        assert (ran.code, ran.out) == (5, "")
        assert "No space left on device" in ran.err
        assert (
            "free disk space on the server; to continue a run: leadctl runs" in ran.err
        )
        assert len(ran.err.splitlines()) == 2
        assert len(push.phones("voiso")) == sent
        assert "in progress" not in program("runs").out
    ran = program("runs", "resume", "--json", env=push.environment("voiso"))
    # Voiso has those whose answer could not be recorded.
    counts = {"created": ROWS - sent} | ({"duplicate": sent} if sent else {})
    assert (ran.code, ran.counts) == (0, counts)
    assert len(push.phones("voiso")) == ROWS
