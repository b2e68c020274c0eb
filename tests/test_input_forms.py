"""Leads arrive whatever the format of their file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from program import csv_rows

if TYPE_CHECKING:
    from conftest import Push

THREE = ["+15551230001", "+15551230002", "+15551230003"]
NAMES = ["Ann Testperson", 'Bob "B" Testperson', "Cid Testperson; | , and so on"]
QUOTED = '"Bob ""B"" Testperson"'
LONG = '"Cid\nTestperson; | , \t and so on"'


def separated(by: str, newline: str = "\n") -> str:
    rows = [
        ("phone", "name"),
        (THREE[0], "Ann Testperson"),
        (THREE[1], QUOTED),
        (THREE[2], LONG),
    ]
    return "".join(by.join(row) + newline for row in rows)


OBJECTS = "".join(
    json.dumps({"phone": phone, "name": name}) + "\n"
    for phone, name in zip(
        THREE, ["Ann Testperson", 'Bob "B" Testperson', LONG.strip('"')], strict=True
    )
)


WRITTEN = {
    "comma.csv": separated(","),
    "semicolon.csv": separated(";"),
    "bar.txt": separated("|"),
    "tab.tsv": separated("\t"),
    "mark.csv": "\ufeff" + separated(","),
    "crlf.csv": separated(",", "\r\n"),
    "unended.csv": separated(",").rstrip("\n"),
    "objects.jsonl": OBJECTS,
}


def test_leads_arrive_however_their_file_is_written(push: Push) -> None:
    """Eight files in one run, which differ in writing and not in what they say."""
    for index, (name, content) in enumerate(WRITTEN.items()):
        push.program.write(name, content.replace("55512300", f"55512{index}00"))
    ran = push("voiso", *WRITTEN, "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3 * len(WRITTEN)})
    files = [(file["path"], file["rows"]) for file in ran.document["files"]]
    assert files == [(name, 3) for name in WRITTEN]
    for index, name in enumerate(WRITTEN):
        found = [
            (phone, " ".join(str(lead["name"]).split()))
            for lead in push.stored("voiso")
            if (phone := str(lead["phone_number"])).startswith(f"155512{index}")
        ]
        phones = [each.replace("123", f"12{index}").lstrip("+") for each in THREE]
        assert found == [*zip(phones, NAMES, strict=True)], name
    assert sorted(path.name for path in push.program.folder.iterdir()) == [
        *sorted(WRITTEN)
    ]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        pytest.param("a.dat", separated("~"), ("--delimiter", "~"), id="delimiter"),
        pytest.param("-", OBJECTS, (), id="jsonl-from-stdin"),
        pytest.param(
            "a.csv",
            separated(",").encode("utf-16"),
            ("--encoding", "utf-16"),
            id="encoding",
        ),
    ],
)
def test_file_that_needs_a_word_is_read_with_it(
    push: Push, name: str, content: str | bytes, options: tuple[str, ...]
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    if name != "-":
        push.program.write(name, raw)
    ran = push("voiso", name, *options, "--json", stdin=raw if name == "-" else b"")
    assert (ran.code, ran.counts) == (0, {"created": 3})
    assert push.phones("voiso") == [phone.lstrip("+") for phone in THREE]


def test_input_that_can_be_read_only_once_loses_no_row(push: Push) -> None:
    """A pipe by name, as a shell's `<(…)` gives one: read whole, or refused."""
    content = b"phone\n+15551230001\n+15551230002\n"
    ran = push("voiso", "/dev/stdin", "--json", stdin=content)
    assert ran.code == 6 or ran.counts == {"created": 2}
    assert len(push.phones("voiso")) == ran.document["created"]


def test_old_line_ends_are_read_or_refused_in_a_sentence(push: Push) -> None:
    push.program.write("leads.csv", separated(",", "\r"))
    ran = push("voiso", "leads.csv", "--json")
    assert ran.counts == {"created": 3} or "leads.csv" in ran.error["message"]
    assert ran.code in (0, 6)


def test_file_without_header_is_mapped_by_column_numbers(push: Push) -> None:
    push.program.write("a.csv", "x,+15551230001\ny,+15551230002\n")
    push.program.write("p.yaml", 'fields:\n  phone: "2"\n')
    ran = push("voiso", "a.csv", "--no-header", "--profile", "p.yaml", "--json")
    assert ran.counts == {"created": 2}
    assert push.phones("voiso") == ["15551230001", "15551230002"]


def test_several_files_are_one_run_with_a_reject_file_each(push: Push) -> None:
    folder = push.program.folder
    push.program.write("a.csv", "phone\n+15551230001\n+1555\n")
    push.program.write("b.jsonl", '{"phone": "+15551230002"}\n{"phone": "+1555"}\n')
    push.program.write("c.tsv", "phone\tname\n+15551230003\tCid Testperson\n")
    ran = push(
        *("voiso", "a.csv", "b.jsonl", "c.tsv", "-", "--json"),
        stdin=b"phone\n+15551230001\n+15551230004\nletters\n",
    )
    assert ran.counts == {"created": 4, "duplicate": 1, "rejected": 3}
    assert [(file["path"], file["rows"]) for file in ran.document["files"]] == [
        ("a.csv", 2),
        ("b.jsonl", 2),
        ("c.tsv", 1),
        ("-", 3),
    ]
    assert len(push.phones("voiso")) == 4
    a, b, c, stdin = (file["rejects_file"] for file in ran.document["files"])
    assert (a, b, c) == ("a.rejects.csv", "b.rejects.jsonl", None)
    assert [row["phone"] for row in csv_rows(folder / "a.rejects.csv")] == ["'+1555"]
    (row,) = (folder / "b.rejects.jsonl").read_text().splitlines()
    assert json.loads(row)["phone"] == "+1555"
    assert stdin is not None
    assert [row["phone"] for row in csv_rows(folder / stdin)] == ["'letters"]
    assert (folder / stdin).parent == folder


def test_pushed_with_its_reject_file_the_corrections_survive(push: Push) -> None:
    """`leadctl push *.csv` meets both: the reject file is left out, and kept."""
    push.program.write("leads.csv", "phone\n+15551230001\n+1555\n")
    push("voiso", "leads.csv")
    path = push.program.folder / "leads.rejects.csv"
    corrected = path.read_text().replace("+1555\n", "+15551230002\n")
    path.write_text(corrected)
    ran = push("voiso", "leads.csv", "leads.rejects.csv", "--json")
    assert [file["path"] for file in ran.document["files"]] == ["leads.csv"]
    assert "leads.rejects.csv" in ran.err
    old = push.program.folder / "leads.rejects.old.csv"
    assert old.read_text() == corrected
