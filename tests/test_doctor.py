"""`leadctl doctor`: problems are named with a fix and the right exit code."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from terminal import Terminal

import leadctl
from leadctl.cli.checks import Check, Grade, exit_code
from leadctl.cli.diagnostics import installation
from leadctl.cli.diagnostics.account_check import account_checks
from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.errors import ExitCode
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Push
    from program import Program, Ran

NOW = datetime.now(UTC)


def grades(checks: Iterable[Check]) -> dict[str, list[Grade]]:
    found: dict[str, list[Grade]] = {}
    for check in checks:
        found.setdefault(check.topic, []).append(check.grade)
    return found


def problem_of(checks: Iterable[Check]) -> Check:
    (found,) = [check for check in checks if check.grade is Grade.PROBLEM]
    assert found.remedy
    return found


def said(ran: Ran) -> dict[str, list[str]]:
    document = json.loads(ran.out)
    assert document["schema_version"] == 1
    assert document["exit_code"] == ran.code
    found: dict[str, list[str]] = {}
    for check in document["checks"]:
        assert check["remedy"] or check["grade"] == "ok", check
        found.setdefault(check["topic"], []).append(
            f"{check['grade']}: {check['message']}"
        )
    return found


def test_new_installation_is_well(program: Program) -> None:
    ran = program("doctor", "--json", "--offline")
    found = said(ran)
    assert ran.code == 0
    assert sys.executable in found["python"][0]
    assert leadctl.__version__ in found["package"][0]
    assert found["sandbox"] == ["ok: installed"]
    assert found["accounts"] == ["warning: no accounts yet"]
    assert found["ledger"][0].startswith("ok: none yet")
    assert not program.state.exists(), "nothing is made by looking"


def test_on_a_terminal_nothing_runs_over_its_edge(push: Push) -> None:
    environment = push.environment("voiso")
    for command, said, is_coloured in (
        ("doctor", "accepted", True),
        ("accounts", "1 ready", True),
        ("accounts test voiso --no-color", "1 passed", False),
        ("providers show voiso", "https://{cluster_id}.voiso.com/api/v4", True),
    ):
        words = tuple(command.split())
        with Terminal(push.program, words, 60, environment) as shown:
            assert shown.end() == 0, shown.seen
        for line in shown.screen:
            assert len(line.rstrip()) <= 60 or " " not in line.strip(), line
        assert said in shown.seen
        assert is_coloured == bool(re.search(r"\x1b\[3[0-7]m", shown.seen))


def test_account_without_a_key_is_a_problem_of_access(program: Program) -> None:
    env = {"LEADCTL_YOTEL_TIMEOUT": "5"}
    ran = program("doctor", "--offline", env=env)
    assert ran.code == 4
    assert re.search(r"problem  account yotel +api_key not set", ran.out)
    assert "set LEADCTL_YOTEL_API_KEY (or" in ran.out


def test_account_without_a_setting_is_a_problem_of_configuration(
    program: Program,
) -> None:
    ran = program("doctor", "--offline", env={"LEADCTL_VOISO_API_KEY": "made-up"})
    assert ran.code == 6
    assert re.search(r"problem  account voiso +cluster_id is not set", ran.out)
    assert "LEADCTL_VOISO_CLUSTER_ID" in ran.out
    assert "api_key from environment: LEADCTL_VOISO_API_KEY" in ran.out


def test_configuration_that_is_unusable_does_not_hide_the_rest(
    program: Program,
) -> None:
    config = program.write("config.yaml", "acounts: {}\n")
    ran = program("doctor", "--offline", "--json", "--config", config)
    found = said(ran)
    assert ran.code == 6
    assert "did you mean 'accounts'?" in found["config"][0]
    assert {"ledger", "clock", "disk"} <= found.keys()


# --- accounts ----------------------------------------------------------------------


def test_account_that_works_is_said_to(push: Push) -> None:
    ran = push.program("doctor", "--json", env=push.environment("yotel"))
    found = said(ran)
    assert ran.code == 0
    assert found["account yotel"][1:] == [
        "ok: api_key from environment: LEADCTL_YOTEL_API_KEY",
        "ok: key: accepted",
    ]
    assert len(found["clock"]) == 1
    assert push.uploads("yotel") == []
    assert not push.program.state.exists(), "nothing is made by looking"


def test_key_that_is_refused_is_a_problem_of_access(push: Push) -> None:
    env = push.environment("lupitor") | {"LEADCTL_LUPITOR_API_KEY": "made-up"}
    ran = push.program("doctor", env=env)
    assert ran.code == 4
    assert re.search(r"problem  account lupitor +key: ", ran.out)
    assert "check the key of account lupitor" in ran.out


def test_provider_that_is_away_is_trouble(push: Push) -> None:
    env = push.environment("lupitor") | {
        "LEADCTL_LUPITOR_BASE_URL": "http://127.0.0.1:9/api/v1"
    }
    ran = push.program("doctor", env=env)
    assert ran.code == 5
    assert re.search(r"problem  account lupitor +cannot connect to 127.0.0.1", ran.out)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (3, "180 minutes ahead of the Lupitor clock"),
        (-2, "120 minutes behind"),
        (0, ""),
    ],
)
def test_clock_is_compared_with_the_providers(
    push: Push, tmp_path: Path, hours: float, words: str
) -> None:
    """A look-up finds a run's leads by their time."""
    checks = account_checks(
        parse("", "config.yaml"),
        push.environment("lupitor"),
        str(tmp_path / "ledger"),
        now=time.time() + hours * 3600,
    )
    clocks = [check.message for check in checks if check.topic == "clock"]
    assert len(clocks) == (1 if words else 0)
    assert not words or words in clocks[0]


# --- the ledger --------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "ledger.sqlite"
    with open_ledger(path) as opened:
        opened.begin(NewRun("voiso", "voiso", "3"))
    return path


def test_ledger_that_is_sound_is_said_to_be(ledger: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in ledger.parent.iterdir()}
    assert grades(installation.ledger(ledger)) == {
        "ledger": [Grade.OK],
        "disk": [Grade.OK],
    }
    after = {file: file.stat().st_mtime_ns for file in ledger.parent.iterdir()}
    assert before.items() <= after.items()


def test_damaged_ledger_is_a_problem(ledger: Path) -> None:
    content = bytearray(ledger.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = b"\xff" * 4096
    ledger.write_bytes(content)
    found = problem_of(installation.ledger(ledger))
    assert found.exit_code is ExitCode.INPUT
    assert "ledger.sqlite" in found.message


def test_file_that_is_no_database_is_a_problem(ledger: Path) -> None:
    ledger.write_text("not a database at all, but long enough to be taken for one" * 9)
    assert problem_of(installation.ledger(ledger)).exit_code is ExitCode.INPUT


@pytest.mark.parametrize(
    ("pragma", "words"),
    [
        ("application_id = 7", "not a leadctl ledger"),
        ("user_version = 99", "written by a newer leadctl (schema 99)"),
    ],
)
def test_database_that_is_not_for_us_is_a_problem(
    ledger: Path, pragma: str, words: str
) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute(f"PRAGMA {pragma}")
    db.close()
    assert words in problem_of(installation.ledger(ledger)).message


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_ledger_without_its_key_is_a_problem(ledger: Path, damage: str) -> None:
    key = ledger.with_name("ledger.sqlite.key")
    key.unlink()
    if damage == "short":
        key.write_bytes(b"x")
    assert str(key) in problem_of(installation.ledger(ledger)).message


@pytest.mark.parametrize("damage", ["gone", "empty"])
def test_key_without_its_ledger_is_a_problem(ledger: Path, damage: str) -> None:
    ledger.unlink()
    if damage == "empty":
        ledger.touch()
    assert "its key exists" in problem_of(installation.ledger(ledger)).message


def test_link_in_place_of_the_ledger_is_a_problem(ledger: Path) -> None:
    link = ledger.with_name("link")
    link.symlink_to(ledger)
    assert "is a link" in problem_of(installation.ledger(link)).message


def test_ledger_that_others_may_read_is_worth_a_warning(ledger: Path) -> None:
    ledger.chmod(0o644)
    warnings = [c for c in installation.ledger(ledger) if c.grade is Grade.WARNING]
    assert [check.remedy for check in warnings] == [f"chmod 600 {ledger}"]


def test_fault_of_the_ledger_is_said_once_and_keeps_no_account_from_a_trial(
    push: Push,
) -> None:
    ledger = push.program.write("ledger", "no database at all\n" * 200)
    env = push.environment("yotel") | push.environment("ozonetel")
    ran = push.program("doctor", "--json", "--ledger", ledger, env=env)
    assert ran.code == 6
    found = said(ran)
    (fault,) = found["ledger"][:1]
    assert "file is not a database" in fault
    for provider in ("yotel", "ozonetel"):
        assert found[f"account {provider}"][-1] == "ok: key: accepted"


def test_folder_that_nothing_can_be_written_to_is_a_problem(tmp_path: Path) -> None:
    locked = Path("/proc/self")  # not even by root
    if os.geteuid():
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
    found = problem_of(installation.ledger(locked / "ledger.sqlite"))
    assert f"cannot write to {locked}" in found.message


def test_state_folder_that_others_may_enter_is_worth_a_warning(
    program: Program,
) -> None:
    program.state.mkdir(parents=True)
    program.state.chmod(0o755)
    ran = program("doctor", "--offline", "--json")
    assert ran.code == 0
    assert said(ran)["state"][0].startswith("warning: other users can open ")
    program.state.chmod(0o700)
    assert "state" not in said(program("doctor", "--offline", "--json"))


# --- the clock ---------------------------------------------------------------------


def test_clock_that_may_be_right_is_taken_for_it() -> None:
    assert grades(installation.clock(NOW)) == {"clock": [Grade.OK]}


def test_clock_before_the_installation_is_a_problem() -> None:
    found = problem_of(installation.clock(NOW - timedelta(days=20_000)))
    assert "earlier than the installation of leadctl" in found.message
    assert found.exit_code is ExitCode.TROUBLE


# --- what it ends with -------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], ExitCode.OK),
        ([ExitCode.TROUBLE], ExitCode.TROUBLE),
        ([ExitCode.TROUBLE, ExitCode.STOPPED], ExitCode.STOPPED),
        ([ExitCode.TROUBLE, ExitCode.ACCESS, ExitCode.STOPPED], ExitCode.ACCESS),
        ([ExitCode.ACCESS, ExitCode.INPUT], ExitCode.INPUT),
    ],
)
def test_worst_problem_chooses_the_code(
    codes: list[ExitCode], expected: ExitCode
) -> None:
    problems = [Check("x", "x", Grade.PROBLEM, None, code) for code in codes]
    fine = Check("x", "x", Grade.WARNING, "x", ExitCode.ACCESS)
    assert exit_code([fine, *problems]) is expected
