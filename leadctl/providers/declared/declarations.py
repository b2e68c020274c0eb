"""Turns a definition into the class variables and settings of a provider."""

from __future__ import annotations

from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, get_args

from leadctl.model import errors, lead_fields
from leadctl.model.lead_fields import Check, Field, FieldInvalid, PriorityScale
from leadctl.model.leads import ACCEPTED, CREATED, Json
from leadctl.phones.rule import PhoneForm
from leadctl.providers.base import REFUSALS, Limits, Rate
from leadctl.providers.declared import templates
from leadctl.providers.declared.authentication import declared_secrets
from leadctl.providers.declared.grammar import Definition, FieldOfLead, Setting
from leadctl.providers.declared.rules import ErrorName, OutcomeWord
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.errors import ProviderError

FORMS = {one.name.lower().replace("_", "-"): one for one in PhoneForm}
ERRORS: dict[str, type[ProviderError]] = {
    name: getattr(errors, name) for name in get_args(ErrorName)
}
_CHECKS: dict[str, Check] = {
    "text": lead_fields.text,
    "email": lead_fields.email,
    "whole_number": lead_fields.whole_number,
    "boolean": lead_fields.boolean,
    "time": lead_fields.iso_time,
    "date": lead_fields.iso_date,
    "object": lead_fields.mapping,
    "source": lead_fields.source,
    "sip_headers": lead_fields.sip_headers,
}
_USUAL = {"email": "email", "priority": "priority", "scheduled_for": "time"}
_USUAL |= {"expires_on": "date", "active": "boolean", "source": "source"}
_USUAL |= {"context_headers": "sip_headers", "metadata": "object"}
"""The default check of each lead field; others are texts."""
_SAME = (
    *("name", "title", "documentation", "warning", "reads_by_post"),
    *("resend_sentence", "resend_window", "refusal_is_final", "compares_external_id"),
)
"""Class variables with the same name in a definition."""
_MINUTE = 60.0
_OK = (200, 201, 202)


def class_variables(definition: Definition) -> dict[str, Any]:
    """Return the class variables of the provider."""
    phone, token, rule = definition.phone, definition.auth.token, definition.campaign
    secrets = declared_secrets(definition)
    found = {name: getattr(definition, name) for name in _SAME} | {
        "definition": definition,
        "limits": _limits(definition),
        "answers": _statuses(definition),
        "refusals": REFUSALS | dict(_refusals(definition)),
        "phone_wire": phone.key,
        "phone_code_wire": phone.code_key,
        "overflow": definition.other_fields,
        "priority": _scale(definition),
        "secrets": (*secrets,),
        "example_secrets": {
            n: one.example for n, one in secrets.items() if one.example
        },
        "good": ACCEPTED if "accepted" in outcome_words(definition) else CREATED,
        "takes_tags": any(one.name == "tags" for one in _in_request(definition)),
        "tokens_per_hour": token.per_hour if token else None,
    }
    if rule:
        found["campaign_rule"] = (rule.looks, rule.about)
    if definition.consequence:
        found["consequence"] = definition.consequence
    return found


def settings_of(definition: Definition) -> list[tuple[str, type, Any]]:
    """Return the dataclass fields of the account's settings."""
    address = definition.base_url or setting(MISSING, "your server's address")
    found: list[tuple[str, type, Any]] = [("base_url", str, address)]
    for name, one in declared_settings(definition).items():
        kind = str if one.default is None else type(one.default)
        default = MISSING if one.default is None else one.default
        value = setting(
            default, one.about, least=one.least, choices=one.choices, dots=one.dots
        )
        found.append((name, kind, value))
    return found


def declared_settings(definition: Definition) -> dict[str, Setting]:
    """Return the settings by name; a bare value is a default."""
    return {
        name: one if isinstance(one, Setting) else Setting(default=one)
        for name, one in definition.settings.items()
    }


def field_of_lead(name: str, said: str | FieldOfLead, definition: Definition) -> Field:
    spec = said if isinstance(said, FieldOfLead) else FieldOfLead(key=said)
    kind = spec.as_ or _USUAL.get(name, "text")
    scale = _scale(definition)
    check = scale.check if scale and kind == "priority" else _CHECKS.get(kind)
    return Field(name, spec.key, _checked(check or lead_fields.text, spec), spec.about)


def _checked(check: Check, spec: FieldOfLead) -> Check:
    if not (spec.as_text or spec.longest):
        return check

    def checked(value: Json) -> Json:
        found = check(value)
        found = lead_fields.text(found) if spec.as_text else found
        if spec.longest and len(str(found)) > spec.longest:
            raise FieldInvalid(f"longer than {spec.longest} characters")
        return found

    return checked


def outcome_words(definition: Definition) -> set[OutcomeWord]:
    """Return every outcome that an answer may lead to."""
    rules = definition.answer.rules
    found = {rule.outcome for rule in rules if rule.outcome}
    for rows in filter(None, (rule.rows for rule in rules)):
        if rows.errors:
            found |= {rows.errors.rest, *rows.errors.lists}
        if rows.lists:
            found |= {*rows.lists.lists}
        if rows.skipped:
            found |= {rows.skipped.rest, rows.skipped.skipped}
        if rows.results:
            found |= {*rows.results.words.values()}
    return found


def _limits(definition: Definition) -> Limits:
    said = definition.limits
    rates = [Rate(rate.requests, rate.seconds) for rate in said.rates]
    by_minute = [rate.requests for rate in rates if rate.seconds == _MINUTE]
    return Limits(
        said.batch_size,
        said.concurrency,
        min(by_minute, default=None),
        said.min_interval,
        said.doubt_delay,
        tuple(rate for rate in rates if rate.seconds != _MINUTE),
    )


def _scale(definition: Definition) -> PriorityScale | None:
    said = definition.priority
    return PriorityScale(said.first, said.last) if said else None


def _statuses(definition: Definition) -> tuple[int, ...]:
    """Return the statuses whose body is read: success, and all that rules name."""
    said = definition.answer
    whens = [rule.when for rule in said.rules if rule.when]
    named = [status for when in whens for status in when.status or ()]
    return tuple(sorted({*_OK, *said.statuses, *named}))


def _refusals(definition: Definition) -> Iterator[tuple[int, type[ProviderError]]]:
    """Yield the meaning of statuses, from rules with no other condition."""
    for rule in reversed(definition.answer.rules):
        if rule.raise_ not in ERRORS or rule.when is None or rule.unless is not None:
            continue
        when = vars(rule.when)
        if [one for one in when if one != "at" and when[one] is not None] == ["status"]:
            for status in rule.when.status or ():
                yield status, ERRORS[rule.raise_]


def _in_request(definition: Definition) -> Iterator[templates.Reference]:
    request = definition.request
    for call in filter(None, (request, request.one)):
        yield from templates.references([call.body, dict(call.form or {})])
