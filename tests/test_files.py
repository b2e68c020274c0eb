"""Files as people have them, through the whole program; see files/README.md."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PLENTY, Push
from corpus import ENTRIES, FOLDER, NAME_ON_THE_WIRE, Entry, plain_bytes
from program import Program

from leadctl.sandbox import (
    AgoraSimulator,
    LupitorSimulator,
    OzonetelSimulator,
    Sandbox,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from program import Ran

IDS = [entry.name for entry in ENTRIES]
SNIFFED = [entry for entry in ENTRIES if "sniffed" in entry.said]
SAYING = [entry for entry in ENTRIES if "says" in entry.said]
PHONE_CODES = "phone_missing|phone_invalid|phone_damaged|row_malformed"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    campaigns = [entry.campaign for entry in ENTRIES]
    simulators = [
        AgoraSimulator(open_campaigns=campaigns),
        LupitorSimulator(
            open_campaigns=campaigns,
            requests_per_minute=PLENTY,
            bulk_per_minute=PLENTY,
        ),
        OzonetelSimulator(open_campaigns=campaigns, requests_per_minute=PLENTY),
        VoisoSimulator(open_campaigns=campaigns, gap=0),
        YotelSimulator(open_campaigns=campaigns, requests_per_minute=PLENTY),
    ]
    with serve(simulators) as sandbox:
        yield sandbox


@dataclass(frozen=True)
class Pushed:
    """A push of one entry: its run, what arrived, what its reject file says."""

    ran: Ran
    arrived: dict[str, object]
    rejects: dict[int, str]


@pytest.fixture(scope="module")
def pushes(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[Pushed]]]:
    """Push the entries of the selected tests in parallel."""
    folder = tmp_path_factory.mktemp("files")
    wanted = asked_for(request.session, "test_file_is_pushed_as_expected_or_refused")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            entry.name: pool.submit(_pushed, folder / entry.name, sandbox, entry)
            for entry in wanted
        }
        pool.shutdown(cancel_futures=True)


def asked_for(session: pytest.Session, test: str) -> list[Entry]:
    """Return the entries of this test that are selected."""
    return [
        entry
        for item in session.items
        if isinstance(item, pytest.Function) and item.originalname == test
        if isinstance(entry := item.callspec.params["entry"], Entry)
    ]


def _pushed(folder: Path, sandbox: Sandbox, entry: Entry) -> Pushed:
    program = Program.at(folder)
    push = Push(program, sandbox)
    ran = push(
        entry.provider,
        *entry.arguments(program.folder),
        "--json",
        campaign=entry.campaign,
    )
    simulator = sandbox.simulators[entry.provider]
    name = NAME_ON_THE_WIRE.get(entry.provider, "")
    leads = simulator.stored.get(entry.campaign, [])
    arrived = {str(lead[simulator.phone_field]): lead.get(name) for lead in leads}
    assert len(arrived) == len(leads), "a phone arrived twice"
    rejects: dict[int, str] = {}
    for file in ran.document["files"]:
        if file["rejects_file"]:
            rejects |= codes_of(program.folder / file["rejects_file"])
    return Pushed(ran, arrived, rejects)


def codes_of(path: Path) -> dict[int, str]:
    """Read row numbers and codes from a reject file in whatever form it is."""
    content = plain_bytes(path)
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if wide else "utf-8", errors="replace")
    if text.lstrip("\ufeff").startswith("{"):
        rows = [*map(json.loads, text.lstrip("\ufeff").splitlines())]
        return {int(row["_leadctl_row"]): row["_leadctl_code"] for row in rows}
    text = text.replace("\r", "\n")
    header = re.search(r"_leadctl_row[\"']?(.)", text)
    assert header, "a reject file without our columns"
    cell = r"[\"']?(\w+)[\"']?" + re.escape(header[1])
    found = re.findall(
        rf"^[\"']?(\d+)[\"']?{re.escape(header[1])}{cell}{cell}", text, re.MULTILINE
    )
    return {int(row): code for row, _, code in found}


@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_file_is_pushed_as_expected_or_refused(
    entry: Entry, pushes: dict[str, Future[Pushed]]
) -> None:
    found = pushes[entry.name].result()
    if "refused" in entry.said or (
        entry.said.get("or_refused") and found.ran.code == 6
    ):
        require_refusal(found, entry.said.get("refused", "--encoding"))
        return
    assert found.ran.document["error"] is None, found.ran.error
    also = {row: phone for row, phone in entry.either.items() if phone in found.arrived}
    assert sorted(found.arrived) == sorted([*entry.sent, *also.values()])
    names = {phone: name for phone, name in entry.sent.items() if name is not None}
    assert {phone: found.arrived[phone] for phone in names} == names
    codes = entry.rejected | {
        row: PHONE_CODES for row in entry.either if row not in also
    }
    unlike = {
        row: (found.rejects.get(row), codes.get(row))
        for row in found.rejects.keys() | codes.keys()
        if found.rejects.get(row, "none") not in codes.get(row, "").split("|")
    }
    assert not unlike, "row: found, expected"
    assert found.ran.document["rows"] == entry.rows
    assert found.ran.document["duplicate"] == entry.said.get("duplicate", 0)
    assert found.ran.code == (3 if codes else 0)


def require_refusal(found: Pushed, pattern: str) -> None:
    assert found.ran.code == 6
    assert not found.arrived
    error = found.ran.error
    assert re.search(pattern, f"{error['message']}; {error['hint']}"), error
    assert "\n" not in error["message"]


# --- what is found out about a file --------------------------------------------------


@pytest.fixture(scope="module")
def previews(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """Preview the files of the selected tests, all at once if possible."""
    entries = asked_for(request.session, "test_preview_tells_what_a_file_is")
    program = Program.at(tmp_path_factory.mktemp("previews"))
    for entry in entries:
        entry.arguments(program.folder)
    names = [entry.file.name for entry in entries]
    try:
        return previewed(program, *names)
    except AssertionError:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            one_by_one = pool.map(lambda name: previewed_or_not(program, name), names)
            return {path: file for found in one_by_one for path, file in found.items()}


def previewed(program: Program, *names: str) -> dict[str, dict[str, Any]]:
    ran = program("preview", *names, "--json", discreet=False)
    assert not ran.err
    found = json.loads(ran.out)
    assert found["error"] is None, found["error"]
    assert ran.code == (6 if any(file["problem"] for file in found["files"]) else 0)
    return {file["path"]: file for file in found["files"]}


def previewed_or_not(program: Program, name: str) -> dict[str, dict[str, Any]]:
    try:
        return previewed(program, name)
    except AssertionError as error:
        return {name: {"error": str(error)}}


@pytest.mark.parametrize("entry", SNIFFED, ids=[entry.name for entry in SNIFFED])
def test_preview_tells_what_a_file_is(
    entry: Entry, previews: dict[str, dict[str, Any]]
) -> None:
    """Without a profile, and also where no column is known as the phone's."""
    found, expected = dict(previews[entry.file.name]), dict(entry.said["sniffed"])
    encoding = expected.pop("encoding", None)
    if found.get("format") == "tsv":  # tabs by another name
        found["format"] = "csv"
    told = {key: found.get(key) for key in expected}
    assert told == expected, found.get("error")
    if encoding and expected.get("compression") != "zstd":
        content = plain_bytes(entry.file)
        assert read(content, found["encoding"]) == read(content, encoding)


def read(content: bytes, encoding: str) -> str:
    """Two names mean the same for a file if they read the same text from it."""
    return content.decode(encoding).removeprefix("\ufeff")


@pytest.mark.parametrize("entry", SAYING, ids=[e.name for e in SAYING])
def test_verdict_on_the_column_is_told_before_anything_is_sent(
    program: Program, entry: Entry
) -> None:
    arguments = entry.arguments(program.folder)
    checked = program("check", *arguments, "--provider", entry.provider)
    shown = checked.out + checked.err
    assert re.search(entry.said["says"], " ".join(shown.split())), shown


def test_sound_column_needs_no_verdict(program: Program) -> None:
    (entry,) = (entry for entry in ENTRIES if entry.name == "column-sound.csv")
    checked = program("check", *entry.arguments(program.folder), "--provider", "yotel")
    assert checked.code == 0
    assert "new export" not in checked.out + checked.err


def test_every_file_says_where_it_comes_from() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    for entry in ENTRIES:
        assert f"| `{entry.name}` | " in table
        assert entry.file.stat().st_size < 40_000
    told = {entry.file.name for entry in ENTRIES} | {f"{e.name}.json" for e in ENTRIES}
    there = {path.name for path in FOLDER.iterdir()} - {"README.md", ".gitattributes"}
    assert there == told
