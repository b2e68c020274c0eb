"""Voiso, `POST /campaigns/{id}/leads` (developers.voiso.com, Add leads, API v4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.model.errors import CampaignClosed, NotProcessed, Unusable
from leadctl.model.lead_fields import (
    Field,
    PriorityScale,
    boolean,
    sip_headers,
    source,
    text,
)
from leadctl.model.leads import CREATED, Batch, Outcome
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import REFUSALS, Limits, Provider
from leadctl.providers.http_auth import Auth, bearer
from leadctl.providers.listings import (
    CampaignPage,
    counted_page,
    listed_campaign,
    listed_campaigns,
)
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    PreflightResult,
    fine,
    unknown,
    wrong,
)
from leadctl.providers.response import body, by_phone, duplicate, quoted, rejected
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx


@dataclass(frozen=True, kw_only=True)
class Voiso(Provider):
    name = "voiso"
    title = "Voiso"
    documentation = "https://developers.voiso.com/reference-link/addleads"
    # One request at a time to a campaign, and 2 s of rest after each: "Running an API
    # campaign". An import whose answer was lost may still run: 15 s.
    limits = Limits(batch_size=1000, concurrency=1, min_interval=2.0, doubt_delay=15.0)
    answers = (200, 201, 409)
    # 400 is "malformed or missing input": the fault of our request, not of a lead. 409:
    # an import of the campaign still runs ("Running an API campaign").
    refusals = REFUSALS | {400: Unusable, 409: NotProcessed}
    phone_rule = PhoneRule(PhoneForm.DIGITS, fewest=8)
    phone_wire = "phone_number"
    priority = PriorityScale(first=1, last=1000)
    fields = (
        Field("name", "name", text),
        Field("source", "source", source),
        Field("priority", "priority", priority.check),
        Field("active", "active", boolean, "whether to call the lead"),
        Field("context_headers", "context_headers", sip_headers),
    )
    campaign_rule = (
        Provider.campaign_rule[0],
        "an id such as 3 (push also takes a unique name)",
    )
    # Leads that are there already may be among the rejected: "invalid or duplicate
    # records are rejected" ("Running an API campaign").
    refusal_is_final = False
    resend_is_safe = True
    resend_sentence = (
        "Add leads: `duplicates` lists numbers that already existed in the campaign"
    )
    consequence = (
        "An active campaign calls new leads as its settings say, possibly at once; "
        "in a paused one they wait. leadctl starts and stops no campaign."
    )

    base_url: str = "https://{cluster_id}.voiso.com/api/v4"
    cluster_id: str = setting(
        "", "first part of your address: https://cc-demo.voiso.com"
    )

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        return bearer(secrets["api_key"])

    def request(self, batch: Batch) -> httpx.Request:
        leads = batch.leads.wires()
        return self.call("POST", "campaigns", batch.campaign, "leads", json=leads)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        if response.status_code == 409:
            busy = self.meaning(response)
            # Its type or state may be wrong for good. The page has no text for that;
            # the v1 pages have "Campaign type should be live".
            is_closed = re.search(r"\blive\b", busy.message)
            raise CampaignClosed(busy.message) if is_closed else busy
        answer = body(response)
        result = answer.get("leads_import")
        if not isinstance(result, dict):
            raise self.unreadable(response)
        if answer.keys() & {"error", "errors"}:
            raise self.unreadable(
                response, f"leads_import and errors{quoted(response)}"
            )
        lists = [
            (result.get("created", []), CREATED),
            (result.get("duplicates", []), _DUPLICATE),
            (result.get("rejected", []), _REJECTED),
        ]
        try:
            return by_phone(batch, lists)
        except ValueError as error:
            raise self.unreadable(response) from error

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        if campaign is None:
            return self.call("GET", "campaigns", params={"limit": "1"})
        return self.call("GET", "campaigns", campaign)

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        answer = body(response)
        if response.status_code == 403 and answer.get("error"):
            # This call has its own scope; uploads need another.
            return PreflightResult(key=KEY_ACCEPTED, scope=_NO_READING)
        if not response.is_success:
            raise self.meaning(response)
        if campaign is None:
            if not isinstance(answer.get("campaigns"), list):
                raise self.unreadable(response)
            return PreflightResult.of_key(_READING)
        found = listed_campaign(answer.get("campaign"))
        if found is None or found.id != campaign:
            raise self.unreadable(response)
        shown = PreflightResult.of_campaign(found, _READING)
        if found.state in _PERHAPS_NOT_LIVE:
            doubt = f"campaign {campaign} of Voiso is {found.state} and may not be live"
            return shown._replace(campaign=unknown(doubt), doubt=doubt)
        return shown

    def double_check(self, preflight: PreflightResult) -> httpx.Request | None:
        # `live` is a filter of "Get campaigns", not a field of a campaign.
        wanted = {"live": "true", "limit": "100", "name": preflight.name}
        return self.call("GET", "campaigns", params=wanted)

    def double_checked(
        self, campaign: str, preflight: PreflightResult, response: httpx.Response
    ) -> PreflightResult:
        found = body(response).get("campaigns")
        if not response.is_success or not isinstance(found, list):
            raise self.meaning(response)
        if campaign in [str(one.get("id")) for one in found if isinstance(one, dict)]:
            there = fine(f"exists, {preflight.state}, live")
            return preflight._replace(campaign=there, doubt="")
        return preflight

    def list_campaigns(self, cursor: str) -> httpx.Request:
        page = {"limit": "100", "offset": cursor or "0"}
        return self.call("GET", "campaigns", params=page)

    def read_campaigns(self, cursor: str, response: httpx.Response) -> CampaignPage:
        answer = body(response)
        metadata = answer.get("metadata")
        total = metadata.get("total") if isinstance(metadata, dict) else None
        if not response.is_success:
            raise self.meaning(response)
        try:
            return counted_page(
                listed_campaigns(answer.get("campaigns")), total, cursor
            )
        except ValueError as error:
            raise self.unreadable(response, str(error)) from error


_DUPLICATE = duplicate()
_REJECTED = rejected("rejected by Voiso (no reason given)")
_READING = unknown(
    "campaigns.read granted; campaigns.manage cannot be checked before the first upload"
)
_NO_READING = wrong(
    "campaigns.read is missing; nothing can be checked before the first upload",
    "add this scope to the key, next to campaigns.manage",
)
# Leads are added to campaigns with the Live setting ("Running an API campaign"). No
# page says whether these states exclude it.
_PERHAPS_NOT_LIVE = ("draft", "completed")
