"""The report of an undo: its JSON document, table and exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.importing.removable import Left
from leadctl.model.errors import ExitCode
from leadctl.model.removal import Removal
from leadctl.model.wording import count
from leadctl.reports.report import error_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.ledger.records import Run
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json


@dataclass(frozen=True)
class UndoReport:
    """The undo of a run; `leads` is the number to delete.

    `run` is None if there is no such run. `gone` were deleted by earlier tries, `left`
    are left alone, and `unknown_rows` may or may not have been created.
    """

    run_id: str
    run: Run | None = None
    leads: int = 0
    gone: int = 0
    left: Mapping[Left, int] = field(default_factory=Counter)
    unknown_rows: int = 0
    counts: Mapping[Removal, int] = field(default_factory=Counter)
    requests: int = 0
    dry_run: bool = False
    error: LeadctlError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The code as for a push: of the error, else of doubt, else of failures."""
        if self.error and self.error.exit_code is not ExitCode.REJECTED:
            return self.error.exit_code
        if self.counts.get(Removal.UNKNOWN):
            return ExitCode.UNKNOWN
        return ExitCode.TROUBLE if self._failed else ExitCode.OK

    @property
    def _failed(self) -> int:
        """The number of leads certainly not deleted, those not tried included."""
        if self.dry_run or not (self.requests or self.error):
            return 0
        done = (Removal.DELETED, Removal.NOT_FOUND, Removal.UNKNOWN)
        return self.leads - sum(self.counts.get(one, 0) for one in done)

    @property
    def go_on(self) -> str:
        """The command that continues the undo."""
        return self.run.command("undo") if self.run else ""

    def document(self) -> dict[str, Json]:
        run = self.run
        return {
            "schema_version": 1,
            "run_id": self.run_id,
            "provider": run.provider if run else None,
            "account": run.account if run else None,
            "campaign": run.campaign if run else None,
            "dry_run": self.dry_run,
            "leads": self.leads,
            **{one.value: self.counts.get(one, 0) for one in Removal},
            "failed": self._failed,
            "gone_before": self.gone,
            "left": {one.value: self.left.get(one, 0) for one in Left},
            "unknown_rows": self.unknown_rows,
            "requests": self.requests,
            "exit_code": int(self.exit_code),
            "error": error_document(self.error),
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines for people, with the next command."""
        run = self.run
        if run is None:
            return
        yield f"undo of run {run.id}: {run.provider}, campaign {run.campaign}"
        if self.dry_run:
            yield f"would be deleted  {self.leads:,}"
        else:
            numbers = {**self.counts, Removal.FAILED: self._failed}
            for one in Removal:
                if numbers.get(one) or one is Removal.DELETED:
                    label = one.value.replace("_", " ")
                    yield f"{label:<10} {numbers.get(one, 0):,}"
        yield from self.remarks()
        if numbers_left := self._failed + self.counts.get(Removal.UNKNOWN, 0):
            leads = count(numbers_left, "lead")
            yield f"{leads} left, to continue: {self.go_on}"

    def remarks(self) -> Iterator[str]:
        """Yield which of the run's leads are not deleted, and why."""
        if self.gone:
            yield f"already deleted by an earlier undo: {count(self.gone, 'lead')}"
        for left, about in _ABOUT.items():
            if self.left.get(left):
                yield f"not deleted: {count(self.left[left], 'lead')} {about}"
        if self.unknown_rows:
            yield (
                f"not deleted: {count(self.unknown_rows, 'row')} that may be in the "
                f"campaign (leadctl runs resolve {self.run_id})"
            )


_ABOUT = {
    Left.SENT_AGAIN: "that another run delivered too; undo that run",
    Left.NOT_RECOGNISED: "no longer in the input or the ledger",
}
