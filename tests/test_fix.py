"""`leadctl fix`: a reject file is corrected at the terminal, and pushed."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from program import csv_rows
from terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

LEADS = (
    "sep=;\r\nName;Mobile;Größe\r\n"
    'Ann;+1555;"1;2"\r\nBen;+15551230002;3\r\nCid;+1556;"4"\r\nDan;+1557;5\r\n'
)
WHERE = ("--provider", "voiso")


def rejected(push: Push, content: str = LEADS, name: str = "leads.csv") -> Path:
    push.program.write(name, content.encode("cp1252"))
    ran = push("voiso", name, "--encoding", "cp1252")
    assert ran.code == 3, ran.err
    stem, _, suffix = name.rpartition(".")
    return push.program.folder / f"{stem}.rejects.{suffix}"


def fixing(push: Push, path: Path, *options: str) -> Terminal:
    words = ("fix", path.name, *options)
    return Terminal(push.program, words, env=push.environment("voiso"))


def test_rows_are_corrected_dropped_left_and_pushed(push: Push) -> None:
    path = rejected(push)
    before = csv_rows(path, ";", "cp1252")
    with fixing(push, path) as terminal:
        terminal.until("Row 1 of 3: 3 digits after +1; numbers in US have 10")
        terminal.until("Mobile: ")
        terminal.type("+1555123\n")
        terminal.until("still rejected: 6 digits after +1")
        terminal.type("Mobil=+15551230001\n")
        terminal.until("no column 'Mobil' (did you mean 'Mobile'?)")
        terminal.until("Mobile: ")
        terminal.type("mobile = +15551230001\n")
        terminal.until("Row 2 of 3")
        terminal.type(":d\n")
        terminal.until("Row 3 of 3")
        terminal.type("\n")
        terminal.until("Push it now? [y/N]")
        assert "1 corrected, 1 dropped" in terminal.seen
        after = csv_rows(path, ";", "cp1252")
        terminal.type("y\n")
        assert terminal.end() == 3
    assert after == [before[0] | {"Mobile": "'+15551230001"}, before[2]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert push.phones("voiso") == ["15551230001", "15551230002"]


@pytest.mark.parametrize("end", [":q\n", "\x04", "\x03"], ids=["quit", "end", "Ctrl-C"])
def test_what_was_corrected_is_saved_however_it_ends(push: Push, end: str) -> None:
    path = rejected(push)
    with fixing(push, path) as terminal:
        terminal.until(": 1;2\r\nMobile: ")
        terminal.type("+15551230001\n")
        terminal.until("Row 2 of 3")
        terminal.until(": 4\r\nMobile: ")
        terminal.type(end)
        assert terminal.end() == (130 if end == "\x03" else 0)
    cells = [row["Mobile"] for row in csv_rows(path, ";", "cp1252")]
    assert cells == ["'+15551230001", "'+1556", "'+1557"]


def test_json_lines_stay_as_they_are_but_for_the_correction(push: Push) -> None:
    lines = ['{"phone": "+1555",  "tags": ["x"]}', '{"phone":  "+1556"}']
    path = rejected(push, "\n".join(lines) + "\n", "leads.jsonl")
    before = path.read_text(encoding="utf-8").splitlines()
    with fixing(push, path) as terminal:
        terminal.until("phone: +1555\r\n")
        terminal.type("+15551230001\n")
        terminal.until("Row 2 of 2")
        terminal.type(":q\n")
        terminal.end()
    after = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(after[0]) == json.loads(before[0]) | {"phone": "+15551230001"}
    assert after[1] == before[1]


def test_editor_opens_the_file_and_the_rest_is_counted(push: Push) -> None:
    path = rejected(push)
    push.program.environment["EDITOR"] = "sed -i s/+1555;/+15551230001;/"
    there = ("--provider", "voiso", "--ledger", "l.sqlite")
    with fixing(push, path, "--editor", *there) as terminal:
        assert terminal.end() == 0
    assert "2 rows of leads.rejects.csv would still be rejected" in terminal.seen
    assert "leadctl push leads.rejects.csv --provider voiso --ledger" in "".join(
        terminal.seen.splitlines()
    )


def test_file_of_an_unknown_run_needs_the_provider(push: Push) -> None:
    path = rejected(push)
    unknown = ("--ledger", "another.sqlite")
    with fixing(push, path, *unknown) as terminal:
        assert terminal.end() == 2
    assert "name the provider: --provider NAME" in " ".join(terminal.seen.split())
    with fixing(push, path, *unknown, *WHERE) as named:
        named.until("Row 1 of 3")
        named.type(":q\n")
        assert named.end() == 0


def test_nobody_to_ask_and_other_files_are_a_sentence(push: Push) -> None:
    path = rejected(push)
    ran = push.program("fix", path.name)
    assert (ran.code, "requires a terminal" in ran.err) == (2, True)
    ran = push.program("fix", "leads.csv")
    assert (ran.code, "is not a leadctl reject file" in ran.err) == (6, True)
