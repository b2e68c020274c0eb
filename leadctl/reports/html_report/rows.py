"""The rows of the run: outcomes, reasons, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.leads import Status
from leadctl.model.wording import count, display_name
from leadctl.reports.html_report.charts import labelled, outcome_bar
from leadctl.reports.html_report.markup import Markup, joined, section, table, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.records import FileOfRun
    from leadctl.reports.callback_list import Contact
    from leadctl.reports.report import Report

MOST = 100
"""Lines of a table; what is over is summed up."""

_MEANING = {
    Status.CREATED: "the provider says it is now in the campaign",
    Status.ACCEPTED: "queued at the provider, which reports nothing more",
    Status.DUPLICATE: "it was there already: in the file, or in the campaign",
    Status.REJECTED: "not acceptable as it is: to be corrected",
    Status.SUPPRESSED: "left out on request",
    Status.FAILED: "certainly not delivered; sending again is safe",
    Status.UNKNOWN: "sent, and the answer was lost",
}


def outcome(found: Report) -> Markup:
    present = [(status, number) for status, number in found.counts.items() if number]
    words = ", ".join(f"{number:,} {status}" for status, number in present)
    rows: list[tuple[str, ...]] = [
        (
            labelled(status, status),
            f"{number:,}",
            _share(number, found.row_count),
            _MEANING[status],
        )
        for status, number in present
    ]
    rows.append(
        ("rows", f"{found.row_count:,}", _share(found.row_count, found.row_count), "")
    )
    picture = outcome_bar(found.counts, f"What became of the rows: {words or 'none'}")
    return section(
        "What became of the rows",
        tag("figure", picture),
        table("Rows by status", ("Status", "Rows", "Share", "Meaning"), rows, "-nn-"),
    )


def _share(number: int, whole: int) -> str:
    if not whole:
        return "-"
    if number and number / whole < 0.001:
        return "< 0.1 %"
    if number < whole and number / whole > 0.999:
        return "> 99.9 %"
    return f"{number / whole:.1%}".replace("%", " %").replace(".0 ", " ")


def reasons(found: Report) -> Markup:
    if not found.reasons:
        return Markup()
    several = len(found.files) > 1
    rows: list[tuple[str, ...]] = [
        (
            labelled(reason.status, reason.status),
            f"{reason.count:,}",
            joined([reason.message, " ", tag("code", reason.code)]),
            f"{reason.file + 1}: {reason.example_row:,}"
            if several
            else f"{reason.example_row:,}",
        )
        for reason in found.reasons[:MOST]
    ]
    if rest := found.reasons[MOST:]:
        number = sum(reason.count for reason in rest)
        rows.append(("", f"{number:,}", f"{len(rest):,} more reasons", ""))
    first = "First file: row" if several else "First row"
    headings = ("Status", "Rows", "Reason", first)
    return section("Why", table("Reasons", headings, rows, "-n-n"))


def contacts(found: Sequence[Contact], left_out: int, *, several: bool) -> Markup:
    """Return the rows to look at, with their phone numbers."""
    if not found:
        return section("Rows to look at", tag("p", "None."))
    rows: list[tuple[str, ...]] = [
        (
            f"{one.file + 1}: {one.row:,}" if several else f"{one.row:,}",
            one.phone,
            labelled(one.status, one.status),
            one.reason,
        )
        for one in found
    ]
    if left_out:
        rows.append(("", "", "", f"{count(left_out, 'row')} more"))
    headings = ("File: row" if several else "Row", "Phone", "Status", "Reason")
    return section("Rows to look at", table("Rows to look at", headings, rows, "nn--"))


def files(found: Report) -> Markup:
    rows = [
        (_named(file, found), f"{file.rows:,}", file.rejects_file or "-")
        for file in found.files[:MOST]
    ]
    if rest := found.files[MOST:]:
        number = sum(file.rows for file in rest)
        rows.append((f"{len(rest):,} more files", f"{number:,}", ""))
    headings = ("File", "Rows", "Rows to correct or send again")
    return section("Files", table("Input files", headings, rows, "-n-"))


def _named(file: FileOfRun, found: Report) -> str:
    path = display_name(file.path)
    return f"{file.ordinal + 1}: {path}" if len(found.files) > 1 else path
