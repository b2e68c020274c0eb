"""The question before the first upload to a campaign: what is sent, what comes next."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.cli.output import answered, opened_screen, say, somebody_is_there
from leadctl.cli.progress import forecast_of
from leadctl.importing.judge import Judge
from leadctl.importing.plan import mapper_of
from leadctl.mapping.profile import template_of
from leadctl.model.errors import NotConfirmed, UsageError
from leadctl.model.lead_fields import COUNTRY_ALIASES, INSTRUCTIONS
from leadctl.model.leads import Code
from leadctl.model.wording import count, files_named, listed, short
from leadctl.providers.preflight import CheckVerdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leadctl.importing.plan import Plan
    from leadctl.mapping.mapper import Mapper
    from leadctl.mapping.profile_file import FieldSource
    from leadctl.providers.preflight import PreflightResult
    from leadctl.runs.request import ImportRequest
    from leadctl.sources.source import Source


def confirmed(request: ImportRequest, *, yes: bool, no_input: bool) -> ImportRequest:
    """Ask before the first upload to a campaign, if there is somebody to ask.

    Without a terminal there is nobody: a run by cron, in a pipe or in CI continues,
    unless the campaign may not take leads.
    """
    if yes or not somebody_is_there():
        return request

    def ask(request: ImportRequest, preflight: PreflightResult) -> None:
        if no_input:
            preflight.require_no_doubt()
            raise UsageError(
                f"the first upload to campaign {request.plan.campaign} by account "
                f"{request.account.name} must be confirmed",
                hint="add --yes to confirm",
            )
        opening = "This is the first upload to this campaign:"
        if preflight.doubt:
            opening = f"This campaign may not take leads: {preflight.doubt}."
        say(opening, indent=0)
        with opened_screen(sys.stderr) as screen:
            screen.facts(_facts(request, preflight), indent=2, break_words=True)
        if not answered("Send them? [y/N] "):
            raise NotConfirmed(
                "not confirmed; nothing was sent or recorded",
                hint="`--dry-run` shows the outcome of each row; --yes "
                "skips the question",
            )

    return replace(request, ask_first=ask)


def _facts(
    request: ImportRequest, preflight: PreflightResult
) -> Iterator[tuple[str, str]]:
    plan, provider = request.plan, request.account.provider
    names, rows = [one.shown for one in plan.sources], forecast_of(request).rows
    yield "files" if len(names) > 1 else "file", files_named(names)
    yield "rows", f"about {rows:,}" if rows is not None else "not known before reading"
    yield "provider", f"{provider.title}, {provider.base_url}"
    yield "account", request.account.name
    named, state = f" ({preflight.name})", preflight.campaign.message
    if preflight.campaign.verdict is not CheckVerdict.FINE:
        state = f"state unknown, {state}"
    yield "campaign", f"{plan.campaign}{named if preflight.name else ''}: {state}"
    yield from dict.fromkeys(_columns_used(plan))
    for prescan in Judge(plan).prescans:
        for note in prescan.notes():
            label = "warning" if note.is_warning else "note"
            yield label, f"{prescan.source.shown}: {note.message}"
    for source, message in _unclear_numbers(plan):
        yield "warning", f"{source.shown}: {message}"
    if plan.suppressed:
        yield "skipped", "numbers on a suppression list"
    yield "then", provider.consequence


def _unclear_numbers(plan: Plan) -> Iterator[tuple[Source, str]]:
    """Count the phones with several readings in the first rows of each file."""
    first = min(LOOKED_AT, plan.job.limit or LOOKED_AT)
    judge = Judge(replace(plan, job=replace(plan.job, limit=first)))
    for file, source in enumerate(plan.sources):
        unclear = sum(
            finding.code is Code.PHONE_AMBIGUOUS
            for block in judge.blocks(file)
            for finding in judge.judge(file, block).findings
        )
        if unclear:
            numbers = count(unclear, "phone number")
            message = (
                f"{numbers} in the first {first:,} rows have several readings and "
                "would be rejected (decide with --numbers national or international)"
            )
            yield source, message


LOOKED_AT = 1_000
"""Rows of a file that are judged before the question."""


def _columns_used(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say for each file what is sent and what is not."""
    provider, tags = plan.provider, len(plan.job.tags)
    for source in plan.sources:
        mapper = mapper_of(source, plan)
        read = _read_from(plan, mapper, source.columns)
        sent = [
            f"{name} from {columns}" if columns else name
            for name, columns in read.items()
            if provider.has_place_for(name)
        ]
        sent += [count(tags, "tag")] if tags else []
        unused = f" (not sent: {listed(mapper.unused)})" if mapper.unused else ""
        yield "sends", "; ".join(sent) + unused
        regions = [
            read[name] or plan.job.constants.get(name, "the profile")
            for name in COUNTRY_ALIASES
            if name in read
        ]
        if regions:
            home = plan.effective_region or provider.phone_rule.country or "none"
            yield "region", f"of each phone from {', else '.join([*regions, home])}"
        aside = (*INSTRUCTIONS, *COUNTRY_ALIASES)
        if unplaced := [
            name
            for name in read
            if name not in aside and not provider.has_place_for(name)
        ]:
            them = "it" if len(unplaced) == 1 else "them"
            why = f"{provider.title} has no field for {them}"
            yield "not sent", f"{', '.join(unplaced)}: {why}"
        if mapper.skip:
            yield "skipped", "; ".join(f"rows where {r.rule}" for r in mapper.skip)


def _read_from(plan: Plan, mapper: Mapper, header: Collection[str]) -> dict[str, str]:
    """Map each field to the columns it is read from; none for a constant."""
    constants, profile = plan.job.constants, plan.profile
    said = profile.with_constants(constants).fields if profile else {}
    return {
        name: _columns(said[name], header)
        if name in said
        else " or ".join(map(short, mapper.columns.get(name, ())))
        for name in mapper.getters
    }


def _columns(source: FieldSource, header: Collection[str]) -> str:
    """Distinguish alternative columns from columns that are combined."""
    match source:
        case str() if template := template_of(source):
            return " and ".join(map(short, template.columns))
        case str() | list():
            names = [source] if isinstance(source, str) else source
            return " or ".join(short(name) for name in names if name in header)
        case dict():
            parts = (_columns(member, header) for member in source.values())
            return " and ".join(filter(None, parts))
        case _:
            return _columns(source.columns_or_template, header)
