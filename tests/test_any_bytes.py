"""Arbitrary bytes give rows or one clear sentence, in bounded time and memory."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from corpus import ENTRIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import SECONDS

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Row
from leadctl.sources.detect import open_source
from leadctl.sources.formats import Format, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from program import Program

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
SEEDS = {entry.file.name: entry.file.read_bytes() for entry in ENTRIES}
WORKBOOKS = [name for name in SEEDS if SEEDS[name].startswith(b"PK")]
OTHERS = [name for name in SEEDS if name not in WORKBOOKS]
ENCODINGS = (None, "utf-8", "utf-16", "cp1252", "cp932", "utf-7", "utf-32")
TROUBLE = [
    *(b'"', b"'", b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\x1a", b"{", b"}"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\xed\xa0\x80"),
    *(b"\x1f\x8b\x08\0", b"BZh9", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06"),
    *(
        b"\xd0\xcf\x11\xe0",
        b"%PDF-1.7",
        b"<html>",
        b"sep=",
        b"sep=;\n",
        b"_leadctl_row",
    ),
    *(b"\xc3", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c", b"\x1c", b"[", b"\\"),
]

# --- the readers, in this process -----------------------------------------------------


@st.composite
def mutated(draw: st.DrawFn, names: Sequence[str]) -> bytes:
    """Take a file of the corpus and damage it in a few places."""
    content = SEEDS[draw(st.sampled_from(names))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 60)))
        piece = draw(
            st.sampled_from(TROUBLE)
            | st.binary(max_size=12)
            | st.just(content[start:end] * 2)
            | st.just(bytes(byte ^ 16 for byte in content[start:end]))
            | st.just(b"")
            | st.sampled_from([*SEEDS.values()]).map(lambda other: other[:400])
        )
        content = content[:start] + piece + content[end:]
    whole = draw(st.integers(0, 3)) > 0
    return content if whole else content[: draw(st.integers(0, 5000))]


@st.composite
def packed(draw: st.DrawFn) -> bytes:
    """Damage what is inside a compressed file, and perhaps the outside too."""
    inside = draw(mutated(OTHERS))
    content = gzip.compress(inside) if draw(st.booleans()) else bz2.compress(inside)
    cut = draw(st.integers(0, 40))
    return content[: len(content) - cut] + draw(st.binary(max_size=3))


NOISE = st.lists(st.sampled_from(TROUBLE) | st.binary(max_size=4), max_size=40).map(
    b"".join
)


@given(
    content=mutated(OTHERS) | packed() | NOISE | st.binary(max_size=300),
    form=st.sampled_from([None, None, *Format]),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from([None, None, ",", "^"]),
    header=st.booleans(),
)
@settings(
    deadline=None,
    database=None,
    max_examples=50_000 if LONG else 400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_bytes_are_rows_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    form: Format | None,
    encoding: str | None,
    delimiter: str | None,
    *,
    header: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(content)
    read_options = ReadOptions(form, encoding, delimiter, header)
    require_rows_or_a_sentence(path, read_options)


@given(content=mutated(WORKBOOKS), form=st.sampled_from([None, *Format]))
@settings(deadline=None, database=None, max_examples=50_000 if LONG else 250)
def test_damaged_workbook_is_rows_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, form: Format | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-workbook"
    path.write_bytes(content)
    require_rows_or_a_sentence(path, ReadOptions(form))


def require_rows_or_a_sentence(path: Path, read_options: ReadOptions) -> None:
    try:
        source = open_source(path, read_options)
        rows = [*source.rows()]
    except InputUnusable as error:
        sentence = error.message
        assert sentence.isprintable()
        return
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    for row in rows:
        if isinstance(row, Row) and isinstance(row.cells, list):
            assert len(row.cells) == len(source.columns)
    assert [*source.rows()] == rows, "a second look finds other rows"


CRUDE: dict[str, bytes] = {
    "all bytes": bytes(range(256)) * 20,
    "all bytes without zero": bytes(range(1, 256)) * 20,
    "only quotes": b'"' * 5001,
    "only delimiters": b",;\t|" * 3000,
    "only line ends": b"\r\n\n\r" * 3000,
    "a mark and nothing": b"\xff\xfe",
    "half a character of UTF-16": b"\xff\xfeN\0a\0m\0e",
    "lone surrogates in UTF-16": b"\xff\xfe" + b"\x00\xd8" * 200,
    "zero bytes": b"\0" * 10_000,
    "phone and zero bytes": b"phone\n+15551230001\n" + b"\0" * 100_000,
    "a mark in UTF-32": "phone\n+15551230001\n".encode("utf-32"),
    "gzip in gzip": gzip.compress(gzip.compress(b"phone\n+15551230001\n")),
    "nothing behind the magic": b"\x1f\x8b",
    "zstd magic": b"\x28\xb5\x2f\xfd",
    "bzip2 magic": b"BZh9",
    "zip magic": b"PK\x03\x04",
    "deep brackets": b"[" * 100_000,
    "deep objects": b'{"phone":' * 50_000,
    "many columns": b"phone" + b",x" * 200_000 + b"\n+15551230001\n",
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(50_000)) + b"}\n",
}


@pytest.mark.parametrize("content", CRUDE.values(), ids=CRUDE)
def test_crude_bytes_are_rows_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    require_rows_or_a_sentence(path, ReadOptions())


@pytest.mark.parametrize(
    "kind",
    CRUDE if LONG else ["all bytes", "zero bytes", "deep objects", "many columns"],
)
def test_program_says_what_is_wrong_and_leaves_nothing_behind(
    program: Program, kind: str
) -> None:
    program.write("leads.csv", CRUDE[kind])
    ran = program("check", "leads.csv", "--provider", "voiso", "--json")
    assert ran.code in (3, 6), ran.err
    if ran.code == 6:
        assert ran.error["message"].isprintable()
        assert [path.name for path in program.folder.iterdir()] == ["leads.csv"]


# --- bounds ---------------------------------------------------------------------------


MEGA = 1_000_000
HUGE = 200 * MEGA
MOST = 150 * MEGA
"""Bytes of memory that a run may take; one that reads seven rows takes about half."""
MEASURED = """\
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "leadctl", *sys.argv[1:]]).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
"""Stands between: a child's peak is not below that of the process that starts it."""


def a_megabyte(filling: bytes) -> bytes:
    return (filling * (MEGA // len(filling) + 1))[:MEGA]


def plain(path: Path, start: bytes, filling: bytes) -> None:
    with path.open("wb") as file:
        file.write(start)
        for _ in range(HUGE // MEGA):
            file.write(a_megabyte(filling))


def sparse(path: Path, start: bytes, _filling: bytes) -> None:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(HUGE)


def in_gzip(path: Path, start: bytes, filling: bytes) -> None:
    member = gzip.compress(a_megabyte(filling))
    path.write_bytes(gzip.compress(start) + member * (HUGE // MEGA))


def in_bzip2(path: Path, start: bytes, filling: bytes) -> None:
    stream = bz2.compress(a_megabyte(filling))
    path.write_bytes(bz2.compress(start) + stream * (HUGE // MEGA))


def in_zstd(path: Path, start: bytes, filling: bytes) -> None:
    """Write a frame by hand (RFC 8878): blocks that repeat one byte 128 Ki times."""
    size = 1 << 17
    raw = (len(start) << 3).to_bytes(3, "little") + start
    block = (size << 3 | 1 << 1).to_bytes(3, "little") + filling[:1]
    last = (1 << 3 | 1 << 1 | 1).to_bytes(3, "little") + filling[:1]
    header = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x38"
    path.write_bytes(header + raw + block * (HUGE // size) + last)


def in_workbook(path: Path, start: bytes, filling: bytes) -> None:
    """Blow up the sheet of a workbook of the corpus by one long text."""
    text = start.decode() + a_megabyte(filling).decode()
    del start
    with (
        zipfile.ZipFile(io.BytesIO(SEEDS["plain.xlsx"])) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for name in source.namelist():
            content = source.read(name)
            if "sheet1.xml" not in name:
                copy.writestr(name, content)
                continue
            before, after = content.split(b"Ann Testperson", 1)
            with copy.open(name, "w", force_zip64=True) as sheet:
                sheet.write(before)
                for _ in range(HUGE // MEGA):
                    sheet.write(text.encode())
                sheet.write(after)


FORMS: dict[str, Callable[[Path, bytes, bytes], None]] = {
    "plain": plain,
    "sparse": sparse,
    "gzip": in_gzip,
    "bzip2": in_bzip2,
    "zstd": in_zstd,
    "workbook": in_workbook,
}
LONG_LINE = b"x" * 99_999 + b"\n"
HUGE_FILES = {
    "one line": ("plain", b"", b"x"),
    "one line in gzip": ("gzip", b"", b"x"),
    "one line in bzip2": ("bzip2", b"", b"x"),
    "one line in zstd": ("zstd", b"", b"x"),
    "zero bytes": ("sparse", b"", b""),
    "a text in JSON in gzip": ("gzip", b'{"phone": "1"}\n{"phone": "', b"x"),
    "a cell of a workbook": ("workbook", b"", b"x"),
}
MORE_HUGE_FILES = {
    "an open quote in gzip": ("gzip", b'phone\n+15551230001\n"', LONG_LINE),
    "zero bytes behind a row": ("sparse", b"phone\n+15551230001\n", b""),
    "a line behind a row in gzip": ("gzip", b"phone\n+15551230001\n", b"x"),
    "brackets in gzip": ("gzip", b"", b"["),
    "delimiters in gzip": ("gzip", b"phone", b","),
}
if LONG:
    HUGE_FILES |= MORE_HUGE_FILES


@pytest.mark.parametrize(
    ("form", "start", "filling"), HUGE_FILES.values(), ids=HUGE_FILES
)
def test_file_of_any_size_takes_bounded_memory(
    program: Program, form: str, start: bytes, filling: bytes
) -> None:
    """200 MB, most of them made of next to nothing."""
    path = program.folder / "leads.csv"
    FORMS[form](path, start, filling)
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", MEASURED, "check", path.name, "--provider", "voiso"],
        capture_output=True,
        check=True,
        cwd=program.folder,
        env=program.surroundings,
        timeout=SECONDS * (6 if LONG else 1),
    )
    path.unlink()
    code, peak = map(int, done.stdout.decode().splitlines()[-1].split())
    assert peak < MOST, f"{peak / MEGA:.0f} MB"
    assert code in (3, 6), done.stderr.decode()[-2000:]
