"""The rows of the run: outcomes, reasons, files; and how they were sent over time."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import IN_REJECT_FILE, Code, Row, Status
from leadctl.model.wording import count, display_name
from leadctl.reports import time_text
from leadctl.reports.html_report.markup import (
    Markup,
    bar,
    folded,
    joined,
    labelled,
    section,
    table,
    tag,
    text,
    timeline_chart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Reason
    from leadctl.reports.report import Report
    from leadctl.reports.run_timeline import RunTimeline

MOST_CONTACTS = 100
MOST = 10
"""Lines of a table; the last one sums up the rest."""

_MEANING = {
    Status.CREATED: "the provider confirmed that the lead is in the campaign",
    Status.ACCEPTED: "queued by the provider, which reports no further result",
    Status.DUPLICATE: "already in the file or in the campaign",
    Status.REJECTED: "not accepted; needs fixing",
    Status.SUPPRESSED: "skipped on request",
    Status.FAILED: "not delivered; sending again is safe",
    Status.UNKNOWN: "sent, but no answer was received",
}


def outcome(found: Report) -> Markup:
    """Return a bar and a number for each status that rows have."""
    whole = found.row_count
    if not whole:
        return Markup()
    rows = [
        (
            joined([labelled(status, status), " ", tag("small", _MEANING[status])]),
            bar(number / whole, status),
            f"{number:,}",
            _share(number, whole),
        )
        for status, number in found.counts.items()
        if number
    ]
    rows.append((text("rows"), text(""), f"{whole:,}", ""))
    headings = ("Status", "", "Rows", "Share")
    return section(
        "Outcome of the rows", table("Rows by status", headings, rows, "-bnn")
    )


def _share(number: int, whole: int) -> str:
    if number / whole < 0.001:
        return "< 0.1 %"
    if number < whole and number / whole > 0.999:
        return "> 99.9 %"
    return f"{number / whole:.1%}".replace("%", " %").replace(".0 ", " ")


_BY_PROVIDER = frozenset({Code.PROVIDER_REJECTED, Code.BATCH_REFUSED})


class _Group(StrEnum):
    """What is to be done about rows, the most urgent first."""

    FIX = "To fix in the file"
    PROVIDER = "Rejected by the provider"
    DECIDE = "To retry or decide"
    NOTHING = "No action needed"


def _group(reason: Reason) -> _Group:
    match reason.status:
        case Status.REJECTED if reason.code in _BY_PROVIDER:
            return _Group.PROVIDER
        case Status.REJECTED:
            return _Group.FIX
        case Status.FAILED | Status.UNKNOWN:
            return _Group.DECIDE
        case _:
            return _Group.NOTHING


def reasons(found: Report) -> Markup:
    """Return the reasons, grouped by who must act."""
    parts = []
    for group in _Group:
        if members := [one for one in found.reasons if _group(one) == group]:
            number = count(sum(one.count for one in members), "row")
            title = tag("h3", f"{group}: {number}")
            parts += [title, _reasons(group, members, found)]
    return section("Why", *parts) if parts else Markup()


def _reasons(group: str, members: Sequence[Reason], found: Report) -> Markup:
    several = len(found.files) > 1
    rows = [
        (
            joined([reason.message, " ", tag("code", reason.code)]),
            f"{reason.count:,}",
            place(reason.file, reason.example_row, several=several),
        )
        for reason in members[:MOST]
    ]
    if rest := members[MOST:]:
        number = sum(reason.count for reason in rest)
        rows.append((text(f"and {count(len(rest), 'more reason')}"), f"{number:,}", ""))
    first = "First file: row" if several else "First row"
    return table(f"Reasons: {group}", ("Reason", "Rows", first), rows, "-nn")


def place(file: int, row: int, *, several: bool) -> str:
    """Return a row's number; with several files, the file's in front."""
    return f"{file + 1}: {row:,}" if several else f"{row:,}"


class Contact(NamedTuple):
    """A row with its number as written in the file; `file` counts from 0."""

    file: int
    row: int
    phone: str
    status: Status
    reason: str


def contacts_of(run_reader: RunReader, plan: Plan) -> Iterator[Contact]:
    """Yield the rows that need attention, in the order of files and rows."""
    from leadctl.importing.plan import mapper_of  # noqa: PLC0415  rarely needed

    to_look_at = (*IN_REJECT_FILE, Status.UNKNOWN)
    for ordinal, source in enumerate(plan.sources):
        mapper, rows = mapper_of(source, plan), source.rows()
        for verdict in run_reader.verdicts(ordinal):
            if verdict.status not in to_look_at:
                continue
            found = next(row for row in rows if row.number == verdict.row)
            values = mapper.one_row(found.cells) if isinstance(found, Row) else {}
            phone = str(values.get("phone", ""))
            yield Contact(ordinal, verdict.row, phone, verdict.status, verdict.reason)


def contacts(found: Iterator[Contact], *, several: bool) -> Markup:
    """Return the rows that need attention, with their phone numbers."""
    title = "Rows that need attention"
    rows = [
        (
            place(one.file, one.row, several=several),
            one.phone,
            joined([labelled(one.status, one.status), " ", tag("small", one.reason)]),
        )
        for one in islice(found, MOST_CONTACTS)
    ]
    if not rows:
        return section(title, tag("p", "None."))
    if left_out := sum(1 for _ in found):
        rows.append(("", "", text(f"and {count(left_out, 'more row')}")))
    headings = ("File: row" if several else "Row", "Phone", "Status and reason")
    return section(title, table(title, headings, rows, "nn-"))


def workers(found: Report) -> Markup:
    """Return who shared the run among them, if it was shared."""
    if not found.workers:
        return Markup()
    rows = [(one.name, one.has, time_text.when(one.seen)) for one in found.workers]
    headings = ("Worker", "Has", "Last seen")
    return section("Workers", table("Workers of this run", headings, rows, "---"))


def files(found: Report) -> Markup:
    """Return the files if there are several; a single one is named at the top."""
    if len(found.files) < 2:
        return Markup()
    rows = [
        (
            f"{file.ordinal + 1}: {display_name(file.path)}",
            f"{file.rows:,}",
            file.rejects_file or "-",
        )
        for file in found.files[:MOST]
    ]
    if rest := found.files[MOST:]:
        number = sum(file.rows for file in rest)
        rows.append((f"and {count(len(rest), 'more file')}", f"{number:,}", ""))
    headings = ("File", "Rows", "Reject file")
    return section("Files", table("Input files", headings, rows, "-n-"))


def over_time(timeline: RunTimeline) -> Markup:
    """Return the progress in words; chart, waits and requests are collapsed."""
    if not timeline.requests:
        return section("Progress", tag("p", "No requests were made."))
    return section(
        "Progress",
        tag("p", " ".join(_in_words(timeline))),
        _pictured(timeline),
        _waits(timeline),
        _requests(timeline),
    )


def _pictured(timeline: RunTimeline) -> Markup:
    if len(timeline.points) < 2:
        return Markup()
    end = timeline.points[-1]
    legend = [labelled("delivered", "delivered")]
    if end.answered > end.delivered:
        legend.append(labelled("settled", "answered, not delivered"))
    if timeline.held:
        legend.append(labelled("wait", "waiting"))
    words = " ".join(_in_words(timeline))
    picture = timeline_chart(timeline, f"Leads answered over time. {words}")
    figure = tag("figure", picture, tag("figcaption", *legend))
    return folded("Leads over time", figure)


def _in_words(timeline: RunTimeline) -> Iterator[str]:
    requests = count(timeline.requests, "request")
    lasted, began = time_text.lasted(timeline.seconds), time_text.clock(timeline.began)
    yield f"{requests} in {lasted}, from {began}."
    if (waited := _waited(timeline)) >= 1:
        yield f"{time_text.lasted(waited)} of that was waiting."
    if len(timeline.points) > 1:
        half = timeline.points[-1].answered / 2
        reached = next(point for point in timeline.points if point.answered >= half)
        lasted = time_text.lasted(reached.second)
        yield f"Half of the leads had an answer after {lasted}."
    for one in timeline.breaks[:3]:
        yield f"It was paused for {time_text.lasted(one.lasted)}, then resumed."


def _waited(timeline: RunTimeline) -> float:
    return sum(wait.seconds for wait in timeline.waits)


def _waits(timeline: RunTimeline) -> Markup:
    rows = [
        (
            wait.why,
            f"{wait.times:,}",
            time_text.lasted(wait.seconds),
            time_text.lasted(wait.longest),
        )
        for wait in timeline.waits[:MOST]
    ]
    if _waited(timeline) < 1:
        return Markup()
    headings = ("Waited for", "Times", "Total", "Longest")
    waited = time_text.lasted(_waited(timeline))
    return folded(f"Waits: {waited}", table("Waits by reason", headings, rows, "-nnn"))


def _requests(timeline: RunTimeline) -> Markup:
    """List the requests, unremarkable ones in groups; each explanation appears once."""
    if not timeline.groups:
        return Markup()
    rows: list[tuple[str, ...]] = []
    told = {""}
    for cells, outcome, group in timeline.rows():
        why = group.first.why if group else ""
        small = "" if why in told else tag("small", why)
        told.add(why)
        rows.append((*cells, joined([outcome, small])))
    where = "File: rows" if timeline.several else "Rows"
    headings = ("Request", "Left", "Waited", where, "Try", "Took", "Answer")
    used = [place for place in range(7) if any(row[place] for row in rows)]
    shown = table(
        "Requests",
        [headings[place] for place in used],
        [[row[place] for place in used] for row in rows],
        "".join("nnnnnn-"[place] for place in used),
    )
    return folded(f"Requests: {timeline.requests:,}", shown)
