"""Many files: folders, patterns that match reject files, counts per file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from program import csv_rows

if TYPE_CHECKING:
    from program import Program

CHECK = ("check", "--provider", "voiso")
GOOD, BAD = "phone\n+1555123000{}\n", "phone\n+1555123000{}\n+1555\n"


@pytest.fixture
def batch(program: Program) -> Program:
    """Fill a folder as people have it: data, our reject files, and all the rest."""
    folder = program.folder / "batch"
    folder.mkdir()
    for number, name in enumerate(("b.csv", "a.csv", "C.txt", "d.csv"), 1):
        content = BAD if name in ("b.csv", "d.csv") else GOOD
        program.write(f"batch/{name}", content.format(number))
    for name in (".hidden.csv", "~$b.xlsx", "README.md", "e.pdf"):
        program.write(f"batch/{name}", "no leads")
    (folder / "sub.csv").mkdir()
    program.write("batch/a.rejects.csv", "_leadctl_row,phone\n1,'+15551230009\n")
    return program


def paths(shown: list[str]) -> list[str]:
    return [path.removeprefix("batch/") for path in shown]


def test_folder_stands_for_its_data_files_in_name_order(batch: Program) -> None:
    ran = batch(*CHECK, "batch", "--json", "--rejects-dir", "new/rejects")
    assert ran.code == 3, ran.err
    files = ran.document["files"]
    assert paths([file["path"] for file in files]) == [
        "C.txt", "a.csv", "b.csv", "d.csv",
    ]  # fmt: skip
    assert [(file["created"], file["rejected"]) for file in files] == [
        (1, 0), (1, 0), (1, 1), (1, 1),
    ]  # fmt: skip
    written = [file["rejects_file"] for file in files if file["rejects_file"]]
    assert [path.rpartition("/")[0] for path in written] == ["new/rejects"] * 2
    assert all(csv_rows(batch.folder / path) for path in written)
    (note,) = (n for n in ran.document["notes"] if n["code"] == "reject_files_left_out")
    assert (note["count"], "batch/a.rejects.csv" in note["message"]) == (1, True)
    assert "batch/a.rejects.csv" in ran.err
    assert "other files skipped: batch/README.md, batch/e.pdf\n" in ran.err


def test_many_files_have_a_short_title_and_a_line_each(batch: Program) -> None:
    ran = batch(*CHECK, "batch", "--rejects-dir", "new")
    title, *lines = ran.out.splitlines()
    assert "4 files (batch/C.txt … batch/d.csv) → voiso" in title
    counted = [line.split() for line in lines if line.startswith("batch/")]
    assert counted[2] == ["batch/b.csv", "1", "1", "2"]


def test_reject_files_in_a_list_are_left_out_unless_they_are_all(
    batch: Program,
) -> None:
    ours = "batch/a.rejects.csv"
    mixed = batch(*CHECK, "batch/a.csv", ours, "--json")
    assert [file["path"] for file in mixed.document["files"]] == ["batch/a.csv"]
    for meant in ([ours], [ours, ours.replace("a.", "z.")]):
        for path in meant:
            batch.write(path, "_leadctl_row,phone\n1,'+15551230009\n")
        alone = batch(*CHECK, *meant, "--json")
        assert [file["path"] for file in alone.document["files"]] == meant


MISTAKES = {
    "only reject files": (("rejected",), 6, "push them by name"),
    "nothing in it": (("rejected/none",), 6, "has no data file"),
    "two places": (("a.csv", "--rejects", "x", "--rejects-dir", "y"), 2, "use either"),
    "no folder": (("a.csv", "--rejects-dir", "a.csv"), 6, "choose another folder"),
    "three of four": (
        ("a.csv", "odd"),
        6,
        "columns: 'colour' fix these files or move them away, or name only the others",
    ),
    "one for many": (("a.csv", "b.csv", "--rejects", "x"), 2, "--rejects-dir DIR puts"),
}


@pytest.mark.parametrize(("words", "code", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_with_many_files_is_one_sentence(
    program: Program, words: tuple[str, ...], code: int, said: str
) -> None:
    (program.folder / "rejected" / "none").mkdir(parents=True)
    program.write("rejected/a.rejects.csv", "_leadctl_row,phone\n1,+15551230009\n")
    for name in ("a.csv", "b.csv"):
        program.write(name, GOOD.format(1))
    program.write("odd/a.csv", "")
    program.write("odd/b.csv", "colour\nred\n")
    program.write("odd/c.csv", b"\x7fELF\0\0\0\x08" * 9)
    ran = program(*CHECK, *words)
    assert (ran.code, said in re.sub(r"\s+", " ", ran.err)) == (code, True), ran.err
