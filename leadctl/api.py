"""The public API: Python values in, a report out.

Nothing is printed, no signal is handled and no process-wide setting is changed, so that
any thread may call it. Options have the names of the command line.
"""

from __future__ import annotations

import os
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack, cast

from leadctl import ledger as ledgers
from leadctl.config import config as configuration
from leadctl.importing import people
from leadctl.model.errors import CredentialsMissing, InputUnusable, UsageError
from leadctl.model.wording import nearest
from leadctl.phones.countries import require_region
from leadctl.phones.spelling import PhoneUnreadable
from leadctl.runs import history, prepare
from leadctl.runs.inputs import chosen
from leadctl.runs.options import job_of, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.people import Found
    from leadctl.importing.plan import Rules
    from leadctl.importing.preview import Preview
    from leadctl.ledger.base import Ledger
    from leadctl.reports.report import Report
    from leadctl.runs.options import CheckOptions, Files, PreviewOptions, PushOptions
    from leadctl.runs.request import ImportRequest

Watch: TypeAlias = "Callable[[ImportRequest], AbstractContextManager[ImportRequest]]"
"""Takes part in a run: is given the request, and has its say in what it returns."""


def push(
    files: Files, *, watch: Watch = nullcontext, **options: Unpack[PushOptions]
) -> Report:
    """Deliver leads to a campaign, and return the outcome of every row.

    `files` are paths, also of folders, or rows as mappings. The report of a run that
    stopped early has an `error`. A run that cannot begin raises LeadctlError, with
    nothing sent.
    """
    names, streams = streams_of(files)
    if not names:
        raise InputUnusable("nothing to push: no files and no rows")
    names, left_out = chosen(names)
    job = job_of(names, options)
    url = ledgers.resolved(job.ledger or options.get("ledger"))
    dry_run = options.get("dry_run", False)
    with ExitStack() as stack:
        job, environment = stack.enter_context(environment_of(job))
        with _sandbox_offered(job):
            request = stack.enter_context(
                prepare.prepared(
                    job, url, streams, environment=environment, offline=dry_run
                )
            )
        notes = [*left_out, *request.notes]
        strict = options.get("strict", False)
        wait = options.get("wait", 0)
        request = replace(request, notes=notes, strict=strict, wait=wait)
        if job.sandbox and not job.ledger:
            request = replace(request, ledger=None)
        if options.get("yes"):
            request = replace(request, ask_first=lambda _request, _preflight: None)
        request = stack.enter_context(watch(request))
        if dry_run:
            from leadctl.runs.rehearsal import rehearse  # noqa: PLC0415  on demand

            return rehearse(request)
        from leadctl.runs import run as runner  # noqa: PLC0415  on demand

        return runner.push(request)


def check(
    files: Files, *, watch: Watch = nullcontext, **options: Unpack[CheckOptions]
) -> Report:
    """Do what `push` does before the first request; sends and records nothing.

    Needs no credentials and no campaign. Writes the reject file.
    """
    return push(files, watch=watch, dry_run=True, **options)


def preview(files: Files, **options: Unpack[PreviewOptions]) -> list[Preview]:
    """Return for each file its detected format and its first rows, mapped."""
    from leadctl.importing.preview import previews  # noqa: PLC0415  on demand

    with inspected(files, **options) as rules:
        return previews(rules)


def inspected(
    files: Files, **options: Unpack[PreviewOptions]
) -> AbstractContextManager[Rules]:
    """Open files to look at them, with what is needed to check their rows."""
    names, streams = streams_of(files)
    names, _ = chosen(names)
    job = job_of(names, cast("PushOptions", options))
    return prepare.inspected(job, ledgers.resolved(None), streams)


def resume(  # noqa: PLR0913  options, by name
    run: str | None = None,
    *,
    ledger: str | Path | None = None,
    config: str | Path | None = None,
    acknowledge_compliance: bool = False,
    with_unknown: bool = True,
    wait: int = 0,
    watch: Watch = nullcontext,
) -> Report:
    """Finish a run, by default the latest unfinished one, and report on all of it.

    Rows with an outcome are skipped. Unknown rows are sent again if the provider makes
    that safe, unless `with_unknown` is false.
    """
    from leadctl.runs import run as runner  # noqa: PLC0415  a preview does without

    url = ledgers.resolved(ledger)
    with ledgers.open_ledger(url) as opened:
        run_reader = opened.run(run) if run else history.latest_unfinished(opened)
        job = prepare.stored_job(run_reader, configuration.named(config))
        run = run_reader.facts().id
    if acknowledge_compliance:
        job = replace(job, acknowledge_compliance=True)
    with ExitStack() as stack:
        job, environment = stack.enter_context(environment_of(job))
        request = stack.enter_context(
            prepare.prepared(job, url, {}, environment=environment, offline=False)
        )
        again = replace(request, resumes=run, with_unknown=with_unknown, wait=wait)
        return runner.push(stack.enter_context(watch(again)))


def find(
    numbers: str | Iterable[str],
    *,
    region: str | None = None,
    ledger: str | Path | None = None,
) -> list[Found]:
    """Return what the ledger knows about each number: campaigns and suppression."""
    asked, region = [], require_region(region)
    for text in [numbers] if isinstance(numbers, str) else numbers:
        try:
            asked.append(people.by_number(text, region))
        except PhoneUnreadable as error:  # its place: a number is not repeated
            where = f"number {len(asked) + 1}"
            raise UsageError(f"{where}: {error.problem.reason}") from None
    with ledgers.open_existing(ledgers.resolved(ledger)) as opened:
        return people.find(opened, asked)


def open_ledger(url: str | Path | None = None) -> Ledger:
    """Open a ledger, by default the user's own; creates it if there is none.

    It can be used in the thread that opened it, until it is closed.
    """
    return ledgers.open_ledger(ledgers.resolved(url))


def load_config(path: str | Path | None = None) -> dict[str, Account]:
    """Return the accounts of the config file and the environment by name.

    They have settings and the places of secrets, never a secret.
    """
    document = configuration.load(configuration.named(path))
    return {
        name: configuration.resolve(document, os.environ, provider=None, account=name)
        for name in configuration.account_names(document, os.environ)
    }


def sandbox() -> ModuleType:
    """Return the simulators; raises UsageError if their packages are not installed."""
    try:
        from leadctl import sandbox  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the sandbox requires a package that is not installed: {error.name}",
            hint="in a clone of leadctl: pip install '.[sandbox]'",
        ) from error
    return sandbox


@contextmanager
def _sandbox_offered(job: Job) -> Iterator[None]:
    """Name --sandbox in the hint for somebody who has no account yet."""
    try:
        yield
    except CredentialsMissing as error:
        with suppress(UsageError):  # it is not installed
            if job.provider in sandbox().SIMULATORS:
                hint = f"{error.hint}; `leadctl init` sets one up; --sandbox needs none"
                raise error.but(hint=hint) from error
        raise


@contextmanager
def environment_of(job: Job) -> Iterator[tuple[Job, Mapping[str, str]]]:
    """Yield a job and its variables; in the sandbox, those of a simulator it serves."""
    if not job.sandbox:
        yield job, os.environ
        return
    simulators = sandbox()
    document = configuration.load(Path(job.config) if job.config else None)
    _, name = configuration.account_name(document, job.provider, job.account)
    if name not in simulators.SIMULATORS:
        raise UsageError(
            f"no simulator of {name!r}{nearest(name, simulators.SIMULATORS)}",
            hint=f"simulated: {', '.join(simulators.SIMULATORS)}",
        )
    campaigns = (job.campaign,) if job.campaign else ()
    simulator = simulators.SIMULATORS[name](open_campaigns=campaigns)
    with simulators.serve([simulator]) as served:
        environment = {**os.environ, **served.environment(name)}
        yield replace(job, provider=name, account=None), environment
