"""One run from the open ledger to the written reject file."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leadctl import interrupts, line, probing, rejects, report
from leadctl.clock import RealClock, Stop
from leadctl.delivery import Delivery
from leadctl.errors import (
    ExitCode,
    InputUnusable,
    LeadctlError,
    ProviderError,
    RejectsNotWritten,
)
from leadctl.fields import INSTRUCTIONS
from leadctl.importer import Importer, Known
from leadctl.job import require_mappable
from leadctl.journey import Patience
from leadctl.ledger import open_existing, open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model import IN_REJECT_FILE
from leadctl.phones.column import ColumnSays
from leadctl.progress import Meter
from leadctl.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from leadctl.auth import Access
    from leadctl.config import Account
    from leadctl.job import Job
    from leadctl.ledger.base import Ledger, RunReader, RunWriter
    from leadctl.line import Line
    from leadctl.mapping import Mapper
    from leadctl.model import Json
    from leadctl.probe import Probe
    from leadctl.progress import Progress
    from leadctl.report import Report


@dataclass(frozen=True)
class Order:
    """A job, and where its traces go. Without `access` it can only be rehearsed.

    `rejects_files` has a path for each source; `options` is what a resume needs to know
    again. `spool` is our copy of stdin, removed when nothing of it is left to send.
    `resumes` is the run to go on with; `with_unknown`, its unknown rows are sent again
    where that is safe.
    `warnings` and `notes` are told before anything is sent.
    `warn` hears what nobody should miss, `tell` notes for the user, `tell_wait` every
    wait for the provider, and `tell_probe` what the harmless call showed. `ask_first`
    hears that too, before the first run to a campaign at its address and where the
    call leaves doubt: a LeadctlError it raises ends it all with nothing recorded.
    `tell_progress` hears once a batch how far the run is.
    """

    job: Job
    account: Account
    ledger: str | None
    rejects_files: Sequence[Path]
    access: Access | None = None
    options: dict[str, Json] = field(default_factory=dict)
    spool: Path | None = None
    resumes: str | None = None
    with_unknown: bool = True
    resend_delivered: bool = False
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()
    warn: Callable[[str], None] = lambda _warning: None
    tell: Callable[[str], None] = lambda _note: None
    tell_wait: Callable[[float, str], None] = lambda _seconds, _why: None
    tell_probe: Callable[[Probe], None] = lambda _probe: None
    ask_first: Callable[[Probe], None] = probing.require_no_doubt
    tell_progress: Callable[[Progress], None] = lambda _progress: None


def push(order: Order) -> Report:
    """Deliver the job; raises LeadctlError where the run cannot begin."""
    stop, account, limits = Stop(), order.account, order.account.limits
    for warning in order.warnings:
        order.warn(warning)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_rare_collections())
        campaign = order.job.campaign
        ledger = stack.enter_context(open_ledger(order.ledger))
        lock = stack.enter_context(line.campaign_held(account, campaign, ledger))
        opened = line.opened(account, order.access, campaign, ledger)
        way = stack.enter_context(opened)
        _require_possible(order, ledger)
        earlier = _earlier(order, ledger)
        moved = _warn_if_moved(order, earlier)
        refusal = _refusal(order, way, is_first=earlier is None or moved)
        with interrupts.asking(stop):
            importer, books, meter = _opened(order, ledger, ledger)
            lock.hold_for(books.facts().id)
            _warn(order, importer)
            delivery = Delivery(
                account.provider,
                limits,
                way.send,
                books,
                way.pace,
                RealClock(stop),
                stop,
                abort=way.abort,
                redacted=way.redacted,
                patience=Patience(longest_wait=account.connection.retry_for),
                tell=order.tell_wait,
                meter=meter,
            )
            error = (
                importer.call_off(delivery, refusal)
                if refusal
                else importer.deliver(delivery)
            )
            if stop.signal is not None:
                error = _interrupted(order, stop.signal, books.facts().id)
            for note in delivery.notes():
                tell = order.warn if note.is_warning else order.tell
                tell(f"{count(note.count, 'lead')}: {note.message}")
            return _finished(order, importer, books, error)


def _interrupted(order: Order, signal: int, run: str) -> LeadctlError:
    if order.ledger is None:
        return interrupts.interrupted(
            signal, "nothing of it is kept", "the same command starts again"
        )
    return interrupts.interrupted(
        signal, "everything so far is recorded", f"leadctl runs resume {run}"
    )


def rehearse(order: Order) -> Report:
    """Do the same up to the first request, without it; its books are thrown away."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_rare_collections())
        aside = stack.enter_context(open_ledger(None))
        known = stack.enter_context(open_existing(order.ledger))
        importer, books, _ = _opened(order, aside, known)
        if not order.account.missing:  # of its address, a part may be
            _warn_if_moved(order, _earlier(order, known))
        _warn(order, importer)
        error = importer.rehearse()
        if order.spool:
            stack.callback(order.spool.unlink, missing_ok=True)
        return replace(_finished(order, importer, books, error), dry_run=True)


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Have the garbage collector come round rarely, and pass over what is loaded.

    Rows make no garbage that needs it; looking for some takes a fifth of a run's CPU.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _require_possible(order: Order, ledger: Ledger) -> None:
    """Refuse what cannot begin before anybody is asked and anything recorded."""
    account, job = order.account, order.job
    if order.resumes is not None:
        require_same_files(ledger.run(order.resumes), job)
        return
    require_mappable(job)
    at_most_once = not account.provider.resend_is_safe
    if at_most_once and (left := ledger.unsettled_run(account.name, job.campaign)):
        raise InputUnusable(
            f"run {left} ended with leads on their way to this campaign",
            hint=f"leadctl runs resume {left} settles them first",
        )


def _earlier(order: Order, ledger: Ledger) -> RunReader | None:
    """Return the run to go on with, or the latest one to the same campaign."""
    if order.resumes is not None:
        return ledger.run(order.resumes)
    return ledger.latest(order.account.name, order.job.campaign)


def _columns_of(earlier: RunReader | None) -> dict[str, ColumnSays]:
    """Return what the columns of an earlier run's files said, by path.

    A reject file is read as the file that it was made from.
    """
    said = earlier.facts().options.get(COLUMNS) if earlier else None
    if earlier is None or not isinstance(said, dict):
        return {}
    return {
        path: ColumnSays.named(str(said[file.path]))
        for file in earlier.files()
        for path in (file.path, file.rejects_file)
        if path and file.path in said
    }


COLUMNS = "phone_columns"
"""Option of a run: by file, what its phone column said of digits without +."""


def _warn_if_moved(order: Order, earlier: RunReader | None) -> bool:
    """Tell that the campaign was last used at another address, if it was.

    The ledger knows leads by account and campaign: those a simulator took, or another
    server, count as delivered here.
    """
    before = earlier.facts().options.get("base_url") if earlier else None
    now = order.options.get("base_url")
    if not before or before == now:
        return False
    follows = (
        ""
        if order.resend_delivered
        else ": leads delivered there are not sent again (another --ledger starts "
        "afresh)"
    )
    order.warn(
        f"campaign {order.job.campaign} of account {order.account.name} was last used "
        f"at {before}, now at {now}{follows}"
    )
    return True


def _refusal(order: Order, way: Line, *, is_first: bool) -> ProviderError | None:
    """Make the harmless call: a wrong key or campaign ends a run with no row judged.

    Raised for a run that did not begin; returned for one that is in the books.
    """
    account = order.account
    caller = probing.Caller(
        account.provider,
        way,
        RealClock(Stop()),
        account.connection.retry_for,
        tell=order.tell_wait,
    )
    with interrupts.leaving():
        try:
            probe = probing.before_a_run(caller, order.job.campaign)
        except ProviderError as error:
            line.advised(error, account)
            if order.resumes is None:
                raise
            return error
        order.tell_probe(probe)
        if (is_first or probe.doubt) and order.resumes is None:
            order.ask_first(probe)
    return None


def _opened(
    order: Order, ledger: Ledger, known: Ledger
) -> tuple[Importer, RunWriter, Meter]:
    """Open the run's books in `ledger`; earlier deliveries are looked up in `known`."""
    account = order.account
    job = replace(order.job, earlier_columns=_columns_of(_earlier(order, known)))
    at_most_once = not account.provider.resend_is_safe
    digest = known.digest(account.name, job.campaign)
    # Its own deliveries the run knows without asking: they were in its files before.
    earlier = known.delivered(account.name, job.campaign)
    asks = not (order.resend_delivered or earlier.is_empty())
    memory = Known(digest)
    if asks:
        memory = replace(memory, delivered=earlier.among)
    if at_most_once:
        memory = replace(memory, in_doubt=known.in_doubt)
    unfinished = None
    books: RunWriter
    if order.resumes is None:
        new = NewRun(
            account.provider.name,
            account.name,
            job.campaign,
            [(source.recorded, source.fingerprint) for source in job.sources],
            order.options,
        )
        books = ledger.begin(new, at_most_once=at_most_once)
    else:
        ended = books = ledger.resumed(order.resumes, at_most_once=at_most_once)
        unfinished = ended.reopen(
            most=account.limits.batch_size, with_unknown=order.with_unknown
        )
    meter = Meter(order.tell_progress, lambda: books.tally)
    return Importer(job, books, memory, unfinished, meter), books, meter


def require_same_files(books: RunReader, job: Job) -> None:
    for file, source in zip(books.files(), job.sources, strict=True):
        source.require_fingerprint(file.fingerprint)


def _finished(
    order: Order, importer: Importer, books: RunWriter, error: LeadctlError | None
) -> Report:
    """Write the reject files, close the books and read the report from them."""
    try:
        _write_rejects(order, books)
    except LeadctlError as failure:  # the run is done all the same
        error = error or RejectsNotWritten(failure.message, hint=failure.hint)
    except OSError as failure:  # an earlier reject file that cannot be set aside
        error = error or RejectsNotWritten(
            f"the reject file cannot be written: {failure.strerror}",
            hint=f"leadctl runs rejects {books.facts().id} --to PATH "
            "writes it elsewhere",
        )
    error = error and line.advised(error, order.account)
    code = report.exit_code(books.counts(), error)
    _remember_columns(order, importer, books)
    books.finish(
        code, report.error_document(error) if error else None, importer.judge.repairs
    )
    if order.spool and (
        order.ledger is None or code in (ExitCode.OK, ExitCode.REJECTED)
    ):
        order.spool.unlink(missing_ok=True)
    _say_once(order, importer, books)
    return report.read(books, error)


def _remember_columns(order: Order, importer: Importer, books: RunWriter) -> None:
    """Keep, and tell, how columns decided about numbers with several readings."""
    said = importer.judge.said_by_columns()
    if said:
        books.remember({COLUMNS: {path: str(says) for path, says in said.items()}})
    for path, says in said.items():
        order.tell(
            f"{path}: phone numbers without + that have several readings were read as "
            f"{says.numbers}, like the rest of the column (--numbers overrides)"
        )


def _write_rejects(order: Order, books: RunWriter) -> None:
    for ordinal, source in enumerate(order.job.sources):
        path = order.rejects_files[ordinal]
        findings = books.findings(ordinal, IN_REJECT_FILE)
        kept = rejects.corrections_go_to(path)
        rows = rejects.write_if_any(path, source, findings, books.facts().id)
        if kept and kept.exists():
            order.warn(f"{path} was edited: what stands in it is kept in {kept}")
        books.set_rejects_file(ordinal, str(path) if rows else None)


def _warn(order: Order, importer: Importer) -> None:
    """Tell, before anything is sent, what the files look like they need."""
    for note in order.notes:
        order.tell(note)
    for source in order.job.sources:
        for choice in source.choices:
            if choice.needs_telling:
                order.tell(
                    f"{source.shown}: {choice.what} {choice.value}: {choice.why}"
                )
    for source, sentence in importer.judge.damages():
        order.tell(f"{source.shown}: {sentence}")
    for source, found in importer.judge.notes():
        tell = order.warn if found.is_warning else order.tell
        tell(f"{source.shown}: {found.message}")


def _say_once(order: Order, importer: Importer, books: RunWriter) -> None:
    """Tell what was not sent although it was there, and which rule had no effect."""
    title = order.account.provider.title
    rows = sum(books.tally.values())
    if rows and order.resumes is None:  # of a resumed run, part was read before
        for sentence in importer.judge.rules_without_effect():
            order.tell(sentence)
    for source, sentence in importer.judge.unknown_countries():
        order.tell(f"{source.shown}: {sentence}")
    _say_columns(order, importer.judge.mappers)
    if unplaced := importer.judge.unplaced - {*INSTRUCTIONS}:
        fields = ", ".join(sorted(unplaced))
        order.tell(f"{title} has no place for: {fields}; not sent")
    if order.access and order.account.provider.warning:
        order.tell(order.account.provider.warning)
    if not rows and books.facts().exit_code == ExitCode.OK:
        order.warn("no data rows were read")


def _say_columns(order: Order, mappers: Sequence[Mapper]) -> None:
    """Tell which columns stand in for each other, and which go nowhere."""
    for mapper in mappers:
        for name, columns in mapper.columns.items():
            if len(columns) > 1 and not order.job.profile:
                order.tell(
                    f"{name} is the first that holds something of {listed(columns)}"
                )
    unused = {name for mapper in mappers for name in mapper.unused if name}
    if unused:
        order.tell(
            f"columns not sent: {listed(sorted(unused))} (a profile can map them)"
        )
