"""The progress display at a terminal, and that it never breaks a run."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest
from terminal import Terminal, drawn

from leadctl.cli.progress_view import ProgressView
from leadctl.importing.forecast import Forecast, forecast
from leadctl.model.leads import Status
from leadctl.model.progress import Progress
from leadctl.model.wording import duration
from leadctl.providers.base import Limits
from leadctl.sandbox import Fault
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

VOISO = ("--provider", "voiso", "--campaign", "3")
VOISOS = Limits(1000, min_interval=2.0)
SLOW = {"LEADCTL_VOISO_MIN_INTERVAL": "0.3"}
"""Rest after a request: long enough to be drawn."""


def leads(push: Push, number: int = 6) -> Path:
    rows = "".join(f"+155512300{row:02},Testperson {row}\n" for row in range(number))
    return push.program.write("leads.csv", f"phone,name\n{rows}+12,Testperson x\n")


def terminal(
    push: Push,
    *arguments: str | Path,
    columns: int = 80,
    env: dict[str, str] | None = None,
    stdout: Path | None = None,
) -> Terminal:
    options = (*VOISO, "--yes", "--batch-size", "2")
    given: tuple[str | Path, ...] = ("push", leads(push), *options, *arguments)
    environment = push.environment("voiso") | SLOW | (env or {})
    return Terminal(push.program, given, columns, environment, stdout)


def pictures(seen: str) -> list[list[str]]:
    """Return what was on the screen each time the view was about to be drawn anew."""
    ends = [found.start() for found in re.finditer(r"\r(?:\x1b\[\d+A)?\x1b\[J", seen)]
    return [drawn(seen[:end]) for end in ends]


@pytest.mark.parametrize("columns", [80, 40])
def test_terminal_shows_how_far_a_run_is(push: Push, columns: int) -> None:
    with terminal(push, columns=columns) as shown:
        assert shown.end() == 3
    seen = pictures(shown.seen)
    (table,) = [row for row in shown.screen if row.startswith("created")]
    assert table.split() == ["created", "6"]
    assert not re.search("rows/s|next request|about", "\n".join(shown.screen))
    assert "\x1b[?25" not in shown.seen, "the cursor is left alone"
    assert max(len(line) for picture in seen for line in picture[:-1]) <= columns
    halfway = "\n".join(next(p for p in seen if "2 created" in "\n".join(p)))
    for part in ("43%", "2 sent", "rows/s", "left", "voiso: next request"):
        assert part in halfway
    assert ("of about 7 rows" in halfway) == (columns == 80)


def test_number_of_rows_is_exact_once_they_are_read() -> None:
    view = ProgressView("voiso", Forecast(9), dry_run=True)
    counts = {Status.CREATED: 5, Status.REJECTED: 1}
    view.hear(Progress(7, counts=counts))
    assert "67% of about 9 rows" in str(next(iter(view.lines(80, plain_letters=True))))
    view.hear(Progress(7, counts=counts, is_all_read=True))
    bar, numbers, *_ = map(str, view.lines(80, plain_letters=True))
    assert "86% of 7 rows" in bar
    assert "5 valid  1 rejected" in numbers


def test_no_color_draws_without_colours(push: Push) -> None:
    with terminal(push, env={"NO_COLOR": "1"}) as shown:
        assert shown.end() == 3
    assert "next request" in shown.seen
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", shown.seen)


def test_terminal_of_few_letters_gets_no_others(push: Push) -> None:
    with terminal(push, env={"PYTHONIOENCODING": "ascii"}) as shown:
        assert shown.end() == 3
    assert "####" in shown.seen
    view = "".join(line for p in pictures(shown.seen) for line in p)
    assert view.isascii()
    assert "?" not in view


@pytest.mark.parametrize(
    ("env", "option"),
    [({"TERM": "dumb"}, ""), ({}, "--quiet")],
    ids=["dumb terminal", "quiet"],
)
def test_nothing_is_drawn_where_it_is_not_wanted(
    push: Push, env: dict[str, str], option: str
) -> None:
    with terminal(push, *filter(None, [option]), env=env) as shown:
        assert shown.end() == 3
    assert not re.search(r"next request|rows/s|\x1b\[J", shown.seen)


def test_narrower_window_is_drawn_in_at_once(push: Push) -> None:
    with terminal(push, env={"LEADCTL_VOISO_MIN_INTERVAL": "0.5"}) as shown:
        shown.until("next request")
        before = len(shown.seen)
        shown.resize(30)
        assert shown.end() == 3
    later = pictures(shown.seen[before:])
    assert all(len(line) < 30 for p in later[3:-1] for line in p if "created" in line)


def test_run_survives_the_terminal_it_was_started_from(push: Push) -> None:
    """Closing its window sends SIGHUP: the run stops and can be resumed."""
    with terminal(push) as shown:
        shown.until("next request")
        assert shown.close() == 143
    (begun,) = push.program("runs", "--json").out.splitlines()[:1] or [""]
    assert begun
    env = push.environment("voiso")
    assert push.program("runs", "resume", env=env).table["created"] == 6
    assert len(push.stored("voiso")) == 6


def test_long_run_is_told_of_first_and_an_interrupt_answered_last(push: Push) -> None:
    with terminal(push, env={"LEADCTL_VOISO_MIN_INTERVAL": "9"}) as shown:
        shown.until("about 7 leads, 4 requests, about 29 s")
        shown.until("next request")
        shown.type("\x03")
        assert shown.end() == 128 + signal.SIGINT
    assert "leadctl: interrupted (Ctrl-C); progress is recorded" in shown.screen
    assert "next request" not in "\n".join(shown.screen)


def test_wait_is_shown_while_it_lasts_and_noted_above_on_request(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, retry_after=0))
    with terminal(push, "--limit", "4", "-v") as shown:
        assert shown.end() == 0
    assert re.search(r"waiting \d s: Voiso answered HTTP 429", shown.seen)
    told = [line for line in shown.screen if line.startswith("waiting")]
    assert len(told) == 1
    assert re.match(r"waiting \d s: Voiso answered HTTP 429", told[0])


def test_report_in_a_file_is_free_of_the_view(push: Push, tmp_path: Path) -> None:
    with terminal(push, stdout=tmp_path / "out") as shown:
        assert shown.end() == 3
    assert "next request" in shown.seen
    assert "created" in (written := (tmp_path / "out").read_text())
    assert "\x1b" not in written


def test_lines_come_at_intervals_where_no_terminal_is(push: Push) -> None:
    options = (leads(push), "--batch-size", "2", "--resend-delivered")
    often = {"LEADCTL_PROGRESS_INTERVAL": "0"}
    lines = push("voiso", *options, "-v", env=often).err.splitlines()
    assert [
        line for line in lines if "2 created, 1 rejected" in line and "7 read" in line
    ]
    assert not re.search("created|read", push("voiso", *options, env=often).err)
    assert not re.search("created|read", push("voiso", *options, "-v").err)


@pytest.mark.parametrize(
    ("rows", "limits", "told"),
    [
        (2300, VOISOS, "about 2,300 leads, 3 requests, about 6 s"),
        (6000, Limits(1, 2, 100), "about 6,000 leads, 6,000 requests, about 1 h"),
        (1, Limits(10), "about 1 lead, 1 request, about 1 s"),
        (0, Limits(10), "about 0 leads, 0 requests, about 0 s"),
        (None, Limits(10), "number of rows unknown before reading"),
    ],
    ids=["rest", "rate", "one", "none", "not known"],
)
def test_forecast_goes_by_the_limits(
    rows: int | None, limits: Limits, told: str
) -> None:
    assert str(forecast(rows, limits.batch_size, limits)) == told


@pytest.mark.parametrize("number", [0, 1, 40, 120_000])
def test_rows_are_estimated_by_the_size_of_a_file(tmp_path: Path, number: int) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("phone\n" + "".join(f"{10**9 + row}\n" for row in range(number)))
    source = open_source(path, ReadOptions())
    assert expected_rows([source]) == pytest.approx(number, rel=0.01)
    assert expected_rows([source, source], skip=10, limit=5) in (0, 10)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (119, "1 min 59 s"), (7200, "2 h"), (97_200, "1 d 3 h")],
)
def test_duration_is_written_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told
