"""Ozonetel CloudAgent, with token or basic authentication.

Pages "Add Campaign Data (Token authentication)" and its basic twin, "Delete Campaign
Data", "Generate Token" and "Get Campaign Status". HTTP status codes are documented
nowhere: every answer is a 200.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from starlette.responses import JSONResponse, Response

from leadctl.sandbox.pace import SlidingWindow
from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

PHONE = re.compile(r"\+?[0-9]{3,16}")
BAD_PHONE = (
    "phone number should be numeric and must be between 3 to 16 digits"
    " and allows prefix +"
)
BAD_PRIORITY = "The priority value must be numeric and range from 0 to 99."
BAD_DATE = "Invalid date format. Please enter date in format yyyy-MM-dd"
SKILLS = ("sales", "support")
AGENTS = ("1001", "1002")


@dataclass(kw_only=True, eq=False)
class OzonetelSimulator(Simulator):
    """Campaigns: Demo, Skills (sales, support), Agents (1001, 1002), Inbound, Done.

    `dialling` has each campaign that got an `action`: "started" or "stopped". A new
    token ends the one before. `do_not_disturb` numbers are refused. A minute of
    `requests_per_minute` has `window` seconds.
    """

    name = "ozonetel"
    prefix = "/ozonetel"
    phone_field = "phoneNumber"
    default_campaigns: ClassVar = {
        "Demo": "plain",
        "Skills": "skill-wise",
        "Agents": "agent-wise",
        "Inbound": "inbound",
        "Done": "completed",
    }
    open_state = "plain"

    api_key: str = "ozonetel-sandbox-key"
    user_name: str = "sandbox_user"
    authentication: Literal["TOKEN_AUTH", "BASIC_AUTH", "NONE"] = "TOKEN_AUTH"
    requests_per_minute: int = 100
    window: float = 60.0
    token_life: float = 3600.0
    tokens_per_hour: int = 10
    do_not_disturb: Collection[str] = ()
    dialling: dict[str, str] = field(init=False)
    _skills: dict[tuple[str, str], object] = field(init=False)

    def reset(self) -> None:
        self.dialling = {}
        self._skills = {}
        self._token = ""
        self._token_ends = 0.0
        # How the minute and the hour are counted is not documented: the strictest way.
        self._pace = SlidingWindow(self.requests_per_minute, self.window)
        self._token_pace = SlidingWindow(self.tokens_per_hour, 3600.0)

    def settings(self) -> dict[str, str]:
        return {"api_key": self.api_key, "user_name": self.user_name}

    def routes(self) -> list[Route]:
        root = "/ca_apis"
        return [
            self.route("POST", f"{root}/CAToken/generateToken", self.token, "token"),
            self.route("POST", f"{root}/AddCampaignData", self.add, "upload"),
            self.route("DELETE", f"{root}/deleteCampaignData", self.delete, "upload"),
            self.route("GET", f"{root}/campaignStatus", self.campaign_status, "read"),
        ]

    def error(self, status: int, message: str) -> Response:
        return JSONResponse({"status": "error", "message": message}, status)

    def denied(self) -> Response:
        return _false("Invalid User Details")

    def token_denied(self) -> Response:
        return _false("Invalid userName or apiKey")

    def expired(self) -> Response:
        self._token_ends = 0.0
        return _false("Token Expired")

    def throttled(self) -> Response:
        # A gateway may answer 429; the service itself answers 200, see admit().
        return self.error(429, "Max limit exceeded")

    def token(self, call: Call) -> Response:
        user_name = call.fields().get("userName")
        if self.authentication != "TOKEN_AUTH":
            raise Refusal(_false("Invalid action."))
        if not user_name:
            raise Refusal(_false("UserName is null"))
        if (call.request.headers.get("apikey"), user_name) != (
            self.api_key,
            self.user_name,
        ):
            raise Refusal(self.token_denied())
        if not self._token_pace.take(self.clock()):
            raise self.refusal(200, "Max limit exceeded")
        self._token = secrets.token_hex(16)
        self._token_ends = self.clock() + self.token_life
        return JSONResponse({"token": self._token, "message": "Token generated"})

    def admit(self, call: Call) -> None:
        api_key = call.request.headers.get("apikey")
        if api_key is None:
            raise Refusal(_false("Api Key Should Not be Null or Empty."))
        if api_key != self.api_key:
            raise Refusal(self.denied())
        if self.authentication == "NONE":
            raise Refusal(_false("Invalid action."))
        if self.authentication == "BASIC_AUTH":
            # "Data added when the setting is Basic_Auth", about calls with a token.
            if call.bearer:
                raise Refusal(_false("Invalid action."))
        elif not call.bearer:
            raise Refusal(_false("Token Should Not be Null or Empty."))
        elif call.bearer != self._token or self.clock() >= self._token_ends:
            raise Refusal(_false("Token Expired"))
        # Only "Add Campaign Data" has a documented limit, on the page for basic.
        if call.purpose == "upload" and not self._pace.take(self.clock()):
            raise self.refusal(200, "Max limit exceeded")

    def add(self, call: Call) -> Response:
        lead = call.fields()
        call.leads = 1
        self._check_user(lead)
        campaign = self._outbound(lead)
        self._check(campaign, lead)
        known = lead["phoneNumber"] in campaign.known
        # Any other text has no effect.
        if known and lead.get("checkDuplicate") == "TRUE":
            return self._duplicate(campaign, lead)
        # Whether +91…, 91… and ten digits are one number is not documented; not here.
        campaign.add(lead, str(lead["phoneNumber"]))
        return self._added(campaign, lead, known)

    def _check_user(self, lead: Lead) -> None:
        if not lead.get("userName"):
            raise Refusal(_false("Username Should Not be Null or Empty."))
        if lead["userName"] != self.user_name:
            raise Refusal(self.denied())

    def _outbound(self, lead: Lead) -> Campaign:
        name = lead.get("campaignName")
        campaign = self.campaigns.get(str(name))
        if not name:
            raise Refusal(_told("Error", "Please provide campaign details"))
        if campaign is None:
            said = "No User Found or Campaign Name is Invalid"
            raise Refusal(_told("FAIL", said))
        if campaign.state == "inbound":
            raise Refusal(_told("Fail", "The selected campaign is not outbound"))
        return campaign

    def _check(self, campaign: Campaign, lead: Lead) -> None:
        phone, agent = lead.get("phoneNumber"), lead.get("agentId")
        is_phone = isinstance(phone, str) and PHONE.fullmatch(phone)
        by_agent = campaign.state == "agent-wise"
        by_skill = campaign.state == "skill-wise"
        # Of all wrong priorities, only the empty one is noticed.
        has_priority = lead.get("priority", "0") not in ("", None)
        for is_wrong, status, message in (
            (not is_phone, "error", BAD_PHONE),
            (phone in self.do_not_disturb, "FAIL", "PhoneNumber Added is a DND Number"),
            (not has_priority, "Error", BAD_PRIORITY),
            (not _is_date(lead.get("expiryDate") or "2000-01-01"), "Error", BAD_DATE),
            (by_agent and not agent, "FAIL", "Agent Is Empty!"),
            (
                by_agent and agent not in AGENTS,
                "FAIL",
                "Agent is not correctly mapped!",
            ),
            (
                by_skill and lead.get("skill") not in SKILLS,
                "FAIL",
                "Please provide valid skill",
            ),
        ):
            if is_wrong:
                raise Refusal(_told(status, message))

    def _duplicate(self, campaign: Campaign, lead: Lead) -> Response:
        """Tell another skill apart; the page does not say with which checkDuplicate."""
        place = campaign.identifier, str(lead["phoneNumber"])
        is_same = self._skills.get(place, lead.get("skill")) == lead.get("skill")
        if is_same:
            return _told("SUCCESS", "Number Already Exist")
        return _told("Success", "Number Already Existed")

    def _added(self, campaign: Campaign, lead: Lead, known: bool) -> Response:
        """Choose one of the documented texts; some cases have several."""
        name = campaign.identifier
        before = self.dialling.get(name)
        action = str(lead.get("action")).lower()
        if action in ("start", "stop"):
            self.dialling[name] = "started" if action == "start" else "stopped"
        if campaign.state == "skill-wise":
            self._skills[name, str(lead["phoneNumber"])] = lead.get("skill")
        if campaign.state in ("skill-wise", "agent-wise"):
            return _told("SUCCESS", "SuccessFully Updated")
        if action == "stop":
            return _told("Success", f"SuccessFully Updated {name} Campaign Stoped")
        if action == "start" and before == "started":
            return _told("Success", f"Campaign {name} Is Already Started")
        if action == "start" or known:
            return _told("SUCCESS", f"SuccessFully Updated, {name} was started")
        if before == "started":
            return _told("Success", f"SuccessFully Updated {name} Campaign")
        advice = "Please pass the valid Campaign action"
        return _told("Success", f"{advice} SuccessFully Updated {name} Campaign Data")

    def delete(self, call: Call) -> Response:
        """Delete one record: "One record can be deleted per each request sent"."""
        lead = call.fields()
        call.leads = 1
        self._check_user(lead)
        name, phone = lead.get("campaignName"), lead.get("phoneNumber")
        campaign = self.campaigns.get(str(name))
        if not name:
            raise Refusal(_told("Error", "Campaign should not be null are empty"))
        if campaign is None:
            raise Refusal(_told("Error", "Passed campaign are invalid"))
        if not phone:
            raise Refusal(_told("Error", "PhoneNumber should not be null are empty"))
        phones = [one["phoneNumber"] for one in campaign.leads]
        if phone not in phones:
            raise Refusal(_told("Error", "No Record Found"))
        known = [str(phone)] if phones.count(phone) == 1 else []
        campaign.discard(phones.index(phone), *known)
        return _told("Success", "Deleted Successfully")

    def campaign_status(self, call: Call) -> Response:
        """List the campaigns whose name contains the given one, as in the example."""
        body = call.fields()
        name = str(body.get("campaignName") or "")
        if not name or not body.get("userName"):
            raise Refusal(_told("failure", "All parameters are mandatory"))
        found = [
            {
                "CampaignID": str(position),
                "CampaignName": campaign.identifier,
                "UserName": self.user_name,
                "Position": "COMPLETED" if campaign.state == "completed" else "READY",
            }
            for position, campaign in enumerate(self.campaigns.values(), start=1)
            if name.lower() in campaign.identifier.lower()
        ]
        if not found or body["userName"] != self.user_name:
            raise Refusal(_told("failure", "no record found"))
        return JSONResponse({"status": "success", "message": found})


def _is_date(value: object) -> bool:
    try:
        datetime.strptime(str(value), "%Y-%m-%d")  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return False
    return True


def _told(status: str, message: str) -> Response:
    return JSONResponse({"status": status, "message": message})


def _false(message: str) -> Response:
    return JSONResponse({"status": "false", "message": message, "data": None})
