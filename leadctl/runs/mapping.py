"""The profile and the constants of a job, checked by its provider's rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.importing.plan import require_acted_on
from leadctl.mapping import profile
from leadctl.mapping.times import check_in
from leadctl.model import yaml_file
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.lead_fields import INSTRUCTIONS, FieldInvalid
from leadctl.model.wording import nearest
from leadctl.phones.countries import country_named
from leadctl.sources.encoding import usable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.mapping.profile import Profile
    from leadctl.model.yaml_file import Document


def profile_of(job: Job, document: Document, account: Account | None) -> Profile | None:
    found = _read_profile(job, document)
    if found and account:
        require_acted_on(found, account.provider)
    if found and found.shape.encoding:
        try:
            usable(found.shape.encoding)
        except InputUnusable as error:
            where = (*found.at, "file", "encoding")
            raise found.document.problem(
                where, error.message, hint=error.hint
            ) from error
    return found


def _read_profile(job: Job, document: Document) -> Profile | None:
    if job.mapping is not None:
        content = json.dumps(job.mapping)
        return profile.load(yaml_file.parse(content, job.profile or "the profile"))
    if job.profile is None:
        return None
    named = document.table(("profiles",))
    if job.profile in named:
        return profile.load(document, ("profiles", job.profile))
    path = Path(job.profile)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return profile.load(yaml_file.read(path))
    raise UsageError(
        f"no profile {job.profile!r}{nearest(job.profile, named)}",
        hint=f"choose a YAML file, or a profile from {document.name}",
    )


def constants_of(
    job: Job, account: Account | None, mapped: Profile | None
) -> Mapping[str, str]:
    """Check the constants by the provider's rules."""
    fields = account.provider.fields if account else ()
    zone = mapped.zone if mapped else None
    checks = {field.name: check_in(zone, field) for field in fields}
    for name, value in job.constants.items():
        profile.require_field(name)
        provider = account.provider if account else None
        if provider and name in INSTRUCTIONS and not provider.has_place_for(name):
            raise UsageError(
                f"--set {name}: {provider.title} does not support it",
                hint=f"remove --set {name}",
            )
        if value.strip() and name in checks:
            try:
                checks[name](value.strip())
            except FieldInvalid as problem:
                raise UsageError(f"--set {name}: {problem}") from problem
        if name == "phone_country" and not country_named(value):
            raise UsageError(
                f"--set {name}: {value!r} is not a country",
                hint="use a calling code such as +44, or an ISO code such as GB",
            )
    return job.constants
