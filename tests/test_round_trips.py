"""Files written by the standard library arrive at the provider and in reject files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest
from conftest import Push
from corpus import FOLDER
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from program import Program

from leadctl.model.leads import Row
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from program import Ran

    from leadctl.sandbox import Sandbox

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
UNSHRUNK = (Phase.explicit, Phase.generate)
"""To shrink an example takes hundreds of runs of the program."""
OURS = 6
"""Columns that a reject file has in front of the user's."""
BAD_PHONE = "not a phone"
HEADER = ["Name", "Phone", "Notes"]
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
MARKED = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")
"""Encodings that are recognised for certain: UTF-8, and what begins with a mark."""
DECLARED = ("cp1252", "cp1251", "iso8859-2", "mac-roman", "cp932", "gb18030", "utf-32")

NO_WAY_BACK = {"cp932": "\xa2\xa3\xac\u2016\u2212\u301c\xa5\u203e"}
"""What an encoding writes and then reads as another character."""


@dataclass(frozen=True)
class Dialect:
    """How the standard library writes a table; `declared` is passed as an option."""

    encoding: str
    delimiter: str
    newline: str
    quoting: Literal[0, 1]
    declared: bool = False

    def write(self, table: list[list[str]]) -> bytes:
        file = io.StringIO(newline="")
        writer = csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.newline,
            quoting=self.quoting,
        )
        writer.writerows(table)
        mark = b"\xfe\xff" if self.encoding == "utf-16-be" else b""
        return mark + file.getvalue().encode(self.encoding)

    def read(self, content: bytes) -> list[list[str]]:
        encoding = "utf-16" if self.encoding == "utf-16-be" else self.encoding
        text = io.StringIO(content.decode(encoding), newline="")
        return [*csv.reader(text, delimiter=self.delimiter, strict=True)]

    @property
    def arguments(self) -> list[str]:
        return ["--encoding", self.encoding] if self.declared else []


def characters(encoding: str) -> st.SearchStrategy[str]:
    """Draw what an encoding has; zero bytes are no text, and a mark is no letter.

    A lone carriage return is left without quotes by the csv module before Python 3.13.
    """
    return st.characters(
        codec="utf-8" if encoding.startswith("utf") else encoding,
        exclude_categories=["Cs"],
        exclude_characters="\0\r\ufeff" + NO_WAY_BACK.get(encoding, ""),
    )


def cells(encoding: str) -> st.SearchStrategy[str]:
    odd = st.text("\"',;|\t\n ab=+-@#0", max_size=8)
    return st.text(characters(encoding), max_size=8) | odd


def dialects(*encodings: str, declared: bool) -> st.SearchStrategy[Dialect]:
    return st.builds(
        Dialect,
        encoding=st.sampled_from(encodings),
        delimiter=st.sampled_from([*DELIMITERS.values()]),
        newline=st.sampled_from(["\n", "\r\n"]),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        declared=st.just(declared),
    )


ANY_DIALECT = dialects(*MARKED, declared=False) | dialects(*DECLARED, declared=True)


@st.composite
def tables(draw: st.DrawFn, encoding: str, rows: int) -> list[list[str]]:
    """Draw a header and rows; every third phone is invalid."""
    cell = cells(encoding)
    pairs = draw(st.lists(st.tuples(cell, cell), min_size=1, max_size=rows))
    return [
        HEADER,
        *(
            [name, BAD_PHONE if n % 3 == 2 else f"+1555123{n:04}", notes]
            for n, (name, notes) in enumerate(pairs)
        ),
    ]


@given(data=st.data(), dialect=ANY_DIALECT)
@settings(deadline=None, database=None, max_examples=5000 if LONG else 150)
def test_any_table_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, dialect: Dialect
) -> None:
    """Encoding, delimiter, quotes and header are detected unless they are given."""
    table = data.draw(tables(dialect.encoding, 6))
    path = tmp_path_factory.getbasetemp() / "any-table"
    path.write_bytes(dialect.write(table))
    read_options = ReadOptions(encoding=dialect.encoding if dialect.declared else None)
    source = open_source(path, read_options)
    assert source.columns == tuple(HEADER)
    assert [*source.rows()] == [Row(n, row) for n, row in enumerate(table[1:], 1)]


@given(data=st.data(), dialect=ANY_DIALECT)
@settings(
    deadline=None,
    database=None,
    max_examples=200 if LONG else 6,
    phases=UNSHRUNK,
    suppress_health_check=[*HealthCheck],
)
def test_table_reaches_the_provider_and_its_rejects_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    served: Sandbox,
    data: st.DataObject,
    dialect: Dialect,
) -> None:
    table = data.draw(tables(dialect.encoding, 40))
    push = a_push(served, tmp_path_factory.mktemp("user"))
    path = push.program.write("leads.csv", dialect.write(table))
    ran = push("voiso", path.name, *dialect.arguments, "--json")
    good = [row for row in table[1:] if row[1] != BAD_PHONE]
    bad = [row for row in table[1:] if row[1] == BAD_PHONE]
    rejected = {"rejected": len(bad)} if bad else {}
    assert ran.counts == {"created": len(good)} | rejected
    assert arrived(push) == [[name.strip(), phone[1:]] for name, phone, _ in good]
    if bad:
        rejects = dialect.read(path.with_name("leads.rejects.csv").read_bytes())
        marked = [[name, f"'{phone}", notes] for name, phone, notes in bad]
        assert [row[OURS:] for row in rejects] == [HEADER, *marked]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | cells("utf-8"),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(cells("utf-8"), inner, max_size=2)
    ),
    max_leaves=4,
)
OBJECTS = st.lists(st.tuples(cells("utf-8"), VALUES), min_size=1, max_size=40).map(
    lambda pairs: [
        {"name": name, "phone": BAD_PHONE if n % 3 == 2 else f"+1555123{n:04}", "x": x}
        for n, (name, x) in enumerate(pairs)
    ]
)


@given(
    objects=OBJECTS,
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    escaped=st.booleans(),
)
@settings(
    deadline=None,
    database=None,
    max_examples=200 if LONG else 6,
    phases=UNSHRUNK,
    suppress_health_check=[*HealthCheck],
)
def test_objects_reach_the_provider_and_its_rejects_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    served: Sandbox,
    objects: list[dict[str, Any]],
    newline: str,
    encoding: str,
    *,
    escaped: bool,
) -> None:
    push = a_push(served, tmp_path_factory.mktemp("user"))
    lines = [json.dumps(one, ensure_ascii=escaped) + newline for one in objects]
    path = push.program.write("leads.jsonl", "".join(lines).encode(encoding))
    ran = push("voiso", path.name, "--json")
    good = [one for one in objects if one["phone"] != BAD_PHONE]
    bad = [one for one in objects if one["phone"] == BAD_PHONE]
    assert (ran.document["created"], ran.document["rejected"]) == (len(good), len(bad))
    assert arrived(push) == [[one["name"].strip(), one["phone"][1:]] for one in good]
    if bad:
        rejects = path.with_name("leads.rejects.jsonl").read_bytes().decode(encoding)
        # Split at line feeds alone: some of the other line ends are in the names.
        found = [json.loads(line) for line in rejects.split("\n") if line.strip()]
        ours = [key for key in found[0] if key.startswith("_leadctl_")]
        assert len(ours) == OURS
        assert [
            {key: value for key, value in one.items() if key not in ours}
            for one in found
        ] == bad


# --- reject files converge ------------------------------------------------------------


ROWS = {
    "Ann Testperson": ("+1 555 123 0001", "+15551230001"),
    "Ben Testperson": ("1.55512E+10", "+15551230002"),
    "Zoë Testperson": ("555 123", "+15551230003"),
    "Dara; Testperson": ("+15551230004 / +15551230009", "+15551230004"),
    "Eli, Testperson": ("", "+15551230005"),
    'Fay "FF" Testperson': ("call me", "+15551230006"),
    "Gita Testperson": ("+15551230007 ext. 7", "+15551230007"),
    "Hugo Testperson": ("n/a", "+15551230001"),
}
"""Names with what stands in the file and what is right; the last is the first's."""
WRITTEN = {
    "comma": Dialect("utf-8", ",", "\n", csv.QUOTE_MINIMAL),
    "with a mark": Dialect("utf-8-sig", ",", "\r\n", csv.QUOTE_ALL),
    "semicolons in cp1252": Dialect("cp1252", ";", "\r\n", csv.QUOTE_MINIMAL),
    "tabs in UTF-16": Dialect("utf-16", "\t", "\r\n", csv.QUOTE_MINIMAL),
}


@pytest.mark.parametrize("dialect", WRITTEN.values(), ids=WRITTEN)
def test_reject_files_are_corrected_bit_by_bit_until_none_is_left(
    push: Push, dialect: Dialect
) -> None:
    """Each time two rows are mended, and all get a remark in a column of their own."""
    rows = [[name, was, ""] for name, (was, _) in ROWS.items()]
    file = push.program.write("leads.csv", dialect.write([HEADER, *rows]))
    ran = push("voiso", file.name, "--json")
    left, generation = 7, 0
    while left:
        assert ran.counts["rejected"] == left
        rejects = rejects_of(ran, push)
        assert len(dialect.read(rejects.read_bytes())) == left + 1
        generation += 1
        rejects.write_bytes(dialect.write(corrected(dialect, rejects, generation)))
        ran = push("voiso", rejects.name, "--json")
        left = max(left - 2, 0)
    assert ran.code == 0
    assert ran.document["files"][0]["rejects_file"] is None
    right = {phone.strip("+"): name for name, (_, phone) in [*ROWS.items()][-2::-1]}
    assert {phone: name for name, phone in arrived(push)} == right
    assert len(arrived(push)) == len(right)
    again = push("voiso", file.name, "--json")
    assert again.counts == {"duplicate": 1, "rejected": 7}
    assert len(arrived(push)) == len(right)


def corrected(dialect: Dialect, rejects: Path, generation: int) -> list[list[str]]:
    """Do what a person does in a spreadsheet: mend two phones, remark on every row."""
    header, *rows = dialect.read(rejects.read_bytes())
    name, phone = header.index("Name"), header.index("Phone")
    for row in rows:
        remarks = row[len(header) :] or row[header.index("Notes") + 1 :]
        assert remarks == [f"seen {n}" for n in range(1, generation)]
    for row in rows[:2]:
        row[phone] = ROWS[row[name]][1]
    remark = f"seen {generation}"
    return [[*header, remark], *([*row, remark] for row in rows)]


def rejects_of(ran: Ran, push: Push) -> Path:
    (file,) = ran.document["files"]
    assert file["rejects_file"]
    return push.program.folder / file["rejects_file"]


def test_reject_file_of_jsonl_converges(push: Push) -> None:
    lines = [json.dumps({"name": n, "phone": was}) for n, (was, _) in ROWS.items()]
    push.program.write("leads.jsonl", "\n".join([*lines, '{"name": "broken"']))
    ran = push("voiso", "leads.jsonl", "--json")
    assert ran.counts == {"created": 1, "rejected": 8}
    for left in (5, 0):
        rejects = rejects_of(ran, push)
        objects = [json.loads(line) for line in rejects.read_text().splitlines()]
        for one in objects[:3] if left else objects:
            if raw := one.pop("_leadctl_raw", None):
                one.update(json.loads(raw + "}"))
            one["phone"] = ROWS.get(one["name"], ("", "+15551230008"))[1]
            one["remark"] = {"by": "me", "at": 1.50}
        rejects.write_text("".join(json.dumps(one) + "\n" for one in objects))
        ran = push("voiso", rejects.name, "--json")
        assert ran.document["rejected"] == left
    assert ran.code == 0
    assert sorted(phone for _, phone in arrived(push)) == [
        f"1555123000{n}" for n in range(1, 9)
    ]


@pytest.mark.parametrize("name", ["kinds.xlsx", "zoho-leads.csv", "numbers.jsonl"])
def test_reject_file_pushed_as_it_is_gives_itself_again(push: Push, name: str) -> None:
    """Nothing is corrected, nothing is lost, and no cell changes under way."""
    shutil.copy(FOLDER / name, push.program.folder)
    ran = push("yotel", name, "--json")
    first = rejects_of(ran, push)
    before = cells_of(first)
    ran = push("yotel", first.name, "--json")
    assert (ran.document["created"], ran.document["rejected"]) == (0, len(before))
    assert cells_of(rejects_of(ran, push)) == before


def cells_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a reject file without ours."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        found: list[dict[str, Any]] = [*map(json.loads, text.splitlines())]
    else:
        found = [*csv.DictReader(io.StringIO(text, newline=""))]
    return [
        {key: value for key, value in row.items() if not key.startswith("_leadctl_")}
        for row in found
    ]


def test_reject_file_of_a_workbook_survives_a_spreadsheet(push: Push) -> None:
    """No phone is a cell that a spreadsheet would read as a number."""
    shutil.copy(FOLDER / "long-numbers.xlsx", push.program.folder)
    ran = push("yotel", "long-numbers.xlsx", "--json")
    rejects = rejects_of(ran, push)
    assert rejects.suffix == ".csv"
    phones = [row["Phone"] for row in cells_of(rejects)]
    assert len(phones) == 3
    for phone in phones:
        assert not re.fullmatch(r"\s*[+-]?[0-9.,]+([eE][+-]?[0-9]+)?\s*", phone)


def a_push(served: Sandbox, folder: Path) -> Push:
    """Return the push of a new user, to simulators that have forgotten."""
    for simulator in served.simulators.values():
        simulator.forget()
    return Push(Program.at(folder), served)


def arrived(push: Push) -> list[list[str]]:
    """Return names and phones in the order of their arrival."""
    leads = push.simulator("voiso").stored.get("3", [])
    return [[str(lead.get("name", "")), str(lead["phone_number"])] for lead in leads]
