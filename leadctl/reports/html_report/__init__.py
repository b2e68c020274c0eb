"""Renders a run as one HTML page of bounded size, without scripts or requests."""

from __future__ import annotations

from enum import Enum
from importlib.resources import files
from typing import TYPE_CHECKING

from leadctl import __version__
from leadctl.model.leads import DELIVERED, IN_REJECT_FILE, Code, Status
from leadctl.model.wording import count, files_named
from leadctl.reports import time_text
from leadctl.reports.html_report import rows
from leadctl.reports.html_report.markup import Markup, joined, tag
from leadctl.reports.next_steps import (
    Action,
    next_steps,
    reject_files,
    was_stopped_by_rejects,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.reports.html_report.rows import Contact
    from leadctl.reports.report import Report
    from leadctl.reports.run_timeline import RunTimeline

MARK = '<meta name="generator" content="leadctl">'
"""Text by which leadctl recognises its own pages."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(
    found: Report,
    timeline: RunTimeline,
    now: float,
    contacts: Iterator[Contact] | None = None,
) -> str:
    """Return the whole document.

    `contacts` are the rows that need attention with their phone numbers, None if they
    were not asked for. `now` is Unix time.
    """
    style = files(__name__).joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(MARK),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag(
            "title", f"{_verdict(found).title}: {_headline(found)}, {found.destination}"
        ),
        tag("style", Markup(style)),
    )
    parts = (
        _summary(found),
        _to_do(found),
        rows.outcome(found),
        rows.reasons(found),
        "" if contacts is None else rows.contacts(contacts, several=timeline.several),
        rows.files(found),
        rows.workers(found),
        rows.over_time(timeline),
    )
    holds = (
        "It contains no names and no phone numbers."
        if contacts is None
        else "It contains phone numbers: share it with care."
    )
    made = f"Made by leadctl {__version__} on {time_text.moment(now)} from its ledger."
    foot = tag("footer", tag("p", f"{made} {holds}"))
    body = tag("body", tag("main", *filter(None, parts)), foot)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


class Verdict(Enum):
    """The verdict on a run, with a sign for readers who cannot see its color."""

    DONE = ("Done", "✓")
    ACTION = ("Action needed", "!")
    STOPPED = ("Stopped", "✕")
    RUNNING = ("In progress", "…")

    @property
    def title(self) -> str:
        return self.value[0]


def _verdict(found: Report) -> Verdict:
    """Return the verdict on a run as a whole."""
    if found.process is not None:
        return Verdict.RUNNING
    if found.error or found.is_open:
        return Verdict.STOPPED
    left = () if found.pushed_again_by else IN_REJECT_FILE
    if any(found.counts[status] for status in (Status.UNKNOWN, *left)):
        return Verdict.ACTION
    return Verdict.DONE


def _summary(found: Report) -> Markup:
    judged = _verdict(found)
    says = " ".join(_consequences(found))
    why = tag("strong", "Why it stopped: ")
    mark = tag("span", judged.value[1], class_="mark", aria_hidden="true")
    return tag(
        "header",
        tag("p", "Lead import · ", found.destination, class_="eyebrow"),
        tag("p", mark, f" {judged.title}", class_="verdict"),
        tag("h1", _headline(found)),
        tag("p", says, class_="lede") if says else "",
        tag("p", why, f"{found.error.message}.", class_="problem")
        if found.error
        else "",
        _facts(found),
        class_=f"v-{judged.name.lower()}",
    )


def _headline(found: Report) -> str:
    rows, good = found.row_count, sum(found.counts[one] for one in DELIVERED)
    so_far = " so far" if found.is_open else ""
    if not rows:
        return f"No rows were read{so_far}"
    if good == rows > 1:
        return f"All {count(rows, 'row')} were delivered{so_far}"
    if _is_about_duplicates(found):
        there, code = found.duplicate, Code.ALREADY_DELIVERED
        earlier = sum(one.count for one in found.reasons if one.code == code)
        how = "delivered earlier" if earlier == there else "there already"
        number = "All" if there == rows > 1 else f"{there:,} of"
        return f"{number} {count(rows, 'row')} {_was(there, rows)} {how}{so_far}"
    if not good and rows > 1:
        return f"None of {count(rows, 'row')} was delivered{so_far}"
    was = _was(good, rows)
    return f"{good:,} of {count(rows, 'row')} {was} delivered{so_far}"


def _is_about_duplicates(found: Report) -> bool:
    """Tell whether no row was left to send, as in a push of the same file again."""
    to_send = (*DELIVERED, Status.FAILED, Status.UNKNOWN)
    return found.duplicate > 0 and not any(found.counts[one] for one in to_send)


def _was(some: int, rows: int) -> str:
    return "was" if 1 in (some, rows) else "were"


def _consequences(found: Report) -> Iterator[str]:
    """Return sentences about the rows that were not created."""
    for status, (one, many) in _SAYINGS.items():
        if status is Status.DUPLICATE and _is_about_duplicates(found):
            continue  # the headline has it
        if found.pushed_again_by and status in IN_REJECT_FILE:
            continue
        if number := found.counts[status]:
            yield f"{number:,} {one if number == 1 else many}."
    if found.pushed_again_by:
        number = sum(found.counts[one] for one in IN_REJECT_FILE)
        were = "row was" if number == 1 else "rows were"
        yield f"{number:,} {were} pushed again by run {found.pushed_again_by}."
    if found.is_open and found.process is None:
        yield "The run did not finish; some rows may not have been read."
    for removal, number in found.removals.items():
        said = removal.replace("_", " ")
        yield f"A later undo: {count(number, 'row')} {said}."


_SAYINGS = {
    Status.DUPLICATE: ("was already there", "were already there"),
    Status.SUPPRESSED: ("was skipped on request", "were skipped on request"),
    Status.REJECTED: ("needs fixing", "need fixing"),
    Status.FAILED: (
        "was not delivered and can be sent again",
        "were not delivered and can be sent again",
    ),
    Status.UNKNOWN: (
        "was sent, but no answer was received",
        "were sent, but no answer was received",
    ),
}


def _to_do(found: Report) -> Markup:
    """Return the next steps with their commands, or a sentence if there are none."""
    if _verdict(found) is Verdict.RUNNING:
        return _listed("Wait until the run has ended, then write this report again.")
    if found.job.given_up:
        return _listed("Nothing: this run was given up.")
    paths, steps = reject_files(found), [*next_steps(found)]
    listed: list[str] = [_step(step.action, step.command, paths) for step in steps]
    hint = found.error.hint if found.error else None
    if hint and hint not in {step.command for step in steps}:  # the cause first
        listed.insert(0, f"{hint[0].upper()}{hint[1:]}.")
    return _listed(*(listed or ["Nothing."]), either=was_stopped_by_rejects(found))


def _listed(*steps: str, either: bool = False) -> Markup:
    """List steps, numbered unless they are alternatives."""
    if len(steps) == 1:
        shown = tag("p", *steps)
    else:
        items = [tag("li", step) for step in steps]
        shown = tag("ul", *items) if either else tag("ol", *items)
    title = "What to do now: one of these" if either else "What to do now"
    return tag("section", tag("h2", title), shown)


def _step(action: Action, command: str, rejects: list[str]) -> Markup:
    match action:
        case Action.RESUME:
            words = "To send the rest of this run as it is:"
        case Action.RESOLVE:
            words = "Check at the provider what happened to the unknown rows, then run:"
        case Action.PUSH_REJECTS:
            many = f"the {len(rejects):,} reject files"
            where = rejects[0] if len(rejects) == 1 else many
            words = f"Fix the rejected rows in {where}, then run:"
        case Action.EXPORT_AGAIN:
            words = "Export the file again with the numbers as text; digits were lost."
    # A command wraps between words, never at the hyphens of an option.
    parts = [part for word in command.split() for part in (tag("span", word), " ")]
    return joined([words, tag("code", *parts, class_="command") if command else ""])


def _facts(run: Report) -> Markup:
    began = time_text.moment_of(run.started_at)
    facts = {
        "File" if len(run.files) == 1 else "Files": files_named(
            [file.path for file in run.files]
        ),
        "Campaign": run.campaign_shown,
        "Account": run.account,
        "Started": time_text.long(began),
        "Took": "not finished"
        if run.finished_at is None
        else time_text.lasted(max(0.0, time_text.moment_of(run.finished_at) - began)),
        "Run": run.run_id,
    }
    pairs = [
        tag("div", tag("dt", name), tag("dd", fact))
        for name, fact in facts.items()
        if fact
    ]
    return tag("dl", *pairs, class_="facts")
