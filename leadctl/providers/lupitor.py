"""Lupitor, `POST /leads` and `/leads/bulk` (lupitor-docs.com, API reference, Leads)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.model import errors
from leadctl.model.lead_fields import Field, PriorityScale, iso_time, text
from leadctl.model.leads import CREATED, Batch, Json, Outcome
from leadctl.model.removal import Removal
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import Limits, Provider
from leadctl.providers.http_auth import Auth, FixedCredentials
from leadctl.providers.listings import LeadPage, ListedLead
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    NEEDS_CAMPAIGN,
    NOT_NAMED,
    PreflightResult,
    fine,
    unknown,
)
from leadctl.providers.response import (
    CONTRADICTION,
    body,
    digits,
    duplicate,
    named_in,
    one_line,
    quoted,
    rejected,
    seconds,
    whole,
)
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx


@dataclass(frozen=True, kw_only=True)
class Lupitor(Provider):
    name = "lupitor"
    title = "Lupitor"
    documentation = "https://lupitor-docs.com/api-reference/leads/create"
    # 10 bulk requests a minute for a key: API reference, Introduction.
    limits = Limits(batch_size=1000, concurrency=1, requests_per_minute=10)
    # Which status belongs to which error is not documented.
    answers = (200, 201, 400, 401, 403, 404, 409, 422)
    phone_rule = PhoneRule(PhoneForm.E164, fewest=8)
    phone_wire = "phoneNumber"
    priority = PriorityScale(first=100, last=0)
    fields = (
        Field("external_id", "externalId", text),
        Field("scheduled_for", "scheduledFor", iso_time),
        Field("priority", "priority", priority.check),
    )
    overflow = "metadata"
    compares_external_id = True
    removal_is_exact = True  # by the identifier that the lead went with
    refusal_is_final = True  # duplicates have their own texts and lists
    resend_is_safe = True
    resend_sentence = (
        "Bulk create: leads that exist are skipped and named in `skippedIdentifiers`"
    )
    consequence = (
        "Lupitor calls leads as the campaign is set up, never before their "
        "scheduled_for; without one, possibly at once."
    )

    base_url: str = "https://{deployment}.lupitor.com/api/v1"
    deployment: str = setting(
        "", "first part of your address: https://example.lupitor.com"
    )

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        return FixedCredentials({"x-api-key": secrets["api_key"]})

    def request(self, batch: Batch) -> httpx.Request:
        if len(batch) == 1:  # the single call says more about the lead
            upload = {"campaignId": batch.campaign, **batch.leads[0].wire}
            return self.call("POST", "leads", json=upload)
        many: Json = {"campaignId": batch.campaign, "leads": batch.leads.wires()}
        return self.call("POST", "leads", "bulk", json=many)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        answer = body(response)
        said = answer.get("error")
        sentence = one_line(said) if isinstance(said, str) else ""
        if answer.get("success") is True:
            if said or not response.is_success:
                raise self.unreadable(response, f"success{quoted(response)}")
            # The page of the single call promises no more than `success`.
            return [CREATED] if len(batch) == 1 else _counted(batch, answer.get("data"))
        if len(batch) == 1 and (outcome := _single(sentence, response.status_code)):
            return [outcome]
        if response.is_success and (answer.get("success") is not False or not sentence):
            raise self.unreadable(response)
        raise _meaning(sentence, response.status_code)

    def remove(self, batch: Batch) -> httpx.Request:
        # "If both are provided, externalId takes priority": another lead that has the
        # number could be deleted.
        leads: list[Json] = [_key(lead.wire) for lead in batch.leads]
        many: Json = {"campaignId": batch.campaign, "leads": leads}
        return self.call("POST", "leads", "bulk-delete", json=many)

    def removals(self, batch: Batch, response: httpx.Response) -> list[Removal]:
        data = self._data(response)
        lists = [data.get("deletedIdentifiers"), data.get("notFoundIdentifiers")]
        counts = [data.get("deleted"), data.get("notFound")]
        named = [{*map(str, one)} for one in lists if isinstance(one, list)]
        if [len(one) for one in named] != counts:
            raise self.unreadable(response, "counts that contradict its lists")
        return [_removal(lead.wire, *named) for lead in batch.leads]

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        params = {"limit": "1"} | ({"campaignId": campaign} if campaign else {})
        return self.call("GET", "leads", params=params)

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        missing = "campaignId query parameter is required"
        if campaign is None and body(response).get("error") == missing:
            # Its pages do not say whether it has checked the key before.
            return PreflightResult(key=NEEDS_CAMPAIGN, campaign=NOT_NAMED)
        if not isinstance(self._data(response).get("leads"), list):
            raise self.unreadable(response)
        there = fine("exists, readable with this key") if campaign else NOT_NAMED
        return PreflightResult(KEY_ACCEPTED, _READING, there)

    def look_up(self, batch: Batch, cursor: str) -> httpx.Request | None:
        params = {"campaignId": batch.campaign, "limit": "8000"}
        params |= {"cursor": cursor} if cursor else {}
        return self.call("GET", "leads", params=params)

    def looked_up(self, response: httpx.Response) -> LeadPage:
        data = self._data(response)
        leads = data.get("leads")
        if not isinstance(leads, list):
            raise self.unreadable(response)
        is_more = data.get("hasMore") is True
        cursor = str(data.get("cursor") or "") if is_more else ""
        if is_more and not cursor:
            raise self.unreadable(response)
        found = [_listed(one) for one in leads if isinstance(one, dict)]
        return LeadPage(found, cursor)

    def _data(self, response: httpx.Response) -> dict[str, Json]:
        """Return the data of a success; raises what any other answer means."""
        answer = body(response)
        data, said = answer.get("data"), answer.get("error")
        is_good = answer.get("success") is True
        if is_good and response.is_success and not said and isinstance(data, dict):
            return data
        is_read = not is_good and response.status_code in self.answers
        if is_read and isinstance(said, str) and said:
            raise _meaning(one_line(said), response.status_code)
        raise self.meaning(response)


_READING = unknown(
    "the key can read; write access cannot be checked before the first upload"
)


def _listed(lead: dict[str, Json]) -> ListedLead:
    created = lead.get("_creationTime")  # milliseconds
    return ListedLead(
        digits(lead.get("phoneNumber") or ""),
        str(lead.get("externalId") or ""),
        seconds(created) / 1000,
    )


def _counted(batch: Batch, data: Json) -> list[Outcome]:
    """Skipped leads are named; the rest is created only if the counts say no less."""
    result = data if isinstance(data, dict) else {}
    names = result.get("skippedIdentifiers", result.get("skippedPhones", []))
    skips, means_each = named_in(names, batch.leads, "externalId")
    created, ids = result.get("created"), result.get("createdIds")
    fits = (created, result.get("skipped")) == (skips.count(False), skips.count(True))
    # There must be as many ids as the count; the page's example has more.
    is_backed = len(ids if isinstance(ids, list) else []) >= whole(created, least=0)
    rest = CREATED if fits and is_backed else CONTRADICTION
    there = duplicate() if means_each else CONTRADICTION
    return [there if is_named else rest for is_named in skips]


def _key(lead: Mapping[str, Json]) -> dict[str, Json]:
    """Return the one identifier that a lead is deleted by."""
    name = "externalId" if "externalId" in lead else "phoneNumber"
    return {name: lead[name]}


def _removal(lead: Mapping[str, Json], deleted: set[str], missing: set[str]) -> Removal:
    (identifier,) = _key(lead).values()
    is_deleted, is_missing = str(identifier) in deleted, str(identifier) in missing
    if is_deleted == is_missing:
        return Removal.UNKNOWN
    return Removal.DELETED if is_deleted else Removal.NOT_FOUND


def _single(sentence: str, status: int) -> Outcome | None:
    """Read the documented texts about one lead."""
    if re.match(
        r"Lead (with (external|phone).* )?already exists( in .*campaign)?$",
        sentence,
        re.IGNORECASE,
    ):
        return duplicate(sentence)
    if sentence.endswith("is required") and "phoneNumber" in sentence:
        return rejected(sentence)
    is_about_all = sentence.casefold() in _CAMPAIGN | _ACCESS
    if sentence and status in (400, 422) and not is_about_all:
        return rejected(sentence)
    return None


# Whole sentences: one about a row may contain the same words.
_CAMPAIGN = frozenset(
    {
        "campaignid is required",
        "campaignid query parameter is required",
        "campaign not found or access denied",
    }
)
_ACCESS = frozenset({"invalid or inactive api key", "missing api key", "forbidden"})


def _meaning(sentence: str, status: int) -> errors.ProviderError:
    said = f"Lupitor answered HTTP {status}: {sentence or 'no reason given'}"
    if sentence.casefold() in _CAMPAIGN:
        return errors.CampaignClosed(said)
    if sentence.casefold() in _ACCESS or status in (401, 403):
        return errors.AccessDenied(said)
    if row := re.match(r"leads\[(\d+)\]: *(.+)", sentence):
        return errors.Refused(said, {int(row[1]): row[2]})
    if status in (400, 422):
        return errors.Refused(said)
    if status == 404:
        return errors.CampaignClosed(said)
    return errors.InDoubt(said, lost=False)
