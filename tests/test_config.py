"""Settings: which word wins, what is refused, and what is said about it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadctl.config import config
from leadctl.model.errors import InputUnusable, LeadctlError, UsageError
from leadctl.model.yaml_file import parse
from leadctl.providers.base import installed, provider_class
from leadctl.providers.settings import SettingSource

if TYPE_CHECKING:
    from program import Program

    from leadctl.config.config import Account
    from leadctl.model.leads import Json


def resolved(
    text: str = "",
    environment: dict[str, str] | None = None,
    *,
    provider: str | None = "voiso",
    account: str | None = None,
    overrides: dict[str, Json] | None = None,
) -> Account:
    document = parse(text, "config.yaml")
    return config.resolve(
        document,
        environment or {},
        provider=provider,
        account=account,
        overrides=overrides,
    )


def of_voiso(setting: str) -> str:
    return f"accounts:\n  voiso:\n    {setting}\n"


# --- which word wins ---------------------------------------------------------------


def test_option_wins_over_environment_over_file_over_default() -> None:
    text = "accounts: {agora: {compliance_acknowledged: false}}"
    variable = "LEADCTL_AGORA_COMPLIANCE_ACKNOWLEDGED"
    yes = text.replace("false", "true")
    said: dict[str, Json] = {"compliance_acknowledged": True}

    def acknowledged(account: Account) -> bool:
        return account.provider.objection() is None

    assert not acknowledged(resolved(provider="agora"))
    assert acknowledged(resolved(yes, provider="agora"))
    assert acknowledged(resolved(text, {variable: "yes"}, provider="agora"))
    assert not acknowledged(resolved(yes, {variable: "no"}, provider="agora"))
    assert acknowledged(
        resolved(text, {variable: "no"}, provider="agora", overrides=said)
    )


def test_environment_wins_over_the_file_setting_by_setting() -> None:
    text = of_voiso("timeout: 5\n    retry_for: 7")
    found = resolved(text, {"LEADCTL_VOISO_TIMEOUT": "6"}).connection
    assert (found.timeout, found.retry_for) == (6.0, 7.0)


def test_defaults_are_the_providers_own() -> None:
    found = resolved()
    assert found.limits == found.provider.limits
    assert found.connection.timeout == 60.0


@pytest.mark.parametrize(
    ("account", "setting", "variable"),
    [
        ("voiso", "api_key", "LEADCTL_VOISO_API_KEY"),
        ("voiso-eu.2", "timeout", "LEADCTL_VOISO_EU_2_TIMEOUT"),
        ("Zürich", "timeout", "LEADCTL_Z_RICH_TIMEOUT"),
    ],
)
def test_variable_is_named_like_account_and_setting(
    account: str, setting: str, variable: str
) -> None:
    assert config.variable_name(account, setting) == variable


def test_account_has_settings_and_variables_of_its_own() -> None:
    text = "accounts:\n  voiso-eu: {provider: voiso, cluster_id: eu7}\n"
    environment = {"LEADCTL_VOISO_EU_TIMEOUT": "3", "LEADCTL_VOISO_TIMEOUT": "9"}
    found = resolved(text, environment, provider=None, account="voiso-eu")
    assert found.name == "voiso-eu"
    assert found.provider.base_url == "https://eu7.voiso.com/api/v4"
    assert found.connection.timeout == 3.0


@pytest.mark.parametrize("provider", [*installed()])
def test_every_provider_is_an_account_without_any_file(provider: str) -> None:
    assert resolved(provider=provider).provider.name == provider
    assert resolved(provider=None, account=provider).provider.name == provider


# --- types and ranges --------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("yes", True),
        ("1", True),
        ("no", False),
        ("0", False),
    ],
)
def test_truth_is_read_from_a_variable(written: str, value: bool) -> None:
    variable = "LEADCTL_OZONETEL_CHECK_DUPLICATE"
    found = resolved(environment={variable: written}, provider="ozonetel")
    assert found.provider.resend_is_safe is value


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("VOISO_TIMEOUT", "soon", "a number"),
        ("VOISO_BATCH_SIZE", "1.5", "a whole number"),
        ("VOISO_CONCURRENCY", "many", "a whole number"),
        ("OZONETEL_CHECK_DUPLICATE", "maybe", "true or false"),
    ],
)
def test_variable_of_the_wrong_kind_is_named(
    variable: str, value: str, words: str
) -> None:
    provider = variable.partition("_")[0].lower()
    with pytest.raises(InputUnusable) as caught:
        resolved(environment={f"LEADCTL_{variable}": value}, provider=provider)
    assert caught.value.message == f"LEADCTL_{variable} must be {words}"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("timeout: soon", "timeout must be a number"),
        ("timeout: true", "timeout must be a number"),
        ("timeout: [5]", "timeout must be a number"),
        ("batch_size: 1.5", "batch_size must be a whole number"),
        ("batch_size: '5'", "batch_size must be a whole number"),
        ("cluster_id: true", "cluster_id must be text"),
        ("cluster_id: {a: b}", "cluster_id must be text"),
    ],
)
def test_setting_of_the_wrong_kind_is_named_with_its_line(
    setting: str, words: str
) -> None:
    with pytest.raises(InputUnusable) as caught:
        resolved(of_voiso(setting))
    assert caught.value.message == f"config.yaml, line 3: {words}"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("batch_size", "0"),
        ("batch_size", "-1"),
        ("concurrency", "0"),
        ("concurrency", "-1"),
        ("requests_per_minute", "0"),
        ("requests_per_minute", "-5"),
        ("requests_per_minute", "nan"),
        ("min_interval", "-1"),
        ("min_interval", "inf"),
        ("timeout", "0"),
        ("timeout", "-1"),
        ("timeout", "nan"),
        ("retry_for", "nan"),
    ],
)
def test_number_that_makes_no_sense_is_refused(setting: str, value: str) -> None:
    variable = f"LEADCTL_VOISO_{setting.upper()}"
    with pytest.raises(InputUnusable, match=variable):
        resolved(environment={variable: value})


@pytest.mark.parametrize(
    "setting", ["batch_size: -1", "batch_size: 0", "concurrency: 0"]
)
def test_number_that_makes_no_sense_ends_in_a_sentence(
    program: Program, setting: str
) -> None:
    config_file = program.write("config.yaml", of_voiso(setting))
    program.write("leads.csv", "phone\n+15551230001\n")
    ran = program("check", "leads.csv", "--provider", "voiso", "--config", config_file)
    assert ran.code == 6


def test_batch_size_may_only_be_lowered() -> None:
    assert resolved(of_voiso("batch_size: 50")).limits.batch_size == 50
    assert resolved(of_voiso("batch_size: 5000")).limits.batch_size == 1000


def test_whole_number_will_do_for_a_number_or_a_text() -> None:
    found = resolved(of_voiso("timeout: 5\n    cluster_id: 7"))
    assert found.connection.timeout == 5.0
    assert found.provider.base_url == "https://7.voiso.com/api/v4"


# --- unknown names -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (of_voiso("timeuot: 5"), 3, "unknown key 'timeuot' (did you mean 'timeout'?)"),
        (of_voiso("user_name: x"), 3, "unknown key 'user_name'"),
        ("accounts:\n  voiso: 5\n", 2, "'voiso' must be a mapping"),
        ("accounts: [voiso]\n", 1, "'accounts' must be a mapping"),
    ],
)
def test_unknown_setting_is_named_with_line_and_nearest(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(InputUnusable) as caught:
        resolved(text)
    assert caught.value.message.startswith(f"config.yaml, line {line}: {words}")


def test_unknown_part_of_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("profiles: {}\nacounts: {}\n", encoding="utf-8")
    with pytest.raises(
        InputUnusable, match=r"line 2: unknown key 'acounts' .*'accounts'"
    ):
        config.load(path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"provider": "viso"}, "no provider 'viso' (did you mean 'voiso'?)"),
        (
            {"provider": None, "account": "viso"},
            "no account 'viso' (did you mean 'voiso'?)",
        ),
        ({"provider": None}, "say --provider or --account"),
        (
            {"provider": "yotel", "account": "eu"},
            "account 'eu' belongs to voiso, not yotel",
        ),
    ],
)
def test_unknown_account_is_a_usage_error(
    words: dict[str, str | None], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolved(
            "accounts: {eu: {provider: voiso}}",
            provider=words["provider"],
            account=words.get("account"),
        )
    assert message in caught.value.message


def test_unknown_provider_of_an_account_is_named() -> None:
    with pytest.raises(LeadctlError, match=r"no provider 'viso'.*'voiso'"):
        resolved("accounts: {eu: {provider: viso}}", provider=None, account="eu")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "accounts:\n  eu:\n    provider: viso\n",
            3,
            "there is no provider 'viso' (did you mean 'voiso'?)",
        ),
        ("accounts:\n  eu:\n    provider: [voiso]\n", 3, "there is no provider"),
        ("accounts:\n  eu: {timeout: 5}\n", 2, "account 'eu' does not say whose it is"),
        ("accounts:\n  eu:\n", 2, "account 'eu' does not say whose it is"),
    ],
    ids=["unknown", "list", "missing", "empty"],
)
def test_account_of_nobody_is_named_with_its_line(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(InputUnusable) as caught:
        resolved(text, provider=None, account="eu")
    assert caught.value.message.startswith(f"config.yaml, line {line}: {words}")
    assert "voiso" in (caught.value.hint or "")


def test_account_named_like_a_provider_may_leave_it_out() -> None:
    assert resolved(of_voiso("provider: null")).provider.name == "voiso"


def test_account_named_like_another_provider_is_not_taken_for_it() -> None:
    with pytest.raises(UsageError, match="'voiso' belongs to yotel, not voiso"):
        resolved(of_voiso("provider: yotel"))


def test_word_outside_a_choice_is_named_with_line_and_choices() -> None:
    text = "accounts:\n  ozonetel:\n    phone_format: E.164\n"
    with pytest.raises(InputUnusable) as caught:
        resolved(text, provider="ozonetel")
    said = "config.yaml, line 3: phone_format must be one of as-written, e164, national"
    assert caught.value.message == said


def test_accounts_that_share_their_variables_are_refused(program: Program) -> None:
    """The key of one would be sent to the address of the other."""
    accounts = (
        "accounts:\n  voiso-eu: {provider: voiso}\n  voiso_eu: {provider: yotel}\n"
    )
    config_file = program.write("config.yaml", accounts)
    program.write("leads.csv", "phone\n+15551230001\n")
    ran = program("check", "leads.csv", "-p", "voiso", "--config", config_file)
    assert ran.code == 6
    assert "line 3: accounts 'voiso-eu' and 'voiso_eu' share their variables" in ran.err


# --- where a value was read --------------------------------------------------------


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


# --- secrets -----------------------------------------------------------------------


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


# --- the address -------------------------------------------------------------------


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


# --- where the file is -------------------------------------------------------------


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
    with pytest.raises(InputUnusable, match="cannot be read"):
        config.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("way", ["option", "variable"])
def test_file_asked_for_is_read(program: Program, way: str) -> None:
    path = program.write("mine.yaml", "acounts: {}\n")
    program.write("leads.csv", "phone\n+15551230001\n")
    option: list[str | Path] = ["--config", path] if way == "option" else []
    env = {"LEADCTL_CONFIG": str(path)} if way == "variable" else {}
    ran = program("check", "leads.csv", "--provider", "voiso", *option, env=env)
    assert (ran.code, "mine.yaml, line 1" in ran.err) == (6, True)
