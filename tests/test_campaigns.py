"""An account's campaigns: listed, completed at Tab, and found by name."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from leadctl.sandbox import Fault, Sandbox, VoisoSimulator, YotelSimulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Push
    from program import Program, Ran

NAMES = {"3": "Summer Outreach", "4": "Twins", "5": "Twins", "7": "3", "8": "Diwali"}
MANY = [str(number) for number in range(7, 227)]
YOTEL = {"camp_1": "Diwali", "camp_2": "\u6771\u4eac"}


@pytest.fixture(scope="module")
def listing() -> Iterator[Sandbox]:
    """Serve an account of 223 campaigns: three pages."""
    voiso = VoisoSimulator(names=NAMES, open_campaigns=MANY, gap=0.0)
    with serve([voiso, YotelSimulator(names=YOTEL)]) as served:
        yield served


def asked(program: Program, served: Sandbox, provider: str, *words: str) -> Ran:
    served.simulators[provider].forget()
    quick = {"LEADCTL_VOISO_MIN_INTERVAL": "0"}
    environment = served.environment(provider) | quick
    return program(*words, "--provider", provider, env=environment)


def pushed(program: Program, served: Sandbox, provider: str, campaign: str) -> Ran:
    program.write("leads.csv", "phone\n+919000000001\n")
    words = ("push", "leads.csv", "--json", "--campaign", campaign)
    return asked(program, served, provider, *words)


def offered(program: Program, typed: str, *, rest: str = "-p voiso") -> list[str]:
    words = f"leadctl push leads.csv {rest} -c {typed}"
    tab = {
        "_LEADCTL_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return [line for line in program(env=tab).out.splitlines() if line]


def test_list_has_all_pages_and_tab_offers_it_from_then_on(
    program: Program, listing: Sandbox
) -> None:
    assert offered(program, "22") == []
    ran = asked(program, listing, "voiso", "campaigns", "--json")
    document: dict[str, Any] = json.loads(ran.out)
    found = document.pop("campaigns")
    assert document == {
        "schema_version": 1,
        "provider": "voiso",
        "account": "voiso",
        "exit_code": 0,
        "error": None,
    }
    assert [one["id"] for one in found] == ["3", "4", "5", *MANY]
    assert found[0] == {"id": "3", "name": "Summer Outreach", "state": "active"}
    (kept,) = (program.state / "campaigns").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    calls = len(listing.simulators["voiso"].log)
    assert calls == 3
    assert offered(program, "22")[:2] == [
        "22\tCampaign 22, active",
        "220\tCampaign 220, active",
    ]
    assert offered(program, "22", rest="-p yotel --account voiso") != []
    assert offered(program, "22", rest="-p yotel") == []
    assert len(listing.simulators["voiso"].log) == calls  # no press of Tab asks it
    for odd in ("22\x1b[31m", "22\n23"):  # a name of the provider's own
        one = {"id": odd, "name": "", "state": ""}
        named = {"id": "22", "name": odd, "state": ""}
        kept.write_text(json.dumps([one, named]))
        assert offered(program, "22") == []
    kept.write_text("[{}]")
    assert offered(program, "22") == []
    kept.unlink()
    os.mkfifo(kept)
    assert offered(program, "22") == []


def test_list_is_a_table_and_names_an_account_by_itself(
    program: Program, listing: Sandbox
) -> None:
    lines = asked(program, listing, "yotel", "campaigns").out.splitlines()
    assert lines[-1].endswith("leadctl push FILE --provider yotel --campaign ID")
    assert [line.split() for line in lines[:-2]] == [
        ["id", "name", "state"],
        ["camp_1", "Diwali", "running"],
        ["camp_2", YOTEL["camp_2"], "completed"],
    ]
    wide = 2  # letters of that name, which take two columns each
    assert lines[1].index("running") == lines[2].index("completed") + wide


@pytest.mark.parametrize(
    ("provider", "fault", "code", "says"),
    [
        ("agora", None, 2, "Agora has no documented call that lists campaigns"),
        ("ozonetel", None, 2, "--campaign takes the name of an outbound campaign"),
        ("voiso", Fault("deny", where="read"), 4, "LEADCTL_VOISO_API_KEY"),
        (
            "yotel",
            Fault("garbage", where="read", times=9),
            5,
            "an unreadable body",
        ),
    ],
)
def test_without_a_list_there_is_a_sentence(
    push: Push, provider: str, fault: Fault | None, code: int, says: str
) -> None:
    if fault:
        push.simulator(provider).faults.add(fault)
    env = push.environment(provider)
    ran = push.program("campaigns", "--json", "--provider", provider, env=env)
    document = json.loads(ran.out)
    assert (ran.code, document["exit_code"], document["campaigns"]) == (code, code, [])
    assert says in ran.err
    assert document["error"]["message"] in ran.err


@pytest.mark.parametrize(
    ("provider", "asked_for", "campaign"),
    [
        ("voiso", "Summer Outreach", "3"),
        ("voiso", "3", "3"),  # an id, although another campaign has it as a name
        ("voiso", "Diwali", "8"),  # which could be an id
        ("yotel", "Diwali", "camp_1"),
    ],
)
def test_unique_name_is_taken_for_its_campaign(
    provider: str, asked_for: str, campaign: str, program: Program, listing: Sandbox
) -> None:
    ran = pushed(program, listing, provider, asked_for)
    assert (ran.code, ran.counts) == (0, {"created": 1})
    assert ran.document["campaign"] == campaign
    assert [*listing.simulators[provider].stored] == [campaign]
    lists = [
        line
        for line in listing.simulators[provider].log
        if line.path.endswith("/campaigns")
    ]
    assert bool(lists) == (asked_for != campaign)
    if asked_for == "Diwali" and provider == "voiso":  # a resume knows the id
        again = program("runs", "resume", ran.document["run_id"] or "", "--json")
        assert json.loads(again.out)["campaign"] == campaign


@pytest.mark.parametrize(
    ("asked_for", "says"),
    [
        ("Twins", "2 campaigns named 'Twins': 4 (draft), 5 (draft)"),
        ("Sumer Outreach", "did you mean 'Summer Outreach'?"),
        ("999", "no campaign with the id or name '999'"),
    ],
)
def test_other_names_end_the_run_before_a_row_is_judged(
    asked_for: str, says: str, program: Program, listing: Sandbox
) -> None:
    ran = pushed(program, listing, "voiso", asked_for)
    assert (ran.code, ran.document["rows"], ran.document["run_id"]) == (7, 0, None)
    assert says in ran.error["message"]
    assert listing.simulators["voiso"].stored == {}
    assert program("runs").out == ""


@pytest.mark.parametrize(
    ("asked_for", "code", "said"),
    [
        (
            "Summer Outreach",
            0,
            {"campaign_id": "3", "campaign_name": "Summer Outreach"},
        ),
        ("Twins", 7, {"campaign_id": "Twins"}),
    ],
)
def test_account_is_tested_with_a_name(
    asked_for: str,
    code: int,
    said: dict[str, str],
    program: Program,
    listing: Sandbox,
) -> None:
    given = ("accounts", "test", "voiso", "--json", "--campaign", asked_for)
    ran = program(*given, env=listing.environment("voiso"))
    (document,) = json.loads(ran.out)
    assert (ran.code, document["key"]["verdict"]) == (code, "fine")
    assert said.items() <= document.items()


def test_campaign_s_own_refusal_stands_where_the_list_is_refused_too(
    push: Push,
) -> None:
    push.program.write("leads.csv", "phone\n+15550100001\n")
    push.simulator("voiso").faults.add(Fault("deny", where="read", skip=1))
    ran = push("voiso", "leads.csv", "--json", campaign="nowhere")
    assert (ran.code, ran.error["code"]) == (7, "campaign_closed")
    assert "HTTP 404" in ran.error["message"]


def test_dry_run_looks_no_name_up(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15550100001\n")
    ran = push("voiso", "leads.csv", "--dry-run", campaign="Summer Outreach")
    assert ran.code == 0
    assert "'Summer Outreach' is a name" in ran.err
    assert push.simulator("voiso").log == []
