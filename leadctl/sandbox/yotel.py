"""Yotel, API v1.

Pages "Leads", "Campaigns", "Campaign lifecycle", "Authentication", "Idempotency" and
"Error reference".
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import JSONResponse, Response

from leadctl.sandbox.checks import complaints, matching, record, text
from leadctl.sandbox.exchange import Call, Refusal
from leadctl.sandbox.pace import FixedWindow
from leadctl.sandbox.simulator import Campaign, Handler, Lead, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

LARGEST_BATCH = 500
# "24 h", planned for v1.1: Idempotency. Here the latest keys.
REMEMBERED_ANSWERS = 1000
# Twelve digits lose 91, eleven lose 0; 9123456789 is whole. A plus is not mentioned.
INDIAN_PHONE = re.compile(r"(?:91|0)?([0-9]{10})")

# The length looks like a rule of the schema (it fails the request), the ten digits
# like a later one (they fail the lead): "Leads" gives both, without saying so.
LEAD_FIELDS = {
    "phone": matching(r"(?s).{5,20}", "must be a string of 5 to 20 characters"),
    "name": text,
    "email": text,
    "metadata": record,
}


@dataclass(kw_only=True, eq=False)
class YotelSimulator(Simulator):
    """Campaigns: camp_1 is running, camp_2 is completed (409, as we read it).

    An Idempotency-Key is taken and counts for nothing, as before v1.1, unless
    `enforces_keys`. A minute of `requests_per_minute` has `window` seconds.
    """

    name = "yotel"
    prefix = "/yotel/api/v1"
    phone_field = "phone"
    default_campaigns: ClassVar = {"camp_1": "running", "camp_2": "completed"}
    open_state = "running"

    api_key: str = "yt_test_sandbox"
    scopes: Collection[str] = ("leads:write", "campaigns:read")
    requests_per_minute: int = 600
    window: float = 60.0
    enforces_keys: bool = False
    _answers: OrderedDict[str, tuple[bytes, Response]] = field(init=False)

    def reset(self) -> None:
        self._pace = FixedWindow(self.requests_per_minute, self.window)
        self._answers = OrderedDict()
        self._numbers = itertools.count(1)

    def routes(self) -> list[Route]:
        leads = "/campaigns/{campaign_id}/leads"
        return [
            self.route("POST", leads, self.push, "upload"),
            self.route("POST", f"{leads}:bulk", self.push_bulk, "upload"),
            self.route("GET", "/campaigns", self.list_campaigns, "read"),
            self.route("GET", "/campaigns/{campaign_id}", self.show_campaign, "read"),
        ]

    def error(self, status: int, message: str) -> Response:
        return JSONResponse({"detail": message}, status)

    def denied(self) -> Response:
        return self.error(401, "Invalid API key")

    def throttled(self) -> Response:
        return self.error(429, "Rate limit exceeded")

    def admit(self, call: Call) -> None:
        scope = "campaigns:read" if call.purpose == "read" else "leads:write"
        if not call.bearer.startswith(("yt_live_", "yt_test_")):
            message = "API key must start with yt_live_ or yt_test_"
            raise Refusal(self.error(401, message))
        if call.bearer != self.api_key:
            raise Refusal(self.denied())
        if scope not in self.scopes:
            raise Refusal(self.error(403, f"Scope '{scope}' required"))
        if not self._pace.take(self.clock()):
            answer = self.throttled()
            wait = math.ceil(self._pace.ends - self.clock())
            answer.headers["Retry-After"] = str(wait)
            raise Refusal(answer)

    def rate_headers(self, _call: Call, answer: Response) -> dict[str, str]:
        # "Authentication" promises them on 2xx only.
        if answer.status_code >= 300:
            return {}
        return {
            "X-RateLimit-Limit": str(self._pace.limit),
            "X-RateLimit-Remaining": str(self._pace.remaining),
        }

    def push(self, call: Call) -> Response:
        return self._once(call, self._push)

    def push_bulk(self, call: Call) -> Response:
        return self._once(call, self._push_bulk)

    def _once(self, call: Call, push: Handler) -> Response:
        """Answer a repeated Idempotency-Key as the first time, where keys are enforced.

        "Same status and body", planned for v1.1. A key that comes back with another
        request is refused, and refusals are not remembered: the page has neither.
        """
        key = call.request.headers.get("idempotency-key")
        if key is None or not self.enforces_keys:
            return push(call)
        path = call.request.scope["path"].encode()
        fingerprint = hashlib.sha256(path + b"\0" + call.body).digest()
        known = self._answers.get(key)
        if known is None:
            answer = push(call)
            self._remember(key, fingerprint, answer)
            return answer
        if known[0] != fingerprint:
            message = "Idempotency-Key was used with another request"
            raise Refusal(self.error(422, message))
        return known[1]

    def _remember(self, key: str, fingerprint: bytes, answer: Response) -> None:
        self._answers[key] = (fingerprint, answer)
        if len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)

    def _push(self, call: Call) -> Response:
        """Take one lead. Neither the answer nor that to a duplicate is documented."""
        campaign = self._open_campaign(call)
        lead = call.fields()
        call.leads = 1
        self._refuse_malformed({("body",): lead})
        row = self._pushed(campaign, lead)
        if row["status"] == "invalid":
            raise Refusal(_malformed([(("body", "phone"), "not an Indian number")]))
        if row["status"] == "duplicate":
            raise Refusal(self.error(409, "Lead already exists in this campaign"))
        return JSONResponse({"id": row["id"], "phone": row["phone"]}, 201)

    def _push_bulk(self, call: Call) -> Response:
        campaign = self._open_campaign(call)
        rows = [self._pushed(campaign, lead) for lead in self._batch(call)]
        statuses = [row["status"] for row in rows]
        return JSONResponse(
            {
                "total": len(rows),
                "valid": statuses.count("added"),
                "invalid": statuses.count("invalid"),
                "duplicates": statuses.count("duplicate"),
                "results": rows,
            }
        )

    def _batch(self, call: Call) -> list[Lead]:
        body = call.fields()
        leads = body.get("leads")
        if not isinstance(leads, list):
            raise Refusal(_malformed([(("body", "leads"), "must be an array")]))
        for name in body.keys() - {"leads"}:
            raise Refusal(_malformed([(("body", name), "is not a known field")]))
        call.leads = len(leads)
        if not 1 <= len(leads) <= LARGEST_BATCH:
            message = f"must hold 1 to {LARGEST_BATCH} leads"
            raise Refusal(_malformed([(("body", "leads"), message)]))
        self._refuse_malformed(
            {("body", "leads", index): lead for index, lead in enumerate(leads)}
        )
        return leads

    def _refuse_malformed(self, leads: dict[tuple[str | int, ...], object]) -> None:
        """Refuse the whole request for one lead that does not fit the schema."""
        found = [
            ((*place, name), complaint)
            for place, lead in leads.items()
            for name, complaint in complaints(lead, LEAD_FIELDS, ("phone",)).items()
        ]
        if found:
            raise Refusal(_malformed(found))

    def _pushed(self, campaign: Campaign, lead: Lead) -> Lead:
        """Store one lead and return its row of the results.

        The word for duplicates is not documented. The phone is echoed as it was sent.
        """
        match = INDIAN_PHONE.fullmatch(str(lead["phone"]))
        if match is None:
            return {"phone": lead["phone"], "status": "invalid", "id": None}
        if match[1] in campaign.known:
            return {"phone": lead["phone"], "status": "duplicate", "id": None}
        self.store(campaign, lead, match[1])
        identifier = f"lead_{next(self._numbers)}"
        return {"phone": lead["phone"], "status": "added", "id": identifier}

    def list_campaigns(self, _call: Call) -> Response:
        # The page names no envelope.
        return JSONResponse([_shown(campaign) for campaign in self.campaigns.values()])

    def show_campaign(self, call: Call) -> Response:
        return JSONResponse(_shown(self._campaign(call)))

    def _campaign(self, call: Call) -> Campaign:
        campaign = self.campaigns.get(call.campaign)
        if campaign is None:
            raise Refusal(self.error(404, "Campaign not found"))
        return campaign

    def _open_campaign(self, call: Call) -> Campaign:
        campaign = self._campaign(call)
        # "Campaign lifecycle" calls completed final, and 409 is for a state in the way.
        if campaign.state == "completed":
            raise Refusal(self.error(409, "Campaign is completed"))
        return campaign


def _malformed(places: list[tuple[tuple[str | int, ...], str]]) -> Response:
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
