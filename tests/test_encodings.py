"""Encodings: the right characters, or a clear sentence."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from reading import cells, opened, written

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Malformed, Row
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions
from leadctl.sources.pieces import LONGEST_ROW

if TYPE_CHECKING:
    from pathlib import Path


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
    with pytest.raises(InputUnusable, match=r"could be cp125\d or cp125\d") as caught:
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
