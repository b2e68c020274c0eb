"""The preflight check, before a run and to test an account: what it shows and costs."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from background import Background, happened
from conftest import CAMPAIGNS, Push
from wire import wired

from leadctl.providers.registry import provider_class
from leadctl.sandbox import (
    Fault,
    OzonetelSimulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from program import Program, Ran

    from leadctl.sandbox import Simulator


PROVIDERS = sorted(CAMPAIGNS)
ALWAYS = 1000
WRONG = "yt_test_wrong_made_up_key"


def lead(push: Push) -> str:
    push.program.write("leads.csv", "phone\n+919000000001\n")
    return "leads.csv"


def asked(push: Push, *arguments: str, env: dict[str, str] | None = None) -> Ran:
    return push.program("accounts", "test", *arguments, env=env or {})


def verdicts(document: dict[str, Any]) -> list[str]:
    return [document[part]["verdict"] for part in ("key", "scope", "campaign")]


def require_no_trace(push: Push, ran: Ran, provider: str) -> None:
    """Nothing was sent, judged or recorded."""
    assert push.uploads(provider) == []
    assert (ran.document["rows"], ran.document["run_id"]) == (0, None)
    assert push.program("runs").out == ""
    assert [path.name for path in push.program.folder.iterdir()] == ["leads.csv"]


# --- before a run ---


def variable(provider: str) -> str:
    """Return the variable that holds the provider's secret."""
    (secret,) = provider_class(provider).secrets
    return f"LEADCTL_{provider}_{secret}".upper()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_wrong_key_ends_a_run_before_it_begins(push: Push, provider: str) -> None:
    wrong = {variable(provider): WRONG}
    ran = push(provider, lead(push), "--json", env=wrong)
    assert (ran.code, ran.error["code"]) == (4, "access_denied")
    assert variable(provider) in (ran.error["hint"] or "")
    require_no_trace(push, ran, provider)


@pytest.mark.parametrize(
    ("provider", "campaign"),
    [
        pytest.param("voiso", "404", id="voiso-unknown"),
        pytest.param("yotel", "camp_9", id="yotel-unknown"),
        pytest.param("yotel", "camp_2", id="yotel-completed"),
        pytest.param("lupitor", "cmp_9", id="lupitor-unknown"),
        pytest.param("ozonetel", "Nowhere", id="ozonetel-unknown"),
        pytest.param("agora", "43", id="agora-foreign"),
    ],
)
def test_wrong_campaign_ends_a_run_before_it_begins(
    push: Push, provider: str, campaign: str
) -> None:
    ran = push(provider, lead(push), "--json", campaign=campaign)
    assert (ran.code, ran.error["code"]) == (7, "campaign_closed")
    assert "--campaign" in (ran.error["hint"] or "")
    require_no_trace(push, ran, provider)


@pytest.mark.parametrize(
    ("provider", "campaign", "said"),
    [
        pytest.param("voiso", "4", "draft", id="voiso-draft"),
        pytest.param("ozonetel", "Done", "COMPLETED", id="ozonetel-completed"),
        # It lists what is like it, and does not missing --campaigns it lists.
        pytest.param("ozonetel", "Dem", "lists no campaign", id="ozonetel-not-listed"),
    ],
)
def test_campaign_that_may_take_no_leads_needs_a_yes(
    push: Push, provider: str, campaign: str, said: str
) -> None:
    """The check is inconclusive: without a terminal, --yes continues."""
    ran = push(provider, lead(push), "--json", campaign=campaign)
    assert (ran.code, ran.error["code"]) == (7, "campaign_closed")
    assert said in ran.error["message"]
    assert "--yes" in (ran.error["hint"] or "")
    require_no_trace(push, ran, provider)
    agreed = push(provider, "leads.csv", "--yes", "--json", campaign=campaign)
    assert agreed.document["rows"] == 1
    assert len(push.uploads(provider)) == 1
    assert ("created" in agreed.counts) == (campaign == "Done")


def test_draft_that_is_live_takes_leads(push: Push) -> None:
    """The list of live campaigns decides, not the state."""
    ran = push("voiso", lead(push), "--json", campaign="5")
    assert (ran.code, ran.counts) == (0, {"created": 1})


def test_account_without_campaigns_works(program: Program) -> None:
    """The first day at Yotel: an empty list shows a good key."""
    simulator = YotelSimulator()
    with serve([simulator]) as sandbox:
        simulator.campaigns.clear()
        env = sandbox.environment("yotel")
        assert program("accounts", "test", "yotel", env=env).code == 0


def test_account_that_is_new_to_lupitor_is_asked_for_a_campaign(push: Push) -> None:
    """Its list call requires a campaign."""
    env = push.environment("lupitor")
    ran = asked(push, "lupitor", "--json", env=env)
    (document,) = json.loads(ran.out)
    assert (ran.code, verdicts(document)) == (2, ["unknown", "unknown", "unknown"])


def test_account_with_basic_authentication_needs_no_token(program: Program) -> None:
    with serve([OzonetelSimulator(authentication="BASIC_AUTH")]) as sandbox:
        push = Push(program, sandbox)
        refused = push("ozonetel", lead(push), "--json")
        assert (refused.code, refused.error["code"]) == (4, "access_denied")
        assert "authentication" in (refused.error["hint"] or "")
        basic = {"LEADCTL_OZONETEL_AUTHENTICATION": "basic"}
        assert push("ozonetel", lead(push), env=basic).code == 0
        assert push.phones("ozonetel") == ["+919000000001"]
        assert not any("Token" in line.path for line in push.sent("ozonetel")[1:])


@pytest.mark.parametrize(
    "simulator",
    [
        VoisoSimulator(scopes=("campaigns.manage",), gap=0.0),
        YotelSimulator(scopes=("leads:write",)),
    ],
    ids=["voiso", "yotel"],
)
def test_key_that_may_only_upload_is_good_enough(
    program: Program, simulator: Simulator
) -> None:
    with serve([simulator]) as sandbox:
        push, name = Push(program, sandbox), simulator.name
        assert push(name, lead(push)).code == 0
        env = push.environment(name)
        ran = asked(push, name, "-c", CAMPAIGNS[name], "--json", env=env)
    (document,) = json.loads(ran.out)
    assert (ran.code, verdicts(document)) == (4, ["fine", "wrong", "unknown"])
    assert "read" in document["scope"]["message"]


@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        ("voiso", Fault("error_before", where="read", times=ALWAYS)),
        ("yotel", Fault("refuse", where="read", times=ALWAYS)),
        *(
            (name, Fault("garbage_before", where="read", times=ALWAYS))
            for name in PROVIDERS
        ),
    ],
    ids=lambda given: given.kind if isinstance(given, Fault) else given,
)
def test_call_that_is_not_answered_does_not_keep_a_run_from_trying(
    push: Push, provider: str, fault: Fault
) -> None:
    push.simulator(provider).faults.add(fault)
    hurry = {f"LEADCTL_{provider.upper()}_RETRY_FOR": "0"}
    ran = push(provider, lead(push), "--json", "-v", env=hurry)
    good = "accepted" if provider == "agora" else "created"
    assert (ran.code, ran.counts, ran.document["requests"]) == (0, {good: 1}, 1)
    assert "campaign unknown" in ran.err


def test_call_is_repeated_when_it_fails_and_keeps_the_wait_asked_for(
    push: Push,
) -> None:
    simulator = push.simulator("voiso")
    simulator.faults.add(Fault("throttle", where="read", retry_after=1))
    ran = push("voiso", lead(push), "-v")
    assert ran.code == 0
    first, second, upload = simulator.log
    assert (first.status, second.status, upload.method) == (429, 200, "POST")
    assert second.time - first.time >= 1
    assert "campaign fine" in ran.err


@pytest.mark.parametrize("provider", PROVIDERS)
def test_call_does_not_count_as_an_upload(push: Push, provider: str) -> None:
    """The first batch leaves at once: neither rest nor rate is used up."""
    slow = {"MIN_INTERVAL": "60", "REQUESTS_PER_MINUTE": "1"}
    env = {f"LEADCTL_{provider}_{name}".upper(): slow[name] for name in slow}
    assert push(provider, lead(push), env=env).code == 0


@pytest.mark.parametrize("provider", ["ozonetel", "agora"])
def test_call_and_upload_share_one_token(push: Push, provider: str) -> None:
    assert push(provider, lead(push)).code == 0
    paths = [line.path for line in push.simulator(provider).log]
    assert ["token" in path.casefold() for path in paths] == [True, False, False]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_call_at_once(
    push: Push, background: Background, number: signal.Signals
) -> None:
    arguments = ("push", lead(push), "--provider", "voiso", "-c", "3", "--json")
    with wired({"GET": (b"",)}, pause=0.05) as wire:
        url = f"http://127.0.0.1:{wire.port}"
        env = push.environment("voiso") | {"LEADCTL_VOISO_BASE_URL": url}
        with background.begun(*arguments, env=env) as run:
            happened(lambda: bool(wire.heard))
            run.signalled(number)
            ran = run.ended()
    assert (ran.code, ran.error["code"]) == (128 + number, "interrupted")
    assert "nothing was sent" in ran.error["message"]
    assert push.program("runs").out == ""


# --- testing an account ---


@pytest.mark.parametrize("provider", PROVIDERS)
def test_account_that_works_is_said_to(push: Push, provider: str) -> None:
    env = push.environment(provider)
    ran = asked(push, provider, "-c", CAMPAIGNS[provider], "--json", env=env)
    (document,) = json.loads(ran.out)
    assert (ran.code, document["error"]) == (0, None)
    # No call without writing shows whether a key may write.
    assert verdicts(document) == ["fine", "unknown", "fine"]
    if provider in ("voiso", "yotel"):
        assert document["campaign_name"] == f"Campaign {CAMPAIGNS[provider]}"
    assert push.uploads(provider) == []


@pytest.mark.parametrize("provider", ["lupitor", "ozonetel", "vicidial"])
def test_wrong_key_is_said_to_be_wrong(push: Push, provider: str) -> None:
    wrong = {variable(provider): WRONG}
    env = push.environment(provider) | wrong
    ran = asked(push, provider, "-c", CAMPAIGNS[provider], "--json", env=env)
    (document,) = json.loads(ran.out)
    assert (ran.code, verdicts(document)) == (4, ["wrong", "unknown", "unknown"])
    assert document["key"]["hint"]


@pytest.mark.parametrize(
    ("fault", "campaign", "code"),
    [
        (None, "4", 7),
        (Fault("error_before", where="read", times=2), "3", 5),
        (Fault("garbage_before", where="read", times=2), "3", 5),
        (Fault("throttle", where="read", retry_after=600), "3", 5),
        (Fault("error_before", where="read"), "3", 0),
        (None, " ", 2),
    ],
    ids=["not-live", "down", "garbage", "throttled", "down-once", "no-id"],
)
def test_exit_code_says_what_came_of_it(
    push: Push, fault: Fault | None, campaign: str, code: int
) -> None:
    if fault:
        push.simulator("voiso").faults.add(fault)
    ran = asked(push, "voiso", "-c", campaign, env=push.environment("voiso"))
    assert ran.code == code
    assert ("campaign  fine" in ran.out) == (code == 0)


NOBODY = {"LEADCTL_VOISO_BASE_URL": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"LEADCTL_VOISO_API_KEY": ""}, "not asked"),
        (NOBODY, "not reached"),
        ({"LEADCTL_VOISO_API_KEY": WRONG}, "this answer does not show it"),
    ],
    ids=["no key", "nobody there", "wrong key"],
)
def test_what_no_answer_shows_is_told_from_what_nobody_asked(
    push: Push, setting: Mapping[str, str], said: str
) -> None:
    env = push.environment("voiso") | dict(setting)
    ran = asked(push, "voiso", "-c", "3", "--json", env=env)
    (document,) = json.loads(ran.out)
    assert [document[part]["message"] for part in ("scope", "campaign")] == [said] * 2
    assert document["key"]["message"] == document["error"]["message"]


def test_all_accounts_are_tested_and_the_worst_is_the_exit_code(push: Push) -> None:
    env = {"LEADCTL_VOISO_API_KEY": WRONG}
    for provider in ("voiso", "yotel", "agora"):
        env = push.environment(provider) | env
    ran = asked(push, "--json", env=env)
    found = {one["account"]: one["exit_code"] for one in json.loads(ran.out)}
    assert (ran.code, found) == (4, {"voiso": 4, "yotel": 0, "agora": 0})
    assert asked(push).code == 4, "nobody has a secret"


def test_test_does_not_end_the_token_of_a_run(
    push: Push, background: Background
) -> None:
    env = push.environment("ozonetel")
    simulator = push.simulator("ozonetel")
    simulator.faults.add(Fault("slow", seconds=2))
    arguments = ("push", lead(push), "--provider", "ozonetel", "-c", "Demo", "--json")
    with background.begun(*arguments, env=env) as run:
        happened(lambda: len(simulator.log) >= 2)
        ran = asked(push, "ozonetel", "--json", env=env)
        assert (ran.code, run.ended().code) == (11, 0)
    tokens = [line for line in simulator.log if "token" in line.path.casefold()]
    assert len(tokens) == 1
