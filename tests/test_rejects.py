"""Reject files: what was not delivered, as it came, with its reason, readable."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
import shlex
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model import FakeClock
from program import csv_rows, write_csv

from leadctl.model.errors import InputUnusable, LeadctlError
from leadctl.model.leads import Code, Finding, Malformed, Status
from leadctl.model.private_files import in_turn
from leadctl.reports import reject_file
from leadctl.sources.detect import ReadOptions, open_source
from leadctl.sources.source import Format, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.model.leads import Cells, Json, Row

OURS = [
    "_leadctl_row",
    "_leadctl_status",
    "_leadctl_code",
    "_leadctl_field",
    "_leadctl_reason",
    "_leadctl_run",
]
CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6
) | st.text(' ",;\t|\nab', max_size=6)
PLAIN = st.from_regex(r"[a-z]{1,5}(, [a-z]{1,5})?", fullmatch=True)
REASON = "1 cell, the header has 3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rejects")


def source_of(
    path: Path, content: str | bytes, read_options: ReadOptions | None = None
) -> Source:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(path, read_options or ReadOptions())


def finding(row: int, reason: str = REASON) -> Finding:
    return Finding(row, Status.REJECTED, Code.PHONE_INVALID, reason, "phone")


def rejected(
    source: Source, path: Path, read_options: ReadOptions | None = None
) -> Source:
    """Reject every row of a source and open the file that comes of it."""
    number = reject_file.write(
        path, source, (finding(row.number) for row in source.rows()), "run-1"
    )
    assert number == sum(1 for _ in source.rows())
    return open_source(path, read_options or ReadOptions())


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


def written(rows: list[list[str]], delimiter: str = ",", newline: str = "\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL
    )
    writer.writerows(rows)
    return file.getvalue()


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


def test_apostrophe_of_a_reject_file_is_no_repair(push: Push) -> None:
    """So a number goes out as it would have gone the first time."""
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


# --- the file itself ---------------------------------------------------------------


def one_row(tmp_path: Path) -> Source:
    return source_of(tmp_path / "leads.csv", "name,phone\nA,1\n")


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    reject_file.write(out, one_row(tmp_path), iter([finding(1)]), "run-1")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_earlier_file_stays_whole_when_writing_fails(tmp_path: Path) -> None:
    source = one_row(tmp_path)
    out = tmp_path / "out.csv"
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    before = out.read_bytes()

    def broken() -> Iterator[Finding]:
        yield finding(1)
        raise InputUnusable("the ledger is gone")

    with pytest.raises(InputUnusable):
        reject_file.write(out, source, broken(), "run-2")
    assert out.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["leads.csv", "out.csv"]


def test_source_that_has_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    source = one_row(tmp_path)
    source.path.unlink()
    with pytest.raises(LeadctlError):
        reject_file.write(tmp_path / "out.csv", source, iter([finding(1)]), "run-1")
    assert [*tmp_path.iterdir()] == []


def test_folder_that_has_gone_gives_a_sentence(tmp_path: Path) -> None:
    out = tmp_path / "gone" / "out.csv"
    with pytest.raises(LeadctlError):
        reject_file.write(out, one_row(tmp_path), iter([finding(1)]), "run-1")


def test_name_that_is_too_long_gives_a_sentence(program: Program) -> None:
    """`….rejects.csv` has more letters than the input."""
    name = "l" * 246 + ".csv"
    program.write(name, "phone\n12\n")
    ran = program("check", name, "--provider", "voiso")
    assert ran.code not in (0, 1)
    assert "leadctl: " in ran.err


def test_reject_file_of_an_earlier_run_may_be_written_over(tmp_path: Path) -> None:
    for form, content in {"csv": "phone\n1\n", "jsonl": '{"phone": "1"}\n'}.items():
        source = source_of(tmp_path / f"leads.{form}", content)
        out = tmp_path / f"out.{form}"
        reject_file.write(out, source, iter([finding(1)]), "run-1")
        reject_file.require_ours(out)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_reject_file_is_known_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    read_options = ReadOptions(encoding=None if encoding == "utf-8-sig" else encoding)
    source = source_of(
        tmp_path / "leads.csv", "phone\n1\n".encode(encoding), read_options
    )
    out = tmp_path / "out.csv"
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    reject_file.require_ours(out)


@pytest.mark.parametrize("kind", ["foreign", "empty", "folder", "symlink", "dangling"])
def test_what_leadctl_did_not_write_is_never_touched(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "leads.rejects.csv"
    ours = tmp_path / "ours.csv"
    ours.write_text(",".join(OURS) + "\n", encoding="utf-8")
    match kind:
        case "foreign":
            path.write_text("name,phone\nA,1\n", encoding="utf-8")
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "symlink":
            path.symlink_to(ours)
        case _:
            path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputUnusable, match="is not a leadctl reject file") as caught:
        reject_file.require_ours(path)
    assert "--rejects" in (caught.value.hint or "")
    assert reject_file.set_aside(path) is None
    assert path.exists() or path.is_symlink()


def test_reject_file_of_an_earlier_run_is_set_aside(tmp_path: Path) -> None:
    """Somebody may be correcting it while the file is pushed again."""
    out, source = tmp_path / "out.csv", one_row(tmp_path)
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    corrected = out.read_text().replace("run-1", "run-1,my own remark")
    out.write_text(corrected)
    reject_file.write(out, source, iter([finding(1)]), "run-2")
    assert (tmp_path / "out.old.csv").read_text() == corrected
    assert "run-2" in out.read_text()
    assert reject_file.write_if_any(out, source, iter([]), "run-3") == 0
    assert not out.exists()
    # What was corrected is not replaced; what nobody touched is kept as the latest.
    assert (tmp_path / "out.old.csv").read_text() == corrected
    assert "run-2" in (tmp_path / "out.old-2.csv").read_text()
    for run in ("run-4", "run-5"):
        reject_file.write(out, source, iter([finding(1)]), run)
    assert "run-4" in (tmp_path / "out.old-2.csv").read_text()
    assert sorted(path.name for path in tmp_path.glob("out.*")) == [
        "out.csv",
        "out.old-2.csv",
        "out.old.csv",
    ]


def test_runs_that_end_together_replace_no_correction(tmp_path: Path) -> None:
    """Two campaigns may be given one file: each reject file is there in the end."""

    def end(run: str) -> None:
        together.wait()
        reject_file.write(out, source, iter([finding(1)]), run)

    source, together = one_row(tmp_path), threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for number in range(40):
            out = tmp_path / f"{number}.csv"
            reject_file.write(out, source, iter([finding(1)]), "run-1")
            corrected = out.read_text().replace("run-1", "run-1,my own remark")
            out.write_text(corrected)
            for run in [pool.submit(end, "run-2"), pool.submit(end, "run-3")]:
                run.result()
            assert (tmp_path / f"{number}.old.csv").read_text() == corrected
            latest = out.read_text() + (tmp_path / f"{number}.old-2.csv").read_text()
            assert "run-2" in latest
            assert "run-3" in latest


def test_folder_that_somebody_holds_is_not_waited_for_long(tmp_path: Path) -> None:
    """A cron job may run under flock(1), with that very folder."""
    clock = FakeClock()
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with in_turn(tmp_path, timeout=5, clock=clock):
        (tmp_path / "written").touch()
    os.close(folder)
    assert (tmp_path / "written").exists()
    assert sum(clock.slept) == pytest.approx(5, abs=0.1)


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


def test_correction_is_kept_where_times_have_no_fractions(tmp_path: Path) -> None:
    """So do those of copies that were sent around, and some file systems."""
    out, source = tmp_path / "out.csv", one_row(tmp_path)
    reject_file.write(out, source, iter([finding(1)]), "run-1")
    out.write_text(out.read_text().replace("run-1", "run-1,corrected"))
    os.utime(out, (1_790_000_000, 1_790_000_000))
    for run in ("run-2", "run-3"):
        reject_file.write(out, source, iter([finding(1)]), run)
    assert "corrected" in (tmp_path / "out.old.csv").read_text()


def test_corrections_that_are_set_aside_are_told_of_and_kept(push: Push) -> None:
    push.program.write("leads.csv", "phone,name\n+1555,Asha\n")
    folder = push.program.folder
    for place, name in enumerate(["leads.rejects.old.csv", "leads.rejects.old-2.csv"]):
        assert push("voiso", "leads.csv").code == 3
        path = folder / "leads.rejects.csv"
        path.write_text(path.read_text().replace("+1555", f"+1555123000{place}"))
        ran = push("voiso", "leads.csv", "--quiet")
        said = f"leads.rejects.csv was edited; its contents are kept in {name}"
        assert said in ran.err
        assert f"+1555123000{place}" in (folder / name).read_text()
    assert "edited" not in push("voiso", "leads.csv").err


def test_folder_of_the_reject_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="folder"):
        reject_file.require_ours(tmp_path / "nowhere" / "out.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leads.csv", "leads.rejects.csv"),
        ("leads", "leads.rejects"),
        ("a.b.jsonl", "a.b.rejects.jsonl"),
        (".hidden.csv", ".hidden.rejects.csv"),
        ("leads.csv.gz", "leads.rejects.csv"),
        ("leads.tsv.zst", "leads.rejects.tsv"),
    ],
)
def test_reject_file_lies_beside_its_input(
    tmp_path: Path, name: str, expected: str
) -> None:
    found = reject_file.default_path(tmp_path / name, Format.CSV)
    assert found == tmp_path / expected


def test_reject_file_of_a_workbook_is_csv(tmp_path: Path) -> None:
    found = reject_file.default_path(tmp_path / "leads.xlsx", Format.XLSX)
    assert found == tmp_path / "leads.rejects.csv"


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
    """By its few bytes it cannot be told, and the name would go out garbled."""
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
    assert "leads.check.csv: encoding cp1252: not UTF-8; the likeliest" in seen.err
    typo = program("check", path, *said[:-1], "klingon")
    assert (typo.code, "no text encoding 'klingon'" in typo.err) == (6, True)


def test_cells_are_counted_as_the_user_does(program: Program) -> None:
    program.write("leads.csv", "phone,name\n+15551230001,Ann Testperson,more\n")
    first = program("check", "leads.csv", "--provider", "voiso", "--json")
    again = program("check", "leads.check.csv", "--provider", "voiso", "--json")
    told = [ran.document["reasons"][0]["message"] for ran in (first, again)]
    assert told == ["3 cells, the header has 2"] * 2
