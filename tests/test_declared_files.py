"""Provider files: found, checked with line numbers, used by push and resume."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from program import recording

from leadctl.model import yaml_file
from leadctl.model.errors import InputUnusable
from leadctl.model.typed_yaml import build
from leadctl.providers.declared.checks import require_sound
from leadctl.providers.declared.file import definition_schema
from leadctl.providers.declared.grammar import Definition
from leadctl.providers.declared.templates import filled
from leadctl.testing import check_case

if TYPE_CHECKING:
    from program import Program

    from leadctl.model.leads import Json

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples" / "providers").glob("*.yaml"))
DECLARED = [*EXAMPLES, *sorted((ROOT / "tests" / "declared").glob("*.yaml"))]
DIALER = """\
name: dialer
title: Dialer
documentation: https://dialer.example/docs
base_url: https://{region}.dialer.example/v1
settings:
  region: eu
  replace: false
limits:
  batch_size: 2
  rates: [{requests: 100000, seconds: 60}]
phone: {form: e164, key: tel}
fields: {name: who}
resend_is_safe: true
resend_sentence: "A number that is there is skipped."
auth: {headers: {X-Key: "{api_key}"}}
request:
  path: [lists, $campaign]
  body: {people: $leads}
answer:
  rules:
    - when: {kind: {results: list}}
      rows:
        results: {list: results, word: status, words: {new: created, changed: updated}}
"""
TOKEN = "{url: 'http://a.b', token: t, life: 60, expired: {status: 401}}"
ANSWER = DIALER[DIALER.index("  rules:") :]
KEY = {"LEADCTL_DIALER_API_KEY": "made-up-dialer-key"}
LEADS = "phone,name\n+15551230001,Ann Testperson\n+15551230002,\n"
WHERE = ("push", "leads.csv", "--campaign", "7", "--yes", "--json")


def mistake(text: str) -> str:
    """Return what is said of a definition, behind the file's name."""
    document = yaml_file.parse(text, "dialer.yaml")
    with pytest.raises(InputUnusable) as raised:
        require_sound(build(Definition, document), document)
    return f"{raised.value.message} {raised.value.hint}".removeprefix("dialer.yaml, ")


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        ("batch_size", "batchsize", "line 9: unknown key 'batchsize' (did you mean"),
        ("form: e164", "form: e146", "line 11: 'form' must be e164, digits"),
        ("title: Dialer\n", "", "line 1: the file lacks 'title'"),
        ("name: dialer", "name: My Dialer", "line 1: 'name' must be lowercase letters"),
        ("limits:\n", "secrets: [Key]\nlimits:\n", "line 8: item 1 must be lower"),
        ("batch_size: 2", "batch_size: 0", "line 9: 'batch_size' must be a number"),
        ("batch_size: 2", "batch_size: two", "line 9: 'batch_size' must be a whole"),
        ("new: created", "new: creatd", "did you mean 'created'?"),
        ("100000, seconds: 60", "1, seconds: 90000", "line 10: a rate must allow"),
        ("{name: who}", "{nmae: who}", "line 12: no lead field 'nmae'"),
        ("{name: who}", "{priority: rank}", "line 12: priority requires"),
        ("resend_sentence: ", "warning: ", "line 13: a retry is safe only where"),
        ('"{api_key}"', '"{api_ky}"', "line 15: unknown name 'api_ky' (did"),
        ('"{api_key}"', '"fixed"', "secret 'api_key' is not used in 'auth'"),
        ("$campaign", "$campain", "line 17: unknown name 'campain' (did"),
        ("https://{", "http://{", "line 4: 'base_url' 'http://x.dialer"),
        ("https://{", "https://me@{", "line 4: 'base_url' must not contain a user"),
        ('"{api_key}"', '"{api_key}\\n"', "line 15: 'X-Key' must be one line of"),
        ("{X-Key:", '{"X Key":', "line 15: 'X Key' must be a header's name"),
        ("auth: {", f"auth: {{token: {TOKEN}, ", "line 15: 'url' 'http://a.b' must"),
        ("new: created", "new: created}, say: {creatd: x", "key 'creatd' (did you"),
        (ANSWER, "  rules: []\n", "line 20: 'rules' must not be empty"),
        ("{region}", "{regoin}", "line 4: unknown name 'regoin'"),
        ("$leads", "$lead", "$leads is missing: the leads are never sent"),
        ("replace: false", "timeout: 5", "line 7: the name 'timeout' is taken"),
        ("kind: {results: list}", "status: 200", ""),
        (
            "kind: {results: list}",
            "text: '(a'",
            "line 21: 'text' is not a valid regular",
        ),
        ("kind: {results: list}", "text: " + "a" * 501, "longer than 500 characters"),
        ("kind: {results: list}", "setting: {regin: eu}", "unknown name 'regin'"),
        (
            "      rows:\n",
            "      outcome: created\n      rows:\n",
            "exactly one of raise, outcome, rows is required here, not outcome and",
        ),
        (
            "word: status",
            "index: i, phone: p, word: status",
            "'index' or 'phone'",
        ),
        ("form: e164", "form: split", "line 11: form split requires 'code_key'"),
    ],
    ids=lambda value: value.strip()[:30],
)
def test_mistake_is_named_with_its_line(now: str, then: str, said: str) -> None:
    assert now in DIALER
    text = DIALER.replace(now, then, 1)
    if said:
        assert said in mistake(text)
    else:
        build(Definition, yaml_file.parse(text, "dialer.yaml"))


BOTH_WAYS = """\
    - when: {kind: {bad: list}}
      rows:
        errors:
          list: bad
          row: at
          reason: why
          lists: {duplicate: known}
          sums: {add: [stored, $rejected, $duplicate], is: $sent}
"""
BAD = {"at": 0, "why": "no area code"}
FIRST, SECOND = "+15551230001", "+15551230002"


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ({"stored": 0, "bad": [BAD], "known": [SECOND]}, ["rejected", "duplicate"]),
        ({"stored": 1, "bad": [BAD]}, ["rejected", "created"]),
        ({"stored": 1, "bad": [], "known": [FIRST]}, ["duplicate", "created"]),
        ({"stored": 2, "bad": [], "known": [FIRST]}, ["duplicate", "unknown"]),
        ({"stored": 1, "bad": [BAD], "known": [FIRST]}, ["unknown", "unknown"]),
        ({"stored": 1, "bad": [BAD], "known": SECOND}, None),
    ],
)
def test_errors_by_position_and_duplicates_by_number_go_together(
    answer: Json, outcomes: list[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "dialer.yaml").write_text(DIALER + BOTH_WAYS)
    codes = {"rejected": "provider_rejected", "duplicate": "duplicate_in_campaign"}
    codes |= {"unknown": "answer_unreadable"}
    people = [{"tel": FIRST}, {"tel": SECOND}]
    request = {"method": "POST", "url": "https://eu.dialer.example/v1/lists/7"}
    record = {
        "kind": "rejected",
        "campaign": "7",
        "leads": [{"phone": FIRST}, {"phone": SECOND}],
        "exchanges": [
            {
                "request": request | {"headers": {}, "json": {"people": people}},
                "answer": {"status": 200, "json": answer},
            }
        ],
        "outcomes": [{"status": s, "code": codes.get(s)} for s in outcomes or ()],
    }
    if outcomes is None:
        record["error"] = "InDoubt"
    path = tmp_path / "dialer" / "case.json"
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    check_case(path)


SILENT = "    - {when: {status: 200}, outcome: created}\n"
BLAMED = "    - {when: {text: bad}, outcome: rejected}\n"
UNCOUNTED = "    - rows: {errors: {list: errors, sums: []}}\n"
POSTED = """\
reads_with: 1
preflight: {request: {method: POST, path: []}, rules: [{raise: status}]}
"""


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (SILENT, "nothing in 'when' proves created"),
        (BLAMED, "rejected applies to one lead, but a request has several"),
        (UNCOUNTED, "leads that the answer does not name require a count"),
        (POSTED.partition("\n")[2], "cite in 'reads_by_post'"),
        (POSTED, "line 24: unknown key 'reads_with'"),
    ],
)
def test_what_cannot_be_promised_is_refused(added: str, said: str) -> None:
    assert said in mistake(DIALER + added)


def content(path: Path) -> Json:
    return yaml_file.read(path).content


def test_schema_takes_what_is_taken_and_refuses_what_is_refused() -> None:
    schema = definition_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in DECLARED:
        assert not [*validator.iter_errors(content(path))], path
    for now, then in (("batch_size", "batchsize"), ("new: created", "new: creatd")):
        wrong = yaml_file.parse(DIALER.replace(now, then), "wrong").content
        assert [*validator.iter_errors(wrong)]


def test_file_is_pushed_with_and_found_again(program: Program) -> None:
    """Nothing listens at first; the run is finished where the file is found again."""
    file, leads = program.folder / "dialer.yaml", program.write("leads.csv", LEADS)
    file.write_text(DIALER)
    env = KEY | {"LEADCTL_DIALER_RETRY_FOR": "0.01"}
    away = env | {"LEADCTL_DIALER_BASE_URL": "http://127.0.0.1:9"}
    named = ("--provider", "./dialer.yaml")
    assert program("check", leads.name, *named).code == 0
    shown = json.loads(program("providers", "show", "dialer.yaml", "--json").out)
    assert shown["resend_sentence"] == "A number that is there is skipped."
    refused = program(*WHERE, *named, "--sandbox", env=away)
    assert (refused.code, "no simulator" in refused.err) == (2, True)
    assert program(*WHERE, *named, env=away).counts == {"failed": 2}
    file.rename(file.with_suffix(".away"))
    lost = program("runs", "resume", env=away)
    assert (lost.code, "dialer.yaml: No such file" in lost.err) == (6, True)
    file.with_suffix(".away").rename(file)
    file.chmod(0o666)
    foreign = program("runs", "resume", env=away)
    assert (foreign.code, "other users can change" in foreign.err) == (2, True)
    file.chmod(0o600)
    answer = b'{"results": [{"status": "new"}, {"status": "changed"}]}'
    with recording(answer) as recorder:
        here = env | {"LEADCTL_DIALER_BASE_URL": recorder.url}
        ran = program("runs", "resume", "--json", env=here)
    assert ran.counts == {"created": 1, "duplicate": 1}
    ((path, headers, body),) = recorder.requests
    assert (path, headers["x-key"]) == ("/lists/7", "made-up-dialer-key")
    people = [{"tel": "+15551230001", "who": "Ann Testperson"}, {"tel": "+15551230002"}]
    assert body == {"people": people}
    (reason,) = ran.document["reasons"]
    assert "and updated" in reason["message"]


def test_files_are_found_by_the_config_file(program: Program) -> None:
    """In the folder beside it, and by name; broken ones are named and skipped."""
    config = program.folder / "conf" / "config.yaml"
    config.parent.mkdir()
    beside = config.with_name("providers")
    beside.mkdir()
    (beside / "dialer.yaml").write_text(DIALER)
    (beside / "broken.yaml").write_text(DIALER.replace("limits:", "limts:"))
    (config.with_name("other.yaml")).write_text(DIALER.replace("dialer", "other", 1))
    (beside / "voiso.yaml").write_text(DIALER.replace("dialer", "voiso", 1))
    config.write_text(
        "provider_files: other.yaml\n"
        "accounts:\n"
        "  north: {provider: dialer, region: us}\n"
    )
    given = ("--config", str(config))
    listed = program("providers", "--json", *given)
    names = {one["name"] for one in json.loads(listed.out)}
    assert {"dialer", "other", "voiso"} < names
    assert "broken.yaml, line 8: unknown key 'limts'" in listed.err
    assert "the name 'voiso' belongs to an installed provider" in listed.err
    program.write("leads.csv", LEADS)
    for provider in ("voiso", "dialer", "other"):
        assert program("check", "leads.csv", "-p", provider, *given).code == 0
    broken = program("check", "leads.csv", "-p", "broken", *given)
    assert (broken.code, "line 8" in broken.err) == (6, True)
    accounts = program("config", "show", "--account", "north", "--json", *given)
    assert "https://us.dialer.example/v1" in accounts.out
    looked = program("config", "check", *given, env={"LEADCTL_DIALER_REGION": "us"})
    assert (looked.code, "broken.yaml, line 8" in looked.out) == (0, True)
    at_tab = {
        "_LEADCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": f"leadctl push --config {config} --provider d",
        "COMP_CWORD": "5",
    }
    assert program(env=at_tab).out == "dialer\n"


def test_draft_is_valid_and_its_case_is_played(program: Program) -> None:
    assert program("providers", "new", "my-dialer").code == 0
    ran = program("providers", "check", "my-dialer.yaml")
    assert "4 of 4 recorded cases passed" in ran.out
    shown = program("providers", "show", "my-dialer")
    assert "leadctl providers show my-dialer.yaml" in shown.err
    assert (ran.code, "no case of kind rejected, duplicate" in ran.out) == (6, True)
    case = program.folder / "my-dialer" / "created.json"
    case.write_text(case.read_text("utf-8").replace('"created"', '"rejected"'))
    ran = program("providers", "check", "my-dialer.yaml")
    assert "lead 1, status: the case has rejected, not created" in ran.out
    record = json.loads(case.read_text("utf-8"))
    record["exchanges"][0]["answer"] = {"status": 201, "json": {}}
    case.write_text(json.dumps(record))
    denied = json.dumps(record | {"error": "AccessDenied"})
    case.with_name("denied.json").write_text(denied)  # in place of the draft's
    ran = program("providers", "check", "my-dialer.yaml")
    said = "My-Dialer answered HTTP 201 with a body that no rule covers"
    printed = " ".join(ran.out.split())
    assert f'created.json the case lacks "error": "InDoubt"; {said}' in printed
    assert f"denied.json the case has AccessDenied, not InDoubt: {said}" in printed
    draft = program.folder / "my-dialer.yaml"
    draft.write_text(draft.read_text("utf-8").replace("limits:", "limts:"))
    ran = program("providers", "check", "my-dialer.yaml")
    assert "line 18: unknown key 'limts'" in ran.out
    for wrong in ("voiso", "My Dialer", "my-dialer"):
        assert program("providers", "new", wrong).code in (2, 6)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_passes_the_contract_suite(program: Program, path: Path) -> None:
    ran = program("providers", "check", str(path))
    assert ran.code == 0, ran.out
    assert "From documents" in path.read_text("utf-8")


def documented() -> dict[str, str]:
    """Return the files of docs/adding-a-provider.md, and what it adds to one."""
    text = (ROOT / "docs" / "adding-a-provider.md").read_text("utf-8")
    files = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.DOTALL))
    (added,) = re.findall(r"```yaml\n(preflight:.*?)```", text, re.DOTALL)
    return files | {"added": added}


def test_documented_file_is_valid_and_passes_its_case(program: Program) -> None:
    found = documented()
    folder = program.folder / "acme"
    folder.mkdir()
    whole = found["acme.yaml"] + found["acme-errors.yaml"] + found["added"]
    folder.with_suffix(".yaml").write_text(whole)
    (folder / "rejected.json").write_text(found["acme/rejected.json"])
    (folder / "preflight").mkdir()
    (folder / "preflight" / "ok.json").write_text(found["acme/preflight/ok.json"])
    ran = program("providers", "check", "acme.yaml", "--json")
    checks = json.loads(ran.out)["checks"]
    assert "2 of 2 recorded cases passed" in [one["message"] for one in checks]
    problems = {one["topic"] for one in checks if one["grade"] == "problem"}
    assert problems == {
        "law: every kind is recorded",
        "law: a lost upload is in doubt",
    }, "more kinds of cases are to be recorded"


def test_templates_are_filled_in() -> None:
    values: dict[str, Json] = {
        "column": "Phone",
        "keep": True,
        "note": "",
        "campaign": "42",
        "lead": {"Phone": "+1", "id": "x", "name": "Ann"},
    }
    template: Json = {
        "{column}": "$lead.Phone",
        "list": "$campaign:int",
        "keep": {"$keep": {"true": "Y", "false": "N"}},
        "note?": "$note",
        "data": {"id": "$lead.id", "<<": "$lead"},
        "text": "to {campaign}, {column}",
    }
    assert filled(template, values) == {
        "Phone": "+1",
        "list": 42,
        "keep": "Y",
        "data": {"id": "x", "name": "Ann"},
        "text": "to 42, Phone",
    }
