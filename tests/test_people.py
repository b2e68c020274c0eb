"""One person in the ledger: found, forgotten, never sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from terminal import Terminal

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push
    from program import Program, Ran

ONE, TWO, THREE = "+15550100001", "+15550100002", "+15550100003"


def people(ran: Ran) -> list[dict[str, Any]]:
    """Return whom `find --json` has, having checked its document."""
    document = json.loads(ran.out)
    assert document["schema_version"] == 1
    assert document["exit_code"] == ran.code
    assert document["error"] is None
    found: list[dict[str, Any]] = document["people"]
    assert ran.code == (0 if all(person["found"] for person in found) else 3)
    return found


def delivered(push: Push, *numbers: str, provider: str = "voiso") -> str:
    """Push numbers in a file of their own; returns the run's id."""
    push.program.write("leads.csv", "\n".join(["phone", *numbers]) + "\n")
    hurry = {"LEADCTL_AGORA_RETRY_FOR": "0"}
    return str(push(provider, "leads.csv", "--json", env=hurry).document["run_id"])


# --- find ----------------------------------------------------------------------------


def test_person_is_found_with_campaign_run_and_date(push: Push) -> None:
    run = delivered(push, ONE, TWO)
    push.simulator("agora").faults.add(Fault("error_after", status=500, times=99))
    doubt = delivered(push, ONE, provider="agora")
    push.simulator("agora").faults.clear()
    push.program("suppress", THREE)
    ran = push.program("find", ONE, "(555) 010-0003", "--region", "us", "--json")
    first, third = people(ran)
    assert first["number"] == "+1 ##########"
    assert not first["suppressed"]
    campaigns = {one["account"]: one for one in first["campaigns"]}
    day = campaigns["voiso"].pop("started_at")[:19].replace("T", " ")
    assert day[:10].replace("-", "") == run[:8]
    file = str(push.program.folder / "leads.csv")
    assert campaigns["voiso"] == {
        "status": "delivered",
        "provider": "voiso",
        "account": "voiso",
        "campaign": "3",
        "run_id": run,
        "files": [file],
        "may_be_deleted": False,
    }
    assert campaigns["agora"]["status"] == "in_doubt"
    assert campaigns["agora"]["run_id"] == doubt
    assert (third["found"], third["suppressed"], third["campaigns"]) == (True, True, [])
    told = push.program("find", "-", stdin=f"{TWO}\n\n{THREE}\n+15550100009\n".encode())
    assert told.code == 3
    assert told.out.splitlines() == [
        "+1 ##########",
        f"  delivered   account voiso, campaign 3, {day}",
        f"              run {run} of {file}",
        "+1 ##########",
        "  suppressed  on the ledger's suppression list",
        "+1 ##########",
        "  not found",
    ]
    assert "leadctl runs show --row N" in told.err
    with Terminal(push.program, ("find", TWO)) as terminal:
        assert terminal.end() == 0
    assert TWO in terminal.seen


def test_person_is_found_by_every_way_to_write_the_number(push: Push) -> None:
    delivered(push, "+54 11 2345 6789", "+39 0549 886377")
    given = ("+54 9 11 2345-6789", "00378 886377", "011 2345 6789")
    found = people(push.program("find", *given, "--region", "AR", "--json"))
    assert [one["found"] for one in found] == [True] * 3


def test_run_that_was_pruned_leaves_the_campaign(push: Push) -> None:
    delivered(push, ONE)
    push.program("runs", "prune", "--days", "0", "--yes")
    (found,) = people(push.program("find", ONE, "--json"))
    assert found["campaigns"][0]["campaign"] == "3"
    assert found["campaigns"][0]["run_id"] is None
    assert push.program("find", ONE).out.endswith(
        "campaign 3\n              run pruned\n"
    )


WRONG = {
    "nobody": (("find",), "missing NUMBER"),
    "no country": (("find", ONE, "5550100001"), "number 2 of 2: no country code"),
    "several readings": (
        ("find", "6598765432", "--region", "DE"),
        "number 1 of 1: ",
    ),
    "region": (("find", ONE, "--region", "UK"), "did you mean 'GB'?"),
    "other region": (("find", ONE, "--region", "USA"), "did you mean 'US'?"),
    "to suppress": (("suppress", "5550100001"), "write it with +, or give --region"),
    "no list": (("suppress", "--remove"), "--remove requires numbers"),
    "to forget": (("forget", "hello"), "number 1 of 1: "),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_said(
    program: Program, words: tuple[str, ...], message: str
) -> None:
    ran = program(*words)
    assert ran.code == 2
    assert message in ran.err


def test_no_ledger_is_made_to_look_somebody_up(program: Program) -> None:
    ran = program("find", ONE)
    assert (ran.code, "no ledger yet at" in ran.err) == (3, True)
    assert not program.state.exists()


# --- forget --------------------------------------------------------------------------


def test_forgotten_lead_is_sent_again_and_a_suppressed_one_is_not(push: Push) -> None:
    delivered(push, ONE, TWO, THREE)
    asked = push.program("forget", ONE)
    assert asked.code == 2
    assert "sends them again" in asked.err
    assert "add --yes" in asked.err
    done = push.program("forget", ONE, "+15550100009", "--yes")
    assert done.code == 0
    assert done.err.splitlines()[-1] == (
        "1 number forgotten; nothing was known of 1 number"
    )
    push.program("forget", TWO, "--and-suppress", "--yes")
    assert not any(
        one["campaigns"] for one in people(push.program("find", ONE, TWO, "--json"))
    )
    ran = push("voiso", "leads.csv", "--json")
    assert ran.codes == {
        "already_delivered": 1,
        "duplicate_in_campaign": 1,
        "on_suppression_list": 1,
    }
    assert push.uploads("voiso") == [3, 1]
    again = push.program("forget", "+15550100009", "--yes")
    assert (again.code, again.err.splitlines()[-1]) == (0, "no records found")


def test_forget_asks_at_the_terminal(push: Push) -> None:
    delivered(push, ONE)
    for answer, code, is_left in (("n", 7, True), ("y", 0, False)):
        with Terminal(push.program, ("forget", ONE)) as terminal:
            assert ONE in terminal.until("Forget them? [y/N]")
            terminal.type(f"{answer}\n")
            assert terminal.end() == code
        assert push.program("find", ONE).code == (0 if is_left else 3)


def test_lead_with_two_identities_is_forgotten_by_both(push: Push) -> None:
    push.program.write("leads.csv", f"phone,external_id\n{ONE},e-1\n")
    push("lupitor", "leads.csv")
    (found,) = people(push.program("find", "--external-id", "e-1", "--json"))
    assert (found["number"], found["found"]) == ("external id ####", True)
    done = push.program("forget", ONE, "--yes")
    assert "--external-id" in done.err
    assert push("lupitor", "leads.csv", "--json").counts == {"duplicate": 1}
    push.program("forget", ONE, "--external-id", "e-1", "--yes")
    push("lupitor", "leads.csv", "--json")
    assert len(push.uploads("lupitor")) == 2


# --- suppress ------------------------------------------------------------------------


def test_list_of_the_ledger_holds_for_every_account(push: Push) -> None:
    push.program.write("dnc.csv", f"name;Mobile\nA;{ONE}\nB;555 010 0002\nC;\n")
    added = push.program("suppress", "--from", "dnc.csv::Mobile", "--region", "US")
    assert added.out == "added 2; the suppression list has 2 numbers\n"
    assert json.loads(push.program("suppress", "--json").out)["entries"] == 2
    push.program.write("leads.csv", f"phone\n{ONE}\n{TWO}\n{THREE}\n")
    for provider, good in (("voiso", "created"), ("agora", "accepted")):
        for rehearsal in (["--dry-run"], []):
            ran = push(provider, "leads.csv", *rehearsal, "--json")
            assert ran.counts == {good: 1, "suppressed": 2}
            assert ran.codes == {"on_suppression_list": 2}
            assert "2 rows are on a suppression list: not sent" in ran.err
    assert push.phones("voiso") == [THREE[1:]]
    ran = push.program("check", "leads.csv", "--provider", "voiso", "--json")
    assert ran.document["suppressed"] == 2
    removed = push.program("suppress", "--remove", "+1 (555) 010-0002", THREE)
    assert removed.out == "removed 1; the suppression list has 1 number\n"
    ran = push("voiso", "leads.csv", "--json")
    assert ran.counts == {"created": 1, "duplicate": 1, "suppressed": 1}
    ledger = (push.program.state / "ledger.sqlite").read_bytes()
    assert not any(number[1:].encode() in ledger for number in (ONE, TWO, THREE))


def test_entry_of_any_reading_holds_a_lead_back(push: Push) -> None:
    """As in a file of --suppress: national digits count in every country."""
    push.program("suppress", "07700 900123", "--region", "US")
    push.program("suppress", "+54 9 11 2345 6789")
    push.program.write("leads.csv", "phone\n+447700900123\n+541123456789\n")
    assert push("voiso", "leads.csv", "--json").counts == {"suppressed": 2}


def test_bad_file_leaves_the_list_as_it_is(program: Program) -> None:
    program.write("bad.txt", f"{ONE}\n+1555\n")
    ran = program("suppress", TWO, "--from", "bad.txt")
    assert ran.code == 6
    assert "suppression list bad.txt" in ran.err
    assert program("suppress").out == "the suppression list has 0 numbers\n"
