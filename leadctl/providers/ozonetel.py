"""Ozonetel CloudAgent, `POST /ca_apis/AddCampaignData` (docs.ozonetel.com).

HTTP says nothing here: every answer is taken by its `status` and `message`.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING

from leadctl.model import errors
from leadctl.model.lead_fields import Field, PriorityScale, iso_date, text
from leadctl.model.leads import CREATED, Batch, Json, Note, Outcome
from leadctl.model.removal import Removal
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import Limits, Provider
from leadctl.providers.http_auth import Auth, FixedCredentials, Token, TokenExchange
from leadctl.providers.preflight import KEY_ACCEPTED, PreflightResult, fine, unknown
from leadctl.providers.response import (
    body,
    do_not_call,
    duplicate,
    one_line,
    rejected,
    token_refusal,
)
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx

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
    # One lead per request (this page); 100 requests a minute (the page of the same call
    # with basic authentication; this one names none).
    limits = Limits(batch_size=1, concurrency=2, requests_per_minute=100)
    answers = (200, 201, 400, 401, 403, 404, 409, 422, 429)
    phone_wire = "phoneNumber"
    priority = PriorityScale(first=99, last=1)
    fields = (
        Field("name", "Name", text),
        Field("skill", "skill", text, "for skill-wise campaigns"),
        Field("agent_id", "agentId", text, "for agent-wise campaigns"),
        # Its own check is not reliable: it accepts wrong priorities silently.
        Field(
            "priority", "priority", lambda value: str(Ozonetel.priority.check(value))
        ),
        Field("expires_on", "expiryDate", iso_date),
    )
    refusal_is_final = True  # duplicates have their own texts
    removal_is_exact = False  # which spellings are one number is not documented
    tokens_per_hour = 10
    resend_sentence = (
        'Add Campaign Data: checkDuplicate "TRUE" rejects numbers in the campaign'
    )
    campaign_rule = (r"[^\x00-\x1f]+", "the name of an outbound campaign")

    base_url: str = "https://in1-ccaas-api.ozonetel.com"
    user_name: str = setting(MISSING, "the account's user name, used with the API key")
    authentication: str = setting(
        "token",
        "token; basic if the account's API Authentication is BASIC_AUTH",
        choices=("token", "basic"),
    )
    check_duplicate: bool = setting(
        True, "false stores duplicates and makes a retry unsafe"
    )
    phone_format: str = setting(
        "as-written", "how phone numbers are written", choices=PHONE_FORMS
    )
    action: str = setting(
        "", "START or STOP the campaign with every lead; START dials people"
    )

    @property
    def phone_rule(self) -> PhoneRule:
        return PhoneRule(PHONE_FORMS[self.phone_format], fewest=3, most=16)

    @property
    def exclusive_token(self) -> bool:
        return self.authentication == "token"

    @property
    def resend_is_safe(self) -> bool:
        return self.check_duplicate

    @property
    def consequence(self) -> str:
        if self.action:
            return (
                f"Each lead is sent with action {self.action!r}, as the account sets: "
                "START starts the campaign, and people are called; STOP stops it."
            )
        return (
            "A running campaign dials new leads, possibly at once; in any other they "
            "wait. leadctl starts and stops no campaign."
        )

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        headers = {"apiKey": secrets["api_key"]}
        if self.authentication == "basic":  # the body has the user
            return FixedCredentials(headers)
        return TokenExchange(
            request=lambda: self.call(
                "POST",
                *("ca_apis", "CAToken", "generateToken"),
                json={"userName": self.user_name},
                headers=headers,
            ),
            read=_token,
            expired=lambda response: _message(response)[2] == "token expired",
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
        return self.call("POST", "ca_apis", "AddCampaignData", json=upload)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:  # noqa: ARG002  one lead
        status, message, sentence = _message(response)
        is_there, is_good = _DUPLICATE.fullmatch(sentence), _SUCCESS.match(sentence)
        if is_there or is_good:
            if status != "success" or not response.is_success:
                said = f"status {one_line(status, 40)!r} and {one_line(message)!r}"
                raise self.unreadable(response, said)
            return [duplicate(message) if is_there else CREATED]
        said = self._require_an_answer(response)
        if not response.is_success:
            raise self.meaning(response)
        if sentence == "phonenumber added is a dnd number":
            return [do_not_call(message)]
        if re.search(r"server|internal|exception|time ?out", sentence):
            raise errors.InDoubt(said, lost=False)
        return [rejected(message)]

    def remove(self, batch: Batch) -> httpx.Request:
        # "Delete Campaign Data": one record per request, by number and campaign; the
        # bulk call requires a token.
        (lead,) = batch.leads
        record: dict[str, Json] = {
            "campaignName": batch.campaign,
            "phoneNumber": lead.phone.wire,
            "userName": self.user_name,
        }
        return self.call("DELETE", "ca_apis", "deleteCampaignData", json=record)

    def removals(self, batch: Batch, response: httpx.Response) -> list[Removal]:  # noqa: ARG002  one lead
        status, message, sentence = _message(response)
        if response.is_success and status == "success":
            if sentence != "deleted successfully":
                raise self.unreadable(response, f"success and {one_line(message)!r}")
            return [Removal.DELETED]
        if response.is_success and (status, sentence) == ("error", "no record found"):
            return [Removal.NOT_FOUND]
        said = self._require_an_answer(response)
        raise errors.Refused(said) if response.is_success else self.meaning(response)

    def notes(
        self, response: httpx.Response, outcomes: Sequence[Outcome]
    ) -> Iterator[Note]:
        _, message, sentence = _message(response)
        if outcomes == [CREATED]:
            stopped = sentence.endswith("stoped")
            said = f"Ozonetel answered {one_line(message)!r}"
            yield Note("provider_said", said, 1, is_warning=stopped)

    def _require_an_answer(self, response: httpx.Response) -> str:
        """Return what was said, unless it is about limits, access or the campaign."""
        status, message, sentence = _message(response)
        said = f"Ozonetel answered: {one_line(message)}"
        if status not in _FAILED or not sentence:
            raise self.meaning(response)
        if sentence.startswith(_BUSY):
            raise errors.NotProcessed(said)
        if sentence in _CAMPAIGN:
            raise errors.CampaignClosed(said)
        if sentence == "invalid action.":
            raise errors.AccessDenied(said, hint=_OTHER_AUTHENTICATION)
        # On the page, "false" always concerns the account.
        if status == "false" or sentence.startswith("no user found"):
            raise errors.AccessDenied(said)
        return said

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        # A GET with a body, as on the page "Campaign Status".
        asked: Json = {"userName": self.user_name, "campaignName": campaign or ""}
        return self.call("GET", "ca_apis", "campaignStatus", json=asked)

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        status, _, sentence = _message(response)
        found = body(response).get("message")
        if status == "success" and isinstance(found, list) and found:
            return _among(found, campaign)
        # There was a token, so key and user are right; only the campaign is missing.
        if campaign is None and sentence == "all parameters are mandatory":
            return PreflightResult.of_key()
        said = self._require_an_answer(response)
        raise errors.Unusable(said) if response.is_success else self.meaning(response)


_DUPLICATE = re.compile(r"number already exist(ed)?")
# The text depends on the campaign's state and on `action`; on the page, all of them
# follow a good lead. "Is Already Started" is about the campaign.
_SUCCESS = re.compile(
    r"successfully updated"
    r"|please pass the valid campaign action successfully updated"
    r"|campaign .* is already started$"
)
_FAILED = ("fail", "failure", "error", "false")
_BUSY = ("max limit exceeded", "already one process is running")
_OTHER_AUTHENTICATION = (
    "set `authentication` (token or basic) to match the account's API Authentication"
)
_CAMPAIGN = frozenset(
    {
        "please provide campaign details",
        "no user found or campaign name is invalid",
        "the selected campaign is not outbound",
        "no record found",  # of campaignStatus
        "passed campaign are invalid",  # of deleteCampaignData, like the next
        "campaign should not be null are empty",
    }
)


def _among(found: list[Json], campaign: str | None) -> PreflightResult:
    """Look for the campaign by its exact name: the page's example lists several."""
    if campaign is None:
        return PreflightResult.of_key()
    states = {
        name: one_line(str(one.get("Position") or ""), 40)
        for one in found
        if isinstance(one, dict) and isinstance(name := one.get("CampaignName"), str)
    }
    state = states.get(campaign, "")
    doubt = ""
    there = fine(
        f"exists{f', {state}' if state else ''}; whether it is outbound cannot be "
        "checked before the first upload"
    )
    if campaign not in states:
        doubt = "Ozonetel lists no campaign with this name; check the spelling"
    elif state.upper() == "COMPLETED":
        doubt = f"campaign {campaign} of Ozonetel is {state}"
    return PreflightResult(
        KEY_ACCEPTED,
        campaign=unknown(doubt) if doubt else there,
        state=state,
        doubt=doubt,
    )


def _message(response: httpx.Response) -> tuple[str, str, str]:
    """Return status and message, and the message to compare with documented texts."""
    answer = body(response)
    status, said = answer.get("status"), answer.get("message")
    message = said.strip() if isinstance(said, str) else ""
    return str(status).strip().casefold(), message, message.casefold()


def _token(response: httpx.Response) -> Token:
    token = body(response).get("token")
    if response.is_success and isinstance(token, str) and token:
        return Token(token, life=3600.0)
    status, message, sentence = _message(response)
    if status in _FAILED and not sentence.startswith(_BUSY):
        said = f"Ozonetel answered the token request: {one_line(message)}"
        hint = _OTHER_AUTHENTICATION if sentence == "invalid action." else None
        raise errors.AccessDenied(said, hint=hint)
    raise token_refusal("Ozonetel", response)
