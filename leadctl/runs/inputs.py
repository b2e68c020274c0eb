"""Opens what a job names: its files, their reject files, profile and constants."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.importing.plan import require_acted_on
from leadctl.mapping import profile
from leadctl.mapping.times import check_in
from leadctl.model import yaml_file
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.lead_fields import INSTRUCTIONS, FieldInvalid
from leadctl.model.leads import Note
from leadctl.model.wording import display_name, listed, nearest
from leadctl.phones.countries import country_named
from leadctl.reports import reject_file
from leadctl.sources import detect
from leadctl.sources.compression import SUFFIXES as PACKED
from leadctl.sources.encoding import usable
from leadctl.sources.formats import Format, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.plan import UnusableFiles
    from leadctl.mapping.profile import Profile
    from leadctl.model.yaml_file import Document
    from leadctl.sources.source import Source


DATA = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xlsx")
"""How the names of a folder's data files end; `.gz` and the like may follow."""


def chosen(given: Sequence[str]) -> tuple[list[str], list[Note]]:
    """Return the files to import, and notes on those that are skipped.

    Reject files are skipped, unless only reject files are named.
    """
    names, others, notes = list[str](), list[str](), list[Note]()
    for one in given:
        files = _visible_in(Path(one))
        data = [str(path) for path in files if _is_data(path)]
        others += [str(path) for path in files if not _is_data(path)]
        if not data and Path(one).is_dir():
            raise InputUnusable(
                f"the folder {one} has no data files",
                hint=f"data files end in {', '.join(DATA)}; name other files directly",
            )
        names += data or [one]
    if others:
        message = f"other files skipped: {listed(others)}"
        notes = [Note("other_files_left_out", message, len(others))]
    ours = [name for name in names if reject_file.is_ours(Path(name))]
    if not ours or ours == [*given]:
        return names, notes
    left = [name for name in names if name not in ours]
    message = f"reject files skipped: {listed(ours)}"
    if not left:
        raise InputUnusable(message, hint="after fixing them, push them by name")
    return left, [Note("reject_files_left_out", message, len(ours)), *notes]


def _visible_in(folder: Path) -> list[Path]:
    """Return the files of a folder; none if it is a file itself."""
    hidden = (".", "~$")  # ~$: a spreadsheet has it open
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [x for x in found if x.is_file() and not x.name.startswith(hidden)]


def _is_data(path: Path) -> bool:
    plain = path.with_suffix("") if path.suffix.casefold() in PACKED else path
    return plain.suffix.casefold() in DATA


def sources(
    job: Job, mapped: Profile | None, unusable: UnusableFiles
) -> tuple[Source, ...]:
    """Open the files that are usable; the job takes precedence over the profile.

    A profile's `file:` does not apply to a reject file, which a spreadsheet may have
    saved since; its encoding is that of the input, or UTF-8.
    """
    said = ReadOptions(
        format=job.format,
        encoding=job.encoding,
        delimiter=job.delimiter,
        header=job.header,
        sheet=job.sheet,
        region=job.region,
    )
    pinned = said.over(_pinned(mapped)) if mapped else said
    of_rejects = said._replace(
        encoding=None,
        unless_utf8=pinned.encoding,
        known=pinned.known,
        phones=pinned.phones,
        region=pinned.region,
    )

    usable = []
    for name in job.files:
        given, path = str(Path(name)), Path(job.copies.get(name, name))
        with unusable.noted():
            read_options = of_rejects if reject_file.is_ours(path) else pinned
            source = detect.open_source(path, read_options, display_name(given))
            usable.append(replace(source, given=given))
    return tuple(usable)


def _pinned(mapped: Profile) -> ReadOptions:
    shape = mapped.shape
    return ReadOptions(
        format=Format(shape.format) if shape.format else None,
        encoding=shape.encoding,
        delimiter=profile.delimiter(shape.delimiter) if shape.delimiter else None,
        header=shape.header,
        sheet=shape.sheet,
        known=mapped.columns,
        phones=mapped.phones,
        region=mapped.region,
    )


def rejects_files(
    job: Job, sources: Sequence[Source], *, offline: bool = False
) -> tuple[Path, ...]:
    """Return the path of each source's reject file; raises if one cannot be used.

    A dry run (`offline`) leaves the reject file of a push alone.
    """
    kind = "check" if offline else "rejects"
    if job.rejects and job.rejects_dir:
        raise UsageError("use either --rejects or --rejects-dir, not both")
    if job.rejects and len(sources) > 1:
        raise UsageError(
            "--rejects takes one file, but there are several inputs; use --rejects-dir",
            hint="--rejects-dir DIR puts them all into one folder",
        )
    beside = (
        Path.cwd() / f"{'stdin' if given == '-' else given}.{source.format}"
        if (given := source.given) in job.copies
        else source.path
        for source in sources
    )
    paths = tuple(
        Path(job.rejects)
        if job.rejects
        else reject_file.default_path(folder / path.name, source.format, kind)
        for path, source in zip(beside, sources, strict=True)
        for folder in [_rejects_folder(job) or path.parent]
    )
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("two inputs would share a reject file; push them separately")
    for path in paths:
        exists = os.path.exists(path)  # noqa: PTH110  any name will do
        if exists and any(path.samefile(source.path) for source in sources):
            raise UsageError(
                f"the reject file would replace an input: {path}",
                hint="push the files separately, or choose another file with --rejects "
                "or a folder with --rejects-dir",
            )
        reject_file.require_ours(path)
    return paths


def _rejects_folder(job: Job) -> Path | None:
    if not job.rejects_dir:
        return None
    folder = Path(job.rejects_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputUnusable(
            f"--rejects-dir {folder}: {error.strerror}", hint="choose another folder"
        ) from error
    return folder


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


def require_constants(
    job: Job, account: Account | None, mapped: Profile | None
) -> None:
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
