"""`leadctl config`: the file's path, its values with their origin, and its mistakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from leadctl.cli.checks import Grade, exit_code
from leadctl.cli.diagnostics import config_check
from leadctl.config.json_schema import config_schema
from leadctl.model.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program, Ran

CONFIG = """\
accounts:
  voiso:
    cluster_id: cc-demo
    api_key_command: pass show made-up
  eu:
    provider: voiso
    timeout: 5
profiles:
  crm: {fields: {phone: Mobile}}
"""
SECRET = "made-up-key-of-yotel"


@pytest.fixture
def config(program: Program) -> Path:
    path = program.write("config.yaml", CONFIG)
    path.chmod(0o600)
    program.environment["LEADCTL_CONFIG"] = str(path)
    return path


def entries(shown: list[dict[str, Any]]) -> dict[str, tuple[Any, str, str | None]]:
    return {each["name"]: (each["value"], each["source"], each["at"]) for each in shown}


def test_path_is_that_of_option_variable_or_user(program: Program) -> None:
    usual = program.home / "config" / "leadctl" / "config.yaml"
    assert program("config", "path").out == f"{usual}\n"
    named = {"LEADCTL_CONFIG": "/made/up.yaml"}
    assert program("config", "path", env=named).out == "/made/up.yaml\n"
    assert program("config", "path", "--config", "x.yaml", env=named).out == "x.yaml\n"


def test_every_value_is_shown_with_its_place(program: Program, config: Path) -> None:
    env = {
        "LEADCTL_VOISO_TIMEOUT": "7",
        "LEADCTL_REGION": "US",
        "LEADCTL_YOTEL_API_KEY": SECRET,
    }
    ran = program("config", "show", "--json", "--ledger", "mine.sqlite", env=env)
    shown = json.loads(ran.out)
    assert entries(shown["options"]) == {
        "--config": (str(config), "environment", "LEADCTL_CONFIG"),
        "--ledger": (str(program.folder / "mine.sqlite"), "option", None),
        "--region": ("US", "environment", "LEADCTL_REGION"),
    }
    accounts = {each["account"]: each for each in shown["accounts"]}
    assert [*accounts] == ["voiso", "eu", "yotel"]
    assert accounts["eu"]["provider"] == "voiso"
    voiso = entries(accounts["voiso"]["settings"])
    address = "https://cc-demo.voiso.com/api/v4"
    assert voiso["base_url"] == (address, "default", None)
    assert voiso["cluster_id"] == ("cc-demo", "file", f"{config}:3")
    assert voiso["timeout"] == (7.0, "environment", "LEADCTL_VOISO_TIMEOUT")
    assert voiso["batch_size"] == (1000, "default", None)
    eu = entries(accounts["eu"]["settings"])
    assert eu["timeout"] == (5.0, "file", f"{config}:7")
    assert eu["cluster_id"] == (None, "default", None)
    keys = {
        name: entries(each["secrets"])["api_key"] for name, each in accounts.items()
    }
    assert keys == {
        "voiso": ("********", "command", f"{config}:4"),
        "eu": (None, "missing", None),
        "yotel": ("********", "environment", "LEADCTL_YOTEL_API_KEY"),
    }
    assert shown["profiles"] == [{"profile": "crm", "at": f"{config}:9"}]
    assert SECRET not in ran.out
    assert "pass show" not in ran.out


def test_values_are_shown_to_people_too(program: Program, config: Path) -> None:
    ran = program("config", "show", "--account", "eu", env={"LEADCTL_REGION": "US"})
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["setting", "value", "from"]
    assert ["--region", "US", "LEADCTL_REGION"] in lines
    assert ["account", "eu", "(provider", "voiso)"] in lines
    assert ["timeout", "5.0", f"{config.name}:7"] in lines
    assert ["api_key", "missing"] in lines
    assert ran.out.endswith(f"\n\nprofile crm, {config}:9\n")
    assert "\N{REPLACEMENT CHARACTER}" not in ran.out
    assert "cc-demo" not in ran.out


def checks(ran: Ran) -> dict[str, list[tuple[str, str, str | None]]]:
    found: dict[str, list[tuple[str, str, str | None]]] = {}
    for check in json.loads(ran.out)["checks"]:
        facts = (check["grade"], check["message"], check["remedy"])
        found.setdefault(check["topic"], []).append(facts)
    return found


def test_configuration_that_is_right_is_said_to_be(
    program: Program, config: Path
) -> None:
    ran = program("config", "check", "--json")
    assert ran.code == 0
    found = checks(ran)
    assert found["config"] == [("ok", f"{config} is readable", None)]
    assert found["account voiso"][0][0] == "ok"
    assert found["profile crm"] == [("ok", "1 field", None)]
    missing = ("warning", "cluster_id is not set")
    assert [(grade, message) for grade, message, _ in found["account eu"]][1:] == [
        missing
    ]


def test_all_that_is_wrong_is_said_at_once(program: Program, config: Path) -> None:
    broken = CONFIG.replace("timeout: 5", "timeuot: 5").replace("phone: M", "phnoe: M")
    config.write_text(broken + "  uk: {region: UK, fields: {name: Name}}\n")
    config.chmod(0o644)
    env = {"LEADCTL_REGIN": "US", "LEADCTL_VOISO_BASE_URL": "http://x.example"}
    env["LEADCTL_LEDGER_KEY_FILE"] = "/nowhere"  # of a ledger on PostgreSQL
    ran = program("config", "check", env=env)
    assert ran.code == 6
    assert "LEADCTL_LEDGER_KEY_FILE" not in ran.out
    for words in (
        f"{config}, line 7: unknown key 'timeuot' (did you mean 'timeout'?)",
        f"{config}, line 9: unknown key 'phnoe' (did you mean 'phone'?)",
        f"{config}, line 10: 'region' must be a country code",
        "base_url 'http://x.example' must start with https://",
        "unknown variable LEADCTL_REGIN (did you mean 'LEADCTL_REGION'?)",
        f"chmod 600 {config}",
    ):
        assert words in ran.out


def test_fault_of_one_part_hides_no_other(program: Program, config: Path) -> None:
    config.write_text("accounts: {voiso: {timeuot: 5}}\nprofiles: 3\n")
    ran = program("config", "check", env={"LEADCTL_REGIN": "US"})
    assert ran.code == 6
    for words in ("'timeuot'", "'profiles' must be a mapping", "LEADCTL_REGIN"):
        assert words in ran.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acounts: {}", "line 1: unknown key 'acounts' (did you mean 'accounts'?)"),
        ("accounts: [x]", "line 1: 'accounts' must be a mapping"),
        ("profiles: [x]", "line 1: 'profiles' must be a mapping"),
        ("accounts: {", "line 1"),
        ("accounts: {voiso: {ca_file: nowhere.pem}}", "ca_file of account 'voiso'"),
        ("accounts: {voiso: {suppress: nowhere.csv}}", "suppress of account 'voiso'"),
    ],
)
def test_file_that_is_no_configuration_is_a_problem(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    found = [*config_check.configuration(path, {}, ())]
    assert exit_code(found) == ExitCode.INPUT
    (problem,) = [each for each in found if each.grade is Grade.PROBLEM]
    assert words in problem.message


def test_variable_of_an_account_that_only_an_option_names_is_read(
    program: Program,
) -> None:
    env = {"LEADCTL_NIGHT_SHIFT_API_KEY": SECRET, "LEADCTL_YOTEL_TIMEOUT": "5"}
    found = checks(program("config", "check", "--json", env=env))
    assert "environment" not in found
    assert "account yotel" in found


def test_schema_is_printed(program: Program) -> None:
    printed = json.loads(program("config", "schema").out)
    Draft202012Validator.check_schema(printed)
    assert printed == config_schema()
