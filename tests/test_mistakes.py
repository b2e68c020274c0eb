"""A user's mistakes: one sentence each, and nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Push
    from program import Program


@dataclass(frozen=True)
class Unusable:
    """A mistake, its exit code, and words that must be in the sentence (or hint)."""

    arguments: tuple[str, ...]
    code: int
    words: tuple[str, ...]
    files: Mapping[str, str | bytes] | None = None
    env: Mapping[str, str] | None = None


GOOD = "phone,name\n+15551230001,Ann Testperson\n"
BAD = GOOD + "+1555,Bob Testperson\n"
VOISO = ("leads.csv", "--provider", "voiso", "--campaign", "3")
LATIN = "phone,name\n+15551230001,Zoë Testperson\n".encode("cp1252")
PROFILED = (*VOISO, "--profile", "map.yaml")
UNUSABLE = {
    "missing-file": Unusable(
        ("nowhere.csv", *VOISO[1:]), 6, ("nowhere.csv", "No such file")
    ),
    "empty-file": Unusable(VOISO, 6, ("leads.csv", "empty"), {"leads.csv": b""}),
    "folder-without-data": Unusable(
        ("empty", *VOISO[1:]), 6, ("empty", "data file"), {"empty/read.me": b"made up"}
    ),
    "binary-file": Unusable(
        VOISO, 6, ("leads.csv", "program"), {"leads.csv": b"\x7fELF\0\0\0\x08" * 9}
    ),
    "not-utf-8": Unusable(
        (*VOISO, "--encoding", "utf-8"),
        6,
        ("leads.csv", f"byte {LATIN.index(0xEB) + 1} ", "--encoding"),
        {"leads.csv": LATIN},
    ),
    "not-utf-8-far-behind": Unusable(
        (*VOISO, "--encoding", "utf-8"),
        6,
        ("leads.csv", "byte 3000007 ", "--encoding"),
        {"leads.csv": b"phone\n" + b"2" * 3_000_000 + b"\xff\n"},
    ),
    "no-phone-column": Unusable(
        VOISO,
        6,
        ("leads.csv", "phone", "'colour'", "--profile"),
        {"leads.csv": "colour\nred\n"},
    ),
    "rows-without-header": Unusable(
        VOISO, 6, ("leads.csv", "phone"), {"leads.csv": "+15551230001,Ann Testperson\n"}
    ),
    "json-array": Unusable(
        ("leads.json", *VOISO[1:]),
        6,
        ("leads.json", "JSONL"),
        {"leads.json": '[{"phone": "+15551230001"}]\n'},
    ),
    "unknown-provider": Unusable(
        (*VOISO[:2], "vosio", *VOISO[3:]), 2, ("'vosio'", "voiso")
    ),
    "no-campaign": Unusable(VOISO[:3], 2, ("--campaign",)),
    "unknown-option": Unusable((*VOISO, "--campain", "3"), 2, ("--campain",)),
    "campaign-of-wrong-kind": Unusable(
        ("leads.csv", "--provider", "agora", "-c", "abc", "--acknowledge-compliance"),
        2,
        ("'abc'", "whole number"),
    ),
    "no-word-on-compliance": Unusable(
        ("leads.csv", "--provider", "agora", "--campaign", "42"),
        2,
        ("--acknowledge-compliance",),
    ),
    "no-credentials": Unusable(
        VOISO,
        4,
        ("LEADCTL_VOISO_API_KEY", "LEADCTL_VOISO_API_KEY_FILE"),
        env={"LEADCTL_VOISO_API_KEY": ""},
    ),
    "failing-key-command": Unusable(
        VOISO,
        4,
        ("command",),
        env={"LEADCTL_VOISO_API_KEY": "", "LEADCTL_VOISO_API_KEY_COMMAND": "false"},
    ),
    "key-no-header-can-hold": Unusable(
        VOISO, 4, ("voiso",), env={"LEADCTL_VOISO_API_KEY": "Schlüssel-für-voiso"}
    ),
    "key-of-two-lines": Unusable(
        VOISO, 4, ("voiso",), env={"LEADCTL_VOISO_API_KEY": "made-up-key\nand-a-note"}
    ),
    "unknown-profile": Unusable(
        (*VOISO, "--profile", "cmr"),
        2,
        ("'cmr'", "crm"),
        {"home": "profiles: {crm: {fields: {phone: phone}}}\n"},
    ),
    "unknown-field": Unusable(
        PROFILED,
        6,
        ("map.yaml", "line 3", "'fone'", "phone"),
        {"map.yaml": "region: US\nfields:\n  fone: phone\n"},
    ),
    "unknown-column": Unusable(
        PROFILED,
        6,
        ("map.yaml", "line 3", "'nmae'", "'name'"),
        {"map.yaml": "fields:\n  phone: phone\n  name: nmae\n"},
    ),
    "broken-yaml": Unusable(
        PROFILED,
        6,
        ("map.yaml", "line 3"),
        {"map.yaml": 'fields:\n  phone: phone\n  name: "{first}" {last}\n'},
    ),
    "no-region": Unusable((*VOISO, "--region", "Narnia"), 2, ("'Narnia'", "US")),
    "bad-max-rejects": Unusable(
        (*VOISO, "--max-rejects", "some"), 2, ("--max-rejects",)
    ),
    "set-without-value": Unusable(
        (*VOISO, "--set", "priority"), 2, ("--set", "FIELD=VALUE")
    ),
    "set-of-unknown-field": Unusable(
        (*VOISO, "--set", "prioriti=1"), 2, ("'prioriti'", "priority")
    ),
    "batch-size-of-nothing": Unusable(
        (*VOISO, "--batch-size", "0"), 2, ("--batch-size",)
    ),
    "tags-where-there-are-none": Unusable((*VOISO, "--tag", "a"), 2, ("--tag",)),
    "one-reject-file-for-two": Unusable(
        ("leads.csv", *VOISO, "--rejects", "r.csv"), 2, ("--rejects",)
    ),
    "rejects-over-the-input": Unusable(
        (*VOISO, "--rejects", "leads.csv"), 2, ("leads.csv",)
    ),
    "rejects-in-no-folder": Unusable(
        (*VOISO, "--rejects", "no/such/r.csv"), 6, ("no/such",)
    ),
    # Known before anything is sent: the name is longer than any file system takes.
    "rejects-that-cannot-be-written": Unusable(
        (*VOISO, "--rejects", f"{'r' * 300}.csv"), 6, ("--rejects",), {"leads.csv": BAD}
    ),
    "rejects-over-a-foreign-file": Unusable(
        VOISO, 6, ("leads.rejects.csv", "--rejects"), {"leads.rejects.csv": "my,own\n"}
    ),
    "readable-key-on-the-way": Unusable(
        VOISO,
        6,
        ("http://voiso.example", "https://"),
        env={"LEADCTL_VOISO_BASE_URL": "http://voiso.example/api"},
    ),
    "password-in-the-address": Unusable(
        VOISO,
        6,
        ("base_url", "password"),
        env={"LEADCTL_VOISO_BASE_URL": "https://who:what@voiso.example/api"},
    ),
    "key-in-the-config-file": Unusable(
        VOISO,
        6,
        ("config.yaml", "line 3", "api_key", "accounts login"),
        {"home": "accounts:\n  voiso:\n    api_key: made-up-plain-key\n"},
    ),
    "unknown-setting": Unusable(
        VOISO,
        6,
        ("config.yaml", "line 3", "'timeot'", "timeout"),
        {"home": "accounts:\n  voiso:\n    timeot: 5\n"},
    ),
    "broken-config": Unusable(
        VOISO, 6, ("config.yaml", "line 2"), {"home": "accounts:\n  voiso: }\n"}
    ),
    "no-files": Unusable(VOISO[1:], 2, ("FILE",)),
}


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", UNUSABLE.values(), ids=UNUSABLE)
def test_mistake_is_one_sentence_and_nothing_is_sent(
    push: Push, case: Unusable
) -> None:
    """What, where, what to do next; as a document too; and no other trace."""
    program = push.program
    for name, content in ({"leads.csv": GOOD} | dict(case.files or {})).items():
        if name == "home":
            config = program.home / "config" / "leadctl" / "config.yaml"
            config.parent.mkdir(parents=True)
            config.write_bytes(str(content).encode())
        else:
            program.write(name, content)
    before = contents(program.folder)
    accounts = {**push.environment("voiso"), **push.environment("yotel")}
    accounts |= push.environment("agora")
    ran = program(
        "push", *case.arguments, "--json", env=accounts | dict(case.env or {})
    )
    assert ran.code == case.code
    for word in case.words:
        assert word in ran.err
    assert "made-up" not in ran.err + ran.out
    assert len(ran.err.splitlines()) <= 2 + 2 * (case.code == 2)
    assert ran.error["message"] in ran.err
    assert (ran.document["rows"], ran.document["files"]) == (0, [])
    for provider in ("voiso", "yotel", "agora"):
        assert push.simulator(provider).log == []
    assert contents(program.folder) == before


def test_lone_usage_error_is_no_document(program: Program) -> None:
    """Without --json nothing but stderr speaks."""
    ran = program("push", "leads.csv", "--provider", "vosio", "--campaign", "3")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("leadctl: ")
