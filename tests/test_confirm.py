"""The question before the first upload to a campaign, and who is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from terminal import Terminal

if TYPE_CHECKING:
    from conftest import Push

QUESTION = "Send them? [y/N]"


def asked(
    push: Push,
    *options: str,
    provider: str = "voiso",
    columns: int = 80,
    header: str = "Shoe size",
    campaign: str | None = None,
) -> Terminal:
    blanks = "," * header.count(",")
    push.program.write("leads.csv", f"Mobile,{header}\n+919000000001,44{blanks}\n")
    where = ("--provider", provider, "--campaign", campaign or CAMPAIGNS[provider])
    word = ("--acknowledge-compliance",) if provider == "agora" else ()
    given = ("push", "leads.csv", *where, *word, *options)
    return Terminal(push.program, given, columns, push.environment(provider))


def require_no_trace(push: Push, provider: str = "voiso") -> None:
    assert push.uploads(provider) == []
    assert push.program("runs").out == ""
    assert [path.name for path in push.program.folder.iterdir()] == ["leads.csv"]


def test_first_upload_is_sent_after_a_yes_and_the_next_unasked(push: Push) -> None:
    with asked(push) as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        assert push.uploads("voiso") == []
        terminal.type("y\n")
        assert terminal.end() == 0
    for fact in (
        "first upload",
        "file leads.csv",
        "rows about 1",
        "provider Voiso, http://127.0.0.1",
        "account voiso",
        "campaign 3 (Campaign 3): exists, active",
        "sends phone from Mobile (not sent: Shoe size)",
        "then An active campaign calls new leads",
    ):
        assert fact in screen
    assert len(push.stored("voiso")) == 1
    push.program("runs", "prune", "--days", "0", "--yes")
    with asked(push, "--resend-delivered") as again:
        assert again.end() == 0
    assert QUESTION not in again.seen
    assert push.uploads("voiso") == [1, 1]


@pytest.mark.parametrize("answer", ["n\n", "\n", "yesterday\n", "\x04"])
def test_anything_but_yes_sends_nothing_and_leaves_no_trace(
    push: Push, answer: str
) -> None:
    with asked(push) as terminal:
        terminal.until(QUESTION)
        terminal.type(answer)
        assert terminal.end() == 7
    assert "not confirmed; nothing was sent or recorded" in terminal.seen
    require_no_trace(push)


def test_campaign_that_may_take_no_leads_is_asked_about_each_time(push: Push) -> None:
    for rows in (1, 2):
        with asked(
            push, "--resend-delivered", provider="ozonetel", campaign="Done"
        ) as at:
            screen = " ".join(at.until(QUESTION).split())
            at.type("y\n")
            assert at.end() == 0
        assert "may not take leads: campaign Done of Ozonetel is COMPLETED" in screen
        assert len(push.uploads("ozonetel")) == rows
    with asked(push, "--no-input", provider="ozonetel", campaign="Done") as silent:
        assert silent.end() == 7
    assert QUESTION not in silent.seen


def test_column_of_those_who_must_not_be_called_is_told_of_before(push: Push) -> None:
    with asked(push, header="Do Not Call") as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        assert terminal.end() == 7
    assert "warning leads.csv: column 'Do Not Call' seems to say" in screen


PROFILE = """
fields:
  phone: [Mobile, Phone]
  name: "{Vorname} {Nachname}"
  email: Mail
  title: {value: Chef}
skip_if:
  - {column: Do Not Call, in: ["Yes", ja]}
  - {column: State, in: [dead]}
"""


def test_question_says_what_is_not_sent_and_who_is_left_out(push: Push) -> None:
    header = "Vorname,Nachname,Mail,Do Not Call,State"
    push.program.write("p.yaml", PROFILE)
    with asked(push, "--profile", "p.yaml", header=header) as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        assert terminal.end() == 7
    for fact in (
        "sends phone from Mobile; name from Vorname and Nachname not sent",
        "not sent email, title: Voiso has no field for them skipped",
        "skipped rows where Do Not Call is ja, yes; rows where State is dead then",
    ):
        assert fact in screen


def test_members_of_an_object_are_named_together(push: Push) -> None:
    fields = "phone: Mobile, metadata: {plan: Plan, city: [City, Town], x: {value: 1}}"
    push.program.write("p.yaml", f"fields: {{{fields}}}")
    header = "Plan,City,Town"
    with asked(
        push, "--profile", "p.yaml", provider="yotel", header=header
    ) as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        assert terminal.end() == 7
    assert "metadata from Plan and City or Town then" in screen
    assert "no place" not in screen


def test_interrupt_at_the_question_sends_nothing(push: Push) -> None:
    with asked(push) as terminal:
        terminal.until(QUESTION)
        terminal.type("\x03")
        assert terminal.end() == 130
    require_no_trace(push)


def test_question_is_not_asked_where_it_may_not_be(push: Push) -> None:
    """With --no-input at a terminal, --yes is required."""
    with asked(push, "--no-input") as terminal:
        assert terminal.end() == 2
    assert "add --yes to confirm" in terminal.seen
    require_no_trace(push)
    with asked(push, "--no-input", "--yes") as terminal:
        assert terminal.end() == 0
    assert QUESTION not in terminal.seen
    assert len(push.stored("voiso")) == 1


@pytest.mark.parametrize("option", ["--sandbox", "--dry-run"])
def test_what_reaches_no_real_campaign_asks_nothing(push: Push, option: str) -> None:
    with asked(push, option) as terminal:
        assert terminal.end() == 0
    assert QUESTION not in terminal.seen


@pytest.mark.parametrize("options", [(), ("--no-input",)], ids=["usual", "no input"])
def test_run_without_a_terminal_goes_ahead(push: Push, options: tuple[str]) -> None:
    push.program.write("leads.csv", "Mobile\n+15551230001\n")
    assert push("voiso", "leads.csv", *options).code == 0
    assert len(push.stored("voiso")) == 1


@pytest.mark.parametrize("provider", CAMPAIGNS)
def test_every_provider_says_what_follows_in_forty_columns(
    push: Push, provider: str
) -> None:
    with asked(push, provider=provider, columns=40) as terminal:
        terminal.until(QUESTION)
        terminal.type("n\n")
        assert terminal.end() == 7
    lines = terminal.seen.partition(QUESTION)[0].splitlines()
    assert max(map(len, lines)) < 40
    screen = " ".join(" ".join(lines).split())
    assert "possibly at once" in screen
    assert f"campaign {CAMPAIGNS[provider]}" in screen


def test_account_that_starts_its_campaign_is_told_so(push: Push) -> None:
    push.program.environment["LEADCTL_OZONETEL_ACTION"] = "START"
    with asked(push, provider="ozonetel") as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        assert terminal.end() == 7
    assert "START starts the campaign, and people are called" in screen


def test_numbers_with_several_readings_are_said_before_the_answer(push: Push) -> None:
    push.program.write("leads.csv", "phone\n4612345678\n+15551230001\n")
    where = ("--provider", "voiso", "--campaign", "3", "--region", "US")
    environment = push.environment("voiso")
    given = ("push", "leads.csv", *where)
    with Terminal(push.program, given, 80, environment) as terminal:
        screen = " ".join(terminal.until(QUESTION).split())
        terminal.type("n\n")
        terminal.end()
    assert "1 phone number in the first 1,000 rows have several readings" in screen
    assert "(decide with --numbers national or international)" in screen
    require_no_trace(push)
