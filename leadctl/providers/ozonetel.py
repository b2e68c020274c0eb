"""Ozonetel CloudAgent, `POST /ca_apis/AddCampaignData`.

Documented at docs.ozonetel.com, Add Campaign Data (token). HTTP says nothing here:
every answer is taken by its `status` and `message`.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING

import httpx

from leadctl.answers import body, duplicate, one_line, rejected, token_refusal
from leadctl.auth import Token, TokenExchange
from leadctl.errors import (
    AccessDenied,
    CampaignClosed,
    InDoubt,
    NotProcessed,
    Unusable,
)
from leadctl.fields import Field, PriorityScale, iso_date, text
from leadctl.model import CREATED, Outcome
from leadctl.phones.normalize import PhoneForm, PhoneRule
from leadctl.probe import KEY_ACCEPTED, NOT_NAMED, Probe, Shown, fine, unknown
from leadctl.provider import Limits, Provider
from leadctl.settings import setting
from leadctl.wire import HEADERS, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.model import Batch, Json

PHONE_FORMS = {
    "as-written": PhoneForm.AS_WRITTEN,
    "e164": PhoneForm.E164,
    "national": PhoneForm.NATIONAL,
}


@dataclass(frozen=True, kw_only=True)
class Ozonetel(Provider):
    name = "ozonetel"
    title = "Ozonetel"
    documentation = "https://docs.ozonetel.com/reference/post_ca-apis-addcampaigndata"
    # One lead a request (this page); 100 requests a minute (the page of the same call
    # with basic authentication; this one prints none).
    limits = Limits(batch_size=1, concurrency=2, requests_per_minute=100)
    answers = (200, 201, 400, 401, 403, 404, 409, 422, 429)
    phone_wire = "phoneNumber"
    priority = PriorityScale(first=99, last=1)
    fields = (
        Field("name", "Name", text),
        Field("skill", "skill", text, "for skill-wise campaigns"),
        Field("agent_id", "agentId", text, "for agent-wise campaigns"),
        # Its own check is not to be relied on: it takes wrong priorities silently.
        Field(
            "priority", "priority", lambda value: str(Ozonetel.priority.check(value))
        ),
        Field("expires_on", "expiryDate", iso_date),
    )
    tokens_per_hour = 10
    exclusive_token = True
    campaign_rule = (r"[^\x00-\x1f]+", "the name of an outbound campaign")

    base_url: str = "https://in1-ccaas-api.ozonetel.com"
    user_name: str = setting(MISSING, "the account's user name, beside the API key")
    check_duplicate: bool = setting(
        True, "false stores numbers again, and makes a repeat unsafe"
    )
    phone_format: str = setting(
        "as-written", "how numbers are written to it", choices=PHONE_FORMS
    )
    action: str = setting(
        "", "START or STOP the campaign with every lead: it dials people"
    )

    @property
    def phone_rule(self) -> PhoneRule:
        return PhoneRule(PHONE_FORMS[self.phone_format], fewest=3, most=16)

    @property
    def resend_is_safe(self) -> bool:
        return self.check_duplicate  # "TRUE" refuses numbers that are in the campaign

    @property
    def consequence(self) -> str:
        if self.action:
            return (
                f"Each lead goes with action {self.action!r}, as the account says: "
                "START starts the campaign, and people are called; stop stops it."
            )
        return (
            "A campaign that is running dials new leads, perhaps at once; in another "
            "they wait. No action is sent: nothing is started or stopped."
        )

    def auth(self, secrets: Mapping[str, str]) -> httpx.Auth:
        headers = {"apiKey": secrets["api_key"]}
        return TokenExchange(
            request=lambda: httpx.Request(
                "POST",
                self.url("ca_apis", "CAToken", "generateToken"),
                json={"userName": self.user_name},
                headers=headers,
            ),
            read=_token,
            expired=lambda response: (
                _message(response)[1].casefold() == "token expired"
            ),
            headers=headers,
        )

    def request(self, batch: Batch) -> httpx.Request:
        (lead,) = batch.leads
        upload: dict[str, Json] = {
            "campaignName": batch.campaign,
            **lead.wire,
            "checkDuplicate": "TRUE" if self.check_duplicate else "FALSE",
            "userName": self.user_name,
        }
        if self.action:  # START starts calling people: never unless the user set it
            upload["action"] = self.action
        return httpx.Request(
            "POST",
            self.url("ca_apis", "AddCampaignData"),
            content=written(upload),
            headers=HEADERS,
        )

    def outcomes(
        self,
        batch: Batch,  # noqa: ARG002  one lead, whoever it is
        response: httpx.Response,
    ) -> list[Outcome]:
        status, message = _message(response)
        sentence = message.casefold()
        is_there, is_good = _DUPLICATE.fullmatch(sentence), _SUCCESS.match(sentence)
        if is_there or is_good:
            if status != "success" or not response.is_success:
                said = f"status {one_line(status, 40)!r} and {one_line(message)!r}"
                raise self.unreadable(response, said)
            return [duplicate(message) if is_there else CREATED]
        said = self._require_an_answer(response)
        if not response.is_success:
            raise self.meaning(response)
        if re.search(r"server|internal|exception|time ?out", sentence):
            raise InDoubt(said, lost=False)
        return [rejected(message)]

    def _require_an_answer(self, response: httpx.Response) -> str:
        """Return what was said, unless it is about limits, access or the campaign."""
        status, message = _message(response)
        sentence, said = message.casefold(), f"Ozonetel answered: {one_line(message)}"
        if status not in ("fail", "error", "false") or not sentence:
            raise self.meaning(response)
        if sentence == "max limit exceeded":
            raise NotProcessed(said)
        if sentence in _ACCESS:
            raise AccessDenied(said)
        if sentence in _CAMPAIGN:
            raise CampaignClosed(said)
        return said

    def probe(self, campaign: str | None) -> httpx.Request | None:
        # A GET with a body, as the page "Campaign Status" has it.
        asked = {"userName": self.user_name, "campaignName": campaign or ""}
        return httpx.Request("GET", self.url("ca_apis", "campaignStatus"), json=asked)

    def probed(self, campaign: str | None, response: httpx.Response) -> Probe:
        status, message = _message(response)
        found = body(response).get("message")
        if status == "success" and isinstance(found, list) and found:
            return Probe(key=KEY_ACCEPTED, campaign=_among(found, campaign))
        # There was a token, so key and user are right; it only misses a campaign.
        if campaign is None and message.casefold() == "all parameters are mandatory":
            return Probe(key=KEY_ACCEPTED, campaign=NOT_NAMED)
        said = self._require_an_answer(response)
        raise Unusable(said) if response.is_success else self.meaning(response)


_DUPLICATE = re.compile(r"number already exist(ed)?")
# Which of these texts comes depends on the campaign's state and on `action`; all of
# them stand in rows of the page about a lead that was good. "Is Already Started" is
# said of the campaign.
_SUCCESS = re.compile(
    r"successfully updated"
    r"|please pass the valid campaign action successfully updated"
    r"|campaign .* is already started$"
)
_ACCESS = frozenset(
    {
        "token expired",
        "token should not be null or empty.",
        "api key should not be null or empty.",
        "username should not be null or empty.",
        "invalid user details",
        "invalid username or apikey",
        "username is null",
        "invalid action.",  # the account's API authentication is not TOKEN_AUTH
    }
)
_CAMPAIGN = frozenset(
    {
        "please provide campaign details",
        "no user found or campaign name is invalid",
        "the selected campaign is not outbound",
        "no record found",  # of campaignStatus
    }
)


def _among(found: list[Json], campaign: str | None) -> Shown:
    """Look for the campaign by its exact name: the page's example lists several."""
    if campaign is None:
        return NOT_NAMED
    names = [one.get("CampaignName") for one in found if isinstance(one, dict)]
    if campaign in names:
        return fine("there; whether it is outbound, shows with the first upload")
    return unknown(
        "not among the campaigns that Ozonetel names",
        "compare the name letter by letter",
    )


def _message(response: httpx.Response) -> tuple[str, str]:
    answer = body(response)
    status, message = answer.get("status"), answer.get("message")
    return str(status).strip().casefold(), message.strip() if isinstance(
        message, str
    ) else ""


def _token(response: httpx.Response) -> Token:
    token = body(response).get("token")
    if response.is_success and isinstance(token, str) and token:
        return Token(token, life=3600.0)
    status, message = _message(response)
    if (
        status in ("false", "fail", "error")
        and message.casefold() != "max limit exceeded"
    ):
        raise AccessDenied(f"Ozonetel answered to the token call: {one_line(message)}")
    raise token_refusal("Ozonetel", response)
