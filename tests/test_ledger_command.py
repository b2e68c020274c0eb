"""`leadctl ledger`: prepares PostgreSQL, stores the key apart, copies from SQLite."""

from __future__ import annotations

import json
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from zygote import CLOCK

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from postgres import Server
    from program import Program

LEADS = "phone\n" + "".join(f"+1555010{n:04}\n" for n in range(40))


def as_user(url: str, name: str, *, of_role: str) -> str:
    """Return the URL for a new user who has a role."""
    with psycopg.connect(url, autocommit=True) as db:
        (there,) = db.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = %s", (name,)
        ).fetchone() or (0,)
        if not there:
            words = sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}")
            db.execute(words.format(sql.Identifier(name), sql.Identifier(of_role)))
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}@{parts.netloc.split('@')[-1]}"))


def test_init_prepares_for_a_worker_and_a_reader(postgres: Server, push: Push) -> None:
    """Neither can write but by the functions; the key is in no table."""
    url, program = postgres.database(), push.program
    key_file = program.folder / "ledger.key"
    made = program("ledger", "init", url, "--key-file", key_file)
    assert (made.code, made.out) == (0, "")
    assert "GRANT leadctl_worker TO name" in made.err
    assert key_file.stat().st_mode & 0o777 == 0o600
    worker = as_user(url, "test_worker", of_role="leadctl_worker")
    reader = as_user(url, "test_reader", of_role="leadctl_reader")
    leads = program.write("leads.csv", LEADS)
    program.environment["LEADCTL_LEDGER_KEY_FILE"] = str(key_file)
    ran = push("voiso", leads, "--ledger", worker, "--json")
    assert ran.counts == {"created": 40}
    again = push("voiso", leads, "--ledger", worker, "--json")
    assert again.codes == {"already_delivered": 40}
    assert str(ran.document["run_id"]) in program("runs", "--ledger", reader).out
    denied = push("voiso", leads, "--ledger", reader, "--campaign", "3")
    assert (denied.code, denied.out) == (6, "")
    assert "permission denied" in denied.err
    assert "a push requires the role leadctl_worker" in denied.err
    denied = program("ledger", "migrate", worker)
    assert (denied.code, denied.out) == (6, "")
    assert "does not own the ledger's database" in " ".join(denied.err.split())
    for user in (worker, reader):
        with psycopg.connect(user) as db, pytest.raises(psycopg.Error, match="denied"):
            db.execute("DELETE FROM leadctl.delivered")
    with psycopg.connect(url) as db:
        kept = db.execute("SELECT query_to_xml('TABLE leadctl.facts', true, true, '')")
        assert key_file.read_text().strip() not in str(kept.fetchone())


@pytest.mark.parametrize("shared", [True, False], ids=["one key", "two keys"])
def test_two_hosts_that_prepare_at_once_agree(
    shared: bool, postgres: Server, program: Program
) -> None:
    """With two keys one of them learns that it came second."""
    url = postgres.database()
    env = {"LEADCTL_LEDGER_KEY": "ab" * 32} if shared else {}
    with ThreadPoolExecutor(4) as hosts:
        words = ("ledger", "init", url)  # what they print is a key, not a lead
        run = partial(program, *words, env=env, discreet=False)
        ran = [*hosts.map(lambda _: run(), range(4))]
    if shared:
        assert [one.code for one in ran] == [0] * 4
        assert sum("prepared already" in one.err for one in ran) == 3
        return
    assert sorted(one.code for one in ran) == [0, 6, 6, 6]
    (key,) = (one.out.strip() for one in ran if one.code == 0)
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert all(
        "get the key from whoever prepared it" in one.err for one in ran if one.code
    )
    shown = program("ledger", "show", "--ledger", url, env={"LEADCTL_LEDGER_KEY": key})
    assert shown.code == 0


def test_key_goes_to_the_keyring_too(
    postgres: Server, push: Push, keyring: Path
) -> None:
    url, program = postgres.database(), push.program
    made = program("ledger", "init", url, discreet=False)
    assert "key stored in this machine's keyring" in made.err
    assert made.out.strip().encode() not in keyring.read_bytes()
    shown = program("ledger", "show", "--ledger", url)
    assert (shown.code, "valid, from keyring" in shown.out) == (0, True)


def test_ledger_is_refused_with_its_remedy(postgres: Server, program: Program) -> None:
    """Another key, none, a newer schema, an older one, no schema, a server away."""
    url, key = postgres.database(), {"LEADCTL_LEDGER_KEY": "ab" * 32}
    program("ledger", "init", url, env=key)

    def refusal(env: dict[str, str], url: str = url) -> tuple[int, str]:
        ran = program("runs", "--ledger", url, env=env)
        assert ran.out == ""
        return ran.code, ran.err

    def changed(fact: str, number: int) -> None:
        with psycopg.connect(url, autocommit=True) as db:
            words = sql.SQL("UPDATE leadctl.facts SET {} = %s")
            db.execute(words.format(sql.Identifier(fact)), (number,))

    other = {"LEADCTL_LEDGER_KEY": "cd" * 32}
    for found, code, words in (
        (refusal(other), 6, "not the key that the ledger was made with"),
        (refusal({}), 6, "set LEADCTL_LEDGER_KEY, LEADCTL_LEDGER_KEY_FILE or"),
        (refusal(key, postgres.database()), 6, "leadctl ledger init"),
        (refusal(key, "postgresql://owner@127.0.0.1:9/x"), 5, "check that the server"),
        (refusal(key, f"{url}_"), 5, "check the database, the user, and the password"),
    ):
        assert found[0] == code
        assert words in found[1]
    changed("oldest_client", 99)
    assert "update leadctl" in refusal(key)[1]
    changed("oldest_client", 1)
    changed("version", 0)
    assert "copy into this ledger is not finished" in refusal(key)[1]
    assert program("ledger", "migrate", url, env=key).code == 6
    changed("version", 99)
    ran = program("ledger", "migrate", url, env=key)
    assert (ran.code, "update leadctl" in ran.err) == (6, True)
    changed("version", 1)
    ran = program("ledger", "migrate", env=key | {"LEADCTL_LEDGER": url})
    assert (ran.code, ran.err) == (0, f"up to date: {url}, schema 1\n")
    assert refusal(key)[0] == 0


def test_copy_takes_everything_with_it(postgres: Server, push: Push) -> None:
    """Deliveries, runs, suppressed numbers and the key; a second copy adds nothing."""
    url, program = postgres.database(), push.program
    leads = program.write("leads.csv", LEADS + "12\n")
    run = push("voiso", leads, "--json").document["run_id"]
    program("suppress", "+15550109999")
    before = program("runs", "show", str(run)).out
    source = program.state / "ledger.sqlite"
    copied = program("ledger", "copy", source, url, discreet=False)
    assert copied.code == 0
    assert "delivered: 40 rows" in copied.err
    key = {"LEADCTL_LEDGER_KEY": copied.out.strip(), "LEADCTL_LEDGER": url}
    with psycopg.connect(url, autocommit=True) as db:  # as one that was killed
        db.execute("UPDATE leadctl.facts SET version = 0")
        db.execute("DELETE FROM leadctl.delivered WHERE lead::text LIKE '%%a'")
        db.execute("UPDATE leadctl.files SET path = 'others.csv'")
    assert "copy into this ledger is not finished" in program("runs", env=key).err
    failed = program("ledger", "copy", source, url, env=key)
    assert (failed.code, "table files of the copy differs" in failed.err) == (6, True)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("UPDATE leadctl.files SET path = %s", (str(leads),))
    again = program("ledger", "copy", source, url, env=key)
    assert (again.code, again.out) == (0, "")
    source.rename(source.with_name("gone"))
    assert (
        program("runs", "show", str(run), env=key).out.splitlines()[:3]
        == (before.splitlines()[:3])
    )
    found = program("find", "+15550100001", "+15550109999", "--json", env=key)
    people = json.loads(found.out)["people"]
    assert people[0]["campaigns"][0]["run_id"] == run
    assert people[1]["suppressed"]
    again = push("voiso", leads, "--json", env=key)
    assert again.codes == {"already_delivered": 40, "phone_invalid": 1}
    with psycopg.connect(url) as db:
        numbers = db.execute("SELECT number FROM leadctl.runs ORDER BY 1").fetchall()
    assert numbers == [(1,), (2,)]
    refused = program("ledger", "copy", source.with_name("nowhere"), url)
    assert (refused.code, "no ledger at" in refused.err) == (6, True)
    (source.parent / "gone").rename(source)
    refused = program("ledger", "copy", source, url, env=key)
    assert (refused.code, "runs of its own" in refused.err) == (6, True)
    other = program(
        "ledger", "copy", source, url, env={"LEADCTL_LEDGER_KEY": "ab" * 32}
    )
    assert other.code == 6


def test_interrupted_run_is_copied_and_resumed(postgres: Server, push: Push) -> None:
    """A ledger is not copied while a run is in progress."""
    url, program = postgres.database(), push.program
    program.write("leads.csv", LEADS)
    push.simulator("voiso").faults.add(Fault("lose", skip=1))
    words = (
        "leads.csv",
        "--batch-size",
        "20",
        "--provider",
        "voiso",
        "--campaign",
        "3",
    )
    slow = {"LEADCTL_VOISO_DOUBT_DELAY": "20"}
    run = program.fork("push", *words, env=push.environment("voiso") | slow)
    while len(push.uploads("voiso")) < 2:
        time.sleep(0.02)
    command = ("ledger", "copy", program.state / "ledger.sqlite", url)
    assert program(*command).code == 11
    run.signalled(signal.SIGKILL)
    run.code(10)
    copied = program(*command, discreet=False)
    key = {"LEADCTL_LEDGER_KEY": copied.out.strip(), "LEADCTL_LEDGER": url}
    resumed = program("runs", "resume", "--json", env=push.environment("voiso") | key)
    assert resumed.counts == {"created": 20, "duplicate": 20}
    assert len(push.phones("voiso")) == 40


def test_show_tells_where_and_how_large(postgres_ledger: str, program: Program) -> None:
    none = program("ledger", "show")
    assert "none yet" in none.out
    assert not program.state.exists()
    program("suppress", "+15550109999")
    shown = json.loads(program("ledger", "show", "--json").out)
    assert "ledger.sqlite, schema 1" in shown["checks"][0]["message"]
    assert shown["ledger"] == str(program.state / "ledger.sqlite")
    assert shown["runs"] == 0
    assert shown["bytes"] > 4096
    key = {"LEADCTL_LEDGER_KEY": bytes(range(32)).hex()}
    shown = program("ledger", "show", "--ledger", postgres_ledger, env=key)
    assert shown.code == 0
    for words in (postgres_ledger, "PostgreSQL 1", "environment", "may push", "runs"):
        assert words in shown.out


def test_doctor_examines_the_server(
    postgres: Server, postgres_ledger: str, program: Program, tmp_path: Path
) -> None:
    """A wrong clock, a standby that lacks what was committed, dead rows."""
    env = {"LEADCTL_LEDGER": postgres_ledger, "LEADCTL_LEDGER_KEY": "ab" * 32}
    ran = program("doctor", "--offline", env=env)
    assert ran.code == 6
    assert "not the key that the ledger was made with" in ran.out
    env["LEADCTL_LEDGER_KEY"] = bytes(range(32)).hex()
    with psycopg.connect(postgres_ledger) as db:
        rows = "SELECT '', n FROM generate_series(0, 100000) AS n"
        db.execute(f"INSERT INTO leadctl.token_requests {rows}".encode())
        db.execute("DELETE FROM leadctl.token_requests")
    clock = tmp_path / "clock"
    clock.write_text("3600")
    with postgres.standby(tmp_path / "standby"):
        ran = program("doctor", "--offline", env=env | {CLOCK: str(clock)})
    assert "the standby is asynchronous: if it is promoted" in ran.out
    assert "s behind this machine" in ran.out
    assert "synchronize both clocks" in ran.out
    assert "a crash of the server loses the latest commits" in ran.out  # as tests want
    assert "rights of the superuser" in ran.out
    assert "table token_requests holds more dead rows than live ones" in ran.out
    assert "VACUUM leadctl.token_requests" in ran.out
