"""Options -> an order: files opened, account resolved, profile read, rejects named."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import platformdirs

from leadctl import config, profile, reader, rejects, yamlfile
from leadctl.credentials import secrets_of
from leadctl.errors import InputUnusable, LeadctlError, LedgerUnusable, UsageError
from leadctl.fields import FieldInvalid
from leadctl.folders import make_private
from leadctl.importer import Job, RejectLimit
from leadctl.phone import PhoneCheck, is_region
from leadctl.run import Order
from leadctl.transport import require_safe_url
from leadctl.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx

    from leadctl.config import Account
    from leadctl.model import Json
    from leadctl.profile import Profile
    from leadctl.reader import Source
    from leadctl.yamlfile import Document

STDIN = "-"
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line, before any of it is looked at."""

    files: Sequence[str]
    provider: str | None = None
    campaign: str | None = None
    account: str | None = None
    profile: str | None = None
    region: str | None = None
    phone_check: str = "possible"
    constants: Sequence[str] = ()
    tags: Sequence[str] = ()
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True
    batch_size: int | None = None
    limit: int | None = None
    skip: int = 0
    max_rejects: str | None = None
    rejects: Path | None = None
    acknowledge_compliance: bool = False
    resend_delivered: bool = False
    ledger: str | None = None
    config: Path | None = None
    offline: bool = False
    sandbox: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    snapshot: str | None = None
    """The profile's content as JSON: a resumed run maps as it began, whatever the file
    says now."""
    spool: str | None = None
    """Where an earlier part of the run keeps its copy of stdin."""

    def remembered(self) -> dict[str, Json]:
        """Return what a later `runs resume` needs; paths absolute, nothing secret."""
        kept = {
            name: value
            for name, value in asdict(replace(self, environment={})).items()
            if name not in ("environment", "offline", "ledger")
        }
        kept["files"] = [
            name if name == STDIN else str(Path(name).absolute()) for name in self.files
        ]
        kept["constants"], kept["tags"] = [*self.constants], [*self.tags]
        kept["rejects"] = str(self.rejects.absolute()) if self.rejects else None
        kept["config"] = str(self.config.absolute()) if self.config else None
        return kept


def recalled(options: dict[str, Json], ledger: str | None) -> Asked:
    """Return what was asked when a run began."""
    kept: dict[str, Any] = dict(options)
    for name in ("rejects", "config"):
        kept[name] = Path(kept[name]) if kept[name] else None
    return Asked(**kept, ledger=ledger)


@contextmanager
def ordered(asked: Asked) -> Iterator[Order]:
    """Put an order together; a copy of stdin is kept for as long as the context lasts.

    Raises UsageError, InputUnusable or CredentialsMissing.
    """
    _require_text(asked)
    document = config.load(asked.config)
    account = _account(asked, document)
    campaign = _campaign(asked, account)
    auth = None if asked.offline else _auth(account, asked.environment)
    state = platformdirs.user_state_path("leadctl")
    mapped = _profile(asked, document)
    if mapped and mapped.region and not is_region(mapped.region):
        raise mapped.document.problem(
            ("region",), f"{mapped.region!r} is no country code such as US (ISO 3166)"
        )
    with _spooled(asked, state / "spool") as spool:
        sources = _sources(asked, spool)
        job = Job(
            provider=account.provider,
            campaign=campaign,
            sources=sources,
            batch_size=min(account.limits.batch_size, asked.batch_size or sys.maxsize),
            profile=mapped,
            constants=_constants(asked.constants, account),
            region=_region(asked.region, account),
            phone_check=_choice(PhoneCheck, asked.phone_check, "--phone-check"),
            tags=tuple(asked.tags),
            skip=asked.skip,
            limit=asked.limit,
            reject_limit=reject_limit(asked.max_rejects),
        )
        yield Order(
            job=job,
            account=account,
            ledger=ledger_path(asked.ledger, state),
            rejects_files=_rejects_files(asked, sources),
            auth=auth,
            resend_delivered=asked.resend_delivered,
            spool=spool,
            options=replace(
                asked,
                account=account.name,
                provider=account.provider.name,
                snapshot=json.dumps(mapped.content) if mapped else None,
                spool=str(spool) if spool else None,
            ).remembered(),
        )


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


def ledger_path(asked: str | None, state: Path) -> Path:
    """Return the ledger's file: as asked (path or sqlite:///PATH), else in `state`."""
    if asked is None:
        return state / "ledger.sqlite"
    scheme, separator, rest = asked.partition("://")
    if not separator:
        return Path(asked).absolute()
    if scheme != "sqlite" or not rest.startswith("/"):
        raise UsageError(f"--ledger takes a path or sqlite:///PATH, not {scheme}://")
    return Path(rest[1:])


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


def _auth(account: Account, environment: Mapping[str, str]) -> httpx.Auth:
    require_safe_url(account.provider.base_url)
    return account.provider.auth(secrets_of(account, environment))


def _campaign(asked: Asked, account: Account) -> str:
    if asked.campaign is None:
        if asked.offline:
            return ""
        raise UsageError("say which campaign: --campaign ID")
    if objection := account.provider.campaign_objection(asked.campaign):
        raise UsageError(f"--campaign {asked.campaign!r}: {objection}")
    return asked.campaign


def _region(region: str | None, account: Account) -> str | None:
    only = account.provider.phone_rule.country
    if region is not None and not is_region(region.upper()):
        raise UsageError(
            f"--region {region!r} is no country code such as US (ISO 3166 alpha-2)"
        )
    if region is not None and only and region.upper() != only:
        raise UsageError(
            f"{account.provider.title} takes numbers of {only} only; drop --region"
        )
    return region.upper() if region else None


def _profile(asked: Asked, document: Document) -> Profile | None:
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


def _constants(given: Sequence[str], account: Account) -> dict[str, str]:
    checks = {field.name: field.check for field in account.provider.fields}
    constants = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set takes FIELD=VALUE, not {text!r}")
        field_name = name.strip()
        profile.require_field(field_name)
        if value.strip() and field_name in checks:
            try:
                checks[field_name](value.strip())
            except FieldInvalid as problem:
                raise UsageError(f"--set {field_name}: {problem}") from problem
        constants[field_name] = value
    return constants


def _sources(asked: Asked, spool: Path | None) -> tuple[Source, ...]:
    wishes = reader.Wishes(
        format=_choice(reader.Format, asked.format, "--format")
        if asked.format
        else None,
        encoding=asked.encoding,
        delimiter=_delimiter(asked.delimiter),
        header=asked.header,
    )
    return tuple(
        reader.open_source(spool, wishes, shown=STDIN)
        if spool and name == STDIN
        else reader.open_source(Path(name), wishes)
        for name in asked.files
    )


@contextmanager
def _spooled(asked: Asked, folder: Path) -> Iterator[Path | None]:
    """Keep what stdin said, readable by the owner alone, until the run is done with.

    The reject file reads it again, and so does a resume: it outlives a process that
    dies.
    """
    if STDIN not in asked.files:
        yield None
    elif asked.spool:
        copy = Path(asked.spool)
        if not copy.exists():
            raise InputUnusable("nothing of this run's stdin is left to send")
        yield copy
    else:
        make_private(folder)
        handle, name = tempfile.mkstemp(dir=folder, prefix="stdin-")
        copy = Path(name)
        try:
            _keep_stdin(handle)
            yield copy
        except LedgerUnusable:
            raise  # the run may have begun: a resume needs what was read
        except (LeadctlError, KeyboardInterrupt):
            copy.unlink(missing_ok=True)
            raise


def _keep_stdin(handle: int) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            if sys.stdin is None:
                raise InputUnusable("stdin is closed", hint="push a file, or pipe one")
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise InputUnusable(
            f"what stdin says cannot be kept: {error.strerror}",
            hint="free the disk, or push a file",
        ) from error


def _rejects_files(asked: Asked, sources: Sequence[Source]) -> tuple[Path, ...]:
    if asked.rejects and len(sources) > 1:
        raise UsageError(
            "--rejects names one file; with several inputs each has its own"
        )
    paths = tuple(
        asked.rejects
        or rejects.default_path(
            Path.cwd() / f"stdin.{source.format}"
            if source.shown == STDIN
            else source.path
        )
        for source in sources
    )
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("two inputs would share one reject file; push them one by one")
    for path in paths:
        if any(_is_same(path, source.path) for source in sources):
            raise UsageError(
                f"the reject file would replace an input: {path}",
                hint="push the files one by one, or name another with --rejects",
            )
        rejects.require_ours(path)
    return paths


def _is_same(path: Path, other: Path) -> bool:
    return os.path.exists(path) and path.samefile(other)  # noqa: PTH110  any name will do


def _delimiter(text: str | None) -> str | None:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    found = named.get(text.casefold(), text) if text else None
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        raise UsageError("--delimiter takes one character, or tab")
    return found


def _choice(kind: type[Choice], text: str, option: str) -> Choice:
    names = [member.value for member in kind]
    if text.casefold() not in names:
        raise UsageError(f"{option} takes {', '.join(names)}, not {text!r}")
    return kind(text.casefold())
