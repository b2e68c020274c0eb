"""Settings: their precedence, what is rejected, and the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from resolving import of_voiso, resolved

from leadctl.config import config
from leadctl.model.errors import InputUnusable, LeadctlError, UsageError
from leadctl.providers.installed import installed

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

    from leadctl.config.config import Account
    from leadctl.model.leads import Json


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
        ({"provider": None}, "missing --provider (or --account)"),
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
            "no provider 'viso' (did you mean 'voiso'?)",
        ),
        ("accounts:\n  eu:\n    provider: [voiso]\n", 3, "no provider"),
        ("accounts:\n  eu: {timeout: 5}\n", 2, "account 'eu' has no provider"),
        ("accounts:\n  eu:\n", 2, "account 'eu' has no provider"),
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
    assert "line 3: accounts 'voiso-eu' and 'voiso_eu' share the variables" in ran.err


# --- where a value was read --------------------------------------------------------


# --- secrets -----------------------------------------------------------------------


# --- the address -------------------------------------------------------------------


# --- where the file is -------------------------------------------------------------
