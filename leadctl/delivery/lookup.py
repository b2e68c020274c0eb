"""Asks the provider which leads of a batch are in the campaign after a lost answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadctl.delivery.rate_limiter import http_date
from leadctl.delivery.retry import outcome_after_doubt
from leadctl.delivery.retrying_caller import every_page, read_by
from leadctl.model.errors import InDoubt
from leadctl.model.leads import Batch, Lead, Outcome, Status
from leadctl.providers.response import digits, duplicate

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from leadctl.ledger.base import RunWriter
    from leadctl.model.clock import Clock
    from leadctl.providers.base import Provider
    from leadctl.providers.listings import LeadPage

CLOCK_TOLERANCE = 1.0
"""Seconds that two readings of one clock may differ: Date has whole seconds."""

LARGEST_SKEW = 900.0
"""Seconds that the provider's clock may differ from ours."""


def outcomes(
    provider: Provider,
    batch: Batch,
    send: Callable[[httpx.Request], httpx.Response],
    age: Callable[[], float],
    now: Callable[[], float],
) -> list[Outcome | None]:
    """Return what the campaign's own list says of each lead; None for those not in it.

    A lead added since the run began, `age` seconds ago, is from this run: no other run
    writes to the campaign meanwhile. Others may have been there before, and all of them
    if the provider's clock is too far from ours (`now`, Unix time).
    """
    wanted = {key: lead for lead in batch.leads for key in _keys(provider, lead)}
    found: dict[int, float | None] = {}
    answers: list[httpx.Response] = []

    def read(cursor: str) -> LeadPage:
        request = provider.look_up(batch, cursor)
        if request is None:
            raise endless
        answers[:] = [send(request)]
        return read_by(provider.looked_up, *answers)

    endless = InDoubt("the list of the campaign's leads never ends", lost=False)
    for page in every_page(read, endless):
        for listed in page.leads:
            for key in (f"phone {listed.phone}", f"id {listed.external_id}"):
                if lead := wanted.get(key):
                    found[lead.row] = listed.created
    answered = _answered_at(answers[0], now())
    first = answered and answered - age() - CLOCK_TOLERANCE
    return [
        _outcome(found[row], first) if row in found else None
        for row in batch.leads.rows
    ]


def _keys(provider: Provider, lead: Lead) -> list[str]:
    places = [field.wire for field in provider.fields if field.name == "external_id"]
    identifiers = [lead.wire[place] for place in places if place in lead.wire]
    return [f"phone {digits(lead.phone.wire)}", *(f"id {one}" for one in identifiers)]


def _outcome(created: float | None, first: float | None) -> Outcome:
    if created is None or first is None:
        return outcome_after_doubt(duplicate(), refusal_is_final=True)
    return Outcome(Status.CREATED) if created >= first else duplicate()


def _answered_at(response: httpx.Response, now: float) -> float | None:
    """Return the provider's time of an answer; None if it is not plausible."""
    moment = http_date(response.headers.get("date", ""))
    return moment if moment and abs(moment - now) <= LARGEST_SKEW else None


def age_of(run: RunWriter, clock: Clock) -> Callable[[], float]:
    """Return the seconds since a run began, unaffected by changes of the clock."""
    began = datetime.fromisoformat(run.facts().started_at).timestamp() - run.ahead
    before, now = max(0.0, clock.time() - began), clock.monotonic()
    return lambda: before + clock.monotonic() - now
