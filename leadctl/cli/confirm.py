"""The question before the first upload to a campaign: what goes where, what follows."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leadctl.cli.progress import forecast_of
from leadctl.cli.show import heard, say
from leadctl.errors import NotConfirmed, UsageError
from leadctl.fields import COUNTRY_ALIASES, INSTRUCTIONS
from leadctl.job import mapper_of
from leadctl.judge import Judge
from leadctl.probe import Verdict
from leadctl.probing import require_no_doubt
from leadctl.profile import Columns, Constant, Members, Template, Translated
from leadctl.wording import count, listed, short

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leadctl.job import Job
    from leadctl.mapping import Mapper
    from leadctl.probe import Probe
    from leadctl.profile import Source
    from leadctl.run import Order


@dataclass(frozen=True)
class Consent:
    """What was said beforehand: `--yes`, or `--no-input`."""

    yes: bool = False
    no_input: bool = False


def confirmed(order: Order, consent: Consent) -> Order:
    """Have the first upload to a campaign confirmed, where there is somebody to ask.

    Without a terminal nobody is: a run by cron, in a pipe or in CI goes ahead, unless
    the campaign may take no leads.
    """
    if consent.yes:
        return replace(order, ask_first=lambda _probe: None)
    if not _somebody_is_there():
        return order

    def ask(probe: Probe) -> None:
        if consent.no_input:
            require_no_doubt(probe)
            raise UsageError(
                f"this would be the first upload to campaign {order.job.campaign} "
                f"by account {order.account.name}, and nobody may be asked",
                hint="--yes goes ahead",
            )
        for line in screen(order, probe):
            say(line)
        if not _answered("Send them? [y/N] "):
            raise NotConfirmed(
                "not confirmed: nothing was sent and nothing recorded",
                hint="`--dry-run` shows what would become of each row; "
                "--yes skips the question",
            )

    return replace(order, ask_first=ask)


def _somebody_is_there() -> bool:
    """Tell whether a question is seen and can be answered; streams may be closed."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def screen(order: Order, probe: Probe) -> Iterator[str]:
    """Yield what there is to know before the answer, as wide as the terminal."""
    width = max(30, min(100, shutil.get_terminal_size().columns - 1))
    opening = "This is the first upload to this campaign:"
    if probe.doubt:
        opening = f"This campaign may not take leads: {probe.doubt}."
    yield from textwrap.wrap(opening, width)
    for label, text in _facts(order, probe):
        head = f"  {label:<10}"
        yield from textwrap.wrap(
            text,
            width,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_on_hyphens=False,
        )


def _facts(order: Order, probe: Probe) -> Iterator[tuple[str, str]]:
    job, provider = order.job, order.account.provider
    yield (
        "files" if len(job.sources) > 1 else "file",
        ", ".join(source.shown for source in job.sources),
    )
    rows = forecast_of(order).rows
    known = "shows when they are read" if rows is None else f"about {rows:,}"
    yield "rows", known
    yield "provider", f"{provider.title}, {provider.base_url}"
    yield "account", order.account.name
    yield "campaign", _campaign(job.campaign, probe)
    yield from dict.fromkeys(_columns_used(job))
    for source, note in Judge(job).notes():
        label = "beware" if note.is_warning else "note"
        yield label, f"{source.shown}: {note.message}"
    if job.suppressed:
        yield "left out", "numbers on a suppression list"
    yield "then", provider.consequence


def _campaign(campaign: str, probe: Probe) -> str:
    named = f"{campaign} ({probe.name})" if probe.name else campaign
    if probe.campaign.verdict is Verdict.FINE:
        return f"{named}: {probe.campaign.message}"
    return f"{named}: its state is not known, {probe.campaign.message}"


def _columns_used(job: Job) -> Iterator[tuple[str, str]]:
    """Say for each file what of it is sent, and what is not."""
    for source in job.sources:
        mapper = mapper_of(source, job)
        yield "sends", _sent(job, mapper, source.columns)
        for label, text in (
            ("region", _region(job, mapper, source.columns)),
            ("not sent", _unplaced(job, mapper)),
            ("left out", "; ".join(f"rows where {r.rule}" for r in mapper.skip)),
        ):
            if text:
                yield label, text


def _sent(job: Job, mapper: Mapper, header: Collection[str]) -> str:
    """Say which field is read from which column, of those that are sent."""
    fields = [
        f"{name} from {columns}" if columns else name
        for name, columns in _read_from(job, mapper, header).items()
        if job.provider.has_place_for(name)
    ]
    fields += [count(len(job.tags), "tag")] if job.tags else []
    unused = listed(mapper.unused)
    return "; ".join(fields) + (f" (not sent: {unused})" if unused else "")


def _read_from(job: Job, mapper: Mapper, header: Collection[str]) -> dict[str, str]:
    """Name for each field the columns it is read from; none for a constant."""
    said = job.profile.with_constants(job.constants).fields if job.profile else {}
    return {
        name: _columns(said[name], header)
        if name in said
        else " or ".join(map(short, mapper.columns.get(name, ())))
        for name in mapper.getters
    }


def _columns(source: Source, header: Collection[str]) -> str:
    """Tell columns that stand in for each other from those that are put together."""
    match source:
        case Columns(names, _):
            return " or ".join(short(name) for name in names if name in header)
        case Template(_, names, _):
            return " and ".join(map(short, names))
        case Members(members):
            parts = (_columns(member, header) for member in members.values())
            return " and ".join(filter(None, parts))
        case Translated(inner, _, _):
            return _columns(inner, header)
        case Constant():
            return ""


def _region(job: Job, mapper: Mapper, header: Collection[str]) -> str:
    """Say which columns name the region of a phone, and what counts without them."""
    read = _read_from(job, mapper, header)
    found = [
        read[name] or job.constants.get(name, "the profile")
        for name in COUNTRY_ALIASES
        if name in read
    ]
    if not found:
        return ""
    home = job.effective_region or job.provider.phone_rule.country
    return ", else ".join(
        [f"of each phone from {found[0]}", *found[1:], home or "none"]
    )


def _unplaced(job: Job, mapper: Mapper) -> str:
    """Name the fields that the files hold and the provider does not take."""
    names = [
        name
        for name in mapper.getters
        if name not in (*INSTRUCTIONS, *COUNTRY_ALIASES)
        and not job.provider.has_place_for(name)
    ]
    if not names:
        return ""
    them = "it" if len(names) == 1 else "them"
    return f"{', '.join(names)}: {job.provider.title} has no place for {them}"


def _answered(question: str) -> bool:
    """Ask, and take anything but a yes for a no."""
    with heard(sys.stderr):
        sys.stderr.write(question)
        sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D leaves the cursor behind the question
        say("")
    return answer.strip().casefold() in ("y", "yes")
