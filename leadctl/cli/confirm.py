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
from leadctl.fields import unheeded
from leadctl.job import mapper_of
from leadctl.probe import Verdict
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.job import Job
    from leadctl.probe import Probe
    from leadctl.run import Order


@dataclass(frozen=True)
class Consent:
    """What was said beforehand: `--yes`, or `--no-input`."""

    yes: bool = False
    no_input: bool = False


def confirmed(order: Order, consent: Consent) -> Order:
    """Have the first upload to a campaign confirmed, where there is somebody to ask.

    Without a terminal nobody is: a run by cron, in a pipe or in CI goes ahead.
    """
    if consent.yes or not _somebody_is_there():
        return order

    def ask(probe: Probe) -> None:
        if consent.no_input:
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
    yield from textwrap.wrap("This is the first upload to this campaign:", width)
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
    for text in dict.fromkeys(_sent(job)):
        yield "sends", text
    for text in dict.fromkeys(_unheeded(job)):
        yield "beware", text
    if job.suppressed:
        yield "leaves out", "numbers on a suppression list"
    yield "then", provider.consequence


def _campaign(campaign: str, probe: Probe) -> str:
    named = f"{campaign} ({probe.name})" if probe.name else campaign
    if probe.campaign.verdict is Verdict.FINE:
        return f"{named}: {probe.campaign.message}"
    return f"{named}: its state is not known, {probe.campaign.message}"


def _sent(job: Job) -> Iterator[str]:
    """Say for each file which field is read from which column."""
    for source in job.sources:
        mapper = mapper_of(source, job.profile, job.constants)
        fields = [
            f"{name} from {' or '.join(columns)}" if columns else name
            for name, columns in mapper.columns.items()
        ]
        fields += [name for name in mapper.getters if name not in mapper.columns]
        fields += [count(len(job.tags), "tag")] if job.tags else []
        unused = ", ".join(mapper.unused)
        yield "; ".join(fields) + (f" (not sent: {unused})" if unused else "")


def _unheeded(job: Job) -> Iterator[str]:
    for source in job.sources:
        mapper = mapper_of(source, job.profile, job.constants)
        if sentence := unheeded(mapper.unused):
            yield sentence


def _answered(question: str) -> bool:
    """Ask, and take anything but a yes for a no."""
    with heard(sys.stderr):
        sys.stderr.write(question)
        sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D leaves the cursor behind the question
        say("")
    return answer.strip().casefold() in ("y", "yes")
