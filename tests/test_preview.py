"""`leadctl preview`: how a file is read, before anything is sent."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program, Ran

LEADS = (
    "Phone No.,First Name,Status\n"
    "+1 555 123 0001,Ann Testperson,new\n"
    "+15551230002,Ben Testperson,new\n"
)


def preview(program: Program, *arguments: str | Path, stdin: bytes = b"") -> Ran:
    """Cells are shown on purpose."""
    return program("preview", *arguments, stdin=stdin, discreet=False)


def files(ran: Ran) -> list[dict[str, Any]]:
    document = json.loads(ran.out)
    assert document.keys() == {"schema_version", "files", "error"}
    assert (document["schema_version"], document["error"]) == (1, None)
    problems = [found["problem"] for found in document["files"]]
    assert ran.code == (6 if any(problems) else 0)
    return list(document["files"])


def previewed(program: Program, *arguments: str | Path) -> dict[str, Any]:
    (found,) = files(preview(program, *arguments, "--json"))
    return found


# --- what is shown -------------------------------------------------------------------


def test_text_tells_choices_columns_and_rows(program: Program) -> None:
    program.write("leads.csv", "Export of March,,\n" + LEADS)
    ran = preview(program, "leads.csv", "--provider", "voiso")
    assert ran.code == 0
    said = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert said[0] == "leads.csv"
    assert "delimiter comma 4 lines of 3 cells, 2 known names" in said
    assert "header line 2 2 known names" in said
    assert "skipped 1 line before the header" in said
    assert (
        "to keep this in a profile: "
        'file: {format: csv, encoding: utf-8, delimiter: ",", header: true}'
    ) in said
    assert "Phone No. → phone" in said
    assert "not sent: Status" in said
    at = said.index("row 1, line 3")
    assert said[at + 1 : at + 4] == [
        "raw Phone No.=+1 555 123 0001 First Name=Ann Testperson Status=new",
        "mapped phone=+1 555 123 0001 first_name=Ann Testperson",
        "sent phone_number=15551230001 name=Ann Testperson",
    ]


def test_document_has_the_same(program: Program) -> None:
    program.write("leads.csv.gz", gzip.compress(LEADS.encode()))
    found = previewed(program, "leads.csv.gz", "--provider", "voiso")
    choices = {choice["what"]: choice for choice in found.pop("choices")}
    assert choices.keys() >= {
        "format",
        "compression",
        "encoding",
        "delimiter",
        "header",
    }
    assert all(choice["why"] for choice in choices.values())
    (first, second) = found.pop("first")
    assert found == {
        "path": "leads.csv.gz",
        "format": "csv",
        "compression": "gzip",
        "encoding": "utf-8",
        "delimiter": ",",
        "quote": '"',
        "sheet": None,
        "header": True,
        "header_line": 1,
        "profile": {
            "file": {
                "format": "csv",
                "encoding": "utf-8",
                "delimiter": ",",
                "header": True,
            }
        },
        "columns": {"phone": ["Phone No."], "first_name": ["First Name"]},
        "opt_out_columns": [],
        "not_sent": ["Status"],
        "problem": None,
        "damage": None,
        "notes": [],
        "rows_looked_at": 2,
        "rejected": {},
        "rejects": [],
    }
    assert first == {
        "row": 1,
        "line": 2,
        "raw": {
            "Phone No.": "+1 555 123 0001",
            "First Name": "Ann Testperson",
            "Status": "new",
        },
        "mapped": {"phone": "+1 555 123 0001", "first_name": "Ann Testperson"},
        "sent": {"phone_number": "15551230001", "name": "Ann Testperson"},
        "code": None,
        "field": None,
        "reason": None,
    }
    assert second["row"] == 2


def test_files_are_shown_in_the_order_given_and_stdin_among_them(
    program: Program,
) -> None:
    program.write("a.csv", LEADS)
    program.write("b.jsonl", '{"phone": "+15551230003"}\n')
    ran = preview(program, "b.jsonl", "-", "a.csv", "--json", stdin=b"tel;x\n1;2\n")
    found = files(ran)
    assert [file["path"] for file in found] == ["b.jsonl", "-", "a.csv"]
    assert [file["delimiter"] for file in found] == [None, ";", ","]
    assert not [*program.state.glob("spool/*")]


def test_pinned_profile_decides_the_same(program: Program) -> None:
    """The line that is shown can be pasted; nothing is found out again."""
    program.write("leads.txt", "Jörg|+15551230001\nZoë|+15551230002\n".encode("cp1252"))
    found = previewed(program, "leads.txt")
    pinned = json.dumps(found["profile"] | {"fields": {"phone": "2"}})
    program.write("p.yaml", pinned)
    again = previewed(program, "leads.txt", "--profile", "p.yaml")
    assert again["profile"] == found["profile"]
    why = {choice["what"]: choice["why"] for choice in again["choices"]}
    assert (why["encoding"], why["delimiter"], why["header"]) == ("as asked",) * 3


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("a^b\n+15551230001^x\n", ["--delimiter", "^"], {"delimiter": "^"}),
        ("phone\tx\n1\t2\n", ["--delimiter", "tab"], {"delimiter": "\t"}),
        ("phone,x\n1,2\n", ["--format", "tsv"], {"format": "tsv", "delimiter": "\t"}),
        ("phone,x\n1,2\n", ["--no-header"], {"header": False, "header_line": None}),
        ("phone\n1\n", ["--encoding", "CP1252"], {"encoding": "cp1252"}),
        ('{"phone": 1}\n', ["--format", "csv"], {"format": "csv", "header": True}),
        ("phone,a\n1,2\n", ["--set", "phone=1"], {"columns": {"phone": []}}),
    ],
    ids=["delimiter", "tab", "tsv", "no header", "encoding", "format", "set"],
)
def test_option_wins(
    program: Program, content: str, options: list[str], expected: dict[str, Any]
) -> None:
    program.write("leads.csv", content)
    found = previewed(program, "leads.csv", *options)
    if "columns" in expected:
        assert "phone" not in found["columns"]
        assert found["problem"] is None
    else:
        assert {key: found[key] for key in expected} == expected


# --- rows that would not be sent -----------------------------------------------------


def test_rows_that_would_not_be_sent_have_their_verdict(program: Program) -> None:
    profile = "{fields: {phone: phone}, skip_if: {column: state, in: [dead]}}"
    program.write("p.yaml", profile)
    rows = [
        "+15551230001,new",
        "+15551230002,new,x",
        "9.19877E+11,new",
        "+15551230003,dead",
    ]
    program.write("leads.csv", "\n".join(["phone,state", *rows]))
    ran = preview(program, "leads.csv", "--profile", "p.yaml", "--provider", "voiso")
    assert (
        "row 2, line 3  row_malformed: 3 cells, but the header has 2\n  raw     phone=+"
        in ran.out
    )
    assert "row 3, line 4  phone_damaged: digits lost in a spreadsheet" in ran.out
    assert "row 4, line 5  skipped_by_rule: skip_if: column 'state'" in ran.out
    assert "1 of 3 numbers seem to have lost digits" in ran.out
    assert ran.out.endswith(
        "4 rows checked: 1 can be sent; not sent: "
        "1 row_malformed, 1 phone_damaged, 1 skipped_by_rule\n\n"
        "Next: leadctl push leads.csv --provider voiso --profile p.yaml --campaign ID\n"
    )


def test_first_rejects_of_each_kind_are_shown(program: Program) -> None:
    good = [f"+155512300{row:02},9" for row in range(10)]
    bad = ["12,9"] * 5 + ["+15551230099,-9"] * 5
    program.write("leads.csv", "\n".join(["phone,priority", *good, *bad]))
    found = previewed(program, "leads.csv", "--provider", "voiso", "--region", "US")
    assert [sample["row"] for sample in found["first"]] == [1, 2, 3, 4, 5]
    shown = [(sample["row"], sample["code"]) for sample in found["rejects"]]
    assert shown == [
        *((row, "phone_invalid") for row in (11, 12, 13)),
        *((row, "field_invalid") for row in (16, 17, 18)),
    ]
    assert {sample["field"] for sample in found["rejects"]} == {"phone", "priority"}
    assert found["rejected"] == {"phone_invalid": 5, "field_invalid": 5}
    assert found["rows_looked_at"] == 20


def test_rounded_numbers_are_shown_as_a_push_would_reject_them(push: Push) -> None:
    phones = ["919877000000", "919876000000", "919875000000", "919000000001"]
    push.program.write("leads.csv", "\n".join(["phone", *phones]))
    found = previewed(push.program, "leads.csv", "--provider", "yotel")
    assert found["rejected"] == {"phone_damaged": 3}
    assert [bool(sample["sent"]) for sample in found["first"]] == [False] * 3 + [True]
    checked = push.program("check", "leads.csv", "--provider", "yotel", "--json")
    assert checked.codes == found["rejected"]


def test_objects_of_json_are_shown_as_json(program: Program) -> None:
    program.write(
        "leads.jsonl",
        '{"phone": "+15551230001", "address": {"city": "X", "ok": true}, "n": null}\n'
        '[1]\n{"phone": 15551230002, "address": {"city": "Y"}}\n',
    )
    program.write("p.yaml", "fields: {phone: phone, metadata: {city: address.city}}")
    given = ("leads.jsonl", "--profile", "p.yaml", "--provider", "lupitor")
    ran = preview(program, *given)
    assert 'address={"city": "X", "ok": true}  n=null' in ran.out
    assert 'sent    phoneNumber=+15551230001  metadata={"city": "X"}' in ran.out
    assert (
        "row 2, line 2  row_malformed: not a JSON object\n  raw     (line)=[1]\n"
        in ran.out
    )
    (first, second, third) = previewed(program, *given)["first"]
    assert first["raw"]["address"] == {"city": "X", "ok": True}
    assert second["raw"] == {"(line)": "[1]"}
    assert third["code"] == "phone_invalid"


def test_without_a_provider_phones_are_judged_alone(program: Program) -> None:
    rows = "".join(f"+155512300{row:02},no number\n" for row in range(50))
    program.write("leads.csv", f"phone,priority\n{rows}call me,5\n")
    found = previewed(program, "leads.csv")
    assert found["rows_looked_at"] == 51
    assert found["first"][0]["sent"] == {}
    assert found["rejected"] == {"phone_invalid": 1}
    assert [sample["row"] for sample in found["rejects"]] == [51]


def test_nothing_of_a_cell_speaks_to_the_terminal(program: Program) -> None:
    """No colour, no bell, no text that runs backwards: names of columns too."""
    evil = "\x1b[31mred\x1b[0m\x07\x9b2J\u202eeman"
    program.write("leads.csv", f'phone,"na{evil}me"\n+15551230001,"{evil}\nx"\n1\n')
    program.write(f"b{evil}.jsonl".replace("/", ""), json.dumps({"a": evil}))
    names = sorted(path.name for path in program.folder.iterdir())
    ran = preview(program, *names, "--provider", "voiso")
    assert ran.code == 6, ran.err
    assert "[31mred" in ran.out
    printed = ran.out + ran.err
    assert not [c for c in printed if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize("columns", [80, 40, 0], ids=["80", "40", "unknown"])
def test_long_row_is_broken_between_words(program: Program, columns: int) -> None:
    names = [f"column {n}" for n in range(12)]
    cells = [f"value {n}" for n in range(12)]
    program.write(
        "leads.csv", f"phone,{','.join(names)}\n+15551230001,{','.join(cells)}\n"
    )
    with Terminal(program, ("preview", "leads.csv"), columns) as shown:
        assert shown.end() == 0
    at = shown.screen.index("row 1, line 2")
    lines = shown.screen[at + 1 : shown.screen.index("", at)]
    assert (columns or 80) - 20 < max(map(len, lines)) < (columns or 80)
    assert lines[0].startswith("  raw     phone=+15551230001")
    assert all(line.startswith(" " * 10) for line in lines[1:-1])
    assert lines[-1] == "  mapped  phone=+15551230001"
    raw = " ".join(" ".join(lines[:-1]).split())
    assert all(f"{n}={c}" in raw for n, c in zip(names, cells, strict=True))


# --- what it cannot show -------------------------------------------------------------


def test_file_without_a_phone_column_says_what_to_do(program: Program) -> None:
    program.write("my leads.csv", "who,what\na,b\n")
    ran = preview(program, "my leads.csv", "--region", "US", "--delimiter", ",")
    assert ran.code == 6
    assert "no column looks like phone numbers" in ran.out
    assert "Next: leadctl profile guess 'my leads.csv' --delimiter ,\n" in ran.out
    found = previewed(program, "my leads.csv")
    assert "no column looks like phone numbers" in found["problem"]
    assert found["first"] == []


def test_profile_that_does_not_fit_is_an_error(program: Program) -> None:
    program.write("leads.csv", LEADS)
    program.write("p.yaml", "fields:\n  phone: Phone\n  name: Nobody\n")
    ran = preview(program, "leads.csv", "--profile", "p.yaml")
    assert ran.code == 6
    assert "p.yaml, line 3: the file has no column 'Nobody'" in ran.err
    assert "p.yaml, line 2: the file has no column 'Phone'" in ran.err
    assert "did you mean 'Phone No.'?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gone.csv"], 6, "gone.csv: No such file"),
        (["leads.csv", "gone.csv"], 6, "gone.csv"),
        (["empty"], 6, "the folder empty has no data file"),
        (["leads.csv", "--encoding", "klingon"], 6, "no text encoding 'klingon'"),
        (["leads.csv", "--format", "jsonl"], 6, "no line is a JSON object"),
        (["leads.csv", "--format", "xlsx"], 6, "is not a workbook"),
        (["leads.csv", "--format", "pdf"], 2, "--format must be one of"),
        (["leads.csv", "--delimiter", "ab"], 2, "--delimiter must be one character"),
        (["leads.csv", "--provider", "voizo"], 2, "did you mean 'voiso'?"),
        (["leads.csv", "--account", "nope"], 2, "nope"),
        (["leads.csv", "--region", "ZZ"], 2, "--region 'ZZ'"),
        (["leads.csv", "--phone-check", "maybe"], 2, "--phone-check must be one of"),
        (["leads.csv", "--profile", "nope"], 2, "no profile 'nope'"),
        (["leads.csv", "--set", "phne=1"], 2, "did you mean 'phone'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_one_sentence_and_one_document(
    program: Program, arguments: list[str], code: int, words: str
) -> None:
    program.write("leads.csv", LEADS)
    (program.folder / "empty").mkdir()
    ran = program("preview", *arguments, "--json")
    assert ran.code == code
    assert words in ran.err
    assert ran.err.count("leadctl: ") == 1
    document = json.loads(ran.out)
    assert document["files"] == []
    assert words in document["error"]["message"] + str(document["error"]["hint"])


def test_preview_leaves_nothing_behind(program: Program) -> None:
    program.write("leads.csv", LEADS + "12,x,y\n")
    preview(program, "leads.csv", "--provider", "voiso")
    assert [path.name for path in program.folder.iterdir()] == ["leads.csv"]
    assert not (program.state / "ledger.sqlite").exists()
