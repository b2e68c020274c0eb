"""Agora, API v1: "Models Reference", and the OpenAPI contract where it is silent."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from starlette.responses import JSONResponse, Response

from leadctl.sandbox import checks
from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import Route

ERROR_CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden"}

UPLOAD_FIELDS = {
    "campaign_id": checks.integer(1, 2**63 - 1),
    "leads": checks.must(
        "hold a lead", lambda value: isinstance(value, list) and value != []
    ),
    "compliance_acknowledged": checks.must("be true", lambda value: value is True),
    "source": checks.text,
    "tags": checks.texts,
    "skip_duplicates": checks.flag,
    "disclaimer_version": checks.text,
}
REQUIRED = ("campaign_id", "leads", "compliance_acknowledged")

LEAD_SHAPE = dict.fromkeys(
    ("phone", "first_name", "last_name", "email", "company", "title"), checks.text
)
# "E.164 preferred" is read as required.
LEAD_FORMATS = {
    "phone": checks.matching(rf"\+{checks.E164_DIGITS}", "invalid phone number format"),
    "email": checks.matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "invalid email format"),
}


@dataclass(kw_only=True, eq=False)
class AgoraSimulator(Simulator):
    """Campaigns: 42, and 43, which belongs to another account (403).

    Tokens live `token_life` seconds; a new one does not end the earlier ones. `speaks`
    names the document that is followed where the two differ. Skipped leads are in no
    count, or with `counts_skipped` among the valid ones.
    """

    name = "agora"
    prefix = "/agora/api/v1"
    phone_field = "phone"
    default_campaigns: ClassVar = {"42": "own", "43": "foreign"}
    open_state = "own"
    no_campaign = (400, "Invalid campaign_id")
    denial = (401, "Missing, invalid, or expired bearer token")

    api_key: str = "agora_test_sandbox_key"
    token_life: int = 300
    speaks: Literal["reference", "contract"] = "reference"
    counts_skipped: bool = False
    _token_ends: dict[str, float] = field(init=False)

    def reset(self) -> None:
        self._token_ends = {}
        self._numbers = itertools.count(1)

    def routes(self) -> list[Route]:
        events = "/webhooks/{campaign_id}/events"
        return [
            self.route("POST", "/auth/api-key/token", self.token, "token"),
            self.route("POST", "/leads/upload", self.upload, "upload"),
            self.route("GET", events, self.events, "read"),
        ]

    def error(self, status: int, message: str) -> Response:
        return _error(status, ERROR_CODES.get(status, "error"), message)

    def token_denied(self) -> Response:
        message = "The provided API key is invalid, expired, or revoked."
        return _error(401, "invalid_api_key", message)

    def expired(self) -> Response:
        self._token_ends.clear()
        return self.denied()

    def admit(self, call: Call) -> None:
        if self.clock() >= self._token_ends.get(call.bearer, 0.0):
            raise Refusal(self.denied())

    def token(self, call: Call) -> Response:
        body = call.fields()
        if checks.complaints(body, {"api_key": checks.text}, ("api_key",)):
            raise self.refusal(400, "api_key is required")
        if body["api_key"] != self.api_key:
            raise Refusal(self.token_denied())
        token = f"agora_token_{secrets.token_hex(16)}"
        self._token_ends[token] = self.clock() + self.token_life
        answer = {
            "access_token": token,
            "token_type": "Bearer" if self.speaks == "contract" else "bearer",
            "expires_in": self.token_life,
        }
        return JSONResponse(answer)

    def upload(self, call: Call) -> Response:
        """Queue valid leads, name invalid ones, and skip duplicates silently."""
        body = call.fields()
        leads: Any = body.get("leads")
        call.leads = len(leads) if isinstance(leads, list) else 0
        # "Models Reference" has 400 for missing fields; we assume the same for wrong
        # types and unknown keys.
        for name, complaint in checks.complaints(body, UPLOAD_FIELDS, REQUIRED).items():
            raise self.refusal(400, f"{name} {complaint}")
        campaign = self.campaign(body["campaign_id"])
        self._require_own(campaign)
        # The contract gives 422 the shape of the 202. We assume that it queues nothing,
        # and that wrong types cause a 422 and wrong formats a row in the 202.
        if errors := self._errors(leads, LEAD_SHAPE, ("phone",)):
            raise Refusal(self._report(422, "rejected", len(leads), 0, errors))
        errors = self._errors(leads, LEAD_FORMATS)
        bad_rows = {error["row"] for error in errors}
        known = campaign.known if body.get("skip_duplicates", True) else ()
        queued = 0
        for row, lead in enumerate(leads):
            if row not in bad_rows and lead["phone"] not in known:
                campaign.add(lead, str(lead["phone"]))
                queued += 1
        valid = len(leads) - len(bad_rows) if self.counts_skipped else queued
        return self._report(202, "accepted", len(leads), valid, errors)

    def _errors(
        self,
        leads: list[Lead],
        fields: Mapping[str, checks.Check],
        required: tuple[str, ...] = (),
    ) -> list[Lead]:
        key = "field" if self.speaks == "contract" else "var_field"
        return [
            {"row": row, key: name, "message": complaint}
            for row, lead in enumerate(leads)
            for name, complaint in checks.complaints(
                lead, fields, required, closed=False
            ).items()
        ]

    def _report(
        self, status: int, verdict: str, received: int, valid: int, errors: list[Lead]
    ) -> Response:
        invalid = len({error["row"] for error in errors})
        answer = {
            "status": verdict,
            "import_id": f"imp_{next(self._numbers)}",
            "received_count": received,
            "valid_count": valid,
            "invalid_count": invalid,
            "errors": errors,
        }
        return JSONResponse(answer, status)

    def events(self, call: Call) -> Response:
        """List the events of a campaign: the contract has a bare array."""
        # For an unknown campaign, the contract has no answer but 403.
        self._require_own(self.campaigns.get(call.campaign))
        return JSONResponse(["lead.created", "leads.bulk_created"])

    def _require_own(self, campaign: Campaign | None) -> None:
        if campaign is None or campaign.state == "foreign":
            raise self.refusal(403, "Token not authorised for the target campaign")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": code, "message": message}, status)
