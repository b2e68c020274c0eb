"""The tables of docs/providers/, written from the providers' declarations.

`python -m tools.datasheet FOLDER` writes them between their marks in each page;
the rest of a page is written by hand.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.cli.providers import usual
from leadctl.model.lead_fields import COUNTRY_ALIASES, FIELDS
from leadctl.providers.base import Provider, installed, provider_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BEGIN, END = "<!-- declared: `make docs` writes what follows -->", "<!-- /declared -->"


def sheet(provider: type[Provider]) -> str:
    """Return the tables of a provider, between their marks."""
    parts = [_terms(provider), _settings(provider), _fields(provider)]
    return "\n".join([BEGIN, "", *(line for part in parts for line in part), END])


def page(provider: type[Provider], text: str) -> str:
    """Return a page with its tables as the declaration has them now."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page of {provider.name} has no place for its tables")
    return before + sheet(provider) + after


def _terms(provider: type[Provider]) -> Iterator[str]:
    declared, limits = usual(provider), provider.limits
    rule, scale = declared.phone_rule, provider.priority
    rates = [f"{rate.requests:g} in {rate.seconds:g} s" for rate in limits.rates]
    if limits.requests_per_minute:
        rates.append(f"{limits.requests_per_minute:g}")
    country = f"; numbers of {rule.country} only" if rule.country else ""
    rows = {
        "API": f"<{provider.documentation}>",
        "Address": f"`{declared.base_url}`" if declared.base_url else "your server's",
        "Campaign": provider.campaign_rule[1],
        "Phone numbers": f"{rule.form}{country}",
        "Priority": f"{scale.first} is called first, {scale.last} last"
        if scale
        else "none",
        "Tags (`--tag`)": "yes" if provider.takes_tags else "none",
        "Leads a request": f"{limits.batch_size:,}",
        "Requests at a time": f"{limits.concurrency}",
        "Requests a minute": ", ".join(rates) or "not limited",
        "Rest after a request": f"{limits.min_interval:g} s",
        "After a lost answer": _after_doubt(declared),
    }
    yield from _table(("Term", ""), rows.items())


def _after_doubt(provider: Provider) -> str:
    safe = provider.resend_is_safe
    if not safe:
        return "not sent again"
    delay = provider.limits.doubt_delay if safe is True else safe
    again = f"sent again after {delay:g} s"
    if type(provider).look_up is Provider.look_up:
        return again
    return "looked up, and the rest " + ("sent again" if safe is True else again)


def _settings(provider: type[Provider]) -> Iterator[str]:
    address = usual(provider).base_url
    rows = [
        (f"`{name}`", "secret: never in the config file", "needed")
        for name in provider.secrets
    ]
    for one in fields(provider):
        about = str(one.metadata.get("about", "another address than the usual"))
        needed = one.default is MISSING or f"{{{one.name}}}" in address
        default = "needed" if needed else _default(one.default)
        rows.append((f"`{one.name}`", about, default))
    yield from _table(("Setting", "What it is", "Default"), rows)


def _default(value: object) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case "":
            return "none"
        case _:
            return f"`{value}`"


def _fields(provider: type[Provider]) -> Iterator[str]:
    """Yield every lead field there is: its place, or what becomes of it."""
    code = provider.phone_code_wire
    places = {"phone": "`, `".join(filter(None, (code, provider.phone_wire)))}
    places |= {field.name: field.wire for field in usual(provider).fields}
    elsewhere = f"in `{provider.overflow}`" if provider.overflow else "not sent"
    made = {"name"} & places.keys()
    rows = []
    for name in FIELDS:
        if name in places:
            rows.append((f"`{name}`", f"`{places[name]}`"))
        elif name in COUNTRY_ALIASES:
            rows.append((f"`{name}`", "not sent: it gives the region of `phone`"))
        elif name in ("first_name", "last_name") and made:
            rows.append(
                (f"`{name}`", f"in `{places['name']}`, where no `name` is given")
            )
        else:
            rows.append((f"`{name}`", elsewhere))
    yield from _table(("Lead field", "Sent as"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


if __name__ == "__main__":
    for name in installed():
        path = Path(sys.argv[1]) / f"{name}.md"
        if path.exists():  # of our own providers
            text = path.read_text(encoding="utf-8")
            path.write_text(page(provider_class(name), text), encoding="utf-8")
