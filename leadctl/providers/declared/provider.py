"""Runs a definition: a provider whose settings, requests and answers are in a file."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from leadctl.model.errors import CampaignClosed, InDoubt, ProviderError, Refused
from leadctl.model.patterns import searcher
from leadctl.phones.rule import PhoneRule
from leadctl.providers.base import Provider
from leadctl.providers.declared import rows, templates
from leadctl.providers.declared.answer import (
    AnswerReader,
    are_set,
    campaign_among,
    campaign_page,
    finding,
    lead_listed,
)
from leadctl.providers.declared.authentication import authentication, built
from leadctl.providers.declared.declarations import (
    ERRORS,
    FORMS,
    class_variables,
    declared_settings,
    field_of_lead,
    settings_of,
)
from leadctl.providers.declared.grammar import Call, Definition, Resend, SecondCheck
from leadctl.providers.declared.rules import AnswerRule, PreflightRule, Rule
from leadctl.providers.listings import LeadPage
from leadctl.providers.preflight import PreflightResult
from leadctl.providers.response import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.lead_fields import Field
    from leadctl.model.leads import Batch, Json, Outcome
    from leadctl.providers.http_auth import Auth
    from leadctl.providers.listings import CampaignPage


def provider_of(definition: Definition) -> type[Provider]:
    """Build the class of a valid definition."""
    return make_dataclass(
        definition.name,
        settings_of(definition),
        bases=(Declared,),
        namespace=class_variables(definition),
        frozen=True,
        kw_only=True,
    )


@dataclass(frozen=True, kw_only=True)
class Declared(Provider):
    """The base of every provider that a file declares."""

    definition: ClassVar[Definition]

    @property
    def phone_rule(self) -> PhoneRule:
        phone = self.definition.phone
        form = str(templates.filled(phone.form, self._values()))
        return PhoneRule(FORMS[form], phone.country, phone.fewest, phone.most)

    @property
    def fields(self) -> tuple[Field, ...]:
        said = self.definition.fields.items()
        return tuple(field_of_lead(name, one, self.definition) for name, one in said)

    @property
    def resend_is_safe(self) -> bool | float:
        said = self.definition.resend_is_safe
        if not isinstance(said, Resend):
            return said
        return are_set(self._values(), said.when) and (said.after or True)

    @property
    def exclusive_token(self) -> bool:
        token = self.definition.auth.token
        if token is None or not token.exclusive:
            return False
        return are_set(self._values(), token.when)

    def objection(self) -> str | None:
        for name, one in declared_settings(self.definition).items():
            if one.must_be_true and getattr(self, name) is not True:
                return one.must_be_true
        return None

    def campaign_objection(self, campaign: str) -> str | None:
        pattern, sentence = self.campaign_rule
        if searcher(f"^(?:{pattern})$")(campaign):
            return None
        return f"{self.title} takes {sentence}"

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        return authentication(self.definition, self.base_url, self._values(), secrets)

    def request(self, batch: Batch) -> httpx.Request:
        said, leads = self.definition.request, batch.leads.wires()
        values = {**self._values(), "campaign": batch.campaign, "batch": str(batch.id)}
        values["tags"] = [*batch.tags]
        if said.lead is not None:
            shape = said.lead
            leads = [templates.filled(shape, {**values, "lead": n}) for n in leads]
        values |= {"leads": leads, "lead": leads[0]}
        call = said.one if said.one and len(batch) == 1 else said
        return self._call(call, values, "POST")

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        answer = self._answer(response, batch.campaign, len(batch))
        for rule in self.definition.answer.rules:
            if answer.fits(rule.when, rule.unless):
                return self._followed(rule, batch, answer)
        if response.is_success:
            raise self.unreadable(response, "a body that no rule covers")
        raise self.meaning(response)

    def _followed(
        self, rule: AnswerRule, batch: Batch, answer: AnswerReader
    ) -> list[Outcome]:
        if rule.raise_:
            raise self._error(rule, answer)
        if rule.outcome:
            said = rule.say or answer.sentence
            return [rows.outcome(rule.outcome, said)] * len(batch)
        if rule.rows is None:
            raise self.unreadable(answer.response)
        try:
            return rows.outcomes(rule.rows, batch, answer)
        except ValueError as error:
            raise self.unreadable(answer.response) from error

    def _error(self, rule: Rule, answer: AnswerReader) -> ProviderError:
        response, sentence = answer.response, answer.sentence
        told = f": {sentence}" if sentence else ""
        said = rule.say or f"{self.title} answered HTTP {response.status_code}{told}"
        match rule.raise_:
            case "status" | None:
                return self.meaning(response)
            case "unreadable":
                word = f"the word {one_line(answer.word, 40)!r}" if answer.word else ""
                said = rule.say or f"{word}{told if word else ''}"
                return self.unreadable(response, *filter(None, [said]))
            case "InDoubt":
                return InDoubt(said, lost=False)
            case "Refused":
                named = rule.culprits if isinstance(rule, AnswerRule) else None
                return Refused(said, rows.culprits(named, answer) if named else {})
            case "CampaignClosed":
                is_good = isinstance(rule, PreflightRule) and rule.key_is_good
                return CampaignClosed(said, hint=rule.hint, key_is_good=is_good)
            case meaning:
                return ERRORS[meaning](said, hint=rule.hint)

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        said = self.definition.preflight
        call = said and (said.without_campaign if campaign is None else said.request)
        return self._call(call, {"campaign": campaign}) if call else None

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        said = self.definition.preflight
        return self._shown(said, campaign, response, PreflightResult())

    def double_check(self, preflight: PreflightResult) -> httpx.Request | None:
        said = self.definition.preflight
        asked = {"name": preflight.name, "state": preflight.state}
        return self._call(said.second.request, asked) if said and said.second else None

    def double_checked(
        self, campaign: str, preflight: PreflightResult, response: httpx.Response
    ) -> PreflightResult:
        said = self.definition.preflight
        return self._shown(said and said.second, campaign, response, preflight)

    def _shown(
        self,
        said: SecondCheck | None,
        campaign: str | None,
        response: httpx.Response,
        before: PreflightResult,
    ) -> PreflightResult:
        answer = self._answer(response, campaign)
        if said and said.among and campaign:
            found = campaign_among(said.among, campaign, answer)
            answer = replace(answer, listed=found)
        for rule in said.rules if said else ():
            if answer.fits(rule.when, rule.unless):
                if rule.raise_:
                    raise self._error(rule, answer)
                return finding(rule, campaign, answer, before)
        raise self.meaning(response)

    def look_up(self, batch: Batch, cursor: str) -> httpx.Request | None:
        said = self.definition.look_up
        numbers = ",".join(batch.leads.phones)
        asked = {"campaign": batch.campaign, "cursor": cursor, "phones": numbers}
        return self._call(said.request, asked) if said else None

    def looked_up(self, response: httpx.Response) -> LeadPage:
        said, answer = self.definition.look_up, self._answer(response)
        found = answer.at(said.list_) if said else None
        if said is None or not response.is_success or not isinstance(found, list):
            raise self.meaning(response)
        leads = [lead_listed(said, one) for one in found if isinstance(one, dict)]
        is_more = said.more is None or answer.at(said.more) is True
        cursor = answer.at(said.cursor) if said.cursor and is_more else None
        if said.more and is_more and not cursor:
            raise self.unreadable(response)
        return LeadPage(leads, str(cursor or ""))

    @property
    def lists_campaigns(self) -> bool:
        return self.definition.campaigns is not None

    def list_campaigns(self, cursor: str) -> httpx.Request | None:
        said = self.definition.campaigns
        first = "0" if said and said.total else ""
        return self._call(said.request, {"cursor": cursor or first}) if said else None

    def read_campaigns(self, cursor: str, response: httpx.Response) -> CampaignPage:
        said = self.definition.campaigns
        if said is None or not response.is_success:
            raise self.meaning(response)
        try:
            return campaign_page(said, cursor, self._answer(response))
        except ValueError as error:
            raise self.unreadable(response, str(error)) from error

    def _call(
        self, call: Call, more: Mapping[str, Json], method: str = "GET"
    ) -> httpx.Request:
        values = {**self._values(), **more}
        return built(call, self.base_url, values, call.method or method, call.query)

    def _answer(
        self, response: httpx.Response, campaign: str | None = None, size: int = 1
    ) -> AnswerReader:
        values = self._values() | {"campaign": campaign}
        return AnswerReader(self.definition, response, values, size)

    def _values(self) -> dict[str, Json]:
        return {one.name: getattr(self, one.name) for one in fields(self)}
