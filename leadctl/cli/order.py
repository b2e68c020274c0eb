"""Options -> an order: files opened, account resolved, profile read, rejects named."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from leadctl import address, config, ledger, line, profile, suppression, yamlfile
from leadctl.checkup import key_files
from leadctl.cli import inputs
from leadctl.encoding import usable
from leadctl.errors import InputUnusable, UsageError
from leadctl.exposure import exposures
from leadctl.fields import INSTRUCTIONS, FieldInvalid
from leadctl.job import Job, RejectLimit, Rules, require_acted_on
from leadctl.phones.countries import country_named
from leadctl.phones.normalize import PhoneCheck
from leadctl.phones.numbering_plan import is_region
from leadctl.phones.readings import Numbers
from leadctl.run import Order
from leadctl.suppression import List, Suppressed
from leadctl.times import check_in
from leadctl.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.cli.asked import Asked
    from leadctl.config import Account
    from leadctl.model import Json
    from leadctl.profile import Profile
    from leadctl.source import Source
    from leadctl.yamlfile import Document


@contextmanager
def ordered(asked: Asked) -> Iterator[Order]:
    """Put an order together; a copy of stdin is kept for as long as the context lasts.

    Raises UsageError, InputUnusable or CredentialsMissing.
    """
    _require_text(asked)
    state = platformdirs.user_state_path("leadctl")
    with inputs.spooled(asked, state / "spool") as spool:
        document = config.load(asked.config)
        account = _account(asked, document)
        campaign = _campaign(asked, account)
        access = None if asked.offline else line.access(account, asked.environment)
        mapped = _profile(asked, document, account)
        job = _job(asked, account, campaign, mapped, spool)
        job = replace(job, suppressed=_suppressed(asked, account, job))
        yield Order(
            job=job,
            account=account,
            ledger=ledger_url(asked.ledger, state),
            rejects_files=inputs.rejects_files(asked, job.sources),
            access=access,
            resend_delivered=asked.resend_delivered,
            spool=spool,
            warnings=_warnings(asked, account),
            notes=[*_notes(asked, account), *job.suppressed.notes],
            options=replace(
                asked,
                account=account.name,
                provider=account.provider.name,
                snapshot=json.dumps(mapped.content) if mapped else None,
                spool=str(spool) if spool else None,
                base_url=address.spoken(account.provider.base_url),
            ).remembered(),
        )


@contextmanager
def looked_at(asked: Asked) -> Iterator[Rules]:
    """Open files without an order: nothing is recorded, sent or written."""
    _require_text(asked)
    with inputs.spooled(
        asked, platformdirs.user_state_path("leadctl") / "spool"
    ) as copy:
        try:
            document = config.load(asked.config)
            is_named = asked.provider or asked.account
            account = _account(asked, document) if is_named else None
            mapped = _profile(asked, document, account)
            sources = inputs.sources(asked, copy, mapped)
            yield Rules(
                sources=sources,
                provider=account.provider if account else None,
                profile=mapped,
                constants=_constants(asked.constants, account, mapped),
                ignored=_ignored(asked, sources),
                region=_region(asked.region),
                phone_check=inputs.choice(
                    PhoneCheck, asked.phone_check, "--phone-check"
                ),
                numbers=_numbers(asked, mapped),
            )
        finally:
            if copy:
                copy.unlink(missing_ok=True)


@contextmanager
def job_again(asked: Asked) -> Iterator[Job]:
    """Put together what an earlier run was to do, to look at its rows: offline."""
    document = config.load(asked.config)
    account = _account(asked, document)
    state = platformdirs.user_state_path("leadctl")
    with inputs.spooled(asked, state / "spool") as spool:
        mapped = _profile(asked, document, account)
        yield _job(asked, account, _campaign(asked, account), mapped, spool)


def _job(
    asked: Asked,
    account: Account,
    campaign: str,
    mapped: Profile | None,
    spool: Path | None,
) -> Job:
    sources = inputs.sources(asked, spool, mapped)
    return Job(
        provider=account.provider,
        campaign=campaign,
        sources=sources,
        batch_size=min(account.limits.batch_size, asked.batch_size or sys.maxsize),
        profile=mapped,
        constants=_constants(asked.constants, account, mapped),
        ignored=_ignored(asked, sources),
        region=_region(asked.region),
        phone_check=inputs.choice(PhoneCheck, asked.phone_check, "--phone-check"),
        numbers=_numbers(asked, mapped),
        tags=tuple(asked.tags),
        skip=asked.skip,
        limit=asked.limit,
        reject_limit=reject_limit(asked.max_rejects),
    )


def _ignored(asked: Asked, sources: Sequence[Source]) -> frozenset[str]:
    columns = {name: None for source in sources for name in source.columns}
    for name in asked.ignore_columns:
        if name not in columns:
            near = nearest(name, columns)
            raise UsageError(f"--ignore-column: no file has a column {name!r}{near}")
    return frozenset(asked.ignore_columns)


def _numbers(asked: Asked, mapped: Profile | None) -> Numbers:
    """Return how digits with several readings are read: option, then profile."""
    said = asked.numbers or (mapped.shape.numbers if mapped else None)
    return inputs.choice(Numbers, said, "--numbers") if said else Numbers.AUTO


def _require_text(asked: Asked) -> None:
    """Refuse what is not text: it could be neither recorded nor sent."""
    for text in (*asked.files, *asked.constants, *asked.tags, asked.campaign or ""):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{text.encode(errors='replace').decode()!r} is not UTF-8",
                hint="rename the file, or write the option in UTF-8",
            ) from error


def ledger_url(asked: str | None, state: Path) -> str:
    """Return the ledger's URL: as asked, else a file in `state`."""
    return ledger.resolved(asked or str(state / "ledger.sqlite"))


def reject_limit(text: str | None) -> RejectLimit:
    if text is None:
        return RejectLimit()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip())
    if not found or (not found[2] and "." in found[1]):
        raise UsageError("--max-rejects takes a number of rows (100) or a share (5%)")
    if found[2]:
        return RejectLimit(percent=float(found[1]))
    return RejectLimit(rows=int(found[1]))


def _account(asked: Asked, document: Document) -> Account:
    overrides: dict[str, Json] = {}
    if asked.acknowledge_compliance:
        overrides["compliance_acknowledged"] = True
    account = config.resolve(
        document,
        asked.environment,
        provider=asked.provider,
        account=asked.account,
        overrides=overrides,
    )
    if not asked.offline and (objection := account.provider.objection()):
        raise UsageError(objection)
    if asked.tags and not account.provider.takes_tags:
        raise UsageError(f"{account.provider.title} has no tags; drop --tag")
    return account


def _warnings(asked: Asked, account: Account) -> list[str]:
    """Say who else may read or change what the account's key hangs on."""
    files = [(config.config_path(asked.config), "the config file")]
    files += [(p, "the key file") for p in key_files(account, asked.environment)]
    found = [each for path, what in files for each in exposures(path, what)]
    return [f"{message}: {remedy}" for message, remedy in found]


def _notes(asked: Asked, account: Account) -> list[str]:
    """Say what is not done as it was asked for."""
    most, wanted = account.limits.batch_size, asked.batch_size or 0
    if wanted <= most:
        return []
    takes = f"{account.name} takes {most:,} a request"
    return [f"{takes}; --batch-size {wanted} is lowered to that"]


def _campaign(asked: Asked, account: Account) -> str:
    if asked.campaign is None:
        if asked.offline:
            return ""
        raise UsageError("say which campaign: --campaign ID")
    if objection := account.provider.campaign_objection(asked.campaign):
        raise UsageError(f"--campaign {asked.campaign!r}: {objection}")
    return asked.campaign


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


def _suppressed(asked: Asked, account: Account, job: Job) -> Suppressed:
    """Read every list: the command line's and the account's."""
    lists = [List.named(text) for text in (*account.suppress, *asked.suppress)]
    return suppression.read(lists, job.effective_region)


def _profile(
    asked: Asked, document: Document, account: Account | None
) -> Profile | None:
    found = _read_profile(asked, document)
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


def _read_profile(asked: Asked, document: Document) -> Profile | None:
    if asked.snapshot is not None:
        return profile.load(
            yamlfile.parse(asked.snapshot, asked.profile or "the profile")
        )
    if asked.profile is None:
        return None
    named = document.table(("profiles",))
    if asked.profile in named:
        return profile.load(document, ("profiles", asked.profile))
    path = Path(asked.profile)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return profile.load(yamlfile.read(path))
    raise UsageError(
        f"there is no profile {asked.profile!r}{nearest(asked.profile, named)}",
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
