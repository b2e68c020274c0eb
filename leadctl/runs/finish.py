"""Ends a run: writes its reject files, and records its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.delivery import provider_session
from leadctl.model.errors import ExitCode, LeadctlError, RejectsNotWritten
from leadctl.model.leads import IN_REJECT_FILE, Note
from leadctl.reports import reject_file, report
from leadctl.runs import announce, spool

if TYPE_CHECKING:
    from leadctl.importing.importer import Importer
    from leadctl.ledger.base import RunWriter
    from leadctl.runs.request import ImportRequest


def finish(
    request: ImportRequest,
    importer: Importer,
    run_writer: RunWriter,
    error: LeadctlError | None,
) -> None:
    elsewhere = f"{run_writer.facts().command('rejects')} --to PATH writes it elsewhere"
    try:
        _write_rejects(request, run_writer)
    except RejectsNotWritten as failure:  # the run is done all the same
        error = error or RejectsNotWritten(failure.message, hint=elsewhere)
    except LeadctlError as failure:
        error = error or RejectsNotWritten(failure.message, hint=failure.hint)
    except OSError as failure:  # an earlier reject file that cannot be set aside
        error = error or RejectsNotWritten(
            f"cannot write the reject file: {failure.strerror}", hint=elsewhere
        )
    error = error and provider_session.with_hint(error, request.account)
    code = report.exit_code(run_writer.counts(), error)
    _remember_columns(request, importer, run_writer)
    announce.after(request, importer, run_writer, code)
    run_writer.finish(
        code,
        report.error_document(error),
        importer.judge.repairs,
        request.told,
    )
    if request.ledger is None or code in (ExitCode.OK, ExitCode.REJECTED):
        spool.drop(request.job)


def _remember_columns(
    request: ImportRequest, importer: Importer, run_writer: RunWriter
) -> None:
    """Report what columns decided, and store the option that decides the same."""
    said = importer.judge.said_by_columns()
    with_rejects = [n for n, file in enumerate(run_writer.files()) if file.rejects_file]
    if said and with_rejects:
        option = importer.judge.numbers_of_columns(with_rejects)
        agrees = option and request.job.column_numbers in (None, option)
        run_writer.remember({"column_numbers": option if agrees else ""})
    for path, says in said.items():
        message = (
            f"{path}: phone numbers without + that have several readings are read as "
            f"{says.numbers}, like the rest of the column (--numbers overrides)"
        )
        request.note(Note("column_decided", message))


def _write_rejects(request: ImportRequest, run_writer: RunWriter) -> None:
    for ordinal, source in enumerate(request.plan.sources):
        path = request.rejects_files[ordinal]
        findings = run_writer.findings(ordinal, IN_REJECT_FILE)
        kept = reject_file.corrections_go_to(path)
        rows = reject_file.write_if_any(path, source, findings, run_writer.facts().id)
        if kept and kept.exists():
            message = f"{path} was edited; its contents are kept in {kept}"
            request.note(Note("reject_file_kept", message, is_warning=True))
        run_writer.set_rejects_file(ordinal, str(path) if rows else None)
