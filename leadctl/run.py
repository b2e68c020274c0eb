"""One run from the open ledger to the written reject file."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leadctl import rejects, report
from leadctl.clock import RealClock, Stop
from leadctl.delivery import Delivery, Patience
from leadctl.errors import ExitCode, Interrupted, LeadctlError
from leadctl.importer import Importer
from leadctl.ledger import Ledger
from leadctl.lock import campaign_lock
from leadctl.model import IN_REJECT_FILE
from leadctl.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import httpx

    from leadctl.books import Books
    from leadctl.config import Account
    from leadctl.importer import Job
    from leadctl.model import Finding, Json
    from leadctl.report import Report


@dataclass(frozen=True)
class Order:
    """A job, and where its traces go. Without `auth` it can only be rehearsed.

    `rejects_files` has a path for each source; `options` is what a resume needs to know again.
    `tell` hears notes for the user, `tell_wait` every wait for the provider.
    """

    job: Job
    account: Account
    ledger: Path | None
    rejects_files: Sequence[Path]
    auth: httpx.Auth | None = None
    options: dict[str, Json] = field(default_factory=dict)
    resend_delivered: bool = False
    tell: Callable[[str], None] = lambda _note: None
    tell_wait: Callable[[float, str], None] = lambda _seconds, _why: None


def push(order: Order) -> Report:
    """Deliver the job. Raises LeadctlError where the run cannot begin."""
    account = order.account
    transport = Transport(
        order.auth,
        timeout=account.connection.timeout,
        ca_file=account.connection.ca_file,
    )
    stop = Stop()
    with contextlib.ExitStack() as stack:
        stack.callback(transport.close)
        if order.ledger is not None:
            folder = order.ledger.parent / "locks"
            stack.enter_context(campaign_lock(folder, account.name, order.job.campaign))
        ledger = stack.enter_context(Ledger(order.ledger))
        importer, books = _opened(order, ledger, ledger)
        delivery = Delivery(
            account.provider,
            account.limits,
            transport.send,
            books,
            RealClock(stop),
            stop,
            patience=Patience(longest_wait=account.connection.retry_for),
            tell=order.tell_wait,
        )
        with _signals(stop):
            error = importer.deliver(delivery)
        if stop.signal is not None:
            error = _interrupted(stop.signal, books)
        return _finished(order, importer, books, error)


def rehearse(order: Order) -> Report:
    """Do the same up to, not including, the first request; its books are thrown away."""
    with contextlib.ExitStack() as stack:
        books_ledger = stack.enter_context(Ledger(None))
        known = books_ledger
        if order.ledger is not None and order.ledger.exists():
            known = stack.enter_context(Ledger(order.ledger))
        importer, books = _opened(order, books_ledger, known)
        error = importer.rehearse()
        return replace(_finished(order, importer, books, error), dry_run=True)


def _opened(order: Order, ledger: Ledger, known: Ledger) -> tuple[Importer, Books]:
    """Begin the run's books in `ledger`; what was delivered before is looked up in `known`."""
    job, account = order.job, order.account
    books = ledger.begin(account.provider.name, account.name, job.campaign, order.options)
    importer = Importer(
        job,
        books,
        known.digest(account.name, job.campaign),
        (lambda _digests: set()) if order.resend_delivered else known.delivered,
    )
    for ordinal, source in enumerate(job.sources):
        books.add_file(ordinal, source.shown, source.fingerprint)
    return importer, books


def _finished(
    order: Order, importer: Importer, books: Books, error: LeadctlError | None
) -> Report:
    """Write the reject files, close the books and read the report from them."""
    for ordinal, source in enumerate(order.job.sources):
        path = order.rejects_files[ordinal]
        findings = books.findings(ordinal, IN_REJECT_FILE)
        first = next(findings, None)
        if first is None:
            rejects.remove(path)
            continue
        rejects.write(path, source, _chained(first, findings), books.run().id)
        books.set_rejects_file(ordinal, str(path))
    code = report.exit_code(books.counts(), error)
    books.finish(code, report.error_document(error) if error else None)
    _say_once(order, importer)
    return report.read(books, error)


def _chained(first: Finding, rest: Iterator[Finding]) -> Iterator[Finding]:
    yield first
    yield from rest


def _say_once(order: Order, importer: Importer) -> None:
    """Tell what was not sent although it was there."""
    title = order.account.provider.title
    unused = {column for mapper in importer.mappers for column in mapper.unused}
    if unused:
        order.tell(f"columns not sent: {', '.join(sorted(unused))} (a profile can map them)")
    if importer.unplaced:
        fields = ", ".join(sorted(importer.unplaced))
        order.tell(f"{title} has no place for: {fields}; not sent")


def _interrupted(number: int, books: Books) -> Interrupted:
    name = signal.Signals(number).name
    return Interrupted(
        number,
        f"stopped by {name}; everything so far is recorded",
        hint=f"leadctl runs resume {books.run().id}",
    )


@contextlib.contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """The first signal asks the run to stop, the second leaves at once."""

    def ask(number: int, _frame: object) -> None:
        if stop.is_asked():
            os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)
        stop.ask(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
