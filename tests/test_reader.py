"""Rows of files as people have them: none dropped, none invented, all numbered."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading import NO_ZERO, cells, malformed, opened, quickly, written

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Malformed, Row
from leadctl.sources.formats import Format, ReadOptions
from leadctl.sources.pieces import Pieces
from leadctl.sources.text_rows import row_of

if TYPE_CHECKING:
    from pathlib import Path


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
CELL = st.text(NO_ZERO, max_size=8) | st.text(' ",;\t|\r\nab', max_size=8)
PLAIN_CELL = st.from_regex(r"[a-z]{1,5}(, [a-z]{1,5})?", fullmatch=True)
NAME = st.text(NO_ZERO, min_size=1, max_size=6).map(lambda text: f"n{text}n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 5))
    header = draw(st.lists(NAME, min_size=width, max_size=width))
    body = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8))
    return [header, *body]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
@given(
    table=tables(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    cut=st.booleans(),
)
@settings(deadline=None, database=None, max_examples=40)
def test_any_table_comes_back_as_the_csv_module_wrote_it(
    folder: Path,
    table: list[list[str]],
    delimiter: str,
    newline: str,
    encoding: str,
    *,
    cut: bool,
) -> None:
    content = written(table, delimiter, newline, csv.QUOTE_ALL)
    content = content.removesuffix(newline) if cut else content
    read_options = ReadOptions(
        format=Format.CSV,
        delimiter=delimiter,
        encoding=None if encoding.startswith("utf-8") else encoding,
    )
    source = opened(folder, content.encode(encoding), read_options)
    assert source.columns == tuple(name.strip() for name in table[0])
    assert [*source.rows()] == [Row(n, row) for n, row in enumerate(table[1:], 1)]


@given(table=tables())
@quickly
def test_quotes_are_needed_only_where_a_cell_needs_them(
    folder: Path, table: list[list[str]]
) -> None:
    # Before Python 3.13 the csv module leaves a lone carriage return without quotes.
    table = [[cell.replace("\r", "") for cell in row] for row in table]
    content = written(table, ",", "\n", csv.QUOTE_MINIMAL)
    read_options = ReadOptions(format=Format.CSV, delimiter=",")
    assert cells(folder, content, read_options) == table[1:]


NOISE = st.lists(
    st.sampled_from([*'",;\t|\n\r{}[]:1aé ', "\r\n", "\\u", '"a":', "\ufeff", "\\"]),
    max_size=40,
).map(lambda parts: "".join(parts).encode())


@given(content=st.binary(max_size=200) | NOISE, form=st.sampled_from([None, *Format]))
@example(content=b"a,b\r1,2\r", form=None)
@example(content=b"\n" * 60 + b"a,b\n1,2\n", form=None)
@settings(deadline=None, database=None, max_examples=400)
def test_any_bytes_give_rows_or_a_sentence(
    folder: Path, content: bytes, form: Format | None
) -> None:
    try:
        source = opened(folder, content, ReadOptions(format=form))
    except InputUnusable:
        return
    rows = [*source.rows()]
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    for row in rows:
        if isinstance(row, Row) and isinstance(row.cells, list):
            assert len(row.cells) == len(source.columns)


@given(
    rows=st.lists(st.tuples(PLAIN_CELL, PLAIN_CELL), min_size=1, max_size=12),
    stray=st.sampled_from(['x,"y', '"x,y', '"x"y,z', 'x,"y"z']),
    data=st.data(),
)
@quickly
def test_stray_quote_costs_only_its_own_line(
    folder: Path, rows: list[tuple[str, str]], stray: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows)))
    lines = [written([[*row]], ",", "\n", csv.QUOTE_MINIMAL) for row in rows]
    lines.insert(place, f"{stray}\n")
    found = [*opened(folder, "name,phone\n" + "".join(lines)).rows()]
    assert [row.number for row in found] == [*range(1, len(rows) + 2)]
    broken = found.pop(place)
    assert isinstance(broken, Malformed)
    assert broken.cells == stray
    assert [row.cells for row in found] == [[*row] for row in rows]


@pytest.mark.parametrize(
    ("line", "kept", "reason"),
    [
        ("a,b,c,d", ["a", "b", "c", "d"], "4 cells, but the header has 3"),
        ('"a,1",b,,', ["a,1", "b", "", ""], "4 cells, but the header has 3"),
    ],
    ids=["too many", "quoted"],
)
def test_row_with_too_many_cells_keeps_them(
    tmp_path: Path, line: str, kept: list[str], reason: str
) -> None:
    content = f"x,y,z\n1,2,3\n{line}\n4,5,6\n"
    assert malformed(tmp_path, content) == {2: Malformed(2, reason, kept)}
    good = [
        row.cells for row in opened(tmp_path, content).rows() if isinstance(row, Row)
    ]
    assert good == [["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        ("a,b", [["a", "b", ""]]),
        ("a", [["a", "", ""]]),
        ('"a,1",b', [["a,1", "b", ""]]),
        ('a,"b\n1"', [["a", "b\n1", ""]]),
        ("a,b\n\n  \nc", [["a", "b", ""], ["c", "", ""]]),
        ("a\nb,c,d", [["a", "", ""], ["b", "c", "d"]]),
        ('"x"y,z,\na,b', [["a", "b", ""]]),
    ],
    ids=["two", "one", "quoted", "two lines", "blank lines", "first", "beside a quote"],
)
def test_row_that_ends_early_has_empty_cells_at_its_end(
    tmp_path: Path, lines: str, rows: list[list[str]]
) -> None:
    content = f"x,y,z\n1,2,3\n{lines}\n4,5,6\n"
    good = [
        row.cells for row in opened(tmp_path, content).rows() if isinstance(row, Row)
    ]
    assert good == [["1", "2", "3"], *rows, ["4", "5", "6"]]


PIECES = ["+15551230001", "A", ",", ",", "\n", "\n", '"', '""', '",', ',"', "\\N", " "]


@given(
    body=st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    start=st.sampled_from(["phone,name,x\n", "phone\n", "_leadctl_row,phone,x\n"]),
)
@settings(deadline=None, database=None, max_examples=300)
def test_rows_have_the_same_number_wherever_they_are_read(
    folder: Path, body: str, start: str
) -> None:
    """A reject file looks rows up by the numbers that a push gave them."""
    source = opened(folder, start + body, ReadOptions(format=Format.CSV, delimiter=","))
    rows = [*source.rows()]
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    again = [*source.rows_at(iter(range(1, len(rows) + 1)))]
    for one, other in zip(rows, again, strict=True):
        assert type(one) is type(other)
        assert str(one).replace("\\\\N", "") == str(other).replace("\\\\N", "")
    if rows:
        lines = source.lines_of(row.number for row in rows)
        assert [*lines.values()] == sorted({*lines.values()})
        rest = "".join((start + body).splitlines(keepends=True)[lines[len(rows)] - 1 :])
        text = Pieces(io.StringIO(rest))
        (last,) = source.split(text.piece(), text)
        assert row_of(len(rows), last) == rows[-1]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("phone,name", '{0},"A|{1},B|{2},C"'),
        ("phone,name", '{0},"A|{1},B"'),
        ("phone,name,city", '{0},"A|{1},B|{2},C",X'),
        ("phone,name,city", '{0},A,"X|{1},B|{2},C,X"'),
        ("phone,name,city", '{0},A,"X|{1},B,"'),
        ("name,phone,city", '"A,{0},X|B,{1},X|C",{2},X'),
        ("name,phone", '"A,{0}|B",{1}'),
        ("name,phone,city", 'A,{0},"X|B,{1}|C,{2},X"'),
        ("name,phone", "\"A,'{0}|B\",'{1}"),
        ("phone,name", 'tel:{0},"A|tel:{1} x5,B"'),
        ("phone,name", '030/1234567,"A|030/1234568,B"'),
    ],
)
def test_quotes_of_two_rows_swallow_none_between_them(
    tmp_path: Path, header: str, lines: str, newline: str
) -> None:
    numbers = ["+15551230001", "1 (555) 123-0002", "5551230003"]
    body = lines.format(*numbers).replace("|", newline)
    content = f"{header}{newline}{body}{newline}"
    rows = [*opened(tmp_path, content).rows()]
    assert len(rows) == body.count(newline) + 1
    assert isinstance(rows[0], Malformed)
    assert "a quote opens in this row and closes in a later one" in rows[0].reason


@pytest.mark.parametrize(
    "cell",
    [
        "Main Street 1\nSpringfield, IL 62701",
        "Main Street 1\nSpringfield, 62701-1234\nUSA",
        "called, 2026-03-01, nobody there\ncall back, 14:30\n",
        "other number:\n+15551230009",
        "5, 6 and 7\n1, 2, 3\n",
        "\n\n",
    ],
)
def test_honest_cell_of_several_lines_is_one_cell(tmp_path: Path, cell: str) -> None:
    content = written(
        [
            ["id", "notes", "phone", "other phone", "address"],
            ["1", cell, "+15551230001", "+15551230002", cell],
        ],
        ",",
        "\n",
        csv.QUOTE_ALL,
    )
    (row,) = cells(tmp_path, content)
    assert row == ["1", cell, "+15551230001", "+15551230002", cell]


def test_quote_of_the_header_swallows_no_row(tmp_path: Path) -> None:
    content = 'phone,"name\n+15551230001,A\n+15551230002,B"\n+15551230003,C\n'
    with pytest.raises(InputUnusable, match="a quote opened in the header"):
        opened(tmp_path, content)
    content = 'phone,"name\n(first, last)"\n+15551230003,C\n'
    assert opened(tmp_path, content).columns == ("phone", "name\n(first, last)")


@pytest.mark.parametrize(
    "first",
    [
        "+15551230001",
        "tel:+15551230001",
        "'+15551230001",
        '="15551230001"',
        "1.5551230001E+10",
    ],
)
def test_bare_number_is_no_header(tmp_path: Path, first: str) -> None:
    source = opened(tmp_path, f"{first}\n+15551230002\n")
    assert source.columns == ("phone",)
    assert len([*source.rows()]) == 2


@pytest.mark.parametrize("end", [b"\n\x1a", b"\x1a", b"\r\n" + b"\x1a" * 128])
@pytest.mark.parametrize(
    "line", [b"phone,name\n+15551230001,A", b'{"phone": "+15551230001", "name": "A"}']
)
def test_end_of_a_file_of_dos_is_no_row_and_no_letter(
    tmp_path: Path, line: bytes, end: bytes
) -> None:
    (found,) = cells(tmp_path, line + end)
    assert [*(found.values() if isinstance(found, dict) else found)] == [
        "+15551230001",
        "A",
    ]
    opened(tmp_path, line + end).require_unchanged()


def test_letter_of_utf16_is_no_end_of_a_file(tmp_path: Path) -> None:
    content = b"\xfe\xff" + "name\nA\u011a".encode("utf-16-be")
    assert cells(tmp_path, content) == [["A\u011a"]]


@pytest.mark.parametrize("stray", ["", 'x,"y\n'], ids=["plain", "beside a quote"])
def test_null_of_a_database_is_an_empty_cell(tmp_path: Path, stray: str) -> None:
    source = opened(tmp_path, f"phone,name\n{stray}\\N,A\nB\\N,\\N\n")
    rows = [row.cells for row in source.rows() if isinstance(row, Row)]
    assert rows == [["", "A"], ["B\\N", ""]]
    last = next(source.rows_at(iter([len([*source.rows()])])))
    assert last.cells == ["B\\N", "\\N"], "the reject file has what stands there"


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert cells(tmp_path, "x,y\n\n1,2\n\r\n\n3,4\n\n") == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    "content",
    [b"x,y\r1,2\r3,4\r", b"x,y\n1,2\r3,4\n", b"\n" * 60 + b"x,y\n1,2\n3,4\n"],
    ids=["old Mac line ends", "one lone carriage return", "sixty blank lines first"],
)
def test_odd_line_ends_do_not_stop_the_reader(tmp_path: Path, content: bytes) -> None:
    assert cells(tmp_path, content) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("name,phone\nA,1\n", ","),
        ("name;phone\nA, the first;1\n", ";"),
        ("name\tphone\nA, B\t1\n", "\t"),
        ("name|phone\nA|1\n", "|"),
        ('"last, first",phone\n"B; C",1\n', ","),
        ("phone\n1\n2\n", ","),
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
    ],
    ids=["comma", "semicolon", "tab", "pipe", "quoted", "one column", "decimal comma"],
)
def test_delimiter_is_found_out(tmp_path: Path, content: str, delimiter: str) -> None:
    assert opened(tmp_path, content).dialect.delimiter == delimiter


def test_delimiter_asked_for_wins(tmp_path: Path) -> None:
    source = opened(tmp_path, "a;b,c\n1;2,3\n", ReadOptions(delimiter=";"))
    assert source.columns == ("a", "b,c")


@pytest.mark.parametrize(
    ("content", "columns", "rows"),
    [
        ("[Phone],[Name]\n+15551230001,A\n", ("[Phone]", "[Name]"), 1),
        ("{phone},x\n+15551230001,A\n", ("{phone}", "x"), 1),
        ("01.23.45.67.89,A\n01.23.45.67.90,B\n", ("1", "2"), 2),
        ("+15551230001,,\nphone,note,since\n+15551230002,x,y\n", ("1", "2", "3"), 3),
        ("Report\n+15551230001\na,b,c\n1,2,3\n1,2,3\n", ("Report",), 4),
    ],
    ids=["brackets", "braces", "French numbers", "before a name", "under a title"],
)
def test_nothing_that_may_be_a_row_is_taken_for_something_else(
    tmp_path: Path, content: str, columns: tuple[str, ...], rows: int
) -> None:
    source = opened(tmp_path, content.encode())
    assert source.format is Format.CSV
    assert source.columns == columns
    assert len([*source.rows()]) == rows


def test_more_columns_than_a_table_has_give_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="more than 10,000 columns"):
        opened(tmp_path, b"phone" + b",x" * 10_000 + b"\n")


def test_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    source = opened(tmp_path, "name,phone\n")
    assert source.columns == ("name", "phone")
    assert [*source.rows()] == []


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    source = opened(tmp_path, "A,1\nB,2\n", ReadOptions(header=False))
    assert source.columns == ("1", "2")
    assert [row.cells for row in source.rows()] == [["A", "1"], ["B", "2"]]


def test_reject_file_has_its_header_even_when_told_otherwise(tmp_path: Path) -> None:
    content = "_leadctl_row,_leadctl_status,1\n7,rejected,x\n"
    source = opened(tmp_path, content, ReadOptions(header=False))
    assert source.columns[0] == "_leadctl_row"
    assert cells(tmp_path, content, ReadOptions(header=False)) == [
        ["7", "rejected", "x"]
    ]
