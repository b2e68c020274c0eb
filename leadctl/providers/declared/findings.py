"""Reads the answers to read-only calls: about key, campaign and leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.providers.base import ListedLead
from leadctl.providers.campaigns import CampaignPage, listed_campaigns
from leadctl.providers.declared import templates
from leadctl.providers.declared.answer import within
from leadctl.providers.declared.rules import Verdict
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    NOT_NAMED,
    CheckResult,
    CheckVerdict,
    PreflightResult,
)
from leadctl.providers.response import digits, one_line, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.model.leads import Json
    from leadctl.providers.declared.answer import AnswerReader
    from leadctl.providers.declared.grammar import Campaigns, LookUp
    from leadctl.providers.declared.rules import Among, PreflightRule


def campaign_among(among: Among, campaign: str, answer: AnswerReader) -> Json:
    """Return the named campaign from a list; None if it is not there."""
    found = answer.at(among.list_)
    for one in found if isinstance(found, list) else []:
        if str(within(one, among.key.split("."))) == campaign:
            return one
    return None


def finding(
    rule: PreflightRule,
    campaign: str | None,
    answer: AnswerReader,
    before: PreflightResult,
) -> PreflightResult:
    """Add what an answer shows, according to a rule, to an earlier result."""
    name, state = (
        one_line(_word(answer, path), most) if path else known
        for path, most, known in (
            (rule.name, 200, before.name),
            (rule.state, 40, before.state),
        )
    )
    words = {"campaign": campaign or "", "name": name, "state": state}
    key = KEY_ACCEPTED if rule.key == "accepted" else before.key
    return PreflightResult(
        key=_verdict(rule.key, words) if isinstance(rule.key, Verdict) else key,
        scope=_verdict(rule.scope, words) if rule.scope else before.scope,
        campaign=(
            NOT_NAMED
            if campaign is None
            else _verdict(rule.campaign, words)
            if rule.campaign
            else before.campaign
        ),
        name=name,
        state=state,
        doubt=templates.text(rule.doubt, words) if rule.campaign else before.doubt,
    )


def _word(answer: AnswerReader, path: str) -> str:
    found = answer.at(path)
    return str(found) if found else ""


def _verdict(said: Verdict, words: Mapping[str, Json]) -> CheckResult:
    for verdict in CheckVerdict:
        if sentence := getattr(said, verdict):
            return CheckResult(verdict, templates.text(sentence, words), said.hint)
    return CheckResult()


def lead_listed(said: LookUp, lead: Json) -> ListedLead:
    """Read a lead of a campaign's list."""
    phone, external_id, created = (
        within(lead, path.split(".")) if path else None
        for path in (said.phone, said.external_id, said.created)
    )
    moment = seconds(created) / (1000 if said.unit == "milliseconds" else 1)
    return ListedLead(
        digits(phone or ""),
        str(external_id or ""),
        moment if said.created else None,
    )


def campaign_page(said: Campaigns, cursor: str, answer: AnswerReader) -> CampaignPage:
    """Read a page of campaigns; raises ValueError if it is none, or ends early."""
    lists = [answer.at(path) for path in said.list_]
    found = next((one for one in lists if isinstance(one, list)), None)
    if found is None:
        raise ValueError("no list of campaigns")
    page = listed_campaigns(found, key=said.id, name=said.name, state=said.state)
    if said.total is None:
        return CampaignPage(page, _word(answer, said.cursor) if said.cursor else "")
    total, read = answer.at(said.total), int(cursor or "0") + len(found)
    if not isinstance(total, int) or (read < total and not found):
        raise ValueError("fewer campaigns than it counts")
    return CampaignPage(page, str(read) if read < total else "")
