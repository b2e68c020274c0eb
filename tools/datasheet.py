"""The tables of docs/providers/, written from the providers' declarations.

`python -m tools.datasheet FOLDER` writes them between their marks in each page;
the rest of a page is written by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.providers.installed import installed
from leadctl.providers.registry import provider_class
from leadctl.reports import provider_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.providers.base import Provider

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
    written = {"API": "<{}>".format, "Address": "`{}`".format}
    said = provider_sheet.terms(provider)
    if not provider_sheet.usual(provider).base_url:
        del written["Address"]
    rows = [(label, written.get(label, str)(text)) for label, text in said.items()]
    yield from _table(("Term", ""), rows)


def _settings(provider: type[Provider]) -> Iterator[str]:
    rows = [
        (
            f"`{name}`",
            about,
            default if default in ("required", "none") else f"`{default}`",
        )
        for name, about, default in provider_sheet.settings(provider)
    ]
    yield from _table(("Setting", "What it is", "Default"), rows)


def _fields(provider: type[Provider]) -> Iterator[str]:
    """Yield every lead field there is: its place, or what becomes of it."""
    rows = []
    for name, places, otherwise in provider_sheet.lead_fields(provider):
        where = ", ".join(f"`{place}`" for place in places)
        rows.append((f"`{name}`", ", ".join(filter(None, (where, otherwise)))))
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
