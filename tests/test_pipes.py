"""Pipes in place of small files: read if named, never waited for otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Push

LEADS = "phone\n+15551230001\n"


def fed(pipe: Path, content: str) -> threading.Thread:
    """Write to a pipe once it is opened for reading, like a shell's `<(…)`."""
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(content,), daemon=True)
    writer.start()
    return writer


def test_pipe_that_is_named_is_read(push: Push, tmp_path: Path) -> None:
    push.program.write("leads.csv", LEADS)
    environment = push.environment("voiso")
    key = fed(tmp_path / "key", environment["LEADCTL_VOISO_API_KEY"])
    config = fed(tmp_path / "config", "accounts: {voiso: {cluster_id: made-up}}")
    profile = fed(tmp_path / "profile.yaml", "fields: {phone: phone}")
    env = {
        "LEADCTL_VOISO_API_KEY": "",
        "LEADCTL_VOISO_API_KEY_FILE": str(tmp_path / "key"),
        "LEADCTL_CONFIG": str(tmp_path / "config"),
    }
    ran = push("voiso", "leads.csv", "--profile", tmp_path / "profile.yaml", env=env)
    assert ran.code == 0
    for writer in (key, config, profile):
        writer.join()


@pytest.mark.parametrize("words", ["push leads.csv -p voiso -c 3", "config show"])
def test_pipe_at_the_usual_place_is_not_waited_for(push: Push, words: str) -> None:
    push.program.write("leads.csv", LEADS)
    config = push.program.home / "config" / "leadctl" / "config.yaml"
    config.parent.mkdir(parents=True)
    os.mkfifo(config)
    words = words.replace("-p", "--provider")
    ran = push.program(*words.split(), env=push.environment("voiso"))
    assert (ran.code, "not a file" in ran.err) == (6, True)


def test_list_of_runs_is_whole_in_a_pipe_and_survives_a_full_disk(push: Push) -> None:
    name = f"{'leads' * 40}.csv"
    push.program.write(name, LEADS)
    assert push("voiso", name).code == 0
    assert name in push.program("runs").out
    for words in (["runs"], ["runs", "--json"]):
        with Path("/dev/full").open("w") as full:
            ran = subprocess.run(  # noqa: S603  our own program
                [sys.executable, "-m", "leadctl", *words],
                check=False,
                stdout=full,
                stderr=subprocess.PIPE,
                env=push.program.surroundings,
            )
        assert (ran.returncode, ran.stderr) == (0, b"")


def test_null_device_is_an_empty_config_file(push: Push) -> None:
    assert push.program("config", "show", "--config", os.devnull).code == 0


@pytest.mark.parametrize(
    ("option", "words"), [("CONFIG", "push --account so"), ("LEDGER", "runs show 2")]
)
def test_tab_waits_for_no_pipe(
    push: Push, tmp_path: Path, option: str, words: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    env = {
        f"LEADCTL_{option}": str(tmp_path / "pipe"),
        "_LEADCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": f"leadctl {words}",
        "COMP_CWORD": "3",
    }
    ran = push.program(env=env)
    assert (ran.code, ran.out.strip()) == (0, "")
