"""Finds the leads that an undo can delete, by reading the run's input again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl.importing.judge import Judge
from leadctl.model.leads import Batch, Leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import Ledger, RunRemoval


class Left(StrEnum):
    """Why an undo does not delete a lead of the run."""

    SENT_AGAIN = "sent_again"  # by another run, which may take it back
    NOT_RECOGNISED = "not_recognised"  # the input, as it is read now, does not have it


@dataclass
class RemovableLeads:
    """The leads that only this run delivered, and `left`, the others by reason."""

    plan: Plan
    ledger: Ledger
    run: RunRemoval
    left: Counter[Left] = field(default_factory=Counter)

    def batches(self) -> Iterator[Batch]:
        most, plan = self.plan.batch_size, self.plan
        for file, leads in self._leads():
            for first in range(0, len(leads), most):
                yield Batch(uuid4(), plan.campaign, file, leads[first : first + most])

    def count(self) -> int:
        return sum(len(batch) for batch in self.batches())

    def _leads(self) -> Iterator[tuple[int, Leads]]:
        """Yield leads of one file in whole batches, except for the last one."""
        plan, run = self.plan, self.run.facts()
        judge = Judge(plan, self.ledger.digest(run.account, run.campaign))
        known = self.ledger.delivered(run.account, run.campaign)
        self.left.clear()
        for file in range(len(plan.sources)):
            created, pending = self.run.created_rows(file), Leads()
            unread = len(created)
            for block in judge.blocks(file):
                leads = judge.judge(file, block).leads
                leads = leads.chosen([row in created for row in leads.rows])
                unread -= len(leads)
                owners = known.among(leads.hashes())
                pending += leads.chosen(self._taken(leads, owners, run.id))
                whole = len(pending) - len(pending) % plan.batch_size
                yield file, pending[:whole]
                pending = pending[whole:]
            yield file, pending
            self.left[Left.NOT_RECOGNISED] += unread

    def _taken(self, leads: Leads, owners: Mapping[bytes, str], run: str) -> list[bool]:
        """Tell for each lead whether this run alone delivered it; count the others."""
        taken = []
        for identities in zip(*leads.digests, strict=True):
            runs = {owners[one] for one in identities if one in owners}
            taken.append(runs == {run})
            if not runs:
                self.left[Left.NOT_RECOGNISED] += 1
            elif runs != {run}:
                self.left[Left.SENT_AGAIN] += 1
        return taken
