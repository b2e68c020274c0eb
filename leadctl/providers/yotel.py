"""Yotel, `POST /campaigns/{id}/leads:bulk` (docs.yotel.in, API reference, Leads)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from leadctl.model.errors import AccessDenied, CampaignClosed, Refused
from leadctl.model.lead_fields import Field, text
from leadctl.model.leads import CREATED, Batch, Json, Outcome
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import REFUSALS, Limits, Provider
from leadctl.providers.http_auth import Auth, bearer
from leadctl.providers.listings import CampaignPage, listed_campaign, listed_campaigns
from leadctl.providers.preflight import KEY_ACCEPTED, PreflightResult, unknown, wrong
from leadctl.providers.response import (
    UNMENTIONED,
    RowResult,
    body,
    digits,
    duplicate,
    listed,
    one_line,
    paired,
    quoted,
    rejected,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx


@dataclass(frozen=True, kw_only=True)
class Yotel(Provider):
    name = "yotel"
    title = "Yotel"
    documentation = "https://docs.yotel.in/api-reference/leads"
    # 600 requests in each clock minute for a key: Authentication page. A batch whose
    # answer was lost may still be under way: 20 s before it goes again.
    limits = Limits(
        batch_size=500, concurrency=2, requests_per_minute=600, doubt_delay=20.0
    )
    answers = (200, 201, 422)
    refusals = REFUSALS | {409: CampaignClosed}  # "state conflict": Error reference
    phone_rule = PhoneRule(PhoneForm.NATIONAL, country="IN")
    phone_wire = "phone"
    fields = (Field("name", "name", text), Field("email", "email", text))
    overflow = "metadata"
    campaign_rule = (
        Provider.campaign_rule[0],
        "an id such as 3 (push also takes a unique name)",
    )
    # The Idempotency-Key has no effect: it is not enforced before v1.1.
    resend_is_safe = True
    resend_sentence = (
        "Leads: `duplicates` counts leads already in this campaign (by phone)"
    )
    example_secrets = MappingProxyType({"api_key": "yt_test_example_key"})
    refusal_is_final = True  # of the number; duplicates are counted apart
    warning = (
        "Numbers on the do-not-call register are stored but not dialled; "
        "Yotel does not say which."
    )
    consequence = (
        "A running campaign dials new leads as its settings say, possibly at once; "
        "in a draft or a paused one they wait. With a yt_test_ key nothing is "
        "dialled. leadctl starts and stops no campaign."
    )

    base_url: str = "https://api.yotel.in/api/v1"

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        if not secrets["api_key"].startswith(("yt_live_", "yt_test_")):
            raise AccessDenied(
                "a Yotel API key starts with yt_live_ or yt_test_; this one does not"
            )
        return bearer(secrets["api_key"])

    def request(self, batch: Batch) -> httpx.Request:
        return self.call(
            "POST",
            *("campaigns", batch.campaign, "leads:bulk"),
            json={"leads": batch.leads.wires()},
            headers={"Idempotency-Key": str(batch.id)},
        )

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        answer = body(response)
        if response.status_code == 422:
            raise Refused(self.answered(response), _culprits(answer))
        found = answer.get("results")
        results = found if isinstance(found, list) else [None]
        rows = [row for row in results if isinstance(row, dict)]
        if len(rows) < len(results):
            raise self.unreadable(response)
        # By position if all numbers agree, else by number.
        sent = [*batch.leads.phones]
        echoed = [digits(row.get("phone"))[-10:] for row in rows]
        if echoed == sent:
            return _outcomes(answer, rows)
        return _outcomes(answer, paired(sent, zip(echoed, rows, strict=True)))

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        return self.call("GET", "campaigns", *([campaign] if campaign else []))

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        answer = body(response)
        if response.status_code == 403 and "scope" in quoted(response).casefold():
            # Uploads need another scope.
            return PreflightResult(KEY_ACCEPTED, _NO_READING)
        if not response.is_success:
            raise self.meaning(response)
        if campaign is None:
            if _campaign_list(response) is None:
                raise self.unreadable(response)
            return PreflightResult.of_key(_READING)
        found = listed_campaign(answer)
        if found is None or found.id != campaign:
            raise self.unreadable(response)
        if found.state == "completed":  # "final": Campaign lifecycle
            said = f"campaign {campaign} of Yotel is completed"
            raise CampaignClosed(said, key_is_good=True)
        return PreflightResult.of_campaign(found, _READING)

    def list_campaigns(self, cursor: str) -> httpx.Request:  # noqa: ARG002  one page
        return self.call("GET", "campaigns")

    def read_campaigns(self, cursor: str, response: httpx.Response) -> CampaignPage:  # noqa: ARG002  one page
        if not response.is_success:
            raise self.meaning(response)
        try:
            return CampaignPage(listed_campaigns(_campaign_list(response)), "")
        except ValueError as error:
            raise self.unreadable(response, str(error)) from error


def _campaign_list(response: httpx.Response) -> list[Json] | None:
    """Return the list of campaigns, if there is one: "Campaigns" names no envelope."""
    lists = [listed(response), *body(response).values()]
    return next((one for one in lists if isinstance(one, list)), None)


_READING = unknown(
    "campaigns:read granted; leads:write cannot be checked before the first upload"
)
_NO_READING = wrong(
    "campaigns:read is missing; nothing can be checked before the first upload",
    "add this scope to the key, next to leads:write",
)


def _outcomes(
    answer: dict[str, Json], rows: Sequence[dict[str, Json] | None]
) -> list[Outcome]:
    results = [None if row is None else _result(row) for row in rows]
    # The word for duplicates is not documented: an unknown word counts as one only
    # while the number of duplicates accounts for every such row.
    here = [one for one in results if one]
    known = sum(one.outcome is _DUPLICATE for one in here)
    if answer.get("duplicates") == known + sum(one.is_open for one in here):
        results = [
            one._replace(outcome=_DUPLICATE) if one and one.is_open else one
            for one in results
        ]
    counts = [whole(answer.get(name), least=0) for name in _COUNTS]
    is_whole = answer.get("total") == sum(counts) == len(results)
    added = sum(one.outcome is CREATED for one in here)
    fits = is_whole and answer.get("valid") == added
    return [one.settled("Yotel", fits=fits) if one else UNMENTIONED for one in results]


def _result(row: dict[str, Json]) -> RowResult:
    word = str(row.get("status")).strip().casefold() if row else ""
    return RowResult(word, _WORDS.get(word), has_id=row.get("id") is not None)


_COUNTS = ("valid", "invalid", "duplicates")
_DUPLICATE = duplicate()
_WORDS = {
    "added": CREATED,
    "invalid": rejected("Yotel reports the number as invalid"),
    **dict.fromkeys(("duplicate", "duplicates", "exists", "skipped"), _DUPLICATE),
}


def _culprits(answer: dict[str, Json]) -> dict[int, str]:
    """Read positions from `detail: [{loc: ["body", "leads", 3, "phone"], msg: …}]`."""
    detail = answer.get("detail")
    return {
        index: one_line(str(problem.get("msg", "refused")))
        for problem in (detail if isinstance(detail, list) else [])
        if isinstance(problem, dict) and isinstance(where := problem.get("loc"), list)
        for name, index in pairwise(where)
        if name == "leads" and isinstance(index, int)
    }
