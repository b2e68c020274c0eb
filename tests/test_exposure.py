"""Files that other users can read or change are reported, with the fix."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from leadctl.model.private_files import permission_problems

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can act for somebody else"
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    folder = tmp_path / "with space"
    folder.mkdir(mode=0o700)
    file = folder / "key"
    file.write_text("made-up")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_file_of_ones_own_is_not_worth_a_word(key: Path, mode: int) -> None:
    key.chmod(mode)
    assert [*permission_problems(key, "the key file")] == []


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o640, "can be read by other users"),
        (0o604, "can be read by other users"),
        (0o660, "can be changed by other users"),
        (0o602, "can be changed by other users"),
    ],
)
def test_remedy_for_a_file_mends_it(key: Path, mode: int, words: str) -> None:
    key.chmod(mode)
    (found,) = permission_problems(key, "the key file")
    assert found.message == f"the key file {key} {words}"
    subprocess.run(["/bin/sh", "-c", found.remedy], check=True)  # noqa: S603  as typed
    assert [*permission_problems(key, "the key file")] == []


@pytest.mark.parametrize("mode", [0o770, 0o703, 0o777], ids=oct)
def test_remedy_for_a_folder_mends_it(key: Path, mode: int) -> None:
    key.parent.chmod(mode)
    (found,) = permission_problems(key, "the key file")
    assert "can be replaced by other users" in found.message
    subprocess.run(["/bin/sh", "-c", found.remedy], check=True)  # noqa: S603  as typed
    assert [*permission_problems(key, "the key file")] == []


def test_folder_where_nobody_replaces_what_is_not_theirs_is_fine(key: Path) -> None:
    key.parent.chmod(0o1777)
    assert [*permission_problems(key, "the key file")] == []


def test_what_a_link_leads_to_counts(key: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key)
    assert [*permission_problems(link, "the key file")] == []
    key.chmod(0o644)
    (found,) = permission_problems(link, "the key file")
    assert str(key) in found.remedy


@AS_ROOT
def test_file_of_somebody_else_is_theirs_to_change(key: Path) -> None:
    os.chown(key, 12345, 12345)
    (found,) = permission_problems(key, "the key file")
    assert "belongs to another user" in found.message


def test_file_that_is_not_there_is_somebody_elses_business(tmp_path: Path) -> None:
    assert [*permission_problems(tmp_path / "nowhere" / "key", "the key file")] == []


@pytest.mark.parametrize(("mode", "can"), [(0o644, "read"), (0o646, "changed")])
def test_push_warns_of_config_and_key_that_others_may_read_or_change(
    push: Push, mode: int, can: str
) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    key = push.program.write(
        "yotel.key", push.environment("yotel")["LEADCTL_YOTEL_API_KEY"]
    )
    config = push.program.write(
        "c.yaml", "accounts: {yotel: {api_key_file: yotel.key}}"
    )
    for file in (key, config):
        file.chmod(mode)
    env = {"LEADCTL_YOTEL_API_KEY": ""}
    push.program.write("leads.csv", "phone\n9000000001\n")
    ran = push("yotel", "leads.csv", "--config", config, env=env)
    assert ran.code == 0
    for file in (key, config):
        assert f"{file} can be {can} by other users: chmod 600 {file}" in ran.err
        file.chmod(0o600)
    assert "chmod" not in push("yotel", "leads.csv", "--config", config, env=env).err


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite.key"])
def test_push_warns_of_a_ledger_that_others_may_change(push: Push, name: str) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert "chmod" not in push("voiso", "leads.csv").err
    file = push.program.state / name
    file.chmod(0o662)
    ran = push("voiso", "leads.csv", "--quiet")
    assert f"{file} can be changed by other users: chmod 600 {file}" in ran.err
