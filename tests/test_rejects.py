"""Reject files: undelivered rows, unchanged and with a reason."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program import csv_rows
from reject_rows import OURS, finding, rejected, source_of, written

from leadctl.model.leads import Malformed
from leadctl.reports import reject_file
from leadctl.sources.detect import open_source
from leadctl.sources.formats import Format, ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.model.leads import Cells, Row
    from leadctl.sources.source import Source

CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6
) | st.text(' ",;\t|\nab', max_size=6)
PLAIN = st.from_regex(r"[a-z]{1,5}(, [a-z]{1,5})?", fullmatch=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rejects")


def theirs(source: Source) -> list[Cells | str]:
    """Return the rows without our columns."""
    return [_without_ours(row) for row in source.rows()]


def _without_ours(row: Row | Malformed) -> Cells | str:
    match row.cells:
        case dict():
            return {k: v for k, v in row.cells.items() if not k.startswith("_leadctl_")}
        case list():
            return row.cells[len(OURS) :]
        case _:
            return row.cells


def plain(source: Source) -> list[Cells | str]:
    return [row.cells for row in source.rows()]


@st.composite
def ragged_tables(draw: st.DrawFn) -> list[list[str]]:
    """Draw a header and rows of its width or more, each with something in it."""
    width = draw(st.integers(1, 4))
    header = [f"column {n}" for n in range(width)]
    row = st.lists(CELL, min_size=width, max_size=6)
    return [header, *draw(st.lists(row, min_size=1, max_size=6))]


@given(
    table=ragged_tables(),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(deadline=None, database=None, max_examples=80)
def test_cells_stand_in_the_reject_file_as_they_came(
    folder: Path,
    table: list[list[str]],
    delimiter: str,
    newline: str,
    encoding: str,
) -> None:
    # A quoted line break in a row of the wrong width is taken for a stray quote.
    width = len(table[0])
    table = [
        [c.replace("\n", "") for c in row] if len(row) != width else row
        for row in table
    ]
    read_options = ReadOptions(
        format=Format.CSV,
        delimiter=delimiter,
        encoding="utf-16" if encoding == "utf-16" else None,
        known=frozenset(table[0]),  # as a profile tells
    )
    content = written(table, delimiter, newline).encode(encoding)
    source = source_of(folder / "leads.csv", content, read_options)
    first = rejected(source, folder / "leads.rejects.csv", read_options)
    assert theirs(first) == table[1:]
    # Where every row ends in the same empty cells, they are columns without a name.
    assert [*source.columns] == [*table[0], *[""] * (len(source.columns) - width)]
    assert [*first.columns] == [*OURS, *source.columns]
    assert first.dialect.newline == newline
    again = rejected(first, folder / "leads.rejects.rejects.csv", read_options)
    assert theirs(again) == table[1:]
    assert again.columns == first.columns


def test_carriage_return_in_a_cell_survives(tmp_path: Path) -> None:
    """A spreadsheet on a Mac writes such cells, in quotes."""
    source = source_of(tmp_path / "leads.csv", 'name,phone\n"A\rB",12\n')
    assert plain(source) == [["A\rB", "12"]]
    assert theirs(rejected(source, tmp_path / "out.csv")) == [["A\rB", "12"]]


@given(
    rows=st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=8),
    stray=st.sampled_from(['x,"y', '"x,y', '"x"y,z', 'x,"y"z', '"']),
    data=st.data(),
)
@settings(deadline=None, database=None, max_examples=80)
def test_line_that_could_not_be_split_goes_back_as_it_stands(
    folder: Path, rows: list[tuple[str, str]], stray: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows)))
    lines = [written([[*row]]) for row in rows]
    lines.insert(place, f"{stray}\n")
    source = source_of(folder / "leads.csv", "name,phone\n" + "".join(lines))
    first = rejected(source, folder / "first.csv")
    second = rejected(first, folder / "second.csv")
    for file in (first, second):
        found = [*file.rows()]
        broken = found.pop(place)
        assert isinstance(broken, Malformed)
        assert str(broken.cells).endswith(f",run-1,{stray}")
        assert [_without_ours(row) for row in found] == [[*row] for row in rows]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | CELL,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(CELL, inner, max_size=2)
    ),
    max_leaves=4,
)
LINES = st.lists(
    st.dictionaries(CELL, JSON, min_size=1, max_size=3).map(
        lambda cells: json.dumps(cells, ensure_ascii=False)
    )
    | st.sampled_from(
        ["{broken", '{"phone": NaN}', "[1]", '"text"', r'{"a": "\ud800"}']
    ),
    max_size=6,
).map(lambda lines: ['{"phone": "1"}', *lines])


@given(lines=LINES)
@settings(deadline=None, database=None, max_examples=80)
def test_lines_of_json_stand_in_the_reject_file_as_they_came(
    folder: Path, lines: list[str]
) -> None:
    source = source_of(folder / "leads.jsonl", "\n".join(lines))
    first = rejected(source, folder / "first.jsonl")
    assert theirs(first) == plain(source)
    second = rejected(first, folder / "second.jsonl")
    assert theirs(second) == plain(source)
    with (folder / "second.jsonl").open(encoding="utf-8") as file:
        for line in file:
            assert [key for key in json.loads(line) if key in OURS] == OURS


@pytest.mark.parametrize("depth", [900, 950, 970, 975, 980, 984])
def test_deep_objects_are_written_as_they_were_read(tmp_path: Path, depth: int) -> None:
    content = '{"phone": "1"}\n' + '{"a":' * depth + "1" + "}" * depth + "\n"
    source = source_of(tmp_path / "leads.jsonl", content)
    first = rejected(source, tmp_path / "first.jsonl")
    assert [row.number for row in first.rows()] == [1, 2]


def test_only_the_rows_found_are_written_in_their_order(tmp_path: Path) -> None:
    rows = "".join(f"name {n},{n}\n" for n in range(1, 9))
    source = source_of(tmp_path / "leads.csv", f"name,phone\n{rows}")
    out = tmp_path / "out.csv"
    found = iter([finding(2), finding(3, "no such country code"), finding(8)])
    assert reject_file.write(out, source, found, "run-1") == 3
    lines = csv_rows(out)
    assert [line["name"] for line in lines] == ["name 2", "name 3", "name 8"]
    assert lines[1] == {
        "_leadctl_row": "3",
        "_leadctl_status": "rejected",
        "_leadctl_code": "phone_invalid",
        "_leadctl_field": "phone",
        "_leadctl_reason": "no such country code",
        "_leadctl_run": "run-1",
        "name": "name 3",
        "phone": "'3",
    }


@pytest.mark.parametrize(
    "reason",
    [
        '=HYPERLINK("http://x.example";"y")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\tx",
        "\rx",
    ],
    ids=lambda text: repr(text[0]),
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_reason_is_no_formula(tmp_path: Path, form: str, reason: str) -> None:
    content = "phone\n1\n" if form == "csv" else '{"phone": "1"}\n'
    source = source_of(tmp_path / f"leads.{form}", content)
    out = tmp_path / f"out.{form}"
    reject_file.write(out, source, iter([finding(1, reason)]), "run-1")
    text = out.read_text(encoding="utf-8")
    written = csv_rows(out)[0] if form == "csv" else json.loads(text)
    assert written["_leadctl_reason"] == f"'{reason}"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("opened_as", [",", ";", "\t", "|"])
def test_reason_is_no_formula_wherever_it_is_split(
    tmp_path: Path, delimiter: str, opened_as: str
) -> None:
    """A spreadsheet splits cells at what its country is used to."""
    source = source_of(tmp_path / "leads.csv", f"phone{delimiter}name\n1{delimiter}x\n")
    reason = "no,=1+1;+2\t-3|@4, -5 or 1-2"
    reject_file.write(tmp_path / "out.csv", source, iter([finding(1, reason)]), "run-1")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=opened_as) for cell in row]
    assert not [cell for cell in cells if cell[:1] in {*"=+-@\t\r"}]
    assert opened_as == "," or any(", -5 or 1-2" in cell for cell in cells)


def test_formula_of_the_user_is_left_alone(tmp_path: Path) -> None:
    source = source_of(tmp_path / "leads.csv", "phone,name\n+1555,=1+1\n")
    assert theirs(rejected(source, tmp_path / "out.csv")) == [["+1555", "=1+1"]]


def test_reason_that_the_encoding_lacks_costs_no_row(tmp_path: Path) -> None:
    read_options = ReadOptions(encoding="cp1252")
    source = source_of(
        tmp_path / "leads.csv", "name,phone\nZoë,1\n".encode("cp1252"), read_options
    )
    out = tmp_path / "out.csv"
    reject_file.write(out, source, iter([finding(1, "说 no")]), "run-1")
    (row,) = csv_rows(out, encoding="cp1252")
    assert (row["name"], row["_leadctl_reason"]) == ("Zoë", "? no")


def test_names_of_the_header_are_untouched(tmp_path: Path) -> None:
    source = source_of(tmp_path / "leads.csv", "Full Name , phone,phone\nA,1,2\n")
    out = tmp_path / "out.csv"
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    header = out.read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join([*OURS, "Full Name ", " phone", "phone"])


def test_file_without_a_header_gets_one_and_keeps_its_meaning(tmp_path: Path) -> None:
    read_options = ReadOptions(header=False)
    source = source_of(tmp_path / "leads.csv", "A,1\nB,2\n", read_options)
    again = rejected(source, tmp_path / "out.csv", read_options)
    assert again.columns[len(OURS) :] == source.columns
    assert theirs(again) == [["A", "1"], ["B", "2"]]


PHONES = {
    "12": "'12",
    "012": "'012",
    "+12": "'+12",
    "-12": "'-12",
    " +12": "' +12",
    "n/a": "'n/a",
    "'+12": "'+12",
    " '12": " '12",
    '="12"': '="12"',
    "": "",
}
"""Phone cells, and the same in a reject file: none is a number for a spreadsheet."""


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_phones_of_a_reject_file_are_text_for_a_spreadsheet(
    push: Push, suffix: str
) -> None:
    delimiter = {"csv": ",", "tsv": "\t"}[suffix]
    rows = [["Mobil", "name", "Telefon"], *([phone, "=1+1", "12"] for phone in PHONES)]
    push.program.write(f"leads.{suffix}", written(rows, delimiter))
    path = push.program.folder / f"leads.{suffix}"
    verdicts = []
    for _ in range(3):
        ran = push("voiso", path.name, "--json")
        verdicts.append((ran.codes, ran.document["repairs"]))
        path = path.with_name(f"{path.stem}.rejects.{suffix}")
        found = csv_rows(path, delimiter)
        assert [row["Mobil"] for row in found] == [*PHONES.values()]
        assert {(row["name"], row["Telefon"]) for row in found} == {("=1+1", "'12")}
    assert verdicts[0][0] == verdicts[1][0] == verdicts[2][0]


# --- the file itself ---------------------------------------------------------------


def test_blank_cells_of_a_tsv_are_a_row_wherever_rows_are_counted(push: Push) -> None:
    """A line of tabs alone has cells, all of them empty."""
    push.program.write(
        "leads.tsv",
        "phone\tname\tcity\n+15551230001\tAsha\tX\n\t\t\n12\tBad\tX\n"
        "+15551230003\tGood\tX\n",
    )
    assert push("voiso", "leads.tsv").code == 3
    rejected = (push.program.folder / "leads.rejects.tsv").read_text().splitlines()[1:]
    found = [(row.split("\t")[0], row.split("\t")[-3:]) for row in rejected]
    assert found == [("2", ["", "", ""]), ("3", ["'12", "Bad", "X"])]


def test_values_of_jsonl_stay_as_they_are_written(tmp_path: Path) -> None:
    """`1.10` is no 1.1, and twenty digits are twenty digits, a generation later too."""
    theirs = '"phone": "12", "plan": 1.10, "id": 12345678901234567890, "x":{"a" : 1}}'
    source = source_of(tmp_path / "leads.jsonl", "{" + theirs + "\n")
    out = tmp_path / "out.jsonl"
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    assert out.read_text().rstrip().endswith(f'"_leadctl_run": "run-1", {theirs}')
    again = tmp_path / "again.jsonl"
    reject_file.write(
        again, open_source(out, ReadOptions()), iter([finding(1)]), "run-2"
    )
    assert again.read_text() == out.read_text().replace("run-1", "run-2")


def test_cells_are_counted_as_the_user_does(program: Program) -> None:
    program.write("leads.csv", "phone,name\n+15551230001,Ann Testperson,more\n")
    first = program("check", "leads.csv", "--provider", "voiso", "--json")
    again = program("check", "leads.check.csv", "--provider", "voiso", "--json")
    told = [ran.document["reasons"][0]["message"] for ran in (first, again)]
    assert told == ["3 cells, but the header has 2"] * 2
