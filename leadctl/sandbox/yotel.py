"""Yotel, API v1: "Leads", "Campaigns", "Authentication", "Error reference"."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import JSONResponse, Response

from leadctl.sandbox.checks import complaints, matching, record, text
from leadctl.sandbox.pace import FixedWindow
from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

LARGEST_BATCH = 500
# Twelve digits lose 91, eleven lose 0; 9123456789 is complete. No page mentions a plus.
INDIAN_PHONE = re.compile(r"(?:91|0)?([0-9]{10})")

# The length looks like a rule of the schema (the request fails), the ten digits like a
# later check (the lead fails): "Leads" has both, but does not say which is which.
LEAD_FIELDS = {
    "phone": matching(r"(?s).{5,20}", "must be a string of 5 to 20 characters"),
    "name": text,
    "email": text,
    "metadata": record,
}


@dataclass(kw_only=True, eq=False)
class YotelSimulator(Simulator):
    """Campaigns: camp_1 is running, camp_2 is completed (409, as we read it).

    A minute of `requests_per_minute` has `window` seconds.
    """

    name = "yotel"
    prefix = "/yotel/api/v1"
    phone_field = "phone"
    default_campaigns: ClassVar = {"camp_1": "running", "camp_2": "completed"}
    open_state = "running"
    no_campaign = (404, "Campaign not found")
    denial = (401, "Invalid API key")

    api_key: str = "yt_test_sandbox"
    scopes: Collection[str] = ("leads:write", "campaigns:read")
    requests_per_minute: int = 600
    window: float = 60.0

    def reset(self) -> None:
        self._pace = FixedWindow(self.requests_per_minute, self.window)
        self._numbers = itertools.count(1)

    def routes(self) -> list[Route]:
        bulk = "/campaigns/{campaign_id}/leads:bulk"
        return [
            self.route("POST", bulk, self.push_bulk, "upload"),
            self.route("GET", "/campaigns", self.list_campaigns, "read"),
            self.route("GET", "/campaigns/{campaign_id}", self.show_campaign, "read"),
        ]

    def error(self, status: int, message: str) -> Response:
        return JSONResponse({"detail": message}, status)

    def admit(self, call: Call) -> None:
        scope = "campaigns:read" if call.purpose == "read" else "leads:write"
        if not call.bearer.startswith(("yt_live_", "yt_test_")):
            raise self.refusal(401, "API key must start with yt_live_ or yt_test_")
        if call.bearer != self.api_key:
            raise Refusal(self.denied())
        if scope not in self.scopes:
            raise self.refusal(403, f"Scope '{scope}' required")
        if not self._pace.take(self.clock()):
            answer = self.throttled()
            wait = math.ceil(self._pace.ends - self.clock())
            answer.headers["Retry-After"] = str(wait)
            raise Refusal(answer)

    def rate_headers(self, _call: Call, answer: Response) -> dict[str, str]:
        # "Authentication" promises them for 2xx only.
        if answer.status_code >= 300:
            return {}
        return {
            "X-RateLimit-Limit": str(self._pace.limit),
            "X-RateLimit-Remaining": str(self._pace.remaining),
        }

    def push_bulk(self, call: Call) -> Response:
        campaign = self.campaign(call.campaign)
        # "Campaign lifecycle" calls completed final; 409 is for a state conflict.
        if campaign.state == "completed":
            raise self.refusal(409, "Campaign is completed")
        rows = [self._pushed(campaign, lead) for lead in self._batch(call)]
        statuses = [row["status"] for row in rows]
        answer = {
            "total": len(rows),
            "valid": statuses.count("added"),
            "invalid": statuses.count("invalid"),
            "duplicates": statuses.count("duplicate"),
            "results": rows,
        }
        return JSONResponse(answer)

    def _batch(self, call: Call) -> list[Lead]:
        body = call.fields()
        leads = body.get("leads")
        if not isinstance(leads, list):
            raise Refusal(_malformed((("body", "leads"), "must be an array")))
        for name in body.keys() - {"leads"}:
            raise Refusal(_malformed((("body", name), "is not a known field")))
        call.leads = len(leads)
        if not 1 <= len(leads) <= LARGEST_BATCH:
            message = f"must hold 1 to {LARGEST_BATCH} leads"
            raise Refusal(_malformed((("body", "leads"), message)))
        found = [
            (("body", "leads", index, name), complaint)
            for index, lead in enumerate(leads)
            for name, complaint in complaints(lead, LEAD_FIELDS, ("phone",)).items()
        ]
        if found:  # one lead that breaks the schema fails the request
            raise Refusal(_malformed(*found))
        return leads

    def _pushed(self, campaign: Campaign, lead: Lead) -> Lead:
        """Store a lead and return its result; no page names the word for duplicates."""
        match = INDIAN_PHONE.fullmatch(str(lead["phone"]))
        if match is None:
            return {"phone": lead["phone"], "status": "invalid", "id": None}
        if match[1] in campaign.known:
            return {"phone": lead["phone"], "status": "duplicate", "id": None}
        campaign.add(lead, match[1])
        identifier = f"lead_{next(self._numbers)}"
        return {"phone": lead["phone"], "status": "added", "id": identifier}

    def list_campaigns(self, _call: Call) -> Response:
        # The page names no envelope.
        return JSONResponse([_shown(campaign) for campaign in self.campaigns.values()])

    def show_campaign(self, call: Call) -> Response:
        return JSONResponse(_shown(self.campaign(call.campaign)))


def _malformed(*places: tuple[tuple[str | int, ...], str]) -> Response:
    detail = [
        {"loc": list(place), "msg": message, "type": "value_error"}
        for place, message in places
    ]
    return JSONResponse({"detail": detail}, 422)


def _shown(campaign: Campaign) -> Lead:
    return {
        "id": campaign.identifier,
        "name": campaign.name,
        "dial_mode": "predictive",
        "status": campaign.state,
    }
