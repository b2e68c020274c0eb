"""An answer as the rules of a declared provider see it, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from leadctl.model.lead_fields import word
from leadctl.model.patterns import searcher
from leadctl.providers.declared import templates
from leadctl.providers.declared.rules import Verdict
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
from leadctl.providers.response import decoded, digits, one_line, quoted, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.leads import Json
    from leadctl.providers.declared.grammar import Campaigns, Definition, LookUp
    from leadctl.providers.declared.rules import Among, PreflightRule, Scalars, When

LONGEST = 2000
"""Characters of a sentence to search for patterns."""

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "list": (list,),
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True)
class AnswerReader:
    """Reads one answer; `values` are the account's settings, and the campaign."""

    definition: Definition
    response: httpx.Response
    values: Mapping[str, Json]
    size: int = 1
    listed: Json = None
    """The campaign found in the answer's list of campaigns."""

    @cached_property
    def _body(self) -> Json:
        return decoded(self.response)

    @cached_property
    def _lines(self) -> list[str]:
        lines = self.response.text[: 10 * LONGEST].split("\n")
        return [line.strip() for line in lines if line.strip()]

    def at(self, path: str) -> Json:
        """Return the value at a path; None if there is none."""
        first, _, rest = path.partition(".")
        match first:
            case "$body":
                return within(self._body, rest)
            case "$listed":
                return within(self.listed, rest)
            case "$line":
                return next(iter(self._lines), "")
            case "$text":
                return "\n".join(self._lines)
            case _:
                return within(self._body, path)

    @cached_property
    def text(self) -> str:
        """The provider's sentence: the first one found."""
        texts = self.definition.answer.text
        for path in texts:
            match self.at(path):
                case str(said) if said.strip():
                    return said.strip()[:LONGEST]
                case [str(), *_] as several:
                    return "; ".join(map(str, several))[:LONGEST]
                case _:
                    pass
        return "" if texts else quoted(self.response).removeprefix(": ")

    @cached_property
    def word(self) -> str:
        place = self.definition.answer.word
        return word(self.at(place) if place else None)

    @property
    def sentence(self) -> str:
        return one_line(self.text)

    def fits(self, when: When | None, unless: When | None = None) -> bool:
        if unless and self._holds(unless):
            return False
        return when is None or self._holds(when)

    def _holds(self, when: When) -> bool:
        response = self.response
        return (
            (when.status is None or response.status_code in when.status)
            and when.success in (None, response.is_success)
            and (when.text is None or searcher(when.text)(self.text))
            and when.no_text in (None, not self.text)
            and (when.word is None or self.word in map(str.casefold, when.word))
            and all(self._has(path) for path in when.has or ())
            and not any(self._has(path) for path in when.lacks or ())
            and all(self._is(*one) for one in (when.field or {}).items())
            and all(
                any(type(self.at(path)) in _KINDS[kind] for kind in kinds)
                for path, kinds in (when.kind or {}).items()
            )
            and (when.leads is None or (when.leads == "one") == (self.size == 1))
            and are_set(self.values, when.setting)
            and when.campaign in (None, self.values.get("campaign") is not None)
            and when.listed in (None, self.listed is not None)
        )

    def _has(self, path: str) -> bool:
        return self.at(path) not in (None, "", [], {})

    def _is(self, path: str, wanted: Scalars) -> bool:
        value, campaign = self.at(path), self.values.get("campaign")
        return any(
            str(value) == campaign if one == "$campaign" else _same(value, one)
            for one in wanted
        )


def are_set(settings: Mapping[str, Json], wanted: Mapping[str, Scalars] | None) -> bool:
    """Tell whether settings have these values."""
    return all(
        any(_same(settings.get(name), one) for one in values)
        for name, values in (wanted or {}).items()
    )


def within(node: Json, path: str) -> Json:
    """Follow a path of keys and positions; an empty one leads to the value itself."""
    for step in path.split(".") if path else ():
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def _same(value: Json, wanted: Json) -> bool:
    """Compare ignoring case; a number never equals a text, nor 1 true."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.strip().casefold() == wanted.casefold()
    return type(value) is type(wanted) and value == wanted


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
