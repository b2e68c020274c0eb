"""Opens a job: its account, profile, files and suppression lists, before a run."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl import ledger as ledgers
from leadctl.config import config
from leadctl.config.credentials import key_files
from leadctl.delivery import provider_session
from leadctl.importing import suppression
from leadctl.importing.job import Job
from leadctl.importing.plan import Plan, Rules, UnusableFiles, mappers_of
from leadctl.importing.suppression_entries import List
from leadctl.model.errors import CredentialsMissing, InputUnusable, UsageError
from leadctl.model.leads import Note
from leadctl.model.private_files import is_our_own, permission_problems
from leadctl.model.wording import nearest
from leadctl.phones.column import ColumnSays
from leadctl.phones.countries import require_region
from leadctl.phones.rule import Numbers
from leadctl.providers import base_url
from leadctl.runs import inputs, spool
from leadctl.runs.history import require_same_files
from leadctl.runs.inputs import profile_of, require_constants
from leadctl.runs.request import ImportRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.config.config import Account
    from leadctl.ledger.base import RunReader
    from leadctl.mapping.profile import Profile
    from leadctl.model.yaml_file import Document
    from leadctl.providers.http_auth import Credentials
    from leadctl.runs.spool import Streams


@contextmanager
def prepared(
    job: Job,
    ledger: str,
    streams: Streams,
    *,
    offline: bool,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[ImportRequest]:
    """Open a job; copies of its streams are kept while the context lasts.

    Raises UsageError, InputUnusable or CredentialsMissing.
    """
    _require_text(job)
    spool.drop_abandoned(ledger)
    with spool.spooled(job, ledger, streams) as copied:
        document = config.load(_path(job.config))
        account = _account(job, document, environment, offline=offline)
        campaign = _campaign(job, account, offline=offline)
        access = None if offline else _access(job, document, account, environment)
        mapped = profile_of(job, document, account)
        plan = _plan(copied, account, campaign, mapped)
        lists = [List.named(text) for text in (*account.suppress, *job.suppress)]
        suppressed = suppression.read(lists, plan.effective_region)
        yield ImportRequest(
            job=replace(
                copied.absolute(),
                account=account.name,
                provider=str(Path(job.provider).expanduser().absolute())
                if job.provider and config.is_definition(job.provider)
                else account.provider.name,
                mapping=mapped.content if mapped else None,
                base_url=base_url.without_login(account.provider.base_url),
            ),
            plan=replace(plan, suppressed=suppressed),
            account=account,
            ledger=ledger,
            rejects_files=inputs.rejects_files(copied, plan.sources, offline=offline),
            access=access,
            notes=[
                *_exposed(job, account, ledger, environment),
                *_lowered(job, account, offline=offline),
                *(Note("suppression_list", said) for said in suppressed.notes),
            ],
        )


@contextmanager
def inspected(job: Job, ledger: str, streams: Streams) -> Iterator[Rules]:
    """Open a job to inspect its files: nothing is recorded, sent or written."""
    _require_text(job)
    with spool.spooled(job, ledger, streams) as copied:
        try:
            document = config.load(_path(job.config))
            account = None
            if job.provider or job.account:
                account = _account(job, document, os.environ, offline=True)
            yield _rules(copied, account, profile_of(job, document, account))
        finally:
            spool.drop(copied)


def stored_job(run_reader: RunReader, config_file: str | Path | None) -> Job:
    """Return the job of an earlier run.

    Its config file, which may name programs, must be named again. Its provider's file,
    which says where a key is sent, must be our own.
    """
    job = Job.from_json(run_reader.facts().job)
    file = Path(job.provider or "")
    if config.is_definition(job.provider) and file.exists() and not is_our_own(file):
        raise UsageError(
            f"other users can change {file}, which defines this run's provider",
            hint=f"check the file, then: chmod go-w {shlex.quote(str(file))}",
        )
    if job.config and not config_file:
        raise UsageError(
            "this run was started with --config",
            hint=f"repeat it: --config {shlex.quote(job.config)}",
        )
    return replace(job, config=str(config_file) if config_file else None)


def reopened(
    run_reader: RunReader,
    config_file: str | Path | None,
    file: int | None = None,
    copies: Mapping[str, str] | None = None,
) -> tuple[Job, Plan]:
    """Open the files of an earlier run, or one of them, to read its rows again.

    `copies` replace its own ones. Raises InputUnusable if a file has changed.
    """
    job, files = stored_job(run_reader, config_file), run_reader.files()
    if copies is not None:
        job = replace(job, copies=copies)
    if file is not None:
        job, files = replace(job, files=(job.files[file],)), [files[file]]
    document = config.load(_path(job.config))
    account = _account(job, document, os.environ, offline=True)
    with spool.spooled(job, "", {}):
        mapped = profile_of(job, document, account)
        plan = _plan(job, account, _campaign(job, account, offline=True), mapped)
    require_same_files(files, plan)
    return job, plan


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _plan(job: Job, account: Account, campaign: str, mapped: Profile | None) -> Plan:
    own = {
        "provider": account.provider,
        "campaign": campaign,
        "batch_size": min(account.limits.batch_size, job.batch_size or sys.maxsize),
    }
    return Plan(**vars(_rules(job, account, mapped)) | own)


def _rules(job: Job, account: Account | None, mapped: Profile | None) -> Rules:
    unusable = UnusableFiles()
    sources = inputs.sources(job, mapped, unusable)
    pinned = mapped.shape.numbers if mapped else None
    require_constants(job, account, mapped)
    rules = Rules(
        sources=sources,
        job=job,
        provider=account.provider if account else None,
        profile=mapped,
        region=require_region(job.region),
        numbers=job.numbers or Numbers(pinned or Numbers.AUTO),
        earlier_columns={
            path: ColumnSays.named(said) for path, said in job.columns.items()
        },
    )
    if unusable.found:
        mappers_of(rules, unusable)
    columns = {name: None for source in sources for name in source.columns}
    for name in job.ignored:
        if name not in columns:
            near = nearest(name, columns)
            raise UsageError(f"--ignore-column: no file has the column {name!r}{near}")
    return rules


def _require_text(job: Job) -> None:
    """Raise UsageError for text that is not UTF-8, which cannot be recorded or sent."""
    constants = (f"{name}={value}" for name, value in job.constants.items())
    for text in (*job.files, *constants, *job.tags, job.campaign or ""):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{text.encode(errors='replace').decode()!r} is not UTF-8",
                hint="use a UTF-8 file name or option value",
            ) from error


def _account(
    job: Job, document: Document, environment: Mapping[str, str], *, offline: bool
) -> Account:
    account = config.resolve(
        document,
        environment,
        provider=job.provider,
        account=job.account,
        overrides={"compliance_acknowledged": True}
        if job.acknowledge_compliance
        else {},
    )
    if not offline and (objection := account.provider.objection()):
        raise UsageError(objection)
    if job.tags and not account.provider.takes_tags:
        raise UsageError(
            f"{account.provider.title} does not support tags; remove --tag"
        )
    return account


def _access(
    job: Job, document: Document, account: Account, environment: Mapping[str, str]
) -> Credentials:
    """Find the account's secrets; without any, name the provider's other accounts."""
    try:
        return provider_session.find_credentials(account, environment)
    except (CredentialsMissing, InputUnusable) as error:
        others = config.accounts_of(document, account.provider.name)
        configured = document.table(("accounts",))
        if job.account or not others or account.name in configured:
            raise
        named = ", ".join(f"--account {name}" for name in others)
        hint = f"{error.hint}; or use another account: {named}"
        raise error.but(hint=hint) from None


def _exposed(
    job: Job, account: Account, ledger: str, environment: Mapping[str, str]
) -> list[Note]:
    files = [(config.config_path(_path(job.config)), "the config file")]
    files += [(p, "the key file") for p in key_files(account, environment)]
    found = [each for path, what in files for each in permission_problems(path, what)]
    found += ledgers.exposed(ledger)
    return [Note("exposed", f"{what}: {fix}", is_warning=True) for what, fix in found]


def _lowered(job: Job, account: Account, *, offline: bool) -> Iterator[Note]:
    campaign = job.campaign
    if offline and campaign and account.provider.campaign_objection(campaign):
        yield Note(
            "campaign_not_looked_up",
            f"campaign {campaign!r} is a name: dry runs do not look up its id or "
            "earlier deliveries",
        )
    most, wanted = account.limits.batch_size, job.batch_size or 0
    if wanted > most:
        takes = f"{account.name} takes at most {most:,} leads per request"
        message = f"{takes}; --batch-size {wanted} is lowered to this"
        yield Note("batch_size_lowered", message)


def _campaign(job: Job, account: Account, *, offline: bool) -> str:
    if job.campaign is None:
        if offline:
            return ""
        _, about = account.provider.campaign_rule
        raise UsageError("missing --campaign ID", hint=f"it takes {about}")
    objection = account.provider.campaign_objection(job.campaign)
    is_name = account.provider.lists_campaigns and job.campaign.strip()
    if objection and not is_name:
        raise UsageError(f"--campaign {job.campaign!r}: {objection}")
    return job.campaign
