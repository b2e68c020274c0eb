"""The options of `leadctl push` do what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from program import csv_rows, recording
from test_input_forms import THREE

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

NATIONAL = "phone\n(555) 123-0001\n555.123.0002\n"


def test_region_completes_numbers_without_country_code(push: Push) -> None:
    """The option counts, and not the variable."""
    push.program.write("leads.csv", NATIONAL)
    ran = push("voiso", "leads.csv", "--region", "us", env={"LEADCTL_REGION": "IN"})
    assert ran.code == 0
    assert push.phones("voiso") == ["15551230001", "15551230002"]


def test_every_option_has_a_variable(push: Push) -> None:
    push.program.write("leads.csv", NATIONAL + "555 123 0003\n")
    said = {
        "LEADCTL_PROVIDER": "voiso",
        "LEADCTL_CAMPAIGN": "3",
        "LEADCTL_REGION": "US",
        "LEADCTL_BATCH_SIZE": "2",
        "LEADCTL_SET": "priority=7",
        "LEADCTL_JSON": "true",
    }
    ran = push.program("push", "leads.csv", env=push.environment("voiso") | said)
    assert ran.counts == {"created": 3}
    assert push.uploads("voiso") == [2, 1]
    assert {lead["priority"] for lead in push.stored("voiso")} == {7}


def test_without_region_a_country_is_never_guessed(push: Push) -> None:
    push.program.write("leads.csv", NATIONAL)
    ran = push("voiso", "leads.csv", "--json")
    assert (ran.code, ran.codes) == (3, {"phone_invalid": 2})
    assert "--region" in ran.document["reasons"][0]["message"]
    assert push.sent("voiso") == []


def test_phone_check_valid_asks_for_an_assigned_range(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n+919000000001\n")
    ran = push("voiso", "leads.csv", "--phone-check", "valid", "--json")
    assert (ran.counts, ran.codes) == (
        {"created": 1, "rejected": 1},
        {"phone_invalid": 1},
    )
    assert push.phones("voiso") == ["919000000001"]


def test_set_gives_every_lead_the_same_value(push: Push) -> None:
    push.program.write("leads.csv", "phone,priority\n+15551230001,5\n+15551230002,\n")
    ran = push("voiso", "leads.csv", "--set", "priority=7", "--set", "active=false")
    assert ran.code == 0
    wire = [(lead["priority"], lead["active"]) for lead in push.stored("voiso")]
    assert wire == [(7, False), (7, False)]


def test_tags_go_with_every_request(push: Push) -> None:
    """The simulator keeps no tags: here the request itself is looked at."""
    push.program.write("leads.csv", "phone\n+15551230001\n")
    token = {"access_token": "made-up", "expires_in": 300}
    answer = {**token, "status": "accepted", "errors": []}
    counts = {"received_count": 1, "valid_count": 1, "invalid_count": 0}
    with recording(json.dumps(answer | counts).encode()) as recorder:
        ran = push(
            *("agora", "leads.csv", "--tag", "spring fair", "--tag", "b", "--json"),
            env={"LEADCTL_AGORA_BASE_URL": recorder.url},
        )
    assert ran.counts == {"accepted": 1}
    _, (path, _, upload) = recorder.requests
    assert path == "/leads/upload"
    assert upload["tags"] == ["spring fair", "b"]
    assert upload["compliance_acknowledged"] is True


def test_skip_and_limit_choose_rows_and_keep_their_numbers(push: Push) -> None:
    rows = "".join(f"+1555123000{n}\n" for n in (1, 2, 3)) + "+1555\n+15551230005\n"
    push.program.write("leads.csv", f"phone\n{rows}")
    ran = push("voiso", "leads.csv", "--skip", "2", "--limit", "2", "--json")
    assert (ran.document["rows"], ran.counts) == (2, {"created": 1, "rejected": 1})
    assert push.phones("voiso") == ["15551230003"]
    (rejected,) = csv_rows(push.program.folder / "leads.rejects.csv")
    assert rejected["_leadctl_row"] == "4"
    assert ran.document["reasons"][0]["example_row"] == 4


@pytest.mark.parametrize(("provider", "largest"), [("yotel", 500), ("voiso", 1000)])
def test_batch_size_never_exceeds_what_the_provider_takes(
    push: Push, provider: str, largest: int
) -> None:
    start = 9000000000 if provider != "voiso" else 919000000000
    plus = "+" if provider == "voiso" else ""
    numbers = "".join(f"{plus}{start + n}\n" for n in range(largest + 1))
    push.program.write("leads.csv", f"phone\n{numbers}")
    ran = push(provider, "leads.csv", "--batch-size", "5000", "--json")
    assert ran.counts == {"created": largest + 1}
    assert sorted(push.uploads(provider)) == [1, largest]


def test_batch_size_of_the_account_may_be_lowered_by_option(push: Push) -> None:
    push.program.write("leads.csv", "phone\n" + "\n".join(THREE))
    ran = push(
        *("voiso", "leads.csv", "--batch-size", "2"),
        env={"LEADCTL_VOISO_BATCH_SIZE": "3"},
    )
    assert (ran.code, push.uploads("voiso")) == (0, [2, 1])


@pytest.mark.parametrize("limit", ["1", "10%"])
def test_max_rejects_stops_the_run(push: Push, limit: str) -> None:
    """Many bad rows: the rest is not sent, and reported as `failed`."""
    good = "".join(f"+1555123{n:04}\n" for n in range(100))
    push.program.write("leads.csv", "phone\n" + "+1555\n" * 150 + good)
    ran = push(
        "voiso", "leads.csv", "--max-rejects", limit, "--batch-size", "10", "--json"
    )
    assert ran.code == 7
    assert ran.counts == {"rejected": 150, "failed": 100}
    assert ran.codes == {"phone_invalid": 150, "not_sent": 100}
    assert "--max-rejects" in ran.error["message"]
    assert push.sent("voiso") == []
    assert len(csv_rows(push.program.folder / "leads.rejects.csv")) == 250


def test_fewer_rejects_than_allowed_stop_nothing(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+1555\n+15551230001\n+1555\n")
    ran = push("voiso", "leads.csv", "--max-rejects", "3", "--json")
    assert (ran.code, ran.counts) == (3, {"created": 1, "rejected": 2})


@pytest.mark.parametrize(
    "content",
    ["+1555\n" * 5, "+15551230001\n" + "+1555\n" * 5],
    ids=["nothing-good", "good-before"],
)
def test_max_rejects_holds_for_bad_rows_at_the_end(push: Push, content: str) -> None:
    """Nothing good comes after them: there is no next batch to be kept back."""
    push.program.write("leads.csv", f"phone\n{content}")
    ran = push(
        "voiso", "leads.csv", "--max-rejects", "2", "--batch-size", "1", "--json"
    )
    assert (ran.code, ran.document["rejected"]) == (7, 5)


def test_rejects_option_names_the_reject_file(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+1555\n")
    ran = push("voiso", "leads.csv", "--rejects", "bad rows.csv", "--json")
    assert ran.document["files"][0]["rejects_file"] == "bad rows.csv"
    assert [row["phone"] for row in csv_rows(push.program.folder / "bad rows.csv")] == [
        "'+1555"
    ]
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_sandbox_needs_no_account_and_keeps_nothing(program: Program) -> None:
    program.write("leads.csv", "phone\n9000000001\n9000000002\n900\n")
    program.write("c.yaml", "accounts: {day: {provider: yotel}}").chmod(0o600)
    for whose in (("--provider", "yotel"), ("--account", "day", "--config", "c.yaml")):
        ran = program(
            *("push", "leads.csv", *whose, "--campaign", "any-at-all"),
            *("--sandbox", "--json"),
        )
        assert (ran.code, ran.counts) == (3, {"created": 2, "rejected": 1})
        assert ran.document["requests"] == 1
        assert ran.document["dry_run"] is False
    assert not [*program.home.rglob("ledger*")]


@pytest.mark.parametrize("option", ["--dry-run", "--sandbox"])
def test_batch_size_that_is_lowered_is_told_of(program: Program, option: str) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    where = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3", option)
    told = program(*where, "--batch-size", "5000").err
    assert "voiso takes at most 1,000 leads per request" in told
    assert "--batch-size 5000 is lowered to this" in told
    assert "lowered" not in program(*where, "--batch-size", "1000").err
    assert "lowered" not in program(*where, "--batch-size", "5000", "-q").err
