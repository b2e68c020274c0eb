"""Turns a definition into the class variables and settings of a provider."""

from __future__ import annotations

from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, get_args

from leadctl.model import errors, lead_fields
from leadctl.model.lead_fields import Field, FieldInvalid, PriorityScale
from leadctl.model.leads import ACCEPTED, CREATED
from leadctl.phones.rule import PhoneForm
from leadctl.providers.base import REFUSALS, Limits, Rate
from leadctl.providers.declared import templates
from leadctl.providers.declared.authentication import declared_secrets
from leadctl.providers.declared.grammar import FieldOfLead, Setting
from leadctl.providers.declared.values import ErrorName, OutcomeWord
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.errors import ProviderError
    from leadctl.model.lead_fields import Check
    from leadctl.model.leads import Json
    from leadctl.providers.declared.grammar import Definition
    from leadctl.providers.declared.rules import When

FORMS = {
    "e164": PhoneForm.E164,
    "digits": PhoneForm.DIGITS,
    "national": PhoneForm.NATIONAL,
    "split": PhoneForm.SPLIT,
    "as-written": PhoneForm.AS_WRITTEN,
}
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
_USUAL = {
    "email": "email",
    "priority": "priority",
    "scheduled_for": "time",
    "expires_on": "date",
    "active": "boolean",
    "source": "source",
    "context_headers": "sip_headers",
    "metadata": "object",
}
"""The default check of each lead field."""
_SAME = (
    *("name", "title", "documentation", "warning", "reads_by_post"),
    *("resend_sentence", "resend_window", "refusal_is_final", "compares_external_id"),
)
"""Class variables with the same name in a definition."""
_MINUTE = 60.0
_OK = (200, 201, 202)


def class_variables(definition: Definition) -> dict[str, Any]:
    """Return the class variables of the provider."""
    phone, token = definition.phone, definition.auth.token
    examples = declared_secrets(definition).items()
    found = {name: getattr(definition, name) for name in _SAME}
    found |= {
        "definition": definition,
        "limits": _limits(definition),
        "answers": _statuses(definition),
        "refusals": REFUSALS | dict(_refusals(definition)),
        "phone_wire": phone.key,
        "phone_code_wire": phone.code_key,
        "overflow": definition.other_fields,
        "priority": _scale(definition),
        "secrets": (*declared_secrets(definition),),
        "example_secrets": {name: one.example for name, one in examples if one.example},
        "good": ACCEPTED if "accepted" in outcome_words(definition) else CREATED,
        "takes_tags": any(one.name == "tags" for one in _in_request(definition)),
        "tokens_per_hour": token.per_hour if token else None,
    }
    if rule := definition.campaign:
        found["campaign_rule"] = (rule.looks, rule.about)
    return found


def settings_of(definition: Definition) -> list[tuple[str, type, Any]]:
    """Return the dataclass fields of the account's settings."""
    address = definition.base_url or setting(MISSING, "your server's address")
    own = declared_settings(definition).items()
    return [("base_url", str, address), *((name, *_field(one)) for name, one in own)]


def declared_settings(definition: Definition) -> dict[str, Setting]:
    """Return the settings by name; a bare value is a default."""
    return {
        name: one if isinstance(one, Setting) else Setting(default=one)
        for name, one in definition.settings.items()
    }


def _field(one: Setting) -> tuple[type, Any]:
    kind = str if one.default is None else type(one.default)
    default = MISSING if one.default is None else one.default
    return kind, setting(
        default, one.about, least=one.least, choices=one.choices, dots=one.dots
    )


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
    found = set[OutcomeWord]()
    for rule in definition.answer.rules:
        found |= {rule.outcome} if rule.outcome else set()
        if rows := rule.rows:
            if errors := rows.errors:
                found |= {errors.rest, "rejected", *errors.lists}
            found |= {*rows.lists.lists} if rows.lists else set()
            if skipped := rows.skipped:
                found |= {skipped.rest, skipped.skipped}
            found |= {*rows.results.words.values()} if rows.results else set()
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
    named = [status for rule in said.rules for status in _named(rule.when)]
    return tuple(sorted({*_OK, *said.statuses, *named}))


def _refusals(definition: Definition) -> Iterator[tuple[int, type[ProviderError]]]:
    """Yield the meaning of statuses, from rules with no other condition."""
    for rule in reversed(definition.answer.rules):
        if rule.raise_ in ERRORS and rule.unless is None and _is_by_status(rule.when):
            for status in _named(rule.when):
                yield status, ERRORS[rule.raise_]


def _is_by_status(when: When | None) -> bool:
    """Tell whether a condition looks at the status alone."""
    said = vars(when) if when else {}
    return [key for key in said if key != "at" and said[key] is not None] == ["status"]


def _named(when: When | None) -> list[int]:
    return (when and when.status) or []


def _in_request(definition: Definition) -> Iterator[templates.Reference]:
    request = definition.request
    for call in filter(None, (request, request.one)):
        yield from templates.references([call.body, dict(call.form or {})])
