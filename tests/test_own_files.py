"""leadctl writes only its own files: no link leads it elsewhere."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from program import csv_rows

from leadctl.ledger import open_ledger
from leadctl.ledger.sqlite import lock as locks
from leadctl.model.errors import InputUnusable, LedgerUnusable, RejectsNotWritten
from leadctl.model.leads import Code, Finding, Status
from leadctl.model.private_files import make_private
from leadctl.reports import reject_file
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

LEADS = "phone\n+15551230001\n"
THEIRS = "not ours\n"


def planted(path: Path, kind: str, elsewhere: Path) -> None:
    """Put there what could make us write elsewhere, or wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "link":
            path.symlink_to(elsewhere)
        case "link-to-nothing":
            path.symlink_to(elsewhere.with_name("made-by-us"))
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))


KINDS = {
    "link": "a link",
    "link-to-nothing": "a link",
    "pipe": "a pipe",
    "folder": "a folder",
    "socket": "a socket",
}


@pytest.mark.parametrize("kind", ["link-to-nothing", "pipe", "folder"])
def test_ledger_is_a_file_of_its_own(push: Push, kind: str) -> None:
    push.program.write("leads.csv", LEADS)
    elsewhere = push.program.write("elsewhere", THEIRS)
    planted(push.program.folder / "l", kind, elsewhere)
    ran = push("voiso", "leads.csv", "--ledger", "l")
    assert (ran.code, elsewhere.read_text()) == (6, THEIRS)
    assert f"it is {KINDS[kind]}" in ran.err
    assert "--ledger" in ran.err
    assert not (push.program.folder / "made-by-us").exists()
    assert push.stored("voiso") == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "link-to-nothing"])
def test_key_of_the_ledger_is_a_file(tmp_path: Path, kind: str) -> None:
    planted(tmp_path / "l.key", kind, tmp_path / "elsewhere")
    with pytest.raises(LedgerUnusable, match=r"l\.key"):
        open_ledger(tmp_path / "l")


@pytest.mark.parametrize("kind", ["link", "link-to-nothing", "pipe", "folder"])
def test_lock_is_a_file_of_its_own(tmp_path: Path, kind: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(THEIRS)
    with locks.held(tmp_path / "locks", "voiso", "3"):
        (lock,) = (tmp_path / "locks").iterdir()
    lock.unlink()
    planted(lock, kind, elsewhere)
    with (
        pytest.raises(InputUnusable) as caught,
        locks.held(tmp_path / "locks", "voiso", "3"),
    ):
        pass
    assert str(lock) in caught.value.message
    assert f"it is {KINDS[kind]}" in caught.value.message
    assert elsewhere.read_text() == THEIRS


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_reject_file_is_a_file_of_its_own(push: Push, kind: str) -> None:
    push.program.write("leads.csv", "phone\n12\n")
    elsewhere = push.program.write("elsewhere", THEIRS)
    planted(push.program.folder / "leads.rejects.csv", kind, elsewhere)
    ran = push("voiso", "leads.csv")
    assert (ran.code, elsewhere.read_text()) == (6, THEIRS)
    assert "leads.rejects.csv exists and is not a leadctl reject file" in ran.err


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "socket"])
def test_earlier_reject_file_is_set_aside_as_a_file_of_its_own(
    tmp_path: Path, kind: str
) -> None:
    path, elsewhere = tmp_path / "leads.rejects.csv", tmp_path / "elsewhere"
    for file in (path, elsewhere):
        file.write_text("_leadctl_row,phone\n")
    planted(tmp_path / "leads.rejects.old.csv", kind, elsewhere)
    aside = reject_file.set_aside(path)
    assert aside == tmp_path / "leads.rejects.old-2.csv"
    assert elsewhere.read_text() == aside.read_text()


@pytest.mark.parametrize("kind", ["file", *KINDS])
def test_what_turns_up_during_a_run_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """The reject file's place was free when the run began."""
    (tmp_path / "leads.csv").write_text("phone\n12\n")
    source = open_source(tmp_path / "leads.csv", ReadOptions())
    path, elsewhere = tmp_path / "leads.rejects.csv", tmp_path / "elsewhere"
    elsewhere.write_text(THEIRS)
    if kind == "file":
        path.write_text(THEIRS)
    else:
        planted(path, kind, elsewhere)
    found = Finding(1, Status.REJECTED, Code.PHONE_INVALID, "too short", "phone")
    with pytest.raises(RejectsNotWritten) as caught:
        reject_file.write(path, source, iter([found]), "run-1")
    assert "--to PATH" in (caught.value.hint or "")
    assert elsewhere.read_text() == THEIRS
    assert kind != "file" or path.read_text() == THEIRS
    assert not [*tmp_path.glob(".leadctl-*")]


def test_link_of_the_user_may_lead_to_the_state_folder(push: Push) -> None:
    """To another disk, say: it is the folder that is linked, and by its owner."""
    push.program.write("leads.csv", LEADS)
    disk = push.program.home / "disk"
    disk.mkdir(mode=0o700)
    push.program.state.parent.mkdir()
    push.program.state.symlink_to(disk)
    assert push("voiso", "leads.csv").code == 0
    assert (disk / "ledger.sqlite").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for somebody else")
def test_link_of_somebody_else_leads_to_no_folder_of_ours(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "spool"
    link.symlink_to("elsewhere")
    os.chown(link, 12345, 12345, follow_symlinks=False)
    with pytest.raises(InputUnusable, match="a link that belongs to another user"):
        make_private(link)


def test_copy_of_stdin_is_made_anew(push: Push) -> None:
    """Its name cannot be foreseen; what lies in the folder stays as it is."""
    spool = push.program.state / "spool"
    elsewhere = push.program.write("elsewhere", THEIRS)
    planted(spool / "stdin-", "link", elsewhere)
    ran = push("voiso", "-", stdin=b"phone\n12\n")
    assert (ran.code, elsewhere.read_text()) == (3, THEIRS)
    assert len(csv_rows(push.program.folder / "stdin.rejects.csv")) == 1
