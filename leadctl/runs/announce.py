"""Notes about a run, before and after sending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.importing.judge import Judge
from leadctl.model.errors import ExitCode, InputUnusable
from leadctl.model.lead_fields import INSTRUCTIONS
from leadctl.model.leads import Note
from leadctl.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.importing.importer import Importer
    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import RunWriter
    from leadctl.mapping.mapper import Mapper
    from leadctl.runs.request import ImportRequest


def before(request: ImportRequest, importer: Importer) -> None:
    """Report about the files; warnings were reported at the start."""
    earlier = [note for note in request.notes if not note.is_warning]
    for note in (*earlier, *_of_files(request.plan, importer.judge)):
        request.note(note)


def require_no_doubt(request: ImportRequest) -> None:
    """Raise InputUnusable if the run is strict and its files leave a doubt."""
    if not request.strict:
        return
    judge = Judge(request.plan)
    found = _of_files(request.plan, judge)
    doubts = [note.message for note in found if note.code not in _DECIDED]
    if not any(prescan.rows for prescan in judge.prescans):
        doubts.append("there are no data rows")
    if doubts:
        raise InputUnusable(
            f"--strict: {'; '.join(doubts[:MOST_DOUBTS])}",
            hint="fix the file, or set how to read it (see leadctl preview); without "
            "--strict, the run continues",
        )


_DECIDED = frozenset({"on_suppression_list", "opt_outs_held_back", "merged_cells"})
"""Notes that leave no doubt."""
MOST_DOUBTS = 5


def _of_files(plan: Plan, judge: Judge) -> Iterator[Note]:
    """Yield what to report about the files before anything is sent."""
    for source in plan.sources:
        for choice in source.choices:
            if choice.needs_telling:
                message = f"{source.shown}: {choice.what} {choice.value}: {choice.why}"
                yield Note(choice.what.replace(" ", "_"), message)
    for prescan in judge.prescans:
        if damage := str(prescan.damage):
            yield Note("phones_damaged", f"{prescan.source.shown}: {damage}")
        for note in prescan.notes():
            yield replace(note, message=f"{prescan.source.shown}: {note.message}")


def after(
    request: ImportRequest, importer: Importer, run_writer: RunWriter, code: ExitCode
) -> None:
    provider, judge = request.account.provider, importer.judge
    rows = sum(run_writer.tally.values())
    if rows and request.resumes is None:  # of a resumed run, part was read before
        for sentence in judge.rules_without_effect(untold=True):
            request.note(Note("rule_without_effect", sentence))
    for source, sentence in judge.unknown_countries():
        request.note(Note("country_unknown", f"{source.shown}: {sentence}"))
    if lost := judge.children_lost:
        message = "a helper process was killed; its rows were checked again"
        request.note(Note("process_lost", message, lost, is_warning=True))
    for note in _columns(judge.mappers, by_profile=bool(request.plan.profile)):
        request.note(note)
    if unplaced := judge.unplaced - {*INSTRUCTIONS}:
        fields = ", ".join(sorted(unplaced))
        message = f"{provider.title} has no field for: {fields}; not sent"
        request.note(Note("fields_not_sent", message, len(unplaced)))
    if request.sends and provider.warning:
        request.note(Note("provider_warning", provider.warning))
    if not rows and code == ExitCode.OK:
        request.note(Note("no_rows", "no data rows were read", is_warning=True))


def _columns(mappers: Sequence[Mapper], *, by_profile: bool) -> Iterator[Note]:
    for mapper in () if by_profile else mappers:
        for name, columns in mapper.columns.items():
            if len(columns) > 1:
                which = f"the first non-empty column of {listed(columns)}"
                if name == "phone_country":
                    which = f"{listed(columns)}: their values must agree"
                yield Note("first_filled_column", f"{name} is read from {which}")
    if unused := {name for mapper in mappers for name in mapper.unused if name}:
        message = f"columns not sent: {listed(sorted(unused))} (a profile can map them)"
        yield Note("columns_not_sent", message, len(unused))
