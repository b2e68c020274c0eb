"""`runs` and `runs show`: what happened, row by row."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from background import happened
from conftest import Push
from known_runs import SIX, in_doubt, leads, run_of
from lead_columns import in_columns
from past_runs import exported
from program import Program

from leadctl.ledger import open_ledger
from leadctl.ledger.records import Arrival, Departure, NewRun
from leadctl.model.leads import CREATED, Batch, Lead, Phone
from leadctl.reports.run_timeline import read
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.sandbox import Sandbox


def at_terminal(program: Program, *arguments: str, columns: int = 80) -> str:
    """Run leadctl at a terminal and return what is seen there, without styles."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = program.surroundings | {"TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS")
    with subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "leadctl", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=program.folder,
        env=environment,
    ) as process:
        os.close(slave)
        seen = bytearray()
        while True:
            try:
                block = os.read(master, 4096)
            except OSError:  # Linux says so when the last writer is gone
                break
            if not block:
                break
            seen += block
    os.close(master)
    assert process.returncode == 0
    text = seen.decode().replace("\r\n", "\n")
    return re.sub(r"\x1b\[\d+m", "", text)


def requests_of(push: Push, run: str) -> list[list[str]]:
    """Return the lines of the table of requests, split at wide gaps."""
    out = push.program("runs", "show", run).out
    lines = out.partition("\nrequest ")[2].partition("\n\n")[0].splitlines()[1:]
    return [re.split(r" {2,}", line.strip()) for line in lines]


LINES = [
    *(f"+{phone},Testperson {row}" for row, phone in enumerate(SIX, start=1)),
    "12,Testperson 7",
    "12,Testperson 8,more",
    f"+{SIX[0]},Testperson 9",
]


@pytest.fixture(scope="module")
def past(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Push, str]:
    """Keep two runs that are over, for tests that change nothing; the latest one's id.

    Its second request was throttled and went again.
    """
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("here")
    push = Push(Program(folder, home), served)
    push.program.write("leads.csv", "\n".join(["phone,name", *LINES, ""]))
    push.simulator("voiso").forget()
    push.simulator("lupitor").forget()
    push("lupitor", "leads.csv", "--limit", "1")
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, retry_after=0))
    ran = push("voiso", "leads.csv", "--batch-size", "2", "--json")
    return push, run_of(ran)


# --- the list ---


def test_list_has_no_blanks_at_the_ends_of_lines_and_fits_a_terminal(
    past: tuple[Push, str],
) -> None:
    push, run = past
    piped = push.program("runs").out.splitlines()
    assert len(piped) == 3
    assert [line for line in piped if line != line.rstrip()] == []
    assert piped[1].startswith(run)
    seen = at_terminal(push.program, "runs").splitlines()
    assert len(seen) == 3
    assert max(map(len, seen)) <= 80
    assert seen[1].split()[0] in (run, run.rpartition("-")[2])


# --- a run's requests ---


def test_show_tells_each_request_its_status_and_what_it_waited_for(push: Push) -> None:
    push.program.write(*leads(*SIX, "12"))
    push.simulator("voiso").faults.add(
        Fault("throttle", skip=1, retry_after=1), Fault("error_before", status=503)
    )
    run = run_of(push("voiso", "leads.csv", "--batch-size", "2", "--json"))
    told = requests_of(push, run)
    answers = [(line[0], line[-1]) for line in told]
    assert answers == [
        ("1", "HTTP 200: 2 delivered"),
        ("2", "HTTP 429: not processed"),
        ("3", "HTTP 503: in doubt"),
        ("4", "HTTP 200: 2 delivered"),
        ("5", "HTTP 200: 2 delivered"),
    ]
    rows = ["1-2", "3-4", "3-4", "3-4", "5-6"]
    assert [rows[n] in line for n, line in enumerate(told)] == [True] * 5
    out = push.program("runs", "show", run).out
    (waited,) = re.findall(
        r"^ *(\S+) s +1 +\S+ s +Voiso answered HTTP 429", out, re.MULTILINE
    )
    assert 1.0 <= float(waited) < 4.0
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


def test_uneventful_requests_are_told_in_one_line(push: Push) -> None:
    push.program.write(*leads(*SIX))
    run = run_of(push("voiso", "leads.csv", "--batch-size", "1", "--json"))
    (line,) = requests_of(push, run)
    assert (line[0], line[-1]) == ("1-6", "HTTP 200: 6 delivered")


def test_request_whose_answer_nobody_read_is_told(push: Push) -> None:
    """The process died with the request in flight; a resume sends it again."""
    push.program.write(*leads(*SIX))
    push.simulator("voiso").faults.add(Fault("slow", skip=1, seconds=5))
    environment = push.environment("voiso")
    where = ("--provider", "voiso", "--campaign", "3", "--batch-size", "2")
    process = push.program.start("push", "leads.csv", *where, env=environment)
    happened(lambda: len(push.simulator("voiso").log) >= 2)  # the call before, and one
    with open_ledger(push.program.state / "ledger.sqlite") as ledger:
        (books,) = ledger.runs(1)
        happened(lambda: books.facts().requests == 2)
    process.kill()
    process.wait()
    (run, *_) = push.program.runs()
    assert requests_of(push, run)[1][-1] == "no answer read"
    counted = Counter(str(one["status"]) for one in exported(push, run))
    assert counted == {"created": 2, "unknown": 2}
    push.simulator("voiso").faults.clear()
    assert push.program("runs", "resume", run, env=environment).code == 0
    told = requests_of(push, run)
    assert told[1][-1] == "no answer read"
    assert [line for line in told if "2" in line[3:5]], "the second try says so"


# --- one row ---


def test_row_is_followed_from_the_file_to_its_verdict(push: Push) -> None:
    push.program.write("leads.csv", "Tel,Full Name\n+15551230001,Ann Testperson 1\n")
    push.program.write("map.yaml", "fields: {phone: Tel, name: Full Name}\n")
    push.simulator("voiso").faults.add(Fault("throttle", retry_after=0))
    run = run_of(push("voiso", "leads.csv", "--profile", "map.yaml", "--json"))
    (push.program.folder / "map.yaml").unlink()  # the run keeps its own copy
    seen = at_terminal(push.program, "runs", "show", run, "--row", "1")
    steps = [
        "in the file",
        "mapped to",
        "our checks",
        "sent to the provider",
        "requests",
        "verdict",
    ]
    places = [seen.index(step) for step in steps]
    assert places == sorted(places)
    assert len(re.findall(r"Ann Testperson 1", seen)) == 3
    told = " ".join(seen.split())  # wherever the terminal breaks lines
    for word in ("Full Name", "phone_number 15551230001", "request 1:", "HTTP 429"):
        assert word in told
    assert re.search(r"request 2: .* HTTP 200: 1\s+delivered", seen)
    assert seen.rstrip().endswith("created")


def test_row_is_masked_where_there_is_no_terminal_unless_asked(
    past: tuple[Push, str],
) -> None:
    push, run = past
    masked = push.program("runs", "show", run, "--row", "2")
    assert "+###########" in masked.out
    assert "Xxxxxxxxxx #" in masked.out
    done = subprocess.run(  # noqa: S603  our own program, which may show leads here
        [
            *(sys.executable, "-m", "leadctl", "runs", "show", run),
            *("--row", "2", "--unmasked", "--json"),
        ],
        capture_output=True,
        check=True,
        cwd=push.program.folder,
        env=push.program.surroundings,
    )
    found = json.loads(done.stdout)
    assert (found["masked"], found["cells"]["phone"]) == (False, f"+{SIX[1]}")
    assert found["sent"]["phone_number"] == SIX[1]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (7, "rejected, phone_invalid"),
        (8, "rejected, row_malformed"),
        (9, "duplicate, duplicate_in_file: same lead as row 1\n"),
    ],
)
def test_row_that_was_not_sent_says_why(
    past: tuple[Push, str], row: int, verdict: str
) -> None:
    push, run = past
    ran = push.program("runs", "show", run, "--row", str(row))
    assert "none (row not sent)" in ran.out
    assert verdict in ran.out
    assert f"row {row} of leads.csv, line {row + 1}\n" in ran.out


@pytest.mark.parametrize(
    ("options", "word"),
    [(("--row", "10"), "9 rows"), (("--row", "1", "--file", "2"), "no file 2")],
    ids=["no-such-row", "no-such-file"],
)
def test_row_that_is_not_there_is_a_sentence(
    past: tuple[Push, str], options: tuple[str, ...], word: str
) -> None:
    push, run = past
    ran = push.program("runs", "show", run, *options)
    assert (ran.code, ran.out) == (2, "")
    assert word in ran.err


def test_row_of_an_unknown_lead_names_the_request_that_was_lost(push: Push) -> None:
    run = in_doubt(push)
    found = json.loads(push.program("runs", "show", run, "--row", "4", "--json").out)
    assert (found["status"], found["code"]) == ("unknown", "answer_lost")
    (request,) = found["requests"]
    assert (request["trouble"], request["http_status"]) == ("in_doubt", 500)


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_row_whose_file_is_not_what_it_was_has_the_ledgers_part(
    push: Push, change: str
) -> None:
    push.program.write(*leads(*SIX))
    run = run_of(push("voiso", "leads.csv", "--json"))
    if change == "gone":
        (push.program.folder / "leads.csv").unlink()
    else:
        push.program.write(*leads(*reversed(SIX)))
    ran = push.program("runs", "show", run, "--row", "2")
    assert ran.code == 0
    said = "has changed since" if change == "changed" else "leads.csv: No such file"
    assert said in ran.out
    assert "#" not in ran.out
    assert "request 1:" in ran.out
    assert "created" in ran.out


def test_row_of_a_second_file_is_found_though_the_first_is_gone(push: Push) -> None:
    push.program.write(*leads(*SIX[:3], name="one.csv"))
    push.program.write(*leads(*SIX[3:], "12", name="two.csv"))
    run = run_of(push("voiso", "one.csv", "two.csv", "--json"))
    (push.program.folder / "one.csv").unlink()
    ran = push.program("runs", "show", run, "--file", "2", "--row", "4")
    assert "row 4 of two.csv" in ran.out
    assert "rejected, phone_invalid" in ran.out


# --- export ---


# --- the course, as the page and the table tell it ---


def batch(ledger_number: int, *rows: int) -> Batch:
    found = in_columns(Lead(row, Phone("1", "1"), {}, (b"%d" % row,)) for row in rows)
    return Batch(UUID(int=ledger_number), "3", 0, found)


def test_time_between_two_parts_of_a_run_is_cut_out() -> None:
    """Ten seconds, a night, ten seconds: a course of twenty."""
    begin = 1_790_000_000.0
    with open_ledger(None) as ledger:
        books = ledger.begin(NewRun("voiso", "voiso", "3", [("leads.csv", "f00d")]))
        for number, second in enumerate((0, 9, 40_010, 40_019)):
            one = batch(number, number + 1)
            books.intend(one, Departure(begin + second), doubted=False)
            books.answered(one, Arrival(begin + second, 1.0, 200))
            books.settle(one, [CREATED])
        timeline = read(books)
    assert timeline.seconds == pytest.approx(20)
    assert [point.second for point in timeline.points] == pytest.approx([1, 10, 11, 20])
    (pause,) = timeline.breaks
    assert (pause.second, pause.lasted) == pytest.approx((10, 40_000))
    assert [group.cells(several=False)[0] for group in timeline.groups] == [
        "1-2",
        "3-4",
    ]
    assert timeline.groups[1].stood_still == pytest.approx(40_000)


def test_course_of_many_requests_is_told_within_bounds() -> None:
    with open_ledger(None) as ledger:
        books = ledger.begin(NewRun("voiso", "voiso", "3", [("leads.csv", "f00d")]))
        for row in range(1, 1501):
            one = batch(row, row)
            departure = Departure(1_790_000_000.0 + row, held=0.5, held_for="pace")
            books.intend(one, departure, doubted=False)
            trouble = "" if row % 3 else "not_processed"
            books.answered(
                one, Arrival(departure.moment, 0.2, 200, trouble, f"why {row % 7}")
            )
            books.settle(one, [CREATED])
        timeline = read(books)
    assert timeline.requests == 1500
    assert len(timeline.groups) == 40
    told = sum(group.requests for group in timeline.groups)
    assert told + timeline.omitted == 1500
    assert len(timeline.points) <= 200
    assert timeline.points[-1].delivered == 1500
    (wait,) = timeline.waits
    assert wait.times == 1500
    assert wait.seconds == pytest.approx(750)


def test_request_that_did_not_leave_is_taken_out() -> None:
    """Those after it move up, whatever comes of them."""
    with open_ledger(None) as ledger:
        books = ledger.begin(NewRun("voiso", "voiso", "3", [("leads.csv", "f00d")]))
        many = [batch(number, number) for number in range(1, 41)]
        for one in many:
            books.intend(one, Departure(1_790_000_000.0), doubted=False)
        for one in many[10:20]:
            books.call_back(one, fresh=True, doubted=False)
        for one in many[:10] + many[20:]:
            books.answered(one, Arrival(1_790_000_000.0, one.leads[0].row, 200))
            books.settle(one, [CREATED])
        assert books.facts().requests == 30
        books.intend(many[15], Departure(1_790_000_000.0), doubted=False)
        found = [(one.number, one.rows, one.took) for one in books.requests()]
    rows = [*range(1, 11), *range(21, 41)]
    told = [(number, str(row), row) for number, row in enumerate(rows, start=1)]
    assert found == [*told, (31, "16", None)]


def test_forgotten_run_takes_its_requests_along() -> None:
    with open_ledger(None) as ledger:
        books = ledger.begin(NewRun("voiso", "voiso", "3", [("leads.csv", "f00d")]))
        books.intend(batch(1, 1), Departure(1_790_000_000.0), doubted=False)
        books.settle(batch(1, 1), [CREATED])
        books.finish(0, None, {})
        assert len([*books.requests()]) == 1
        ledger.forget_runs("9999")
        assert [*books.requests()] == []


def test_ledger_stays_small(tmp_path: Path) -> None:
    """Bytes a delivered row, in batches as most providers take them."""
    path, rows = tmp_path / "ledger", 20_000
    with open_ledger(path) as ledger:
        digest = ledger.digest("voiso", "3")
        books = ledger.begin(NewRun("voiso", "voiso", "3"))
        for start in range(1, rows + 1, 500):
            found = in_columns(
                Lead(row, Phone("1", "1"), {}, (digest(f"phone {row}"),))
                for row in range(start, start + 500)
            )
            one = Batch(batch(start).id, "3", 0, found)
            books.intend(one, Departure(1_790_000_000.0 + start), doubted=False)
            books.answered(one, Arrival(1_790_000_000.0 + start, 0.2, 200))
            books.settle(one, [CREATED] * 500)
    assert path.stat().st_size / rows < 30
