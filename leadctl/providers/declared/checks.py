"""Checks what the types of the grammar cannot express: names and combinations."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import FIELDS
from leadctl.model.typed_yaml import Node
from leadctl.model.wording import nearest
from leadctl.providers import base_url
from leadctl.providers.declared import grammar, rules, templates
from leadctl.providers.declared.authentication import declared_secrets
from leadctl.providers.declared.declarations import FORMS, declared_settings
from leadctl.providers.declared.provider import Declared
from leadctl.providers.settings import ConnectionSettings, kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document, Where
    from leadctl.providers.declared.grammar import Definition

_SLOWEST = 3600.0
"""Seconds between two requests at the lowest rate that a ledger supports."""
_GOOD = ("created", "accepted")
_COUNTS = ("sent", "named", "rest", "results", *rules.OUTCOMES)
_CALLS: dict[Where, set[str]] = {
    ("request",): {"campaign", "batch", "tags", "leads", "lead"},
    ("request", "lead"): {"campaign", "batch", "tags", "lead"},
    ("request", "one"): {"campaign", "batch", "tags", "leads", "lead"},
    ("preflight", "request"): {"campaign"},
    ("preflight", "second", "request"): {"name", "state"},
    ("look_up", "request"): {"campaign", "cursor", "phones"},
    ("campaigns", "request"): {"cursor"},
}
"""Names that the templates of a call may use beside settings."""
_TEMPLATES = (
    *("path", "query", "headers", "body", "form", "lead", "url"),
    *("user", "password"),
)


class Problem(NamedTuple):
    """A mistake, and the path to it."""

    where: Where
    message: str
    hint: str | None = None


def require_sound(definition: Definition, document: Document) -> None:
    """Raise InputUnusable for the first mistake."""
    checks = (_addresses, _fields, _resend, _phone, _names, _accounts, _uploads)
    found = [check(definition) for check in checks]
    found += [_node(node, definition) for node in _nodes(definition)]
    for problem in chain.from_iterable(found):
        raise document.problem(problem.where, problem.message, hint=problem.hint)


def _addresses(definition: Definition) -> Iterator[Problem]:
    """Yield URLs that a push would refuse for any settings."""
    token = definition.auth.token
    told: list[tuple[Where, str | None]] = [(("base_url",), definition.base_url)]
    told += [((*token.at, "url"), token.url)] if token else []
    for where, template in told:
        address = re.sub(r"\{\w+\}", "x", template or "")
        if not template or template.startswith("{"):  # a setting is the whole URL
            continue
        try:
            base_url.require_safe_url(address, repr(where[-1]))
        except InputUnusable as error:
            yield Problem(where, error.message, error.hint)


def _fields(definition: Definition) -> Iterator[Problem]:
    for name in definition.fields:
        if name not in FIELDS or name == "phone":
            said = f"no lead field {name!r}{nearest(name, FIELDS)}"
            yield Problem(("fields", name), said, f"known: {', '.join(FIELDS[1:])}")
    if "priority" in definition.fields and not definition.priority:
        said = "priority requires the provider's scale"
        yield Problem(("fields", "priority"), said, "priority: {first: …, last: …}")


def _accounts(definition: Definition) -> Iterator[Problem]:
    secrets, settings = declared_secrets(definition), declared_settings(definition)
    for name, one in settings.items():
        if hasattr(Declared, name) or name in {*kinds(ConnectionSettings), *secrets}:
            yield Problem(("settings", name), f"the name {name!r} is taken")
        if one.choices and one.default not in {*one.choices, None}:
            yield Problem(("settings", name), "the default is not one of the choices")
    texts = [text for where, text in _templates(definition) if where[0] == "auth"]
    used = {one.name for one in templates.references(texts)}
    for name in secrets:
        if name not in used:
            said = f"secret {name!r} is not used in 'auth'{nearest(name, used)}"
            yield Problem(("secrets",), said)


def _resend(definition: Definition) -> Iterator[Problem]:
    if definition.resend_is_safe is not False and not definition.resend_sentence:
        yield Problem(
            ("resend_is_safe",),
            "a retry is safe only where the documentation says so",
            "cite its sentence: resend_sentence: …; or write resend_is_safe: false",
        )


def _phone(definition: Definition) -> Iterator[Problem]:
    phone, forms = definition.phone, [definition.phone.form]
    if phone.form.startswith("$"):
        settings = declared_settings(definition)
        forms = settings.get(phone.form[1:], grammar.Setting()).choices
        if not forms or {*forms} - FORMS.keys():
            said = f"{phone.form} must be a setting whose choices are among "
            yield Problem((*phone.at, "form"), said + ", ".join(FORMS))
    if ("split" in forms) != bool(phone.code_key):
        said = "form split requires 'code_key', and no other form takes it"
        yield Problem(phone.at, said)


def _names(definition: Definition) -> Iterator[Problem]:
    """Yield unknown names in templates."""
    settings = {"base_url", *definition.settings}
    secrets = {*declared_secrets(definition)}
    for part in base_url.parts(definition.base_url or ""):
        yield from _unknown(("base_url",), [part], settings)
    for where, template in _templates(definition):
        more = _CALLS.get(where) or _CALLS.get(where[:-1], set())
        known = settings | (secrets if where[0] == "auth" else more)
        for one in templates.references(template, where):
            yield from _unknown(one.where, [one.name], known)


def _unknown(where: Where, names: Iterable[str], known: set[str]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            said = f"unknown name {name!r}{nearest(name, known)}"
            yield Problem(where, said, f"known here: {', '.join(sorted(known))}")


def _templates(definition: Definition) -> Iterator[tuple[Where, Json]]:
    for node in _nodes(definition):
        if isinstance(
            node, grammar.Call | grammar.Auth | grammar.Token | grammar.Basic
        ):
            for key in _TEMPLATES:
                if template := getattr(node, key, None):
                    yield (*node.at, key), template


def _uploads(definition: Definition) -> Iterator[Problem]:
    request, many = definition.request, definition.limits.batch_size > 1
    for call in filter(None, (request, request.one)):
        sent = [dict(call.form) if call.form else None, call.body]
        names = {one.name for one in templates.references(sent)}
        if (call.body is None) == (call.form is None):
            yield Problem(call.at, "it must have either 'body' or 'form'")
        elif call is request and many and "leads" not in names:
            yield Problem(call.at, "$leads is missing: the leads are never sent")
        elif not names & {"leads", "lead"}:
            yield Problem(call.at, "$lead is missing: the lead is never sent")
    if definition.auth.form and request.form is None:
        yield Problem(
            (*definition.auth.at, "form"), "the request has no form to add to"
        )
    token = definition.auth.token
    if token and (definition.auth.query or definition.auth.form):
        yield Problem(token.at, "a token can only be combined with headers")


def _nodes(node: object) -> Iterator[Node]:
    """Yield a node and all below it."""
    if isinstance(node, Node):
        yield node
        for member in vars(node).values():
            yield from _nodes(member)
    elif isinstance(node, dict | list):
        for member in node.values() if isinstance(node, dict) else node:
            yield from _nodes(member)


def _node(node: Node, definition: Definition) -> Iterator[Problem]:
    match node:
        case grammar.Rate() if node.seconds / node.requests > _SLOWEST:
            yield Problem(node.at, "a rate must allow at least one request per hour")
        case grammar.Call() if node.at[0] != "request" and not (
            node.method in (None, "GET") or definition.reads_by_post
        ):
            said = "cite in 'reads_by_post' the sentence that says it only reads"
            yield Problem((*node.at, "method"), said)
        case rules.When() | rules.Sum():
            yield from _settings(node.setting, (*node.at, "setting"), definition)
            yield from _terms(node) if isinstance(node, rules.Sum) else ()
        case grammar.Resend() | grammar.Token():
            yield from _settings(node.when, (*node.at, "when"), definition)
        case rules.Errors() | rules.Skipped() if not node.sums:
            said = "leads that the answer does not name require a count"
            yield Problem(node.at, said, "add to 'sums', such as {add: ok, is: $rest}")
        case rules.Results() if node.index and node.phone:
            yield Problem(node.at, "a result requires 'index' or 'phone'")
        case rules.Results() if not (node.words if node.word else node.with_id):
            yield Problem(node.at, "it requires 'word' and 'words', or only 'with_id'")
        case rules.AnswerRule():
            yield from _rule(node, definition)
        case rules.PreflightRule() if (
            node.campaign and node.campaign.fine and not _speaks(node.when)
        ):
            said = "name in 'when' what the answer says"
            yield Problem(node.at, said)
        case _:
            pass


def _settings(
    wanted: Iterable[str] | None, where: Where, definition: Definition
) -> Iterator[Problem]:
    for name in wanted or ():
        yield from _unknown((*where, name), [name], {*definition.settings})


def _terms(node: rules.Sum) -> Iterator[Problem]:
    for term in [*node.add, node.is_, node.at_most]:
        if isinstance(term, str) and term.startswith("$"):
            yield from _unknown(node.at, [term[1:]], {*_COUNTS})


def _rule(rule: rules.AnswerRule, definition: Definition) -> Iterator[Problem]:
    if rule.culprits and rule.raise_ != "Refused":
        yield Problem(rule.culprits.at, "only raise: Refused can have culprits")
    if rule.outcome in _GOOD and not _speaks(rule.when):
        said = f"nothing in 'when' proves {rule.outcome}"
        yield Problem(rule.at, said, "name a text, word or field in 'when'")
    is_many = definition.limits.batch_size > 1
    of_one = rule.when is not None and rule.when.leads == "one"
    if rule.outcome and rule.outcome not in _GOOD and is_many and not of_one:
        said = f"{rule.outcome} applies to one lead, but a request has several"
        hint = "add leads: one to 'when', use rows, or raise: Refused"
        yield Problem(rule.at, said, hint)


def _speaks(when: rules.When | None) -> bool:
    """Tell whether a condition depends on the body of an answer."""
    said = ("text", "word", "has", "field", "kind", "listed")
    return when is not None and any(getattr(when, name) for name in said)
