"""Tells what a run has to say beside its report: before it sends, and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode
from leadctl.model.lead_fields import INSTRUCTIONS
from leadctl.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.importing.importer import Importer
    from leadctl.ledger.base import RunWriter
    from leadctl.mapping.mapper import Mapper
    from leadctl.runs.run import ImportRequest


def before(request: ImportRequest, importer: Importer) -> None:
    """Tell, before anything is sent, what the files look like they need."""
    for note in request.notes:
        request.tell(note)
    for source in request.plan.sources:
        for choice in source.choices:
            if choice.needs_telling:
                request.tell(
                    f"{source.shown}: {choice.what} {choice.value}: {choice.why}"
                )
    for source, sentence in importer.judge.damages():
        request.tell(f"{source.shown}: {sentence}")
    for source, found in importer.judge.notes():
        tell = request.warn if found.is_warning else request.tell
        tell(f"{source.shown}: {found.message}")


def after(request: ImportRequest, importer: Importer, run_writer: RunWriter) -> None:
    """Tell what was not sent although it was there, and which rule had no effect."""
    title = request.account.provider.title
    rows = sum(run_writer.tally.values())
    if rows and request.resumes is None:  # of a resumed run, part was read before
        for sentence in importer.judge.rules_without_effect():
            request.tell(sentence)
    for source, sentence in importer.judge.unknown_countries():
        request.tell(f"{source.shown}: {sentence}")
    _columns(request, importer.judge.mappers)
    if unplaced := importer.judge.unplaced - {*INSTRUCTIONS}:
        fields = ", ".join(sorted(unplaced))
        request.tell(f"{title} has no place for: {fields}; not sent")
    if request.access and request.account.provider.warning:
        request.tell(request.account.provider.warning)
    if not rows and run_writer.facts().exit_code == ExitCode.OK:
        request.warn("no data rows were read")


def _columns(request: ImportRequest, mappers: Sequence[Mapper]) -> None:
    """Tell which columns stand in for each other, and which go nowhere."""
    for mapper in mappers:
        for name, columns in mapper.columns.items():
            if len(columns) > 1 and not request.plan.profile:
                request.tell(
                    f"{name} is read from {listed(columns)}: they must not differ"
                    if name == "phone_country"
                    else f"{name} is the first that holds something of "
                    f"{listed(columns)}"
                )
    unused = {name for mapper in mappers for name in mapper.unused if name}
    if unused:
        request.tell(
            f"columns not sent: {listed(sorted(unused))} (a profile can map them)"
        )
