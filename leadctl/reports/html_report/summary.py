"""The top of the page: the result in a sentence, what is left to do, the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode
from leadctl.model.leads import DELIVERED, Status
from leadctl.model.wording import count
from leadctl.reports import time_text
from leadctl.reports.html_report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.reports.report import Report


def summary(found: Report) -> Markup:
    return tag(
        "header",
        tag("p", "Lead import · ", place(found), class_="eyebrow"),
        tag("h1", headline(found)),
        tag("p", says, class_="lede")
        if (says := " ".join(_consequences(found)))
        else "",
        _problem(found),
        _facts(found),
    )


def place(found: Report) -> str:
    campaign = f", campaign {found.campaign}" if found.campaign else ""
    return f"{found.provider}{campaign}"


def headline(found: Report) -> str:
    if not found.row_count:
        return "No rows were read"
    done = "were taken in" if found.counts[Status.ACCEPTED] else "were added"
    good = sum(found.counts[status] for status in DELIVERED)
    return f"{good:,} of {count(found.row_count, 'row')} {done}"


def _consequences(found: Report) -> Iterator[str]:
    """Say in sentences what of the rest somebody has to do something about."""
    counts = found.counts
    for status, (one, many) in _SAYINGS.items():
        if number := counts[status]:
            yield f"{number:,} {one if number == 1 else many}."
    if found.is_open:
        yield "The run did not come to its end: rows may be left that nobody has read."


_SAYINGS = {
    Status.DUPLICATE: ("was there already", "were there already"),
    Status.SUPPRESSED: ("was left out on request", "were left out on request"),
    Status.REJECTED: ("needs correcting", "need correcting"),
    Status.FAILED: (
        "was not delivered and can be sent again",
        "were not delivered and can be sent again",
    ),
    Status.UNKNOWN: (
        "was sent and its answer lost: somebody has to find out what became of it",
        "were sent and the answer lost: somebody has to find out what became of them",
    ),
}


def _problem(found: Report) -> Markup:
    error = found.error
    if not error:
        return Markup()
    hint = tag("span", f" {error.hint}", class_="hint") if error.hint else ""
    return tag(
        "p", tag("strong", "Stopped: "), f"{error.message}.", hint, class_="problem"
    )


def _facts(run: Report) -> Markup:
    began = time_text.moment_of(run.started_at)
    facts = {
        "Run": run.run_id,
        "Account": run.account,
        "Began": " ".join(
            (time_text.day(began), time_text.clock(began), f"({time_text.zone(began)})")
        ),
        "Took": "not finished",
        "Requests": f"{run.requests:,}",
        "Ended": "not finished",
    }
    if run.finished_at is not None:
        facts["Took"] = time_text.lasted(time_text.moment_of(run.finished_at) - began)
        facts["Ended"] = _ENDED.get(run.exit_code, "failed")
    pairs = [
        tag("div", tag("dt", name), tag("dd", fact)) for name, fact in facts.items()
    ]
    return tag("dl", *pairs, class_="facts")


_ENDED: dict[int | None, str] = {
    ExitCode.OK: "all done",
    ExitCode.REJECTED: "finished, rows to correct",
    ExitCode.ACCESS: "stopped: no access",
    ExitCode.TROUBLE: "stopped by trouble",
    ExitCode.INPUT: "input unusable",
    ExitCode.STOPPED: "stopped on purpose",
    ExitCode.UNKNOWN: "finished, rows to decide about",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}
