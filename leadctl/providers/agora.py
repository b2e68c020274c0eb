"""Agora, `POST /leads/upload` (docs.agoraai.tech, SDK models; API contract 1.1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from leadctl.model.errors import CampaignClosed, Refused, Unusable
from leadctl.model.lead_fields import Field, email, text
from leadctl.model.leads import ACCEPTED, Batch, Json, Note, Outcome
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import Limits, Provider
from leadctl.providers.http_auth import Auth, Token, TokenExchange
from leadctl.providers.preflight import KEY_ACCEPTED, PreflightResult, fine
from leadctl.providers.response import (
    CONTRADICTION,
    body,
    by_row,
    duplicate,
    listed,
    one_line,
    quoted,
    rejected,
    seconds,
    token_refusal,
    whole,
)
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx


@dataclass(frozen=True, kw_only=True)
class Agora(Provider):
    name = "agora"
    title = "Agora"
    documentation = "https://docs.agoraai.tech/sdk/reference/"
    # No limit is documented; 500 per request is our choice. Its queue may still hold a
    # batch whose answer was lost: 45 s before the same leads go again.
    limits = Limits(batch_size=500, concurrency=1, doubt_delay=45.0)
    answers = (200, 202, 400, 403, 422)
    phone_rule = PhoneRule(PhoneForm.E164, fewest=8)
    phone_wire = "phone"
    fields = (
        Field("first_name", "first_name", text),
        Field("last_name", "last_name", text),
        Field("email", "email", email),
        Field("company", "company", text),
        Field("title", "title", text),
    )
    campaign_rule = (
        r"[1-9][0-9]*",
        "a whole number such as 42 (shown in the dashboard's address)",
    )
    refusal_is_final = True  # of its format; duplicates are skipped, not rejected
    good = ACCEPTED  # 202: queued, and nothing more is heard of a lead
    takes_tags = True
    example_secrets = MappingProxyType({"api_key": "agora_test_example_key"})
    resend_sentence = (
        "SDK reference: skip_duplicates silently skips leads already in the campaign"
    )
    warning = "Agora queues leads and skips duplicates without naming them."
    consequence = (
        "Agora queues the leads and adds them to the campaign. It does not "
        "document when it calls them: possibly at once."
    )

    base_url: str = "https://core.agoraai.tech/api/v1"
    skip_duplicates: bool = setting(
        True, "false stores duplicates and makes a retry unsafe"
    )
    source: str = setting("", "a label that Agora stores with the leads")
    disclaimer_version: str = setting(
        "", "version of the disclaimer your leads agreed to"
    )
    compliance_acknowledged: bool = setting(
        False, "confirms that you have legal permission to call every lead"
    )

    @property
    def resend_is_safe(self) -> bool:
        return self.skip_duplicates

    def objection(self) -> str | None:
        if self.compliance_acknowledged:
            return None
        return (
            "Agora requires you to confirm that you have legal permission to call "
            "these leads (TCPA, GDPR, …): use --acknowledge-compliance or "
            "compliance_acknowledged: true"
        )

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        return TokenExchange(
            request=lambda: self.call(
                "POST",
                *("auth", "api-key", "token"),
                json={"api_key": secrets["api_key"]},
            ),
            read=_token,
            expired=lambda response: response.status_code == 401,
        )

    def request(self, batch: Batch) -> httpx.Request:
        upload: dict[str, Json] = {
            "campaign_id": int(batch.campaign),
            "leads": batch.leads.wires(),
            "compliance_acknowledged": self.compliance_acknowledged,
            "skip_duplicates": self.skip_duplicates,
        }
        if batch.tags:
            upload["tags"] = list(batch.tags)
        if self.source:
            upload["source"] = self.source
        if self.disclaimer_version:
            upload["disclaimer_version"] = self.disclaimer_version
        return self.call("POST", "leads", "upload", json=upload)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        answer, said = body(response), self.answered(response)
        errors = answer.get("errors")
        if response.status_code == 403:
            raise CampaignClosed(f"{said} (the key has no access to this campaign)")
        if response.status_code == 400 and "campaign" in said.casefold():
            raise CampaignClosed(said)
        if response.is_client_error:
            raise Refused(said, _reasons(errors))
        if "received_count" not in answer or not isinstance(errors, list | None):
            raise self.unreadable(response)
        word = answer.get("status")
        if word != "accepted" or answer.get("error"):
            said = f"status {one_line(str(word), 40)!r}{quoted(response)}"
            raise self.unreadable(response, said)
        named, skipped = _reasons(errors), _skipped(answer)
        # A rejection of an unknown row puts every row that is not named in doubt.
        fits = (
            answer["received_count"] == len(batch)
            and answer.get("invalid_count") == len(named)
            and all(0 <= row < len(batch) for row in named)
            and (skipped == 0 or (skipped > 0 and self.skip_duplicates))
        )
        rest = ACCEPTED if answer.get("valid_count") else _NONE_QUEUED
        bad = {row: rejected(reason) for row, reason in named.items()}
        rows = range(len(batch))
        return [bad.get(row, rest if fits else CONTRADICTION) for row in rows]

    def notes(
        self, response: httpx.Response, outcomes: Sequence[Outcome]
    ) -> Iterator[Note]:
        skipped = _skipped(body(response))
        if skipped and ACCEPTED in outcomes:
            yield Note("not_queued", "not queued, probably duplicates", skipped)

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        # Without a campaign, only the token request matters: any campaign will do.
        return self.call("GET", "webhooks", campaign or "1", "events")

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        """Read what the contract documents of the call (200, 401, 403).

        That it shows whether leads may go to the campaign is our inference.
        """
        said, status = self.answered(response), response.status_code
        if status == 404:
            raise Unusable(said)
        if campaign is None and status in (200, 403):  # there was a token
            return PreflightResult.of_key()
        if status == 403:
            raise CampaignClosed(f"{said} (the key has no access to this campaign)")
        if status != 200:
            raise self.meaning(response)
        if not (body(response) or listed(response)):
            raise self.unreadable(response)
        return PreflightResult(KEY_ACCEPTED, campaign=fine("accessible with this key"))


_NONE_QUEUED = duplicate("none queued; probably all are in the campaign already")


def _skipped(answer: dict[str, Json]) -> int:
    """Return how many leads were skipped: neither queued (valid) nor invalid."""
    counts = [answer.get(f"{name}_count") for name in ("received", "valid", "invalid")]
    received, valid, invalid = (whole(count, least=-1) for count in counts)
    return received - valid - invalid if valid >= 0 else -1


def _token(response: httpx.Response) -> Token:
    answer = body(response)
    token, life = answer.get("access_token"), answer.get("expires_in")
    if response.status_code == 200 and isinstance(token, str) and seconds(life):
        return Token(token, seconds(life))
    raise token_refusal("Agora", response)


def _reasons(errors: Json) -> dict[int, str]:
    """Return the messages by row (from 0); -1 has those that name no row."""
    found = errors if isinstance(errors, list) else []
    named = [one if isinstance(one, dict) else {} for one in found]
    return by_row(
        (whole(one.get("row"), least=-1), str(one.get("message", "refused")))
        for one in named
    )
