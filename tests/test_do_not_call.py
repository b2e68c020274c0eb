"""Rows that ask not to be called are skipped and reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

CHECK = ("check", "leads.csv", "--provider", "voiso")

FILE = """\
phone,Lead Status,Phone Blacklisted,Nicht anrufen,Consent,Notes,Email Status
+15551230001,Do Not Call,False,nein,yes,,
+15551230002,New,True,,yes,,
+15551230003,New,,ja,yes,,
+15551230004,New,,,no,,
+15551230005,New,,,,please do not call her before five,Unsubscribed
+15551230006,New,,,yes,opted out,
+15551230007,DNC (2025),,,yes,,
+15551230008,New,,perhaps,yes,,
"""
SENT = ["15551230005", "15551230008"]


def test_rows_are_held_back_and_it_is_said_before_anything_is_sent(push: Push) -> None:
    push.program.write("leads.csv", FILE)
    ran = push("voiso", "leads.csv", "--json")
    assert ran.code == 0
    assert ran.counts == {"created": 2, "suppressed": 6}
    assert ran.codes == {"opted_out": 6}
    assert push.phones("voiso") == SENT
    for told in (
        "2 rows say in 'Lead Status' not to call this person",
        "1 row says in 'Nicht anrufen' not to call this person",
        "like other rows with this number (--ignore-column 'Nicht anrufen'",
        "'Nicht anrufen' seems to say who must not be called, but 1 value is not",
        "perhaps (1)",
        "'Consent' is empty in 1 row",
    ):
        assert told in ran.err, told
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_person_who_said_no_in_one_row_is_not_called_for_another(push: Push) -> None:
    """It counts in every file, and in a row that a rule skips; inactive is not a no."""
    push.program.write(
        "a.csv",
        "phone,DNC,Active,Status\n+919000000001,,,\n+919000000002,,,\n90000 00003,,,\n"
        "9000000004,,,\n090000-00001,yes,,\n+919000000004,,no,\n9000000002,,,DNC\n",
    )
    push.program.write("b.csv", "mobile,Consent\n919000000003,no\n9000000005,yes\n")
    push.program.write(
        "a.yaml", "fields: {phone: phone}\nskip_if: {column: DNC, in: [yes]}"
    )
    push.program.write(
        "c.csv",
        "Phone,Mobile,Active,priority,DNC\n+919000000011,,,,yes\n9000000011,,,odd,\n"
        "9000000012,9000000013,,,yes\n9000000013,,,,\n,9000000014,Do not call,,\n"
        "9000000014,,yes,,\n9000000015 / 9000000016,,,,yes\n9000000016,,,,\n",
    )
    ran = push("yotel", "a.csv", "b.csv", "c.csv", "--json")
    assert ran.codes == {"opted_out": 15}
    assert push.phones("yotel") == ["9000000004", "9000000005"]
    assert "another row says not to call this person" in ran.out
    ran = push("yotel", "a.csv", "--profile", "a.yaml", "--json")
    assert ran.codes["skipped_by_rule"] == 1
    assert "9000000001" not in push.phones("yotel")


def test_no_counts_outside_the_rows_to_read(program: Program) -> None:
    """It also counts without a country, for rows that name one or have an error."""
    program.write(
        "leads.csv",
        "phone,DNC\n98765 43210,yes\n+912125550123,\n9876543210,\n9876543211,\n"
        "+12125550124,no\n2125550123,yes\n+919876543211,yes\n",
    )
    ran = program(*CHECK, "--skip", "1", "--limit", "4", "--json")
    assert ran.codes == {"opted_out": 3}, ran.out
    assert "not to call this person" not in ran.err


def test_mapped_column_holds_back_too(push: Push) -> None:
    push.program.write("leads.csv", FILE)
    push.program.write(
        "p.yaml", "fields: {phone: phone, metadata: {status: Lead Status}}\n"
    )
    ran = push("lupitor", "leads.csv", "--profile", "p.yaml", "--json")
    assert ran.codes == {"opted_out": 6}


IGNORING = ("Lead Status", "Phone Blacklisted", "Nicht anrufen", "Consent", "Notes")


@pytest.mark.parametrize("by", ["option", "variable", "profile"])
def test_column_can_be_ignored_by_name(program: Program, by: str) -> None:
    program.write("leads.csv", FILE)
    program.write(
        "p.yaml", f"fields: {{phone: phone}}\nignore: {json.dumps(IGNORING)}\n"
    )
    more: list[str] = []
    env: dict[str, str] = {}
    if by == "option":
        more = [f"--ignore-column={name}" for name in IGNORING]
    elif by == "variable":
        env = {"LEADCTL_IGNORE_COLUMN": " ".join(f"'{name}'" for name in IGNORING)}
    else:
        more = ["--profile", "p.yaml"]
    ran = program(*CHECK, *more, "--json", env=env)
    assert ran.counts == {"created": 8}, ran.err
    assert "not to call this person" not in ran.err
    assert "Notes" not in ran.err


def test_column_to_ignore_that_no_file_has_is_named(program: Program) -> None:
    program.write("leads.csv", FILE)
    ran = program(*CHECK, "--ignore-column", "Lead status")
    assert ran.code == 2
    assert (
        "no file has the column 'Lead status' (did you mean 'Lead Status'?)" in ran.err
    )


def test_preview_shows_who_is_held_back(program: Program) -> None:
    program.write("leads.csv", FILE)
    ran = program("preview", "leads.csv", "--json", discreet=False)
    (found,) = json.loads(ran.out)["files"]
    assert found["rejected"] == {"opted_out": 6}
    notes = {note["code"]: note["count"] for note in found["notes"]}
    assert notes == {
        "opt_outs_held_back": 1,
        "opt_outs_unclear": 1,
        "consent_empty": 1,
    }
    assert found["first"][0]["code"] == "opted_out"


def test_json_says_it_by_words_flags_and_lists(push: Push) -> None:
    rows = [
        {"phone": "+15551230001", "do_not_call": True},
        {"phone": "+15551230002", "do_not_call": False},
        {"phone": "+15551230003", "flags": {"dnc": 1}},
        {"phone": "+15551230004", "tags": ["vip", "DNC"]},
        {"phone": "+15551230005", "tags": ["vip"], "flags": {"dnc": 0}},
        {"phone": "+15551230006", "consent": False},
        {"phone": "+15551230007", "do_not_call": {"since": "2025-01-31"}},
        {"phone": "+15551230008", "do_not_call": [True]},
    ]
    push.program.write("leads.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    ran = push("voiso", "leads.jsonl", "--json")
    assert ran.codes == {"opted_out": 6}
    assert push.phones("voiso") == ["15551230002", "15551230005"]


def test_row_of_a_file_that_grew_late_is_held_back(program: Program) -> None:
    """Also in rows behind those that are checked before sending."""
    rows = "".join(f"+1555{n:07},new\n" for n in range(25_000))
    program.write("leads.csv", f"phone,Status\n{rows}+15559999999,Do not call\n")
    ran = program(*CHECK, "--json")
    assert ran.counts == {"created": 25_000, "suppressed": 1}


@pytest.mark.parametrize("limits", [("--limit", "1"), ("--skip", "7")])
def test_only_rows_that_are_read_are_counted(
    program: Program, limits: tuple[str, str]
) -> None:
    program.write("leads.csv", FILE)
    ran = program(*CHECK, *limits)
    assert ("rows say in" in ran.err, "1 row says in" in ran.err) == (
        False,
        limits[0] == "--limit",
    )


# --- what a provider does not support ------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "constant"),
    [
        ("voiso", "scheduled_for=2099-01-01T09:00:00Z"),
        ("voiso", "expires_on=2099-01-01"),
        ("yotel", "active=false"),
        ("yotel", "priority=high"),
        ("agora", "priority=high"),
        ("lupitor", "active=true"),
        ("ozonetel", "scheduled_for=2099-01-01T09:00:00Z"),
    ],
)
def test_constant_that_a_provider_cannot_act_on_is_refused(
    program: Program, provider: str, constant: str
) -> None:
    program.write("leads.csv", "phone\n+919000000001\n")
    name = constant.partition("=")[0]
    ran = program("check", "leads.csv", "--provider", provider, "--set", constant)
    assert ran.code == 2
    assert f"--set {name}: {provider.title()} does not support it" in ran.err


def test_profile_with_what_a_provider_cannot_act_on_is_refused(
    program: Program,
) -> None:
    program.write("leads.csv", "phone,When\n+919000000001,\n")
    program.write("p.yaml", "fields:\n  phone: phone\n  scheduled_for: When\n")
    ran = program(*CHECK, "--profile", "p.yaml", "--json")
    assert ran.code == 6
    message = "p.yaml, line 3: Voiso does not support scheduled_for"
    assert ran.error["message"] == message
    told = ("preview", "leads.csv", "--profile", "p.yaml")
    assert program(*told, discreet=False).code == 0


def test_header_with_what_a_provider_cannot_act_on_is_said(push: Push) -> None:
    rows = "9000000001,true,high\n9000000002,false,\n9000000003,,\n9000000004,so,\n"
    push.program.write("leads.csv", f"phone,Active,Priority\n{rows}")
    ran = push("yotel", "leads.csv", "--json")
    assert ran.codes == {"opted_out": 1}
    assert push.phones("yotel") == ["9000000001", "9000000003", "9000000004"]
    assert not any(lead.get("metadata") for lead in push.stored("yotel"))
    for told in (
        "Yotel does not support active (column 'Active'); not sent",
        "Yotel does not support priority (column 'Priority'); not sent",
        "1 row says in 'Active' not to call this person",
        "1 value is not understood: so (1)",
    ):
        assert told in ran.err, told
    ran = push.program("preview", "leads.csv", "--provider", "yotel", discreet=False)
    assert "Yotel does not support priority" in ran.out


# --- external ids -------------------------------------------------------------------

PLACEHOLDERS = (
    *("N/A", "n/a", "n.a.", "NULL", "<null>", "(null)", "\\N", "none", "None", "nil"),
    *(
        "-",
        "--",
        "\u2014",
        "\u2013",
        "...",
        "?",
        "0",
        "000",
        "0.0",
        "0.00E+00",
        "0,0e0",
    ),
    *("TBD", "tbd", "unknown", "undefined", "NaN", "(blank)", "#REF!", "#N/A"),
)
IDS = ("0815", "-1", "N/A-7", "NAN1", "TBD2", "1.00E+05", "noneed", "0x0")


def test_placeholder_is_no_identity(push: Push) -> None:
    rows = "".join(
        f'"{each}",+155512300{place:02}\n'
        for place, each in enumerate((*PLACEHOLDERS, *PLACEHOLDERS, *IDS))
    )
    push.program.write("leads.csv", f"Record ID,phone\n{rows}")
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.counts == {"created": 2 * len(PLACEHOLDERS) + len(IDS)}
    ids = [
        lead["externalId"] for lead in push.stored("lupitor") if "externalId" in lead
    ]
    assert ids == [*IDS]
    assert "external id" not in ran.err


def test_id_beside_several_numbers_is_said_before_anything_is_sent(push: Push) -> None:
    push.program.write(
        "leads.csv",
        "Record ID,phone\na,+15551230001\nb,+15551230002\na,+1 (555) 123-0001\n"
        "b,+15551230003\nb,+15551230004\n",
    )
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.counts == {"created": 2, "duplicate": 3}
    told = "1 external id stands beside several numbers, as in row 4"
    assert told in ran.err
    assert told not in push("voiso", "leads.csv").err


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Do Not Call/Text", "yes"),
        ("Consent to calls and texts", "no"),
        ("Consent by phone", "no"),
        ("Do you consent to being contacted by phone?", "no"),
        ("Do Not Call Checkbox", "TRUE"),
        ("DNCStatus", "yes"),
        ("D.N.C.", "x"),
        ("Can be called", "no"),
        ("Darf angerufen werden", "nein"),
        ("Telefonwerbung erlaubt", "nein"),
        ("Liste d'opposition", "oui"),
        ("\u041d\u0435 \u0437\u0432\u043e\u043d\u0438\u0442\u044c", "\u0434\u0430"),
        ("لا تتصل", "نعم"),
        ("Non chiamare", "Sì"),
        ("Do Not Call", "✔\ufe0f"),
        ("Do Not Call", "5 Jan 2025"),
        ("Consent", "not given"),
        ("Consent", "blocked"),
        ("Consentement retiré", "oui"),
        ("Consent Withdrawn Date", "2025-01-31"),
        ("Not on DNC", "no"),
        ("Notes", "Lost - DNC"),
        ("D\u200bN\u200bC", "yes (verbal)"),
        ("\uff24\uff4f\u3000\uff2e\uff4f\uff54\u00a0\uff23\uff41\uff4c\uff4c", "x"),
    ],
)
def test_column_in_other_words_holds_the_row_back(
    program: Program, header: str, cell: str
) -> None:
    program.write("crm.csv", f"phone,{header}\n+15550100001,{cell}\n")
    ran = program("check", "crm.csv", "--provider", "voiso", "--json")
    assert ran.codes == {"opted_out": 1}
