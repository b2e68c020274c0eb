"""Where a reject file is written, and what it replaces."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from model import FakeClock
from reject_rows import OURS, finding, source_of

from leadctl.model.errors import InputUnusable, LeadctlError
from leadctl.model.private_files import in_turn
from leadctl.reports import reject_file
from leadctl.sources.formats import Format, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.model.leads import Finding
    from leadctl.sources.source import Source


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rejects")


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
    """A user may be correcting it while the file is pushed again."""
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
    """A cron job may run under flock(1) with the same folder."""
    clock = FakeClock()
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with in_turn(tmp_path, timeout=5, clock=clock):
        (tmp_path / "written").touch()
    os.close(folder)
    assert (tmp_path / "written").exists()
    assert sum(clock.slept) == pytest.approx(5, abs=0.1)


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
