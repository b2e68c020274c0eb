"""Where config files are found, and which secrets and addresses they may contain."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from resolving import of_voiso, resolved

from leadctl.config import config
from leadctl.model.errors import InputUnusable
from leadctl.model.yaml_file import parse
from leadctl.providers.installed import installed
from leadctl.providers.registry import provider_class
from leadctl.providers.settings import SettingSource

if TYPE_CHECKING:
    from program import Program


def test_origin_of_every_value_is_known() -> None:
    text = of_voiso("timeout: 5\n    retry_for: 7\n    api_key_command: pass show x")
    found = resolved(
        text, {"LEADCTL_VOISO_TIMEOUT": "6"}, overrides={"cluster_id": "eu7"}
    )
    assert found.origins == {
        "cluster_id": (SettingSource.OPTION, ""),
        "timeout": (SettingSource.ENVIRONMENT, "LEADCTL_VOISO_TIMEOUT"),
        "retry_for": (SettingSource.FILE, "config.yaml:4"),
        "api_key_command": (SettingSource.FILE, "config.yaml:5"),
    }


def test_accounts_are_those_of_the_file_and_of_the_environment() -> None:
    document = parse("accounts: {eu: {provider: voiso}}", "config.yaml")
    environment = {
        "LEADCTL_YOTEL_API_KEY_FILE": "/x",
        "LEADCTL_VOISO_REGION": "no setting",
    }
    assert config.account_names(document, environment) == ["eu", "yotel"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("key", "folder/key"), ("../key", "folder/../key"), ("/key", "/key")],
)
@pytest.mark.parametrize("key", ["api_key_file", "ca_file"])
def test_file_is_meant_from_the_config_file(written: str, meant: str, key: str) -> None:
    """Not from the current folder: anybody's file may lie there."""
    document = parse(of_voiso(f"{key}: {written}"), "folder/config.yaml")
    found = config.resolve(document, {}, provider="voiso")
    there = {**found.secret_settings, "ca_file": found.connection.ca_file}
    assert there[key] == meant


def test_file_in_the_home_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environment = {"LEADCTL_VOISO_CA_FILE": "~/ca.pem"}
    found = resolved(of_voiso("api_key_file: ~/key"), environment)
    assert found.secret_settings == {"api_key_file": str(tmp_path / "key")}
    assert found.connection.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize("form", ["api_key_file", "api_key_command"])
def test_way_to_a_secret_may_be_left_open(form: str) -> None:
    assert resolved(of_voiso(f"{form}: null")).secret_settings == {}


@pytest.mark.parametrize("form", ["api_key_file", "api_key_command"])
def test_way_to_a_secret_is_text(form: str) -> None:
    with pytest.raises(InputUnusable, match=f"line 3: {form} must be text"):
        resolved(of_voiso(f"{form}: [x]"))


@pytest.mark.parametrize("provider", [*installed()])
def test_secret_in_plain_text_is_refused_with_the_remedy(provider: str) -> None:
    (secret,) = provider_class(provider).secrets
    text = f"accounts:\n  {provider}:\n    {secret}: made-up-secret\n"
    with pytest.raises(InputUnusable, match=r"line 3: .*plain text") as caught:
        resolved(text, provider=provider)
    said = f"{caught.value.message} {caught.value.hint}"
    assert "made-up-secret" not in said
    for remedy in (f"{secret}_file", f"{secret}_command", "leadctl accounts login"):
        assert remedy in said


def test_ways_to_a_secret_are_kept_apart_from_settings() -> None:
    text = of_voiso("api_key_file: /x\n    api_key_command: pass show x")
    found = resolved(text)
    assert found.secret_settings == {
        "api_key_file": "/x",
        "api_key_command": "pass show x",
    }
    assert "pass show x" not in repr(found.provider) + repr(found.connection)


@pytest.mark.parametrize(
    ("provider", "environment", "address"),
    [
        ("agora", {}, "https://core.agoraai.tech/api/v1"),
        ("ozonetel", {}, "https://in1-ccaas-api.ozonetel.com"),
        ("yotel", {}, "https://api.yotel.in/api/v1"),
        ("voiso", {"CLUSTER_ID": "eu-7"}, "https://eu-7.voiso.com/api/v4"),
        ("lupitor", {"DEPLOYMENT": "acme"}, "https://acme.lupitor.com/api/v1"),
        ("voiso", {"BASE_URL": "https://x.example"}, "https://x.example"),
    ],
)
def test_address_is_made_of_the_accounts_settings(
    provider: str, environment: dict[str, str], address: str
) -> None:
    variables = {f"LEADCTL_{provider}_{k}".upper(): v for k, v in environment.items()}
    assert (
        resolved(environment=variables, provider=provider).provider.base_url == address
    )


@pytest.mark.parametrize(
    "part", ["x.example/", "eu7.evil.example#", "a@b", "eu 7", "é", "../x"]
)
def test_part_of_the_address_cannot_lead_elsewhere(part: str) -> None:
    with pytest.raises(InputUnusable, match="letters, digits and - only"):
        resolved(environment={"LEADCTL_VOISO_CLUSTER_ID": part})


@pytest.mark.parametrize(
    ("provider", "missing"),
    [
        ("voiso", ("cluster_id",)),
        ("lupitor", ("deployment",)),
        ("ozonetel", ("user_name",)),
        ("agora", ()),
        ("yotel", ()),
    ],
)
def test_setting_that_is_needed_is_missed(
    provider: str, missing: tuple[str, ...]
) -> None:
    assert resolved(provider=provider).missing == missing
    blank = {config.variable_name(provider, name): "" for name in missing}
    assert resolved(environment=blank, provider=provider).missing == missing


def test_address_of_ones_own_needs_no_part() -> None:
    assert resolved(of_voiso("base_url: https://x.example/api")).missing == ()


@pytest.mark.parametrize("part", ["{foo}", "{timeout}"])
def test_unknown_part_of_the_address_is_named(part: str) -> None:
    with pytest.raises(InputUnusable, match="base_url"):
        resolved(of_voiso(f"base_url: 'https://{part}.example'"))


def test_file_of_the_current_folder_is_never_read(program: Program) -> None:
    for name in ("config.yaml", "leadctl.yaml", ".leadctl.yaml"):
        program.write(name, "this: is no config\n")
    program.write("leads.csv", "phone\n+15551230001\n")
    assert program("check", "leads.csv", "--provider", "voiso").code == 0


def test_module_of_the_current_folder_is_never_run(program: Program) -> None:
    """Python looks there first when it runs a module; our command does not."""
    for name in ("httpx", "yaml", "platformdirs", "sitecustomize", "leadctl"):
        program.write(f"{name}.py", "raise SystemExit('a stray module ran')\n")
    program.write("leads.csv", "phone\n+15551230001\n")
    script = str(Path(sys.executable).parent / "leadctl")
    installed = replace(program, command=(sys.executable, script))
    ran = installed("check", "leads.csv", "--provider", "voiso")
    assert (ran.code, ran.err) == (0, "")


def test_file_of_the_users_folder_is_read(program: Program) -> None:
    folder = program.home / "config" / "leadctl"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("acounts: {}\n", encoding="utf-8")
    program.write("leads.csv", "phone\n+15551230001\n")
    ran = program("check", "leads.csv", "--provider", "voiso")
    assert ran.code == 6
    assert "did you mean 'accounts'?" in ran.err


def test_file_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="No such file"):
        config.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("way", ["option", "variable"])
def test_file_asked_for_is_read(program: Program, way: str) -> None:
    path = program.write("mine.yaml", "acounts: {}\n")
    program.write("leads.csv", "phone\n+15551230001\n")
    option: list[str | Path] = ["--config", path] if way == "option" else []
    env = {"LEADCTL_CONFIG": str(path)} if way == "variable" else {}
    ran = program("check", "leads.csv", "--provider", "voiso", *option, env=env)
    assert (ran.code, "mine.yaml, line 1" in ran.err) == (6, True)
