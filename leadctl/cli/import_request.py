"""Builds an import request from options: files, account, profile, reject file."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from leadctl import ledger
from leadctl.cli import inputs
from leadctl.cli.diagnostics.config_check import key_files
from leadctl.cli.spool import drop_abandoned, spooled
from leadctl.config import config
from leadctl.delivery import provider_session
from leadctl.delivery.campaign_list import has_list
from leadctl.importing import suppression
from leadctl.importing.job import Job, RejectLimit, Rules, require_acted_on
from leadctl.importing.suppression import List, Suppressed
from leadctl.mapping import profile
from leadctl.mapping.times import check_in
from leadctl.model import yaml_file
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.file_permissions import permission_problems
from leadctl.model.lead_fields import INSTRUCTIONS, FieldInvalid
from leadctl.model.wording import nearest
from leadctl.phones.column import ColumnSays
from leadctl.phones.countries import country_named
from leadctl.phones.normalize import PhoneCheck
from leadctl.phones.numbering_plan import is_region
from leadctl.phones.readings import Numbers
from leadctl.providers import base_url
from leadctl.run import ImportRequest
from leadctl.sources.encoding import usable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.cli.cli_options import CliOptions
    from leadctl.config.config import Account
    from leadctl.mapping.profile import Profile
    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document
    from leadctl.sources.source import Source


@contextmanager
def import_request(cli_options: CliOptions) -> Iterator[ImportRequest]:
    """Put an order together; a copy of stdin is kept for as long as the context lasts.

    Raises UsageError, InputUnusable or CredentialsMissing.
    """
    _require_text(cli_options)
    url = _ledger(cli_options)
    drop_abandoned(url)
    with spooled(cli_options, url) as spool:
        document = config.load(cli_options.config)
        account = _account(cli_options, document)
        campaign = _campaign(cli_options, account)
        access = (
            None
            if cli_options.offline
            else provider_session.find_credentials(account, cli_options.environment)
        )
        mapped = _profile(cli_options, document, account)
        job = _job(cli_options, account, campaign, mapped, spool)
        job = replace(job, suppressed=_suppressed(cli_options, account, job))
        yield ImportRequest(
            job=job,
            account=account,
            ledger=url,
            rejects_files=inputs.rejects_files(cli_options, job.sources),
            access=access,
            resend_delivered=cli_options.resend_delivered,
            spool=spool,
            warnings=_warnings(cli_options, account),
            notes=[*_notes(cli_options, account), *job.suppressed.notes],
            options=replace(
                cli_options,
                account=account.name,
                provider=account.provider.name,
                snapshot=json.dumps(mapped.content) if mapped else None,
                spool=str(spool) if spool else None,
                base_url=base_url.without_login(account.provider.base_url),
            ).remembered(),
        )


@contextmanager
def inspection_rules(cli_options: CliOptions) -> Iterator[Rules]:
    """Open files without an order: nothing is recorded, sent or written."""
    _require_text(cli_options)
    with spooled(cli_options, _ledger(cli_options)) as copy:
        try:
            document = config.load(cli_options.config)
            is_named = cli_options.provider or cli_options.account
            account = _account(cli_options, document) if is_named else None
            mapped = _profile(cli_options, document, account)
            sources = inputs.sources(cli_options, copy, mapped)
            yield Rules(
                sources=sources,
                provider=account.provider if account else None,
                profile=mapped,
                constants=_constants(cli_options.constants, account, mapped),
                ignored=_ignored(cli_options, sources),
                region=_region(cli_options.region),
                phone_check=inputs.choice(
                    PhoneCheck, cli_options.phone_check, "--phone-check"
                ),
                numbers=_numbers(cli_options, mapped),
            )
        finally:
            if copy:
                copy.unlink(missing_ok=True)


@contextmanager
def rebuilt_job(cli_options: CliOptions) -> Iterator[Job]:
    """Put together what an earlier run was to do, to look at its rows: offline."""
    document = config.load(cli_options.config)
    account = _account(cli_options, document)
    with spooled(cli_options, _ledger(cli_options)) as spool:
        mapped = _profile(cli_options, document, account)
        yield _job(cli_options, account, _campaign(cli_options, account), mapped, spool)


def _job(
    cli_options: CliOptions,
    account: Account,
    campaign: str,
    mapped: Profile | None,
    spool: Path | None,
) -> Job:
    sources = inputs.sources(cli_options, spool, mapped)
    return Job(
        provider=account.provider,
        campaign=campaign,
        sources=sources,
        batch_size=min(
            account.limits.batch_size, cli_options.batch_size or sys.maxsize
        ),
        profile=mapped,
        constants=_constants(cli_options.constants, account, mapped),
        ignored=_ignored(cli_options, sources),
        region=_region(cli_options.region),
        phone_check=inputs.choice(PhoneCheck, cli_options.phone_check, "--phone-check"),
        numbers=_numbers(cli_options, mapped),
        earlier_columns={
            path: ColumnSays.named(said)
            for path, said in cli_options.phone_columns.items()
        },
        tags=tuple(cli_options.tags),
        skip=cli_options.skip,
        limit=cli_options.limit,
        reject_limit=reject_limit(cli_options.max_rejects),
    )


def _ignored(cli_options: CliOptions, sources: Sequence[Source]) -> frozenset[str]:
    columns = {name: None for source in sources for name in source.columns}
    for name in cli_options.ignore_columns:
        if name not in columns:
            near = nearest(name, columns)
            raise UsageError(f"--ignore-column: no file has a column {name!r}{near}")
    return frozenset(cli_options.ignore_columns)


def _numbers(cli_options: CliOptions, mapped: Profile | None) -> Numbers:
    """Return how digits with several readings are read: option, then profile."""
    said = cli_options.numbers or (mapped.shape.numbers if mapped else None)
    return inputs.choice(Numbers, said, "--numbers") if said else Numbers.AUTO


def _require_text(cli_options: CliOptions) -> None:
    """Refuse what is not text: it could be neither recorded nor sent."""
    for text in (
        *cli_options.files,
        *cli_options.constants,
        *cli_options.tags,
        cli_options.campaign or "",
    ):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{text.encode(errors='replace').decode()!r} is not UTF-8",
                hint="rename the file, or write the option in UTF-8",
            ) from error


def ledger_url(url: str | None, state: Path) -> str:
    """Return the ledger's URL: as asked, else a file in `state`."""
    return ledger.resolved(url or str(state / "ledger.sqlite"))


def _ledger(cli_options: CliOptions) -> str:
    return ledger_url(cli_options.ledger, platformdirs.user_state_path("leadctl"))


def reject_limit(text: str | None) -> RejectLimit:
    if text is None:
        return RejectLimit()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip())
    if not found or (not found[2] and "." in found[1]):
        raise UsageError("--max-rejects takes a number of rows (100) or a share (5%)")
    if found[2]:
        return RejectLimit(percent=float(found[1]))
    return RejectLimit(rows=int(found[1]))


def _account(cli_options: CliOptions, document: Document) -> Account:
    overrides: dict[str, Json] = {}
    if cli_options.acknowledge_compliance:
        overrides["compliance_acknowledged"] = True
    account = config.resolve(
        document,
        cli_options.environment,
        provider=cli_options.provider,
        account=cli_options.account,
        overrides=overrides,
    )
    if not cli_options.offline and (objection := account.provider.objection()):
        raise UsageError(objection)
    if cli_options.tags and not account.provider.takes_tags:
        raise UsageError(f"{account.provider.title} has no tags; drop --tag")
    return account


def _warnings(cli_options: CliOptions, account: Account) -> list[str]:
    """Say who else may read or change the account's key, or the ledger."""
    files = [(config.config_path(cli_options.config), "the config file")]
    files += [(p, "the key file") for p in key_files(account, cli_options.environment)]
    found = [each for path, what in files for each in permission_problems(path, what)]
    found += ledger.exposed(_ledger(cli_options))
    return [f"{message}: {remedy}" for message, remedy in found]


def _notes(cli_options: CliOptions, account: Account) -> list[str]:
    """Say what is not done as it was asked for."""
    notes, campaign = [], cli_options.campaign
    is_name = campaign and account.provider.campaign_objection(campaign)
    if cli_options.offline and is_name:
        notes.append(
            f"campaign {campaign!r} is a name: its id, and who is delivered there "
            "already, is looked up only when leads are sent"
        )
    most, wanted = account.limits.batch_size, cli_options.batch_size or 0
    if wanted > most:
        takes = f"{account.name} takes {most:,} a request"
        notes.append(f"{takes}; --batch-size {wanted} is lowered to that")
    return notes


def _campaign(cli_options: CliOptions, account: Account) -> str:
    if cli_options.campaign is None:
        if cli_options.offline:
            return ""
        raise UsageError("say which campaign: --campaign ID")
    objection = account.provider.campaign_objection(cli_options.campaign)
    is_name = has_list(account.provider) and cli_options.campaign.strip()
    if objection and not is_name:
        raise UsageError(f"--campaign {cli_options.campaign!r}: {objection}")
    return cli_options.campaign


def _region(region: str | None) -> str | None:
    if region is not None and not is_region(region.upper()):
        raise UsageError(
            f"--region {region!r} is no country code such as US (ISO 3166 alpha-2)"
            f"{_meant(region)}"
        )
    return region.upper() if region else None


def _meant(region: str) -> str:
    """Name the code of a country that people, or the EU, write otherwise."""
    code = {"UK": "GB", "EL": "GR"}.get(region.upper())
    return f" (did you mean {code!r}?)" if code else ""


def _suppressed(cli_options: CliOptions, account: Account, job: Job) -> Suppressed:
    """Read every list: the command line's and the account's."""
    lists = [List.named(text) for text in (*account.suppress, *cli_options.suppress)]
    return suppression.read(lists, job.effective_region)


def _profile(
    cli_options: CliOptions, document: Document, account: Account | None
) -> Profile | None:
    found = _read_profile(cli_options, document)
    if found and account:
        require_acted_on(found, account.provider)
    if found and found.region and not is_region(found.region):
        raise found.document.problem(
            (*found.at, "region"),
            f"{found.region!r} is no country code such as US (ISO 3166)"
            f"{_meant(found.region)}",
        )
    if found and found.shape.encoding:
        try:
            usable(found.shape.encoding)
        except InputUnusable as error:
            where = (*found.at, "file", "encoding")
            raise found.document.problem(
                where, error.message, hint=error.hint
            ) from error
    return found


def _read_profile(cli_options: CliOptions, document: Document) -> Profile | None:
    if cli_options.snapshot is not None:
        return profile.load(
            yaml_file.parse(cli_options.snapshot, cli_options.profile or "the profile")
        )
    if cli_options.profile is None:
        return None
    named = document.table(("profiles",))
    if cli_options.profile in named:
        return profile.load(document, ("profiles", cli_options.profile))
    path = Path(cli_options.profile)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return profile.load(yaml_file.read(path))
    raise UsageError(
        f"there is no profile {cli_options.profile!r}"
        f"{nearest(cli_options.profile, named)}",
        hint=f"name a YAML file, or one of the profiles in {document.name}",
    )


def _constants(
    given: Sequence[str], account: Account | None, mapped: Profile | None
) -> dict[str, str]:
    fields = account.provider.fields if account else ()
    zone = mapped.zone if mapped else None
    checks = {field.name: check_in(zone, field) for field in fields}
    constants = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set takes FIELD=VALUE, not {text!r}")
        field_name = name.strip()
        profile.require_field(field_name)
        if (
            account
            and field_name in INSTRUCTIONS
            and not account.provider.has_place_for(field_name)
        ):
            raise UsageError(
                f"--set {field_name}: {account.provider.title} cannot act on it",
                hint=f"leave out --set {field_name}",
            )
        if value.strip() and field_name in checks:
            try:
                checks[field_name](value.strip())
            except FieldInvalid as problem:
                raise UsageError(f"--set {field_name}: {problem}") from problem
        if field_name == "phone_country" and not country_named(value):
            raise UsageError(
                f"--set {field_name}: {value!r} is no country",
                hint="write a calling code such as +44, or an ISO code such as GB",
            )
        constants[field_name] = value
    return constants
