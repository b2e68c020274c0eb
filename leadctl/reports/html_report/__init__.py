"""Renders a run as a single HTML page.

The page has no script and fetches nothing, and its size is bounded for any run.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from leadctl import __version__
from leadctl.reports import time_text
from leadctl.reports.html_report import rows, timeline
from leadctl.reports.html_report.markup import Markup, tag
from leadctl.reports.html_report.summary import headline, summary, to_do, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.reports.callback_list import Contact
    from leadctl.reports.report import Report
    from leadctl.reports.run_timeline import RunTimeline

MARK = '<meta name="generator" content="leadctl">'
"""Text by which leadctl recognises its own pages."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class ReportPage:
    """The content of a page.

    `contacts` are the rows that need attention with their phone numbers, None if they
    were not asked for; `left_out` is how many more there are. `now` is Unix time.
    """

    report: Report
    run_timeline: RunTimeline
    now: float
    contacts: Sequence[Contact] | None = None
    left_out: int = 0


def render(page: ReportPage) -> str:
    """Return the whole document."""
    found, run_timeline = page.report, page.run_timeline
    several = len(found.files) > 1
    style = files(__name__).joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(MARK),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{verdict(found).title}: {headline(found)}, {found.destination}"),
        tag("style", Markup(style)),
    )
    parts = (
        summary(found),
        to_do(found),
        rows.outcome(found),
        rows.reasons(found),
        ""
        if page.contacts is None
        else rows.contacts(page.contacts, page.left_out, several=several),
        rows.files(found),
        rows.workers(found),
        timeline.over_time(run_timeline, several=several),
    )
    body = tag("body", tag("main", *filter(None, parts)), _foot(page))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _foot(page: ReportPage) -> Markup:
    holds = (
        "It contains no names and no phone numbers."
        if page.contacts is None
        else "It contains phone numbers: share it with care."
    )
    made = f"{time_text.day(page.now)} {time_text.clock(page.now)}"
    return tag(
        "footer",
        tag("p", f"Made by leadctl {__version__} on {made} from its ledger. {holds}"),
    )
