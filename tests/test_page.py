"""`runs report`: the page is complete, safe to open, and readable everywhere."""

from __future__ import annotations

import re
import stat
from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from uuid import UUID

import browser
import pytest
from conftest import Push
from known_runs import INDIAN, SIX, in_doubt, leads, run_of
from lead_columns import in_columns
from program import Program, Ran, recording

from leadctl.importing.job import Job
from leadctl.ledger import open_ledger
from leadctl.ledger.records import Arrival, Departure, FileOfRun, NewRun, Reason
from leadctl.model.leads import (
    CREATED,
    Batch,
    Code,
    Finding,
    Lead,
    Phone,
    Status,
)
from leadctl.reports import html_report, report, run_timeline
from leadctl.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = ("meta", "link", "br")
BLOCKS = ("p", "h1", "h2", "h3", "li", "dd", "tr")
EVIL = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """Reads a page as strictly as it was written: every element is closed in turn.

    `tables` has by caption the rows of cells.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.tables: dict[str, list[list[str]]] = {}
        self._table: list[list[str]] = []
        self._caption = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "table":
            self._table, self._caption = [], ""
        if tag == "tr":
            self._table.append([])
        if tag in ("td", "th"):
            self._table[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in BLOCKS:
            self.text += "\n"
        if tag == "table":
            self.tables[self._caption] = self._table

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if "caption" in self.open:
            self._caption += data
        elif self._table and {"td", "th"} & {*self.open}:
            self._table[-1][-1] += data

    def column(self, caption: str, number: int) -> list[str]:
        return [row[number].strip() for row in self.tables[caption][1:]]


def written(push: Push, run: str, *options: str) -> Path:
    path = push.program.folder / "run.html"
    ran = push.program("runs", "report", run, "--html", path, *options)
    assert ran.code == 0, ran.err
    return path


@pytest.fixture(scope="module")
def past(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Push, Ran]:
    """Keep a run with something of everything, and the page of it."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("here")
    push = Push(Program(folder, home), served)
    push.simulator("voiso").forget()
    push.program.write(*leads(*SIX, "12", "", SIX[0]))
    push.program.write(*leads("15551230009", name="two.csv"))
    push.simulator("voiso").faults.add(
        Fault("throttle", skip=1, retry_after=1), Fault("error_after", status=503)
    )
    files = ("leads.csv", "two.csv")
    ran = push("voiso", *files, "--batch-size", "2", "--json")
    written(push, run_of(ran))
    return push, ran


def test_page_tells_what_the_document_tells(past: tuple[Push, Ran]) -> None:
    push, ran = past
    read = Reader(push.program.folder / "run.html")
    table = dict(
        zip(
            (cell.split()[0] for cell in read.column("Rows by status", 0)),
            map(int, read.column("Rows by status", 2)),
            strict=True,
        )
    )
    assert table.pop("rows") == ran.document["rows"]
    assert table == ran.counts
    groups = [name for name in read.tables if name.startswith("Reasons: ")]
    told = [int(number) for name in groups for number in read.column(name, 1)]
    assert sorted(told) == sorted(one["count"] for one in ran.document["reasons"])
    assert groups == ["Reasons: To fix in the file", "Reasons: No action needed"]
    for reason in ran.document["reasons"]:
        assert reason["message"] in read.text
    assert sum(map(int, read.column("Input files", 1))) == ran.document["rows"]
    assert len(read.tables["Requests"]) == ran.document["requests"] + 1
    assert "HTTP 429: not processed" in read.text
    assert run_of(ran) in read.text


def test_page_needs_nothing_else_and_runs_nothing(past: tuple[Push, Ran]) -> None:
    push, _ = past
    path = push.program.folder / "run.html"
    read = Reader(path)
    names = Counter(name for name, _ in read.elements)
    assert not {"script", "link", "img", "iframe", "object", "base"} & names.keys()
    attributes = {name for _, given in read.elements for name in given}
    assert not {"src", "href", "action", "style"} & attributes
    assert [name for name in attributes if name.startswith("on")] == []
    assert "url(" not in path.read_text()
    (policy,) = (given for _, given in read.elements if "http-equiv" in given)
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_page_can_be_read_aloud(past: tuple[Push, Ran]) -> None:
    """Pictures have words, tables captions and headings, the language is named."""
    push, _ = past
    read = Reader(push.program.folder / "run.html")
    assert ("html", {"lang": "en"}) in read.elements
    pictures = [given for name, given in read.elements if name == "svg"]
    assert len([given for given in pictures if given.get("role") == "img"]) == 1
    for given in pictures:
        assert given.get("aria-label") or given.get("aria-hidden") == "true"
    tables = sum(name == "table" for name, _ in read.elements)
    assert len(read.tables) == tables
    assert {given.get("scope") for name, given in read.elements if name == "th"} == {
        "col",
        "row",
    }
    headings = [name for name, _ in read.elements if re.fullmatch(r"h\d", name)]
    assert headings[0] == "h1"
    assert {*headings[1:]} == {"h2", "h3"}


def test_page_holds_no_phone_and_no_name_unless_asked(push: Push) -> None:
    run = in_doubt(push)
    plain = written(push, run).read_text()
    assert not re.search(r"Testperson|90000000|555\d", plain)
    assert "no phone numbers" in plain
    asked = written(push, run, "--with-phones")
    rows = Reader(asked).tables["Rows that need attention"][1:]
    assert [row[:2] for row in rows] == [[f"{n}", INDIAN[n - 1]] for n in (2, 4, 6)]
    assert all("unknown" in row[2] for row in rows)
    assert "Testperson" not in asked.read_text()
    push.program.write(*leads(*reversed(INDIAN)))
    ran = push.program("runs", "report", run, "--html", asked, "--with-phones")
    assert (ran.code, ran.out) == (6, "")
    assert "has changed" in ran.err


def test_foreign_text_stays_text(push: Push) -> None:
    """A provider's text, a file name and an invisible direction mark."""
    push.program.write(*leads(*SIX, name=f"{EVIL.replace('/', '')}\u202e&quot;.csv"))
    (name,) = (path.name for path in push.program.folder.iterdir())
    with recording(b'{"message": "%s<!--"}' % EVIL.encode(), 422) as server:
        environment = {"LEADCTL_VOISO_BASE_URL": server.url}
        ran = push("voiso", name, "--json", env=environment)
    assert ran.document["rows"] == 6
    read = Reader(written(push, run_of(ran)))
    assert "script" not in {name for name, _ in read.elements}
    assert EVIL in read.text
    assert "<script>alert(1)<script>\N{REPLACEMENT CHARACTER}&quot;.csv" in read.text


def test_page_is_private_and_replaces_none_but_its_own(past: tuple[Push, Ran]) -> None:
    push, ran = past
    program, path = push.program, push.program.folder / "run.html"
    command = ("runs", "report", run_of(ran), "--html")
    assert program(*command, path).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    mine = program.write("mine.html", "<p>mine</p>")
    link = program.folder / "link.html"
    link.symlink_to(path)
    before = {*program.folder.iterdir()}
    for place in (mine, link, program.folder / "no" / "x.html"):
        refused = program(*command, place)
        assert (refused.code, refused.out) == (6, "")
        assert str(place) in refused.err
    assert mine.read_text() == "<p>mine</p>"
    assert {*program.folder.iterdir()} == before


def batch(row: int) -> Batch:
    lead = Lead(row, Phone("1", "1"), {}, (b"%d" % row,))
    return Batch(UUID(int=row), "3", 0, in_columns([lead]))


def test_page_of_a_large_run_is_of_bounded_size() -> None:
    """Requests that all tell something, a reason for every third row, many files."""
    with open_ledger(None) as ledger:
        files = [(f"leads-{file}.csv", "f00d") for file in range(300)]
        books = ledger.begin(NewRun("voiso", "voiso", "3", files))
        for row in range(1, 1501):
            departure = Departure(1_790_000_000.0 + row, False, 0.7, f"why {row}")
            books.intend(batch(row), departure, doubted=False)
            books.answered(
                batch(row),
                Arrival(departure.moment, 0.2, 503, "in_doubt", f"why {row}"),
            )
            books.settle(batch(row), [CREATED])
            reason = f"reason {row}"
            books.note(
                0, Finding(row + 9000, Status.REJECTED, Code.FIELD_INVALID, reason)
            )
        books.finish(3, None, {})
        found = report.read(books)
        content = html_report.render(found, run_timeline.read(books), 0.0)
    assert found.row_count == 3000
    assert len(content) < 60_000
    for word in ("1,490 more reasons", "290 more files", "1,460 more"):
        assert word in content


STOPPED = report.Failure("AccessDenied", "key rejected", "check the key")
VERDICTS: dict[str, tuple[dict[str, Any], report.Failure | None, str, list[str]]] = {
    "done": ({"created": 2}, None, "Done\nAll 2 rows were delivered", ["Nothing."]),
    "there already": (
        {"duplicate": 2},
        None,
        "Done\nAll 2 rows were there already\nFile",
        ["Nothing."],
    ),
    "rejected": (
        {"created": 1, "rejected": 2},
        None,
        "Action needed\n1 of 3 rows was delivered\n2 need fixing.",
        ["Fix the rejected rows in leads.rejects.csv", "leadctl push leads.rejects"],
    ),
    "unknown": (
        {"created": 2, "unknown": 1},
        None,
        "Action needed\n2 of 3 rows were delivered\n1 was sent, but no answer",
        ["Check at the provider", "leadctl runs resolve"],
    ),
    "stopped": (
        {"failed": 2},
        STOPPED,
        "Stopped\nNone of 2 rows was delivered\n2 were not delivered",
        ["Check the key.", "To send the rest", "leadctl runs resume"],
    ),
    "too many rejects": (
        {"rejected": 2, "failed": 1},
        report.Failure("too_many_rejects", "2 of 3 rows were rejected", "fix the file"),
        "Stopped\nNone of 3 rows was delivered",
        ["one of these", "Fix the file.", "To send the rest", "leadctl runs resume"],
    ),
}


@pytest.mark.parametrize(
    ("counts", "error", "verdict", "steps"), VERDICTS.values(), ids=VERDICTS
)
def test_page_begins_with_verdict_and_next_steps(
    counts: dict[str, Any],
    error: report.Failure | None,
    verdict: str,
    steps: list[str],
    tmp_path: Path,
) -> None:
    found = report.Report(
        run_id="20260301-093000-1f2e",
        provider="voiso",
        account="voiso",
        campaign="3",
        job=Job(campaign_name="Spring"),
        files=[
            FileOfRun(0, "leads.csv", "f00d", "leads.rejects.csv", {Status.REJECTED: 3})
        ],
        started_at="2026-03-01T09:30:00Z",
        finished_at="2026-03-01T09:30:05Z",
        error=error,
        reasons=[
            Reason(Status.REJECTED, Code.PHONE_MISSING, "no phone number", 2, 0, 1)
        ],
        **counts,
    )
    page = html_report.render(found, run_timeline.RunTimeline(), 0.0)
    (tmp_path / "run.html").write_text(page, encoding="utf-8")
    text = Reader(tmp_path / "run.html").text
    top, _, rest = text.partition("What to do now")
    assert verdict in top
    for shown in ("leads.csv", "3 (Spring)", "2026-03-01 0", "5.0 s"):
        assert shown in top
    places = [rest.index(step) for step in steps]
    assert places == sorted(places)


def test_page_of_a_run_without_rows_or_end_is_whole(push: Push) -> None:
    push.program.write("empty.csv", "phone,name\n")
    run = run_of(push("voiso", "empty.csv", "--json"))
    assert "No rows were read" in Reader(written(push, run)).text
    with open_ledger(push.program.state / "ledger.sqlite") as ledger:
        books = ledger.begin(NewRun("voiso", "voiso", "3", [("leads.csv", "f00d")]))
        books.intend(batch(1), Departure(1_790_000_000.0), doubted=False)
        run = books.facts().id
    read = Reader(written(push, run))
    assert "The run did not finish" in read.text
    assert "0 of 1 row was delivered so far" in read.text
    assert "no answer read" in read.text
    assert read.column("Rows by status", 0) == [
        "unknown sent, but no answer was received",
        "rows",
    ]


# --- in a real browser ---

CONTRAST = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => channels(colour).slice(0, 3)
    .map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const words = [...document.querySelectorAll("body *")].filter(
    e => e.tagName !== "title" && [...e.childNodes].some(
      n => n.nodeType === 3 && n.textContent.trim()));
  return Math.min(...words.map(e => {
    const style = getComputedStyle(e);
    const ink = e.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()"""
WIDE = "document.documentElement.scrollWidth > innerWidth"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")
def test_page_in_a_real_browser(past: tuple[Push, Ran], tmp_path: Path) -> None:
    """It fetches nothing, complains of nothing, and can be read in every light."""
    push, _ = past
    path = push.program.folder / "run.html"
    looks = {
        "light": ("screen", "rgb(246, 247, 249)"),
        "dark": ("screen", "rgb(13, 17, 23)"),
        "paper": ("print", "rgb(255, 255, 255)"),
    }
    with browser.opened(tmp_path / "browser") as seen:
        seen.show(path)
        sizes = set()
        for name, (media, background) in looks.items():
            seen.look(media=media, scheme="light" if name == "light" else "dark")
            assert seen.value(BACKGROUND) == background
            assert seen.value(CONTRAST) >= 4.5, name
            seen.picture(tmp_path / f"{name}.png")
            sizes.add((tmp_path / f"{name}.png").read_bytes())
        assert len(sizes) == len(looks)
        requests = seen.told("Network.requestWillBeSent")
        assert [one["request"]["url"] for one in requests] == [path.as_uri()]
        for trouble in ("Log.entryAdded", "Runtime.consoleAPICalled"):
            assert seen.told(trouble) == []
        assert seen.told("Runtime.exceptionThrown") == []
        seen.look()
        seen.show(path, width=360)
        assert not seen.value(WIDE), "a telephone scrolls down, not sideways"
