"""Mistakes of newcomers: each message says what to do."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from suppressing import workbook

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

ROW = "+15551230001"
CHECK = ("check", "leads.csv", "--provider", "voiso")


# --- columns about who must not be called -------------------------------------------


def test_column_that_a_rule_reads_is_heeded(program: Program) -> None:
    program.write("leads.csv", f"phone,Do Not Call\n{ROW},yes\n")
    rule = "skip_if: {column: Do Not Call, in: ['yes']}\n"
    program.write("p.yaml", f"fields: {{phone: phone}}\n{rule}")
    ran = program(*CHECK, "--profile", "p.yaml", "--json")
    assert ran.counts == {"suppressed": 1}
    assert ran.codes == {"skipped_by_rule": 1}
    assert "not to call this person" not in ran.err


def test_what_nobody_should_miss_is_told_to_a_quiet_run_too(push: Push) -> None:
    """A quiet run prints nothing else, but must report who is called all the same."""
    push.program.write("leads.csv", f"phone,Do Not Call\n{ROW},perhaps\n")
    ran = push("voiso", "leads.csv", "--quiet")
    assert (ran.code, ran.out) == (0, "")
    assert "'Do Not Call' seems to say who must not be called" in ran.err
    assert "1 value is not understood: perhaps (1)" in ran.err
    push.program.write("leads.csv", "phone,Do Not Call\n")
    ran = push("voiso", "leads.csv", "-q")
    assert (ran.code, ran.out) == (0, "")
    assert "no data rows were read" in ran.err


# --- files --------------------------------------------------------------------------


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("leads.csv", f"phone\n{ROW}\n")
    return archive.getvalue()


LEADS = [{"phone": ROW}, {"phone": "+15551230002"}]
FOREIGN = {
    "zip": (zipped(), "is a ZIP archive", "unpack it"),
    "xls": (
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
        "an old Office file (.xls, .doc, .msg) or a protected workbook",
        "save it as .xlsx",
    ),
    "HTML": (
        b"\n<!-- report --><html><table><tr><td>phone</td></tr></table></html>",
        "is an HTML page",
        "open it in a spreadsheet and save it as CSV",
    ),
    "HTML in UTF-16": (
        "\ufeff<table>\n<tr><td>phone</td></tr></table>".encode("utf-16-le"),
        "is an HTML page",
        "open it in a spreadsheet",
    ),
    "HTML as a web archive": (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n",
        "is an HTML page",
        "open it in a spreadsheet",
    ),
    "XML spreadsheet": (
        (
            b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
        ),
        "is an XML spreadsheet (Excel 2003)",
        "open it in a spreadsheet",
    ),
    "XML": (
        b"<leads>\n <lead><phone>+15551230001</phone></lead></leads>",
        "is an XML file",
        "export the leads as CSV",
    ),
    "vCard": (
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nTEL:+15551230001\r\nEND:VCARD\r\n",
        "is a vCard file",
        "address book",
    ),
    "LDIF": (
        b"# export\nversion: 1\n\ndn: cn=Ann,dc=example\nmobile: +15551230001\n",
        "is an LDIF export",
        "as CSV",
    ),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is an image", "as CSV"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF document", "as CSV"),
    "RTF": (rb"{\rtf1\ansi phone\par +15551230001}", "is an RTF document", "as CSV"),
    "SQL": (
        b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE leads (phone text);\n",
        "is an SQL dump",
        "as CSV",
    ),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\x04", "is an archive", "unpack it"),
    "array": (json.dumps(LEADS).encode(), "no line is a JSON object", "jq -c '.[]'"),
    "array of lines": (
        "[\n{}\n]\n".format(",\n".join(map(json.dumps, LEADS))).encode(),
        "is a JSON array",
        "jq -c '.[]'",
    ),
    "array from its first line": (
        "[{},\n{}]\n".format(*map(json.dumps, LEADS)).encode(),
        "is a JSON array",
        "jq -c '.[]'",
    ),
    "printed array": (
        json.dumps(LEADS, indent=1).encode(),
        "is a JSON array",
        "jq -c '.[]'",
    ),
}


@pytest.mark.parametrize(
    ("content", "words", "remedy"), FOREIGN.values(), ids=FOREIGN.keys()
)
def test_file_of_another_kind_is_refused_with_the_remedy(
    program: Program, content: bytes, words: str, remedy: str
) -> None:
    program.write("leads.csv", content)
    ran = program(*CHECK, "--json")
    assert ran.code == 6
    assert words in ran.error["message"]
    assert remedy in (ran.error["hint"] or "")


LONG = "x" * 10_000
LONG_NAMES = {
    "no phone": (f"{LONG},{LONG}y\na,b\n", ()),
    "not sent": (f"phone,{LONG}\n+15551230001,b\n", ()),
    "many not sent": (
        ",".join(["phone", *(f"{n}{LONG[:60]}" for n in range(200))]) + "\n12\n",
        (),
    ),
    "twice": (f"phone,{LONG},{LONG}\n+15551230001,b,c\n", ()),
    "no such column": (f"phone\n{ROW}\n", ("--suppress", f"leads.csv::{LONG}")),
    "nearly": (f"phone,{LONG}\n{ROW},1\n", ("--suppress", f"leads.csv::{LONG}y")),
    "JSON keys": (f'{{"{LONG}": 1}}\n{{"{LONG}y": 2}}\n', ()),
    "JSON keys not sent": (f'{{"phone": "{ROW}", "{LONG}": 1}}\n', ()),
    "JSON line": (f'{{"phone": "{ROW}"}}\n{{"phone": "{LONG}\n', ()),
    "cells": (f"phone,priority\n{LONG},1\n{ROW},{LONG}\n{ROW},1,{LONG}\n", ()),
    "encoding": (f"phone\n{ROW}\n", ("--encoding", LONG)),
    "rules": (
        f"phone,{LONG}\n{ROW},1\n",
        (
            "--profile",
            f"{{fields: {{phone: phone}}, skip_if: {{column: {LONG}, in: [1]}}}}",
        ),
    ),
}


@pytest.mark.parametrize(("content", "options"), LONG_NAMES.values(), ids=LONG_NAMES)
def test_no_message_repeats_more_than_forty_characters_of_a_cell(
    program: Program, content: str, options: tuple[str, ...]
) -> None:
    program.write("leads.csv", content)
    if options[:1] == ("--profile",):
        program.write("map.yaml", options[1])
        options = ("--profile", "map.yaml")
    for form in ([], ["--json"]):
        ran = program(*CHECK, *options, *form)
        assert not re.search("x{41}", ran.out + ran.err)
        assert len(ran.err) < 3000


def test_file_without_a_phone_column_can_have_a_draft(program: Program) -> None:
    program.write("my leads.csv", "who,what\na,b\n")
    ran = program("check", "my leads.csv", "--provider", "voiso", "--json")
    assert ran.code == 6
    hint = ran.error["hint"] or ""
    assert hint.endswith("to draft a profile: leadctl profile guess 'my leads.csv'")


def test_key_that_an_object_has_twice_is_not_settled_in_silence(
    program: Program,
) -> None:
    twice = '{"phone": "+15551230001", "phone": "+15551230002"}'
    below = '{"phone": "+15551230003", "metadata": {"a": 1, "a": 2}}'
    program.write("leads.jsonl", f'{twice}\n{below}\n{{"phone": "+15551230004"}}\n')
    ran = program("check", "leads.jsonl", "--provider", "yotel", "--json")
    assert ran.codes["row_malformed"] == 2
    assert "duplicate key" in ran.document["reasons"][0]["message"]


def test_sheet_of_what_has_none_is_told_of(program: Program) -> None:
    program.write("leads.csv", f"phone\n{ROW}\n")
    ran = program(*CHECK, "--sheet", "2")
    assert "leads.csv: sheet 2: not checked: not a workbook" in ran.err
    program.write("leads.xlsx", workbook([["phone"], [ROW]]))
    ran = program("check", "leads.xlsx", "--provider", "voiso", "--sheet", "1")
    assert "no workbook" not in ran.err


def test_stdin_is_named_to_people_and_a_dash_to_programs(push: Push) -> None:
    leads = f"phone\n{ROW}\n12\n".encode()
    ran = push("voiso", "-", stdin=leads)
    assert ran.out.startswith("standard input → voiso, campaign 3\n")
    ran = push("voiso", "-", "--json", stdin=leads)
    assert [file["path"] for file in ran.document["files"]] == ["-"]
    ran = push("voiso", "-", "--json", stdin=b"shoe size\n9\n")
    assert ran.error["message"].startswith("standard input: no column")


def test_numbers_that_are_cut_are_not_to_be_corrected_in_the_reject_file(
    push: Push,
) -> None:
    push.program.write("leads.csv", "phone\n1.55512E+10\n")
    ran = push("voiso", "leads.csv")
    assert ran.code == 3
    assert "export the file again" in ran.out.splitlines()[-1]
    assert "After fixing them, run" not in ran.out
    push.program.write("leads.csv", "phone\n1.55512E+10\n12\n")
    assert "After fixing them, run" in push("voiso", "leads.csv").out


# --- the command line ---------------------------------------------------------------


@pytest.mark.parametrize("command", ["undo", "stop"])
def test_command_that_misses_its_argument_says_what_to_give(
    push: Push, command: str
) -> None:
    push.program.write("leads.csv", f"phone\n{ROW}\n")
    run = push("voiso", "leads.csv", "--json").document["run_id"]
    ran = push.program("runs", command)
    assert ran.code == 2
    assert f"latest run: leadctl runs {command} {run}" in ran.err
    ran = push.program("push", "--provider", "voiso", stdin=ROW.encode())
    assert (ran.code, "name a file, or - for stdin" in ran.err) == (2, True)
    elsewhere = push.program("runs", command, "--ledger", "nowhere.sqlite")
    assert "--help`" in elsewhere.err


def test_account_in_place_of_a_provider_is_told_of(program: Program) -> None:
    program.write("leads.csv", f"phone\n{ROW}\n")
    config = program.write("c.yaml", "accounts: {night: {provider: voiso}}\n")
    words = ("check", "leads.csv", "--json", "--config", config)
    ran = program(*words, "--provider", "night")
    assert (ran.code, ran.error["hint"]) == (2, "--account night")
    assert program(*words, "--account", "night").code == 0


def test_variable_for_several_values_is_split_as_a_shell_would(push: Push) -> None:
    push.program.write("leads.csv", f"phone\n{ROW}\n+15551230002\n+15551230003\n")
    push.program.write("never again.txt", f"{ROW}\n")
    push.program.write("never.txt", "+15551230002\n")
    env = {
        "LEADCTL_SUPPRESS": "'never again.txt' never.txt",
        "LEADCTL_SET": "'name=Ann Testperson' priority=7",
    }
    ran = push("voiso", "leads.csv", "--json", env=env)
    assert ran.counts == {"created": 1, "suppressed": 2}
    (stored,) = push.stored("voiso")
    assert "Ann Testperson" in str(stored)
    ran = push("voiso", "leads.csv", "--json", env={"LEADCTL_SET": "name='Ann"})
    assert (ran.code, ran.error["code"]) == (2, "usage_error")
    assert "LEADCTL_SET has an unclosed quote" in ran.error["message"]


def test_reject_file_is_written_again_without_the_suppression_lists(
    push: Push,
) -> None:
    """They say what is sent; nothing is, and a list may have gone since."""
    push.program.write("leads.csv", f"phone\n{ROW}\n12\n")
    never = push.program.write("never.txt", "+15551230009\n")
    ran = push("voiso", "leads.csv", "--suppress", never, "--json")
    run = ran.document["run_id"] or ""
    rejects = push.program.folder / "leads.rejects.csv"
    before = rejects.read_bytes()
    rejects.unlink()
    never.unlink()
    again = push.program("runs", "rejects", run, env=push.environment("voiso"))
    assert again.code == 0
    assert rejects.read_bytes() == before


# --- accounts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-program --x", "program not found"),
        ("/", "cannot start it (Permission denied)"),
        ("sh -c 'exit 3'", "exit code 3"),
        ("sh 'x", "unclosed quote"),
    ],
)
def test_command_for_a_key_that_fails_is_named_with_the_reason(
    program: Program, command: str, words: str
) -> None:
    program.write("leads.csv", "phone\n9000000001\n")
    where = ("push", "leads.csv", "--provider", "yotel", "--campaign", "x", "--json")
    ran = program(*where, env={"LEADCTL_YOTEL_API_KEY_COMMAND": command})
    assert ran.code == 4
    expected = f"the command in LEADCTL_YOTEL_API_KEY_COMMAND failed: {words}"
    assert ran.error["message"] == expected
    config = program.write(
        "c.yaml", f"accounts: {{yotel: {{api_key_command: {json.dumps(command)}}}}}"
    )
    ran = program(*where, "--config", config)
    assert f"accounts.yotel.api_key_command failed: {words}" in ran.err


def test_key_that_shows_only_with_a_campaign_is_no_failure(push: Push) -> None:
    env = push.environment("lupitor")
    ran = push.program("accounts", "test", "lupitor", env=env)
    assert ran.code == 2
    assert "cannot be tested without a campaign" in ran.out
    assert "--campaign ID" in ran.out
    named = ("accounts", "test", "lupitor", "--campaign", CAMPAIGNS["lupitor"])
    assert push.program(*named, env=env).code == 0
    both = env | push.environment("yotel") | {"LEADCTL_YOTEL_API_KEY": "made-up"}
    assert push.program("accounts", "test", env=both).code == 4
    words = ("push", "leads.csv", "--provider", "yotel", "--campaign", "x")
    ran = push.program(*words, env=both)
    assert ran.code == 4
    assert "check api_key from environment LEADCTL_YOTEL_API_KEY" in ran.err


@pytest.mark.parametrize(
    ("provider", "campaign", "verdict"),
    [("voiso", "4", "unknown"), ("yotel", "camp_2", "wrong")],
)
def test_campaign_that_is_over_shows_that_the_key_is_good(
    push: Push, provider: str, campaign: str, verdict: str
) -> None:
    words = ("accounts", "test", provider, "--campaign", campaign, "--json")
    ran = push.program(*words, env=push.environment(provider))
    (found,) = json.loads(ran.out)
    assert ran.code == 7
    verdicts = found["key"]["verdict"], found["campaign"]["verdict"]
    assert verdicts == ("fine", verdict)


LONG = "a-name-that-is-much-longer-than-most"


def test_columns_stand_below_each_other_whatever_the_names(program: Program) -> None:
    config = program.write(
        "c.yaml",
        f"accounts: {{{LONG}: {{provider: yotel}}, b: {{provider: voiso}}}}",
    )
    first, second = program("accounts", "--config", config).out.splitlines()[1:3]
    assert first.index(" yotel ") == second.index(" voiso ")
    folder = "x" * 60
    env = {"LEADCTL_YOTEL_CA_FILE": f"/{folder}/ca.pem"}
    shown = program("config", "show", "--account", "yotel", env=env).out
    below = shown.split("account yotel (provider yotel)\n")[1].splitlines()
    ends = {line.rindex("  ") for line in below}
    assert len(ends) == 1


def test_all_mistakes_of_all_accounts_and_profiles_are_told(program: Program) -> None:
    config = program.write(
        "c.yaml",
        "accounts:\n"
        "  voiso: {timeout: soon, cluster_id: [1], nope: 1}\n"
        "  yotel: {ca_file: nowhere.pem, suppress: [gone.txt], base_url: 'http://a.b'}\n"
        "  lost: {provider: voisso}\n"
        "profiles:\n"
        "  crm: {fields: {phone: 3, nme: x, phon: y}, region: XX}\n",
    )
    ran = program("config", "check", "--config", config, "--json")
    assert ran.code == 6
    found: dict[str, list[str]] = {}
    for check in json.loads(ran.out)["checks"]:
        if check["grade"] == "problem":
            found.setdefault(check["topic"], []).append(check["message"])
    told = {topic: " | ".join(messages) for topic, messages in found.items()}
    for words in ("unknown key 'nope'", "timeout must", "cluster_id must"):
        assert told["account voiso"].count(words) == 1
    assert len(found["account voiso"]) == 3
    for words in ("no file", "gone.txt", "must start with https://"):
        assert words in told["account yotel"]
    assert len(found["account lost"]) == 1
    for words in ("'nme'", "'phon'", "'XX'"):
        assert words in told["profile crm"]
