"""A reject file that was corrected, and read again."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from program import csv_rows, write_csv
from reject_rows import finding, source_of

from leadctl.reports import reject_file

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.model.leads import Json


def test_apostrophe_of_a_reject_file_is_no_repair(push: Push) -> None:
    """A number is sent exactly as without the reject file."""
    push.program.write("leads.csv", "phone,name,priority\n+91 90000 00001,A,soon\n")
    assert push("ozonetel", "leads.csv").code == 3
    path = push.program.folder / "leads.rejects.csv"
    assert "'+91 90000 00001," in path.read_text()
    path.write_text(path.read_text().replace(",soon", ",1"))
    ran = push("ozonetel", path.name, "--json")
    assert (ran.counts, ran.document["repairs"]) == ({"created": 1}, {})


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_row_of_the_first_file_stays_through_every_round(
    push: Push, suffix: str
) -> None:
    folder = push.program.folder
    rows = ["+15551230001", "12", "13", "+15551230004", "14"]
    if suffix == "csv":
        lines = ["phone,name", *(f"{phone},A" for phone in rows), '+15551230007,"A']
    else:
        lines = [*(f'{{"phone": "{phone}"}}' for phone in rows), '{"phone": ']
    push.program.write(f"leads.{suffix}", "\n".join([*lines, ""]))
    name = f"leads.{suffix}"
    for first, expected in [("12", [2, 3, 5, 6]), ("13", [3, 5, 6]), ("", [5, 6])]:
        assert push("voiso", name).code == 3
        name = name.replace(f".{suffix}", f".rejects.{suffix}")
        assert first_rows(folder / name) == expected
        if first:
            text = (folder / name).read_text()
            text = re.sub(rf'(["\']){first}\b', rf"\g<1>+155512300{first}", text)
            (folder / name).write_text(text)


def first_rows(path: Path) -> list[int]:
    if path.suffix == ".jsonl":
        lines = path.read_text().splitlines()
        return [json.loads(line)["_leadctl_row"] for line in lines]
    return [int(line.split(",")[0]) for line in path.read_text().splitlines()[1:]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("_leadctl_row,_leadctl_status,phone\n7,rejected,'12\n,,'13\n", ["7", ""]),
        ('{"_leadctl_row": 7, "phone": "12"}\n{"phone": "13"}\n', [7, None]),
    ],
    ids=["csv", "jsonl"],
)
def test_row_that_was_added_to_a_reject_file_is_of_no_first_file(
    tmp_path: Path, content: str, told: list[Json]
) -> None:
    source = source_of(tmp_path / "leads", content)
    out = tmp_path / "out"
    reject_file.write(out, source, iter([finding(1), finding(2)]), "run-1")
    if source.nested:
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    else:
        rows = [*csv_rows(out)]
    assert [row["_leadctl_row"] for row in rows] == told


def test_corrected_reject_file_is_read_without_our_columns(program: Program) -> None:
    program.write("leads.csv", "phone,row,status,reason\n12,r,s,why\n")
    ran = program("check", "leads.csv", "--provider", "voiso")
    assert ran.code == 3
    path = program.folder / "leads.check.csv"
    corrected = path.read_text(encoding="utf-8").replace(",'12,", ",+15551234567,")
    program.write("leads.check.csv", corrected)
    ran = program("check", path.name, "--provider", "voiso", "--json")
    assert ran.code == 0
    assert ran.counts == {"created": 1}
    assert "_leadctl_" not in ran.err


def test_profile_does_not_say_how_a_reject_file_is_written(program: Program) -> None:
    """A spreadsheet has saved it since: in another encoding, with another delimiter."""
    program.write("leads.csv", "phone;name\n12;Zo\u00eb Testperson\n".encode("cp1252"))
    program.write(
        "map.yaml",
        "fields: {phone: phone, name: name}\n"
        "file: {format: csv, encoding: cp1252, delimiter: semicolon}\n",
    )
    mapped = ("--provider", "voiso", "--profile", "map.yaml", "--json")
    assert program("check", "leads.csv", *mapped).counts == {"rejected": 1}
    path = program.folder / "leads.check.csv"
    (row,) = csv_rows(path, ";", "cp1252")
    write_csv(path, [row | {"phone": "+15551230001"}])
    seen = program("preview", path, *mapped, discreet=False)
    (file,) = json.loads(seen.out)["files"]
    assert file["first"][0]["sent"]["name"] == "Zo\u00eb Testperson"


ZOE = "Zo\u00eb Testperson"
IN_CP850 = f"phone,name\n12,{ZOE}\n".encode("cp850")


@pytest.mark.parametrize("saved_as", ["cp850", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("said_by", ["option", "profile"])
def test_encoding_that_was_said_holds_for_the_reject_file_unless_it_is_utf8_by_now(
    push: Push, said_by: str, saved_as: str
) -> None:
    """A few bytes do not show the encoding, and the name would be garbled."""
    program = push.program
    program.write("leads.csv", IN_CP850)
    said = ["--encoding", "cp850"]
    if said_by == "profile":
        fields = "fields: {phone: phone, name: name}"
        program.write("map.yaml", f"file: {{encoding: cp850}}\n{fields}\n")
        said = ["--profile", "map.yaml"]
    ran = push("voiso", "leads.csv", *said)
    assert ran.code == 3
    path = program.folder / "leads.rejects.csv"
    (row,) = csv_rows(path, encoding="cp850")
    write_csv(path, [row | {"phone": "+15551230001"}], encoding=saved_as)
    (command,) = re.findall("After fixing them, run:   leadctl (.+)", ran.out)
    assert " ".join(said) in command
    again = program(*shlex.split(command), env=push.environment("voiso"))
    assert again.code == 0, again.err
    (stored,) = push.stored("voiso")
    assert ZOE in str(stored)


def test_encoding_that_looks_like_ascii_is_not_taken_for_utf8(program: Program) -> None:
    program.write("leads.csv", "phone,name\n12,\u5c71\u7530\n".encode("iso2022_jp"))
    said = ("--provider", "voiso", "--encoding", "iso2022_jp", "--json")
    assert program("check", "leads.csv", *said).code == 3
    seen = program("preview", "leads.check.csv", *said, discreet=False)
    (file,) = json.loads(seen.out)["files"]
    assert file["first"][0]["raw"]["name"] == "\u5c71\u7530"


def test_reject_file_that_was_saved_in_another_encoding_is_detected(
    program: Program,
) -> None:
    program.write("leads.csv", f"phone,name\n12,{ZOE}\n")
    said = ("--provider", "voiso", "--encoding", "utf-8")
    assert program("check", "leads.csv", *said).code == 3
    path = program.folder / "leads.check.csv"
    write_csv(path, csv_rows(path), encoding="cp1252")
    seen = program("check", path, *said)
    assert "leads.check.csv: encoding cp1252: not UTF-8; the most likely" in seen.err
    typo = program("check", path, *said[:-1], "klingon")
    assert (typo.code, "no text encoding 'klingon'" in typo.err) == (6, True)
