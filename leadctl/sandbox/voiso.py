"""Voiso, API v4.

Pages "Add leads", "Get campaigns", "Get campaign", "Authentication", "Error codes" and
"Running an API campaign".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import JSONResponse, Response

from leadctl.sandbox.checks import E164_DIGITS, complaints, flag, integer, must, text
from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

LARGEST_BATCH = 1000
PHONE = re.compile(E164_DIGITS)
HEADER_NAME = re.compile(r"X-[A-Za-z0-9\-_.!~*+]+")


def context_headers(value: object) -> str | None:
    if not isinstance(value, dict):
        return "must be an object"
    if not all(map(HEADER_NAME.fullmatch, value)):
        return "contains an invalid header name"
    return "must hold strings" if any(map(text, value.values())) else None


LEAD_FIELDS = {
    "phone_number": text,
    "name": text,
    # Only the keys of the page's example.
    "source": must(
        "hold system and url",
        lambda value: not complaints(value, {"system": text, "url": text}),
    ),
    "priority": integer(1, 1000),
    "active": flag,
    "context_headers": context_headers,
}


@dataclass(kw_only=True, eq=False)
class VoisoSimulator(Simulator):
    """Campaigns: 3 is active, 4 and 5 are drafts; `live` names those that are live.

    One upload at a time for each campaign, and none within `gap` seconds of the end of
    the one before.
    """

    name = "voiso"
    prefix = "/voiso/api/v4"
    phone_field = "phone_number"
    default_campaigns: ClassVar = {"3": "active", "4": "draft", "5": "draft"}
    open_state = "active"

    api_key: str = "voiso-sandbox-key"
    scopes: Collection[str] = ("campaigns.manage", "campaigns.read")
    gap: float = 2.0
    live: Collection[str] = ("3", "5")
    _free_at: dict[str, float] = field(init=False)

    def reset(self) -> None:
        self._free_at = {}

    def settings(self) -> dict[str, str]:
        return {"api_key": self.api_key, "cluster_id": "sandbox"}

    def routes(self) -> list[Route]:
        return [
            self.route(
                "POST", "/campaigns/{campaign_id}/leads", self.add_leads, "upload"
            ),
            self.route("GET", "/campaigns", self.list_campaigns, "read"),
            self.route("GET", "/campaigns/{campaign_id}", self.show_campaign, "read"),
        ]

    def error(self, status: int, message: str) -> Response:
        if status in (406, 409, 422):
            return _errors(status, "base", message)
        return JSONResponse({"error": message}, status)

    def admit(self, call: Call) -> None:
        scope = "campaigns.read" if call.purpose == "read" else "campaigns.manage"
        if call.bearer != self.api_key:
            raise Refusal(self.denied())
        if scope not in self.scopes:
            raise self.refusal(403, "Forbidden")
        if call.purpose == "upload":
            self._claim(self.campaign(call.campaign))

    def _claim(self, campaign: Campaign) -> None:
        if not self._is_live(campaign):
            # The page of v4 has no text for it; this is the text of v1.
            raise Refusal(_errors(409, "campaign", "Campaign type should be live"))
        if self.clock() < self._free_at.get(campaign.identifier, 0.0):
            raise Refusal(_errors(409, "campaign", "Leads are being imported"))
        self._free_at[campaign.identifier] = float("inf")

    def release(self, call: Call) -> None:
        # Whether a refused batch also starts the pause is not documented: here it does.
        if call.purpose == "upload":
            self._free_at[call.campaign] = self.clock() + self.gap

    def add_leads(self, call: Call) -> Response:
        campaign = self.campaign(call.campaign)
        said: dict[str, list[str]] = {"created": [], "rejected": [], "duplicates": []}
        for lead in self._batch(call):
            phone = str(lead["phone_number"])
            if not PHONE.fullmatch(phone):
                said["rejected"].append(phone)
            elif phone in campaign.known:
                said["duplicates"].append(phone)
            else:
                campaign.add(lead, phone)
                said["created"].append(phone)
        return JSONResponse({"leads_import": said})

    def _batch(self, call: Call) -> list[Lead]:
        """Return the leads; one malformed lead fails all, as we read the 422."""
        leads = call.json()
        if not isinstance(leads, list):
            raise self.refusal(400, "Bad Request")
        call.leads = len(leads)
        if not 1 <= len(leads) <= LARGEST_BATCH:
            message = f"Maximum limit of {LARGEST_BATCH} leads for each request"
            raise Refusal(_errors(422, "leads", message))
        for lead in leads:
            for name, complaint in complaints(
                lead, LEAD_FIELDS, ("phone_number",)
            ).items():
                raise Refusal(_errors(422, name, complaint))
        return leads

    def list_campaigns(self, call: Call) -> Response:
        """Filter by `status`, `live` and part of the `name`, the only filters here."""
        query = call.request.query_params
        found = [
            campaign
            for campaign in self.campaigns.values()
            if query.get("status", campaign.state) == campaign.state
            and query.get("name", "") in campaign.name
            and query.get("live") in (None, str(self._is_live(campaign)).lower())
        ]
        limit, offset = query.get("limit", "100"), query.get("offset", "0")
        if not (limit.isdecimal() and offset.isdecimal() and 1 <= int(limit) <= 100):
            raise Refusal(_errors(422, "limit", "must be from 1 to 100"))
        page = found[int(offset) : int(offset) + int(limit)]
        answer = {
            "campaigns": [_shown(campaign) for campaign in page],
            "metadata": {"total": len(found)},
        }
        return JSONResponse(answer)

    def show_campaign(self, call: Call) -> Response:
        return JSONResponse({"campaign": _shown(self.campaign(call.campaign))})

    def _is_live(self, campaign: Campaign) -> bool:
        """Live is a setting of its own, independent of the state."""
        return campaign.identifier in {*self.live, *self.open_campaigns}


def _errors(status: int, name: str, message: str) -> Response:
    return JSONResponse({"errors": {name: [message]}}, status)


def _shown(campaign: Campaign) -> Lead:
    identifier = campaign.identifier
    return {
        "id": int(identifier) if identifier.isdecimal() else identifier,
        "name": campaign.name,
        "status": campaign.state,
        "strategy": "predictive",
    }
