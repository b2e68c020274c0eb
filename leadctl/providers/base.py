"""The base class of providers: declarations and a few pure functions.

A provider never opens a connection, sleeps, loops, logs or reads a clock.
"""
# ruff: noqa: ARG002  what most providers lack has a default that ignores its arguments

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from leadctl.model import errors
from leadctl.model.errors import InDoubt, ProviderError, Unusable
from leadctl.model.lead_fields import COUNTRY_ALIASES, INSTRUCTIONS
from leadctl.model.leads import CREATED, Batch, Note, Outcome
from leadctl.providers.base_url import joined
from leadctl.providers.http_request import http_request
from leadctl.providers.response import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import httpx

    from leadctl.model.lead_fields import Field, PriorityScale
    from leadctl.model.leads import Json
    from leadctl.model.removal import Removal
    from leadctl.phones.rule import PhoneRule
    from leadctl.providers.http_auth import Auth
    from leadctl.providers.listings import CampaignPage, LeadPage
    from leadctl.providers.preflight import PreflightResult

REFUSALS: dict[int, type[ProviderError]] = {
    **dict.fromkeys((400, 413, 422), errors.Refused),
    **dict.fromkeys((401, 403), errors.AccessDenied),
    404: errors.CampaignClosed,
    **dict.fromkeys((405, 406, 415), Unusable),
    **dict.fromkeys((425, 429), errors.NotProcessed),
}
"""HTTP statuses that mean "not processed" for every provider."""


class Rate(NamedTuple):
    """At most so many requests in any period of so many seconds."""

    requests: float
    seconds: float


class Limits(NamedTuple):
    """What the provider allows one account.

    batch_size            leads per request
    concurrency           requests at the same time
    requests_per_minute   None if no figure is known
    min_interval          seconds from the end of a request to the start of the next
    doubt_delay           seconds before a batch without an answer is sent again
    rates                 further ones: per second, hour or day
    """

    batch_size: int
    concurrency: int = 1
    requests_per_minute: float | None = None
    min_interval: float = 0.0
    doubt_delay: float = 5.0
    rates: tuple[Rate, ...] = ()

    def every_rate(self) -> list[Rate]:
        minute = self.requests_per_minute
        return [*self.rates, *([Rate(minute, 60.0)] if minute else [])]


@dataclass(frozen=True, kw_only=True)
class Provider(ABC):
    """One dialer's upload API, as a frozen dataclass; see docs/adding-a-provider.md.

    A request that the dialer does not document is None.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    documentation: ClassVar[str]
    limits: ClassVar[Limits]
    answers: ClassVar[tuple[int, ...]]
    """HTTP statuses whose body says something about the leads."""
    refusals: ClassVar[Mapping[int, type[ProviderError]]] = REFUSALS
    """HTTP statuses that mean "not processed"; others leave an upload in doubt."""
    phone_wire: ClassVar[str]
    """Key of the phone number in the object of a lead."""
    phone_code_wire: ClassVar[str] = ""
    """Key of the country code if it is separate (PhoneForm.SPLIT)."""
    overflow: ClassVar[str | None] = None
    """Key of an object that takes all other fields."""
    priority: ClassVar[PriorityScale | None] = None
    secrets: ClassVar[tuple[str, ...]] = ("api_key",)
    campaign_rule: ClassVar[tuple[str, str]] = (
        r"[A-Za-z0-9_.-]+",
        "an id such as 3, not a name",
    )
    """Pattern that a campaign must match in full, and a description of it."""
    compares_external_id: ClassVar[bool] = False
    """Whether leads with the same external id count as the same lead there."""
    refusal_is_final: ClassVar[bool] = False
    """Whether a rejection proves that the lead is not in the campaign."""
    resend_sentence: ClassVar[str] = ""
    """The sentence of the documentation that makes a repeat safe."""
    example_secrets: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Made-up secrets for tests, if a secret must have a certain format."""
    resend_window: ClassVar[float] = 7 * 24 * 3600.0
    """Seconds for which a repeat is recognised."""
    good: ClassVar[Outcome] = CREATED
    """The outcome that the provider's best answer about a lead stands for."""
    tokens_per_hour: ClassVar[int | None] = None
    """How often a key may be exchanged for a token; None if no figure is known."""
    takes_tags: ClassVar[bool] = False
    removal_is_exact: ClassVar[bool | None] = None
    """Whether a lead that `remove` does not find is gone; None without `remove`."""
    reads_by_post: ClassVar[str] = ""
    """Where POST calls that only read are documented; empty if all of them are GETs."""
    warning: ClassVar[str] = ""
    """A note that every run with this provider reports at its end."""

    base_url: str

    @property
    @abstractmethod
    def phone_rule(self) -> PhoneRule: ...

    @property
    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """The lead fields that the provider supports, without the phone."""

    @property
    @abstractmethod
    def resend_is_safe(self) -> bool | float:
        """Whether a batch without an answer can be sent again without duplicates.

        A number means: after so many seconds, when the first request is surely over.
        """

    @property
    def exclusive_token(self) -> bool:
        """Whether a new token ends the account's earlier one: one run at a time."""
        return False

    @property
    def consequence(self) -> str:
        """Say what the provider does with leads, for the user's confirmation."""
        return (
            f"{self.title} stores the leads. If the campaign is running, it may call "
            "them at once."
        )

    def has_place_for(self, name: str) -> bool:
        """Tell whether a lead field is sent; parts of a name are sent as the name."""
        places = {"phone"} | {field.name for field in self.fields}
        if "name" in places:
            places |= {"first_name", "last_name"}
        # They have no effect there, or are part of the phone.
        never_kept = (*INSTRUCTIONS, *COUNTRY_ALIASES)
        is_kept = self.overflow is not None and name not in never_kept
        return name in places or is_kept

    @abstractmethod
    def auth(self, secrets: Mapping[str, str]) -> Auth: ...

    @abstractmethod
    def request(self, batch: Batch) -> httpx.Request:
        """Build the upload; the same batch gives the same bytes every time."""

    @abstractmethod
    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        """Read an answer whose status is in `answers`: one outcome per lead, in order.

        Raises a ProviderError if the answer is about the whole batch.
        """

    def notes(
        self, response: httpx.Response, outcomes: Sequence[Outcome]
    ) -> Iterable[Note]:
        """Return remarks of such an answer, and the number of leads concerned."""
        return ()

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        """Build a read-only call that checks key and campaign, or the key alone."""
        return None

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        """Read what the answer proves, and nothing more.

        Raises AccessDenied or CampaignClosed if an upload would be rejected too, and
        another ProviderError if the answer is not usable.
        """
        raise self.meaning(response)

    def double_check(self, preflight: PreflightResult) -> httpx.Request | None:
        """Build a second call that may settle a doubt of the first."""
        return None

    def double_checked(
        self, campaign: str, preflight: PreflightResult, response: httpx.Response
    ) -> PreflightResult:
        """Read its answer; raises a ProviderError if the doubt stays."""
        raise self.unreadable(response)

    def look_up(self, batch: Batch, cursor: str) -> httpx.Request | None:
        """Ask for a page of the leads in the campaign, or of these, after a doubt."""
        return None

    def looked_up(self, response: httpx.Response) -> LeadPage:
        """Read a page of the campaign's leads; raises a ProviderError if it is none."""
        raise self.unreadable(response)

    @property
    def lists_campaigns(self) -> bool:
        return type(self).list_campaigns is not Provider.list_campaigns

    def list_campaigns(self, cursor: str) -> httpx.Request | None:
        """Build the request for a page of campaigns; the first has an empty cursor."""
        return None

    def read_campaigns(self, cursor: str, response: httpx.Response) -> CampaignPage:
        """Read the page; raises a ProviderError unless it is complete."""
        raise self.unreadable(response)

    def remove(self, batch: Batch) -> httpx.Request | None:
        """Build the request that deletes a batch's leads, and may be repeated."""
        return None

    def removals(self, batch: Batch, response: httpx.Response) -> list[Removal]:
        """Read its answer as `outcomes` does: one removal per lead, in order."""
        raise self.unreadable(response)

    def objection(self) -> str | None:
        """Say why this account must not upload yet, in one sentence with the fix."""
        return None

    def campaign_objection(self, campaign: str) -> str | None:
        pattern, sentence = self.campaign_rule
        if re.fullmatch(pattern, campaign):
            return None
        return f"{self.title} takes {sentence}"

    def meaning(self, response: httpx.Response) -> ProviderError:
        """Return the error that the status of an answer means."""
        status, said = response.status_code, self.answered(response)
        if response.is_success:
            return self.unreadable(response)
        if response.is_redirect:
            return Unusable(f"{said}: redirects are not followed", in_doubt=True)
        if status == 404:
            said += ": campaign or address unknown"
        refusal = self.refusals.get(status)
        if refusal is None:
            return InDoubt(said, lost=status == 408 or status >= 500)
        return refusal(said)

    def answered(self, response: httpx.Response) -> str:
        """Say what the provider answered, in its own sentence if it has one."""
        return f"{self.title} answered HTTP {response.status_code}{quoted(response)}"

    def unreadable(
        self, response: httpx.Response, what: str = "an unreadable body"
    ) -> InDoubt:
        """Return the error for an answer that is unreadable or contradicts itself."""
        said = f"{self.title} answered HTTP {response.status_code} with {what}"
        return InDoubt(said, lost=False)

    def call(
        self,
        method: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json: Json = None,
    ) -> httpx.Request:
        """Build a request below the base URL; the same `json` gives the same bytes."""
        url = self.url(*path)
        return http_request(
            method, url, params=params, headers=headers, data=data, json=json
        )

    def url(self, *path: str) -> str:
        """Join path segments to the base URL; a colon stays (Yotel's `leads:bulk`)."""
        return joined(self.base_url, path)

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls))
