"""Sandbox runs that are kept: the printed next commands work."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from program import Program

PUSH = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3")


def printed(text: str, about: str) -> list[str]:
    """Return the arguments of the command printed behind a label."""
    found = re.search(rf"^{about}: +leadctl (.+)$", text, re.MULTILINE)
    assert found, text
    return shlex.split(found[1])


def test_next_commands_of_a_kept_run_work_as_printed(program: Program) -> None:
    program.write("leads.csv", "phone\n+15551230001\n+1555\n")
    first = program(*PUSH, "--sandbox", "--keep")
    assert first.code == 3
    shown = program(*printed(first.out, "To look at the run"), "--json")
    found, ledger = json.loads(shown.out), program.state / "sandbox.sqlite"
    assert (found["created"], found["ledger"]) == (1, str(ledger))
    program.write("leads.rejects.csv", "phone\n+15551230002\n")
    again = program(*printed(first.out, "After fixing them, run"))
    assert (again.code, again.table["created"], again.err) == (0, 1, first.err)
    assert program("runs").out == "", "the user's own ledger knows of none"


def test_kept_run_is_resumed_in_a_simulator(program: Program) -> None:
    """Real credentials are set: the leads must not go there."""
    away = {
        "LEADCTL_VOISO_BASE_URL": "http://127.0.0.1:9",
        "LEADCTL_VOISO_API_KEY": "made-up-key",
    }
    program.write("leads.csv", "phone\n+15551230001\n+1555\n+15551230002\n")
    stopped = program(*PUSH, "--sandbox", "--keep", "--max-rejects", "0")
    assert stopped.code == 7
    (ledger,) = program.state.glob("sandbox.sqlite")
    resumed = program("runs", "resume", "--ledger", ledger, "-v", env=away)
    assert "key fine: accepted" in resumed.err


def test_kept_run_from_stdin_is_undone_in_a_simulator(program: Program) -> None:
    """The simulator is a new one, and the input is piped again."""
    leads = b"phone\n+919000000001\n+919000000002\n"
    given = ("push", "-", "-p", "lupitor", "-c", "cmp_1", "--sandbox", "--keep")
    ran = program(*given, "--json", stdin=leads)
    (ledger,) = program.state.glob("sandbox.sqlite")
    undo = ("runs", "undo", str(ran.document["run_id"]), "--yes", "--ledger", ledger)
    other = program(*undo, stdin=leads.replace(b"2\n", b"3\n"))
    assert (other.code, "pipe the same data again" in other.err) == (6, True)
    assert "deleted    2" in program(*undo, stdin=leads).out


def test_keep_without_the_sandbox_is_a_misunderstanding(program: Program) -> None:
    ran = program(*PUSH, "--keep")
    assert (ran.code, "--keep requires --sandbox" in ran.err) == (2, True)


def test_missing_key_names_the_sandbox(program: Program) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    ran = program(*PUSH)
    assert (
        ran.code,
        "`leadctl init` sets one up; --sandbox needs none" in ran.err,
    ) == (4, True)
    config = program.write("two.yaml", "accounts: {night: {provider: voiso}}\n")
    ran = program(*PUSH, "--config", str(config))
    assert ran.code == 4
    assert "set LEADCTL_VOISO_API_KEY (or LEADCTL_VOISO_API_KEY_FILE" in ran.err
    assert "; or use another account: --account night; `leadctl init`" in ran.err
    for key, code in (("", 4), ("made-up-key", 6)):
        empty = "LEADCTL_VOISO_CLUSTER_ID" if key else "LEADCTL_VOISO_API_KEY"
        given = {"LEADCTL_VOISO_API_KEY": key, "LEADCTL_VOISO_CLUSTER_ID": ""}
        ran = program(*PUSH, "--config", str(config), env=given)
        assert (ran.code, f": {empty} is set but empty" in ran.err) == (code, True)
