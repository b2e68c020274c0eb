"""Presents a provider's declaration as JSON, as a table, and as a sheet of terms."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from leadctl.model.lead_fields import COUNTRY_ALIASES, FIELDS, INSTRUCTIONS
from leadctl.model.printable import members
from leadctl.providers.base import Provider
from leadctl.reports.screen import Grid, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.model.leads import Json
    from leadctl.reports.screen import Screen


def usual(provider: type[Provider]) -> Provider:
    """Return a provider with all settings at their defaults, or else empty."""
    blanks = {f.name: "" for f in fields(provider) if f.default is MISSING}
    return provider(**blanks)


def document(provider: type[Provider]) -> dict[str, Json]:
    """Return the declaration as JSON, with all settings at their defaults."""
    declared = usual(provider)
    limits, rule, scale = provider.limits, declared.phone_rule, provider.priority
    safe = declared.resend_is_safe
    return {
        **members(provider, "name", "title", "documentation"),
        "address": declared.base_url or None,
        "settings": [*provider.settings()],
        "secrets": [*provider.secrets],
        "campaign": provider.campaign_rule[1],
        "limits": {
            **members(limits, "batch_size", "concurrency", "requests_per_minute"),
            "rates": [{**rate._asdict()} for rate in limits.rates],
            "min_interval": limits.min_interval,
        },
        "phone": members(rule, "form", "country"),
        "priority": members(scale, "first", "last") if scale else None,
        "fields": {
            "phone": provider.phone_wire,
            **{field.name: field.wire for field in declared.fields},
        },
        "other_fields": provider.overflow,
        "tags": provider.takes_tags,
        "resend_is_safe": bool(safe),
        "resend_delay": (limits.doubt_delay if safe is True else safe) or None,
        "resend_sentence": provider.resend_sentence or None,
        "resend_window": provider.resend_window if safe else None,
        "consequence": declared.consequence,
    }


def terms(provider: type[Provider]) -> dict[str, str]:
    """Return a provider's terms as pairs of label and text."""
    declared, limits = usual(provider), provider.limits
    rule, scale = declared.phone_rule, provider.priority
    rates = [f"{rate.requests:g} in {rate.seconds:g} s" for rate in limits.rates]
    if limits.requests_per_minute:
        rates.append(f"{limits.requests_per_minute:g}")
    country = f"; numbers of {rule.country} only" if rule.country else ""
    return {
        "API": provider.documentation,
        "Address": declared.base_url or "your server's",
        "Campaign": provider.campaign_rule[1],
        "Phone numbers": f"{rule.form}{country}",
        "Priority": f"{scale.first} is called first, {scale.last} last"
        if scale
        else "none",
        "Tags": "yes" if provider.takes_tags else "none",
        "Leads per request": f"{limits.batch_size:,}",
        "Requests at a time": f"{limits.concurrency}",
        "Requests per minute": ", ".join(rates) or "not limited",
        "Pause after a request": f"{limits.min_interval:g} s",
        "After a lost answer": _after_doubt(declared),
    }


def _after_doubt(provider: Provider) -> str:
    safe = provider.resend_is_safe
    if not safe:
        return "not sent again"
    delay = provider.limits.doubt_delay if safe is True else safe
    again = f"sent again after {delay:g} s"
    if type(provider).look_up is Provider.look_up:
        return again
    return "looked up, and the rest " + ("sent again" if safe is True else again)


def settings(provider: type[Provider]) -> Iterator[tuple[str, str, str]]:
    """Yield each setting: name, description, default."""
    address = usual(provider).base_url
    for name in provider.secrets:
        yield name, "secret: never in the config file", "required"
    for one in fields(provider):
        about = str(one.metadata.get("about", "a different address"))
        default = str(one.default) or "none"
        if isinstance(one.default, bool):
            default = default.lower()
        if one.default is MISSING or f"{{{one.name}}}" in address:
            default = "required"
        yield one.name, about, default


def lead_fields(provider: type[Provider]) -> Iterator[tuple[str, Sequence[str], str]]:
    """Yield every lead field, and the key it is sent under or what happens to it."""
    code = provider.phone_code_wire
    places = {"phone": [*filter(None, (code, provider.phone_wire))]}
    places |= {field.name: [field.wire] for field in usual(provider).fields}
    made = places.get("name", [])
    for name in FIELDS:
        if name in places:
            yield name, places[name], ""
        elif name in COUNTRY_ALIASES:
            yield name, (), "not sent: it gives the region of phone"
        elif name in ("first_name", "last_name") and made:
            yield name, made, "if there is no name"
        elif name in INSTRUCTIONS:
            yield name, (), "not sent: as plain data it would have no effect"
        elif provider.overflow:
            inside = "" if name == provider.overflow else f".{name}"
            yield name, (f"{provider.overflow}{inside}",), ""
        else:
            yield name, (), "not sent"


def list_providers(providers: Sequence[type[Provider]], screen: Screen) -> None:
    """Print a line for each provider."""
    table = Grid(
        *("provider", "title", "leads per request", "resend", "campaigns"),
        right=["leads per request"],
    )
    for one in providers:
        declared = usual(one)
        table.row(
            one.name,
            one.title,
            f"{one.limits.batch_size:,}",
            "safe" if declared.resend_is_safe else Text("not safe", "yellow"),
            "listed" if declared.lists_campaigns else Text("not listed", "dim"),
        )
    screen.print(table)
    screen.close("Details of one: leadctl providers show NAME")


def show_provider(provider: type[Provider], screen: Screen) -> None:
    """Print the terms of a provider, its settings and where each field goes."""
    screen.title(f"{provider.title} ({provider.name})")
    said = terms(provider)
    if provider.resend_sentence:
        said["Because"] = provider.resend_sentence
    said["After an upload"] = usual(provider).consequence
    screen.facts(((Text(label, "dim"), text) for label, text in said.items()))
    screen.print()
    table = Grid("setting", "default", "meaning")
    for name, about, default in settings(provider):
        style = "yellow" if default == "required" else ""
        table.row(name, Text(default, style), about)
    screen.print(table)
    screen.print()
    table = Grid("lead field", "sent as")
    unsent = []
    for name, places, otherwise in lead_fields(provider):
        if places:
            table.row(name, ", ".join([*places, *filter(None, [otherwise])]))
        else:
            unsent.append(name)
    screen.print(table)
    if unsent:
        screen.close(f"Not sent: {', '.join(unsent)}.")
