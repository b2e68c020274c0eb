"""Output streams without a reader, and full disks."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from background import ONE_BY_ONE, PHONES, PUSH, Background, write_leads
from conftest import Push

from leadctl.sandbox import Fault, VoisoSimulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from program import Program


@contextmanager
def abandoned() -> Iterator[int]:
    """Open a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize(
    ("phones", "code"),
    [(PHONES, 0), ([*PHONES, "12"], 3)],
    ids=["good", "with-rejects"],
)
def test_reader_that_leaves_early_does_not_change_the_exit_code(
    push: Push,
    background: Background,
    form: tuple[str, ...],
    phones: list[str],
    code: int,
) -> None:
    write_leads(push.program, phones)
    arguments = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3", *form)
    with (
        abandoned() as pipe,
        background.begun(*arguments, env=push.environment("voiso"), stdout=pipe) as run,
    ):
        assert run.ended().code == code
    assert push.phones("voiso") == PHONES


def test_failure_is_told_by_its_code_though_nobody_reads_the_document(
    push: Push, background: Background
) -> None:
    with (
        abandoned() as pipe,
        background.begun(
            *PUSH, "--json", env=push.environment("voiso"), stdout=pipe
        ) as run,
    ):
        ran = run.ended()
    assert ran.code == 6
    assert "leads.csv" in ran.err


def test_nobody_reading_the_notes_does_not_stop_the_run(
    push: Push, background: Background
) -> None:
    """`leadctl push -v … 2>&1 | head -1`."""
    write_leads(push.program)
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, retry_after=1))
    with (
        abandoned() as pipe,
        background.begun(
            *PUSH, "-v", env=push.environment("voiso"), stdout=pipe, stderr=pipe
        ) as run,
    ):
        assert run.ended().code == 0
    assert push.phones("voiso") == PHONES


@pytest.mark.parametrize(
    "shell",
    ['exec "$@" >&-', 'exec "$@" 2>&-', 'exec "$@" >&- 2>&- <&-'],
    ids=["stdout", "stderr", "all"],
)
def test_closed_stream_does_not_harm_a_run(
    push: Push, background: Background, shell: str
) -> None:
    write_leads(push.program)
    with background.begun(*PUSH, env=push.environment("voiso"), shell=shell) as run:
        assert run.ended().code == 0
    assert push.phones("voiso") == PHONES


MANY = 120


def limited(kilobytes: int) -> str:
    """Start the program where no file can grow beyond a size, as on a full disk."""
    return f'ulimit -f {kilobytes}; exec "$@"'


def test_full_disk_is_told_in_a_sentence_and_the_run_goes_on_when_there_is_room(
    program: Program, background: Background
) -> None:
    phones = [f"1555123{row:04}" for row in range(MANY)]
    write_leads(program, phones)
    program("runs")  # the ledger is there, so that it is its growth that fails
    with serve([VoisoSimulator(gap=0.0)]) as sandbox:
        push = Push(program, sandbox)
        environment = push.environment("voiso") | {"LEADCTL_VOISO_MIN_INTERVAL": "0"}
        with background.begun(*PUSH, env=environment, shell=limited(300)) as run:
            ran = run.ended()
        assert ran.code == 5
        assert "ledger" in ran.err
        assert len(ran.err.splitlines()) <= 2
        assert 0 < len(push.phones("voiso")) < MANY, "it is to fill up on the way"
        done = program("runs", "resume", "--json", env=environment)
        assert done.code == 0
        counts = done.counts
        # The lead on its way at that moment may have arrived.
        assert counts.pop("duplicate", 0) <= 1
        assert set(counts) == {"created"}
        assert push.phones("voiso") == phones


def test_no_room_for_the_reject_file_is_told_in_a_sentence(
    push: Push, background: Background
) -> None:
    bad = "\n".join(f"12,{'x' * 1000}" for _ in range(700))
    push.program.write("leads.csv", f"phone,name\n+15551230001,Ann\n{bad}\n")
    with background.begun(
        *PUSH, env=push.environment("voiso"), shell=limited(500)
    ) as run:
        ran = run.ended()
    assert ran.code not in (0, 1)
    assert "reject file" in ran.err
    assert [path.name for path in push.program.folder.iterdir()] == ["leads.csv"]
    (run_id, *_) = push.program.runs()
    assert f"leadctl runs rejects {run_id}" in ran.err
    assert push.program("runs", "rejects", run_id).code == 0
    assert (push.program.folder / "leads.rejects.csv").exists()


def test_no_room_for_what_stdin_says_is_told_in_a_sentence(
    push: Push, background: Background
) -> None:
    environment = push.environment("voiso")
    arguments = ("push", "-", *ONE_BY_ONE)
    with background.begun(*arguments, env=environment, shell=limited(20)) as run:
        out, err = run.process.communicate(b"phone\n" + b"+15551230001\n" * 5000)
    assert run.process.returncode in (5, 6)
    assert b"Traceback" not in err
    assert (out, len(err.splitlines()) <= 2) == (b"", True)
    assert not any((push.program.state / "spool").iterdir())
