"""Leftovers of killed runs are removed; files that only a ledger names are not.

A forged ledger could name any file.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest
from background import Background, happened
from known_runs import latest, leads

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push


LEADS = leads("15551230001", "15551230002")[1]


def test_copy_of_stdin_that_a_killed_process_left_is_removed(
    push: Push, background: Background
) -> None:
    spool = push.program.state / "spool"
    where = ("push", "-", "--provider", "voiso", "--campaign", "3")
    with background.begun(*where, env=push.environment("voiso")) as run:
        assert run.process.stdin
        run.process.stdin.write(b"phone\n")
        run.process.stdin.flush()
        happened(lambda: spool.is_dir() and any(spool.iterdir()))
        push.program.write("leads.csv", LEADS)
        assert push("voiso", "leads.csv").code == 0
        (copy,) = spool.iterdir()
        run.signalled(signal.SIGKILL)
        run.process.wait()
    assert push.program("clean", "--dry-run").out == f"{copy}\n"
    assert push("voiso", "leads.csv").code == 0
    assert not copy.exists()


def test_copy_of_stdin_that_another_ledger_needs_is_kept(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("deny"))
    elsewhere = ("--ledger", push.program.folder / "other.sqlite")
    assert push("voiso", "-", *elsewhere, stdin=LEADS.encode()).code == 4
    push.program.write("leads.csv", LEADS)
    assert push("voiso", "leads.csv").code == 0
    assert push.program("runs", "prune", "--days", "0", "--yes").code == 0
    env = push.environment("voiso")
    assert push.program("runs", "resume", *elsewhere, env=env).code == 0


def test_files_that_killed_processes_left_beside_the_input_are_removed(
    push: Push,
) -> None:
    folder = push.program.folder
    push.program.write("leads.csv", LEADS)
    assert push("voiso", "leads.csv").code == 0
    left, held = (
        folder / ".leadctl-01234567abcdef89",
        folder / ".leadctl-fedcba98fedcba98",
    )
    theirs = folder / ".leadctl-notes"
    for path in (left, held, theirs):
        path.touch()
    with held.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        looked = push.program("doctor", "--offline").out
        sentence = "files that killed runs left, with personal data: 1"
        assert sentence in looked
        assert f"{left}\n" in push.program("clean", "--dry-run").out
        assert push("voiso", "leads.csv").code == 0
    assert [path.exists() for path in (left, held, theirs)] == [False, True, True]


def test_clean_removes_old_reject_files_after_a_yes(push: Push) -> None:
    program = push.program
    for name in ("old", "edited", "new"):
        program.write(f"{name}.csv", f"{LEADS}12\n")
        assert push("voiso", f"{name}.csv").code == 3
    old, edited, new = (
        program.folder / f"{name}.rejects.csv" for name in ("old", "edited", "new")
    )
    month = 31 * 86_400 * 10**9
    for path in (old, edited):
        moment = path.stat().st_mtime_ns - month + (path == edited)
        os.utime(path, ns=(moment, moment))
    program.write("theirs.rejects.csv", "phone\n")
    assert "older than 30 days, with personal data: 1" in (
        program("doctor", "--offline").out
    )
    for words, code, said in (
        (["--dry-run"], 0, "1 file to remove\n"),
        ([], 2, "add --yes to confirm"),
        (["--yes"], 0, "1 file removed\n"),
    ):
        ran = program("clean", *words)
        assert (ran.code, ran.out, said in ran.err) == (code, f"{old}\n", True)
    assert [path.exists() for path in (old, edited, new)] == [False, True, True]
    assert program("clean", "--yes").err.splitlines() == [
        "kept: 1 reject file newer than 30 days",
        f"kept, because it was edited: {edited}",
        "nothing to remove",
    ]


def retold(push: Push, **members: object) -> None:
    """Change the facts of the latest run in the ledger."""
    with sqlite3.connect(push.program.state / "ledger.sqlite") as db:
        (text,) = db.execute("SELECT job FROM runs").fetchone()
        said = json.dumps(json.loads(text) | members)
        db.execute("UPDATE runs SET job = ?", (said,))
    db.close()


@pytest.mark.parametrize("place", ["elsewhere", "beside the ledger", "dotted"])
@pytest.mark.parametrize("command", ["resume", "resolve", "prune"])
def test_no_file_is_removed_on_the_word_of_a_ledger(
    push: Push, command: str, place: str
) -> None:
    push.simulator("voiso").faults.add(Fault("lose"))
    env = {"LEADCTL_VOISO_RETRY_FOR": "0"}
    assert push("voiso", "-", stdin=LEADS.encode(), env=env).code == 10
    run, spool = latest(push.program), push.program.state / "spool"
    victim = {
        "elsewhere": push.program.folder / "stdin-theirs",
        "beside the ledger": push.program.state / "stdin-theirs",
        "dotted": spool / ".." / "stdin-theirs",
    }[place]
    victim.write_text("phone\n+15551230001\n", encoding="utf-8")
    retold(push, copies={"-": str(victim)})
    if command == "prune":
        push.program("runs", "resolve", run, "--as", "delivered")
    words = {
        "resume": [run],
        "resolve": [run, "--as", "delivered"],
        "prune": ["--days", "0", "--yes"],
    }[command]
    ran = push.program("runs", command, *words, env=push.environment("voiso"))
    assert ran.code == (6 if command == "resume" else 0)
    assert victim.exists()


def test_config_that_only_the_ledger_names_is_not_read(
    push: Push, tmp_path: Path
) -> None:
    environment = push.environment("voiso")
    key = environment.pop("LEADCTL_VOISO_API_KEY")
    ran, script = tmp_path / "ran", tmp_path / "print-key"
    script.write_text(f"#!/bin/sh\ntouch {ran}\necho {key}\n", encoding="utf-8")
    script.chmod(0o700)
    config = push.program.write(
        "team file.yaml", f"accounts:\n  voiso:\n    api_key_command: {script}\n"
    )
    push.program.write("leads.csv", f"{LEADS}12\n")
    push.simulator("voiso").faults.add(Fault("deny"))
    where = ("--provider", "voiso", "--campaign", "3", "--config", config)
    begun = push.program("push", "leads.csv", *where, env=environment)
    assert begun.code == 4
    ran.unlink()
    resumed = push.program("runs", "resume", env=environment)
    assert (resumed.code, ran.exists()) == (2, False)
    name_it = f"--config {shlex.quote(str(config))}"
    assert name_it in resumed.err
    for line in begun.out.splitlines()[-2:]:  # to push again, and to resume
        assert line.endswith(name_it)
    named = push.program("runs", "resume", "--config", config, env=environment)
    assert (named.code, ran.exists()) == (3, True)


def test_config_that_a_run_is_resumed_with_is_named_from_then_on(push: Push) -> None:
    push.program.write("leads.csv", LEADS)
    config = push.program.write("team.yaml", "accounts: {}\n")
    push.simulator("voiso").faults.add(Fault("deny", times=2))
    assert push("voiso", "leads.csv").code == 4
    environment = push.environment("voiso")
    ran = push.program("runs", "resume", "--config", config, env=environment)
    assert ran.code == 4
    assert ran.out.splitlines()[-1].endswith(f" --config {config}")
