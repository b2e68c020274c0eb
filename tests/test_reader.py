"""Files as people have them -> rows: none dropped, none invented, all numbered."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Malformed, Row
from leadctl.sources.detect import ReadOptions, open_source
from leadctl.sources.source import Format, Source
from leadctl.sources.text_rows import LONGEST_ROW

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Cells, Json

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
NO_ZERO = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
CELL = st.text(NO_ZERO, max_size=8) | st.text(' ",;\t|\r\nab', max_size=8)
PLAIN_CELL = st.from_regex(r"[a-z]{1,5}(, [a-z]{1,5})?", fullmatch=True)
NAME = st.text(NO_ZERO, min_size=1, max_size=6).map(lambda text: f"n{text}n")
quickly = settings(deadline=None, database=None, max_examples=150)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


def opened(
    folder: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> Source:
    path = folder / "leads"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(path, read_options or ReadOptions())


def cells(
    folder: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> list[Cells]:
    rows = [*opened(folder, content, read_options).rows()]
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.cells for row in rows if isinstance(row, Row)]


def malformed(folder: Path, content: str | bytes) -> dict[int, Malformed]:
    rows = opened(folder, content).rows()
    return {row.number: row for row in rows if isinstance(row, Malformed)}


# --- delimited text ----------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 5))
    header = draw(st.lists(NAME, min_size=width, max_size=width))
    body = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8))
    return [header, *body]


def written(
    table: list[list[str]], delimiter: str, newline: str, quoting: Literal[0, 1]
) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=delimiter, lineterminator=newline, quoting=quoting
    )
    writer.writerows(table)
    return file.getvalue()


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
        ("a,b,c,d", ["a", "b", "c", "d"], "4 cells, the header has 3"),
        ('"a,1",b,,', ["a,1", "b", "", ""], "4 cells, the header has 3"),
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


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig", "UTF8"])
def test_byte_order_mark_is_no_part_of_the_first_name(
    tmp_path: Path, encoding: str | None
) -> None:
    content = "phone,name\n1,A\n".encode("utf-8-sig")
    assert (
        opened(tmp_path, content, ReadOptions(encoding=encoding)).columns[0] == "phone"
    )


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1252", "Zoë €"), ("utf-16", "Zoë €"), ("utf-16-le", "Zoë €"), ("gbk", "中文")],
)
def test_encoding_asked_for_is_used(tmp_path: Path, encoding: str, text: str) -> None:
    content = f"name,phone\n{text},1\n".encode(encoding)
    assert cells(tmp_path, content, ReadOptions(encoding=encoding)) == [[text, "1"]]


@pytest.mark.parametrize(
    "encoding",
    [
        "no-such",
        "rot13",
        "hex",
        "zip",
        "idna",
        "undefined",
        "punycode",
        "utf_16",
        "a\0b",
    ],
)
def test_encoding_that_cannot_be_used_gives_a_sentence(
    tmp_path: Path, encoding: str
) -> None:
    with pytest.raises(InputUnusable):
        opened(tmp_path, b"a,b\n1,2\n", ReadOptions(encoding=encoding))


@pytest.mark.parametrize(
    ("name", "code", "encoding"),
    [
        ("Jiří Dvořák", "420", "cp1250"),
        ("Paweł Wiśniewski", "48", "cp1250"),
        ("Tűzoltó Kőszegi", "36", "cp1250"),
        ("Ştefan Brăila", "40", "cp1250"),
        ("Dvořák Kříž Černý", "420", "cp852"),
        ("Jānis Bērziņš", "371", "cp1257"),
        ("Rūta Šimkutė", "370", "cp1257"),
        ("Ayşe Özgür İbrahim", "90", "cp1254"),
        ("Анна Примерова", "7", "cp1251"),
        ("Анна Примерова", "380", "koi8-r"),
        ("Γιώργος Μαρία", "30", "cp1253"),
        ("José Nuñez", "30", "cp1252"),
        ("שלום כהן", "972", "cp1255"),
        ("محمد أحمد", "966", "cp1256"),
        ("สมชาย ใจดี", "66", "cp874"),
        ("山田太郎", "81", "cp932"),
        ("Søren Kjær", "45", "cp1252"),
        ("Jürgen Müller", "49", "mac-roman"),
        ("Jürgen Groß", "49", "cp850"),
        ("Анна Примерова", "1", "cp1251"),
    ],
)
def test_countries_of_the_numbers_decide_on_the_encoding(
    tmp_path: Path, name: str, code: str, encoding: str
) -> None:
    line = f"{name},+{code} 601 123 4000\n"
    content = f"name,phone\n{line * 3}".encode(encoding)
    assert cells(tmp_path, content)[0] == [name, f"+{code} 601 123 4000"]


@pytest.mark.parametrize(
    "lines",
    [
        "Jiří,+420601123400\nSřren,+4532123456\n",
        "Ĺse Kjćr,+420601123400\n",
    ],
    ids=["two countries", "another country's letters"],
)
def test_encoding_that_the_countries_leave_open_is_refused(
    tmp_path: Path, lines: str
) -> None:
    content = f"name,phone\n{lines}".encode("cp1250")
    with pytest.raises(
        InputUnusable, match=r"can be read as cp125\d or cp125\d"
    ) as caught:
        opened(tmp_path, content)
    assert "--encoding" in (caught.value.hint or "")
    assert opened(tmp_path, content, ReadOptions(encoding="cp1252")).columns


def test_bytes_of_another_encoding_are_found_before_a_row_is_read(
    tmp_path: Path,
) -> None:
    content = b"name,phone\n" + b"A,1\n" * 50_000 + b"Zo\xeb,2\n"
    with pytest.raises(InputUnusable, match=r"byte 200014 is not utf-8") as caught:
        opened(tmp_path, content, ReadOptions(encoding="utf-8"))
    assert "--encoding" in (caught.value.hint or "")


@pytest.mark.parametrize("place", [300, 64 * 1024 - 1, 64 * 1024, 100_000])
def test_place_of_a_wrong_byte_is_counted_from_one(tmp_path: Path, place: int) -> None:
    content = b"a" * place + b"\xff" + b"a" * 70_000
    with pytest.raises(InputUnusable, match=f"byte {place + 1} is not utf-8"):
        opened(tmp_path, content, ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\t\n",
        b"\xef\xbb\xbf",
        b"PK\x03\x04\0\0xl/workbook",
        b"a,b\n\0\n",
    ],
    ids=["empty", "blank", "mark alone", "spreadsheet", "zero byte"],
)
def test_what_is_no_table_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputUnusable):
        opened(tmp_path, content)


@pytest.mark.parametrize("place", ["folder", "missing"])
def test_what_cannot_be_read_gives_a_sentence(tmp_path: Path, place: str) -> None:
    path = tmp_path if place == "folder" else tmp_path / "missing.csv"
    with pytest.raises(InputUnusable, match=path.name):
        open_source(path, ReadOptions())


def test_header_longer_than_the_first_look_is_read_whole(tmp_path: Path) -> None:
    names = [f"column {n}" for n in range(9000)]
    content = written([names, names], ",", "\n", csv.QUOTE_MINIMAL)
    source = opened(tmp_path, content)
    assert source.columns == tuple(names)
    assert [*source.rows()] == [Row(1, names)]


def test_missing_quote_in_a_large_file_costs_one_row(tmp_path: Path) -> None:
    """The rest of the file is longer than a row may be."""
    line = "some text that is long enough,1\n"
    many = 2 * LONGEST_ROW // len(line)
    source = opened(tmp_path, f'name,phone\n"lost,1\n{line * many}')
    bad = [row.number for row in source.rows() if isinstance(row, Malformed)]
    assert bad == [1]
    assert sum(1 for _ in source.rows()) == many + 1


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
def test_row_that_is_too_long_is_malformed_and_the_next_is_read(
    tmp_path: Path, quote: str
) -> None:
    long = f"{quote}{'x' * LONGEST_ROW}{quote}"
    rows = [*opened(tmp_path, f"name,phone\n{long},1\nB,2\n").rows()]
    assert isinstance(rows[0], Malformed)
    assert rows[1:] == [Row(2, ["B", "2"])]


def test_same_bytes_have_the_same_fingerprint(tmp_path: Path) -> None:
    first = opened(tmp_path, "a,b\n1,2\n").fingerprint
    assert opened(tmp_path, "a,b\n1,2\n").fingerprint == first
    assert opened(tmp_path, "a,b\n1,3\n").fingerprint != first


# --- JSONL -------------------------------------------------------------------------


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(NO_ZERO, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECT = st.dictionaries(st.text(NO_ZERO, min_size=1, max_size=6), JSON, min_size=1)


@given(
    objects=st.lists(OBJECT, min_size=1, max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
    escaped=st.booleans(),
)
@quickly
def test_any_objects_come_back_as_they_were(
    folder: Path, objects: list[dict[str, Json]], newline: str, *, escaped: bool
) -> None:
    lines = [json.dumps(one, ensure_ascii=escaped) for one in objects]
    rows = [*opened(folder, newline.join(lines)).rows()]
    assert rows == [Row(n, one) for n, one in enumerate(objects, 1)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ('{"phone": "1",}', "not JSON"),
        ("{'phone': '1'}", "not JSON"),
        ('{"phone": "1"} x', "not JSON"),
        ('{"phone": NaN}', "a number that cannot be used"),
        ('{"phone": -Infinity}', "a number that cannot be used"),
        ('{"phone": 1e999}', "a number that cannot be used"),
        ('{"phone": ' + "9" * 5000 + "}", "a number that cannot be used"),
        ("[1, 2]", "not a JSON object"),
        ("17", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"text"', "not a JSON object"),
        (r'{"name": "\ud83d"}', "half of a"),
        (r'{"\ude00": 1}', "half of a"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=lambda text: text[:24],
)
def test_line_that_is_no_usable_object_is_malformed_and_kept(
    tmp_path: Path, line: str, reason: str
) -> None:
    content = f'{{"phone": "1"}}\n{line}\n{{"phone": "2"}}\n'
    found = malformed(tmp_path, content)
    assert [*found] == [2]
    assert reason in found[2].reason
    assert found[2].cells == line


@pytest.mark.parametrize("depth", range(880, 1000, 5))
def test_depth_of_nesting_never_ends_the_reader(tmp_path: Path, depth: int) -> None:
    content = '{"phone": "1"}\n' + '{"a":' * depth + "1" + "}" * depth + "\n"
    source = opened(tmp_path, content)
    assert [row.number for row in source.rows()] == [1, 2]


def test_blank_lines_between_objects_are_no_rows(tmp_path: Path) -> None:
    content = '\n{"phone": "1"}\n\n  \r\n{"phone": "2"}\n\n'
    rows = [*opened(tmp_path, content).rows()]
    assert rows == [Row(1, {"phone": "1"}), Row(2, {"phone": "2"})]


def test_unicode_line_separators_end_no_line(tmp_path: Path) -> None:
    content = '{"name": "a\u2028b\u0085c"}\n'
    assert cells(tmp_path, content) == [{"name": "a\u2028b\u0085c"}]


def test_pair_of_escapes_is_one_character(tmp_path: Path) -> None:
    assert cells(tmp_path, r'{"name": "\ud83d\ude00"}') == [{"name": "\U0001f600"}]


def test_columns_are_all_ways_into_all_objects(tmp_path: Path) -> None:
    content = '{"phone": "1"}\n{"address": {"city": "X"}, "phone": "2"}\n{"late": 1}\n'
    source = opened(tmp_path, content)
    assert source.columns == ("phone", "address", "address.city", "late")


@pytest.mark.parametrize(
    "content",
    ['{"a"\n{"b"\n', '[{"phone": "1"}]', "{}\n"],
    ids=["broken", "array", "empty object"],
)
def test_file_without_any_object_gives_a_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputUnusable, match="no line is a JSON object"):
        opened(tmp_path, content, ReadOptions(format=Format.JSONL))


def test_more_keys_than_a_table_has_columns_give_a_sentence(tmp_path: Path) -> None:
    content = "".join(f'{{"key {n}": 1}}\n' for n in range(10_001))
    with pytest.raises(InputUnusable, match="different keys"):
        opened(tmp_path, content)


def test_line_kept_by_a_reject_file_is_what_it_was(tmp_path: Path) -> None:
    ours: dict[str, Json] = {"_leadctl_row": 4, "_leadctl_reason": "not JSON"}
    lines: list[dict[str, Json]] = [
        {"phone": "1"},
        {**ours, "_leadctl_raw": "{broken"},
        {**ours, "_leadctl_raw": '{"phone": "2"}'},
        {**ours, "_leadctl_raw": "{broken", "phone": "3"},
    ]
    rows = [*opened(tmp_path, "\n".join(map(json.dumps, lines))).rows()]
    assert isinstance(rows[1], Malformed)
    assert rows[1].cells == "{broken"
    assert rows[2] == Row(3, {"phone": "2"})
    assert rows[3] == Row(4, lines[3])
