"""Reads the answers to read-only calls: about key, campaign and leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.providers.declared import templates
from leadctl.providers.declared.answer import AnswerReader, within
from leadctl.providers.declared.rules import Among, PreflightRule, Verdict
from leadctl.providers.listings import (
    CampaignPage,
    ListedLead,
    counted_page,
    listed_campaigns,
)
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    NOT_NAMED,
    CheckResult,
    CheckVerdict,
    PreflightResult,
)
from leadctl.providers.response import digits, one_line, seconds

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.providers.declared.grammar import Campaigns, LookUp


def campaign_among(among: Among, campaign: str, answer: AnswerReader) -> Json:
    """Return the named campaign from a list; None if it is not there."""
    found = answer.at(among.list_)
    listed = found if isinstance(found, list) else []
    named = (one for one in listed if str(within(one, among.key)) == campaign)
    return next(named, None)


def finding(
    rule: PreflightRule,
    campaign: str | None,
    answer: AnswerReader,
    before: PreflightResult,
) -> PreflightResult:
    """Add what an answer shows, according to a rule, to an earlier result."""
    name = one_line(_word(answer, rule.name)) if rule.name else before.name
    state = one_line(_word(answer, rule.state), 40) if rule.state else before.state
    words: dict[str, Json] = {"campaign": campaign or "", "name": name, "state": state}

    def verdict(said: Verdict | str | None, known: CheckResult) -> CheckResult:
        if not isinstance(said, Verdict):
            return KEY_ACCEPTED if said == "accepted" else known
        word = next(one for one in CheckVerdict if getattr(said, one) is not None)
        return CheckResult(word, templates.text(getattr(said, word), words), said.hint)

    shown = verdict(rule.campaign, before.campaign)
    return PreflightResult(
        key=verdict(rule.key, before.key),
        scope=verdict(rule.scope, before.scope),
        campaign=NOT_NAMED if campaign is None else shown,
        name=name,
        state=state,
        doubt=templates.text(rule.doubt, words) if rule.campaign else before.doubt,
    )


def _word(answer: AnswerReader, path: str) -> str:
    return str(answer.at(path) or "")


def lead_listed(said: LookUp, lead: Json) -> ListedLead:
    """Read a lead of a campaign's list."""
    identifier = within(lead, said.external_id) if said.external_id else None
    moment = seconds(within(lead, said.created)) if said.created else None
    if moment and said.unit == "milliseconds":
        moment /= 1000
    phone = digits(within(lead, said.phone) or "")
    return ListedLead(phone, str(identifier or ""), moment)


def campaign_page(said: Campaigns, cursor: str, answer: AnswerReader) -> CampaignPage:
    """Read a page of campaigns; raises ValueError if it is none, or ends early."""
    lists = [answer.at(path) for path in said.list_]
    found = next((one for one in lists if isinstance(one, list)), None)
    if found is None:
        raise ValueError("no list of campaigns")
    page = listed_campaigns(found, key=said.id, name=said.name, state=said.state)
    if said.total:
        return counted_page(page, answer.at(said.total), cursor)
    return CampaignPage(page, _word(answer, said.cursor) if said.cursor else "")
