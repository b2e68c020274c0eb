"""Lupitor, API v1.

Pages "Create lead", "Bulk create", "List leads", "Bulk delete" and "Introduction" of
the current site; "Authentication" of the older one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.responses import JSONResponse, Response

from leadctl.sandbox import checks
from leadctl.sandbox.pace import FixedWindow
from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

LARGEST_BATCH = 1000
LARGEST_PAGE = 8000
_KEYS = {"externalId": "id ", "phoneNumber": ""}
"""Marks tell the two apart: no phone begins with a letter. In the documented order."""
NO_IDENTIFIER = "At least one of phoneNumber or externalId is required"

LEAD_FIELDS = {
    "phoneNumber": checks.matching(
        rf"\+{checks.E164_DIGITS}", "must be in E.164 format"
    ),
    "externalId": checks.matching(r"(?s).+", "must be a string"),
    "metadata": checks.record,
    "scheduledFor": checks.timestamp,
    "priority": checks.number(0, 100),
}


@dataclass(kw_only=True, eq=False)
class LupitorSimulator(Simulator):
    """Campaign: cmp_1.

    Bulk requests count in both limits; a minute has `window` seconds. Leads with
    `refused` numbers are invalid.
    """

    name = "lupitor"
    prefix = "/lupitor/api/v1"
    phone_field = "phoneNumber"
    default_campaigns: ClassVar = {"cmp_1": "open"}
    open_state = "open"
    no_campaign = (404, "Campaign not found or access denied")
    denial = (401, "Invalid or inactive API key")

    api_key: str = "lupitor-sandbox-key"
    scopes: Collection[str] = ("read", "write")
    requests_per_minute: int = 100
    bulk_per_minute: int = 10
    window: float = 60.0
    refused: Collection[str] = ()
    _created: dict[str, list[tuple[str, int]]] = field(init=False)

    def reset(self) -> None:
        self._pace = FixedWindow(self.requests_per_minute, self.window)
        self._bulk_pace = FixedWindow(self.bulk_per_minute, self.window)
        self._created = {name: [] for name in self.campaigns}
        self._numbers = itertools.count()

    def settings(self) -> dict[str, str]:
        return {"api_key": self.api_key, "deployment": "sandbox"}

    def routes(self) -> list[Route]:
        return [
            self.route("POST", "/leads", self.create, "upload"),
            self.route("POST", "/leads/bulk", self.create_bulk, "upload"),
            self.route("GET", "/leads", self.list_leads, "read"),
            self.route("POST", "/leads/bulk-delete", self.delete_bulk, "upload"),
        ]

    def error(self, status: int, message: str) -> Response:
        answer = {"success": False, "data": None, "error": message}
        return JSONResponse(answer, status)

    def admit(self, call: Call) -> None:
        key = call.request.headers.get("x-api-key")
        if not key:
            raise self.refusal(401, "Missing API key")
        if key != self.api_key:
            raise Refusal(self.denied())
        # "write" includes "read".
        allowed = ("read", "write") if call.purpose == "read" else ("write",)
        if not set(allowed) & set(self.scopes):
            raise self.refusal(403, "Forbidden")
        now = self.clock()
        for pace in (self._pace, self._bulk_pace)[: 1 + _is_bulk(call)]:
            if not pace.take(now):
                answer = self.throttled()
                answer.headers.update(_rate_headers(pace))
                raise Refusal(answer)

    def rate_headers(self, call: Call, _answer: Response) -> dict[str, str]:
        return _rate_headers(self._bulk_pace if _is_bulk(call) else self._pace)

    def create(self, call: Call) -> Response:
        lead = call.fields()
        call.leads = 1
        campaign = self._campaign(lead.get("campaignId"))
        self._check({name: lead[name] for name in lead if name != "campaignId"})
        twin = _twin(campaign, lead)
        if twin:
            # Its status is not documented; 409 is not in the list.
            words = "phone number" if twin == "phoneNumber" else twin
            raise self.refusal(400, f"Lead with {words} {lead[twin]} already exists")
        return _answer({"leadId": self._create(campaign, lead)}, 201)

    def create_bulk(self, call: Call) -> Response:
        """Create all leads, or none if one is invalid: its place is in the error.

        "Bulk create" has `leads[N]: …`; that N counts from 0 is our reading.
        """
        campaign, leads = self._many(call)
        for row, lead in enumerate(leads):
            self._check(lead, f"leads[{row}]: ")
        created: list[str] = []
        skipped: list[object] = []
        for lead in leads:
            if twin := _twin(campaign, lead):
                skipped.append(lead[twin])
            else:
                created.append(self._create(campaign, lead))
        answer = {
            "created": len(created),
            "skipped": len(skipped),
            "createdIds": created,
            "skippedIdentifiers": skipped,
        }
        return _answer(answer)

    def _many(self, call: Call) -> tuple[Campaign, list[Any]]:
        body = call.fields()
        leads = body.get("leads")
        call.leads = len(leads) if isinstance(leads, list) else 0
        campaign = self._campaign(body.get("campaignId"))
        if not isinstance(leads, list):
            raise self.refusal(400, "leads array is required")
        if not leads:
            raise self.refusal(400, "leads array cannot be empty")
        if body.keys() != {"campaignId", "leads"}:
            raise self.refusal(400, "Only campaignId and leads are known")
        if len(leads) > LARGEST_BATCH:
            raise self.refusal(400, f"Maximum {LARGEST_BATCH} leads per bulk request")
        return campaign, leads

    def _check(self, lead: object, place: str = "") -> None:
        for name, complaint in checks.complaints(lead, LEAD_FIELDS).items():
            raise self.refusal(400, f"{place}{name} {complaint}")
        if not isinstance(lead, dict) or not _KEYS.keys() & lead.keys():
            raise self.refusal(400, f"{place}{NO_IDENTIFIER}")
        if lead.get("phoneNumber") in self.refused:
            raise self.refusal(400, f"{place}phoneNumber is not valid")

    def _create(self, campaign: Campaign, lead: Lead) -> str:
        campaign.add(lead, *_keys(lead).values())
        identifier = f"{campaign.identifier}_lead_{next(self._numbers)}"
        arrival = identifier, int(self.clock() * 1000)
        self._created[campaign.identifier].append(arrival)
        return identifier

    def delete_bulk(self, call: Call) -> Response:
        """Delete those that are there: "No Partial Rollback"."""
        campaign, leads = self._many(call)
        for lead in leads:
            if not isinstance(lead, dict) or not _KEYS.keys() & lead.keys():
                raise self.refusal(400, NO_IDENTIFIER)
        found: dict[bool, list[object]] = {True: [], False: []}
        for lead in leads:
            name = next(key for key in _KEYS if key in lead)
            found[self._delete(campaign, lead)].append(lead[name])
        answer = {
            "deleted": len(found[True]),
            "notFound": len(found[False]),
            "deletedIdentifiers": found[True],
            "notFoundIdentifiers": found[False],
        }
        return _answer(answer)

    def _delete(self, campaign: Campaign, lead: Lead) -> bool:
        """Look it up by its external id first, then by its number."""
        for key in filter(lead.__contains__, _KEYS):
            for place, known in enumerate(campaign.leads):
                if known.get(key) == lead[key]:
                    campaign.discard(place, *_keys(known).values())
                    del self._created[campaign.identifier][place]
                    return True
        return False

    def list_leads(self, call: Call) -> Response:
        """List leads as they arrived, all `raw`; the cursor counts them."""
        query = call.request.query_params
        if not query.get("campaignId"):
            raise self.refusal(400, "campaignId query parameter is required")
        campaign = self._campaign(query["campaignId"])
        limit, cursor = query.get("limit", "1000"), query.get("cursor", "0")
        if not (limit.isdecimal() and 1 <= int(limit) <= LARGEST_PAGE):
            raise self.refusal(400, f"limit must be from 1 to {LARGEST_PAGE}")
        if not cursor.isdecimal():
            raise self.refusal(400, "Invalid cursor")
        total = len(campaign.leads)
        end = int(cursor) + int(limit)
        page = range(total)[int(cursor) : end]
        answer = {
            "leads": [self._shown(campaign, place) for place in page],
            "count": len(page),
            "cursor": str(end) if end < total else None,
            "hasMore": end < total,
        }
        return _answer(answer)

    def _shown(self, campaign: Campaign, place: int) -> Lead:
        identifier, created = self._created[campaign.identifier][place]
        missing = dict.fromkeys(("externalId", "metadata", "scheduledFor"))
        return {
            **missing,
            "priority": 0,
            "status": "raw",
            "attempts": 0,
            **campaign.leads[place],
            "_id": identifier,
            "_creationTime": created,
            "campaignId": campaign.identifier,
        }

    def _campaign(self, identifier: object) -> Campaign:
        if not identifier or not isinstance(identifier, str):
            raise self.refusal(400, "campaignId is required")
        return self.campaign(identifier)


def _answer(data: Lead, status: int = 200) -> Response:
    return JSONResponse({"success": True, "data": data, "error": None}, status)


def _keys(lead: Lead) -> dict[str, str]:
    return {name: f"{mark}{lead[name]}" for name, mark in _KEYS.items() if name in lead}


def _twin(campaign: Campaign, lead: Lead) -> str | None:
    """Return the field by which the lead is already there: either one is enough."""
    for name, key in _keys(lead).items():
        if key in campaign.known:
            return name
    return None


def _is_bulk(call: Call) -> bool:
    return str(call.request.scope["path"]).endswith(("/bulk", "/bulk-delete"))


def _rate_headers(pace: FixedWindow) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(pace.limit),
        "X-RateLimit-Remaining": str(pace.remaining),
        "X-RateLimit-Reset": str(math.ceil(pace.ends)),
    }
