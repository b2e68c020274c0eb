"""Malicious workbooks: budgets, encryption, archives that grow."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from workbooks import LEAD, PHONE, written

from leadctl.model.errors import InputUnusable
from leadctl.sources import compression, xlsx
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions
from leadctl.sources.sheet_reader import Budget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from program import Program

ENTITIES = '<!DOCTYPE worksheet [<!ENTITY a "aaaa">]>'
LONG = '<{0} t="str"><{1}>' + "x" * 60_000 + "</{1}></{0}>"
HOSTILE = {
    "a document type": written(PHONE + LEAD, start=ENTITIES),
    "deep": written("<a>" * 50_000 + "</a>" * 50_000),
    "a long tag": written(f'<row x="{"y" * 1_500_000}"/>'),
    "a long text": written(f"<row><c><v>{'1' * 1_500_000}</v></c></row>"),
    "a long row": written("<row>" + LONG.format("c", "v") * 20 + "</row>"),
    "a text of many runs": written("", "<si>" + LONG.format("r", "t") * 20 + "</si>"),
    "many names": written("".join(f"<n{n}/>" for n in range(20_000))),
    "far right": written('<row><c r="ZZZZ1"><v>1</v></c></row>'),
    "nowhere": written('<row><c r="1A"><v>1</v></c></row>'),
    "a text that is not there": written('<row><c t="s"><v>7</v></c></row>'),
    "a row that is no number": written('<row r="x"><c><v>1</v></c></row>'),
    "no XML": written("<row"),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_workbook_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputUnusable, match=r"is damaged$"):
        open_source(path, ReadOptions())


@pytest.mark.parametrize(
    ("budget", "words"),
    [(Budget(cells=9), "more than 9 cells"), (Budget(text=200), "too much text")],
    ids=["used range", "text"],
)
def test_workbook_beyond_a_budget_is_refused(
    tmp_path: Path, budget: Budget, words: str
) -> None:
    strings = "".join(f"<si><t>text {n}</t></si>" for n in range(5))
    row = '<row r="{}"><c r="A{}" t="s"><v>0</v></c></row>'
    path = tmp_path / "leads.xlsx"
    path.write_bytes(written(row.format(1, 1) + row.format(10, 10), strings))
    assert xlsx.sample(path, "leads.xlsx", "S", 1).right == 1
    with pytest.raises(InputUnusable, match=words):
        xlsx.sample(path, "leads.xlsx", "S", 1, budget)


def of_zeros(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * size)
    return file.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zip": lambda content: of_zeros(len(content)),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_file_that_unpacks_to_far_too_much_is_refused(
    program: Program, pack: Callable[[bytes], bytes]
) -> None:
    line = b"+15550100001\n"
    program.write("leads.csv", pack(line * (compression.UNBOUNDED // len(line) + 2)))
    ran = program("check", "leads.csv", "--provider", "voiso", "--json")
    assert ran.code == 6
    assert ran.error["message"] == ("leads.csv: it unpacks to over 500 times its size")


def test_workbook_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputUnusable, match="is damaged"):
        open_source(path, ReadOptions())
