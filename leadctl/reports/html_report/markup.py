"""Builds HTML and SVG; text of others is always escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMPTY = frozenset({"br", "link", "meta"})
"""Elements without content and end tag."""


class Markup(str):
    """Text that is markup already; any other text is escaped on insertion."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Escape a text, and make control and direction characters visible."""
    if isinstance(content, Markup):
        return content
    shown = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in content
    )
    return Markup(escape(shown))


def tag(name: str, /, *content: str, **attributes: str | float) -> Markup:
    """Return an element; `class_` and `aria_label` become `class` and `aria-label`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
    )
    if name in EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(map(text, content))}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    return Markup("".join(map(text, parts)))


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: str
) -> Markup:
    """Return a table; the first cell of a row is its heading.

    `numbers` has a letter per column: `n` for numbers, `b` for bars, `-` for others.
    """
    kinds = [_KINDS[letter] for letter in numbers]
    head = joined(
        tag("th", heading, scope="col", class_=kind)
        for heading, kind in zip(headings, kinds, strict=True)
    )
    body = []
    for row in rows:
        first, *others = zip(row, kinds, strict=True)
        cells = [tag("td", cell, class_=kind) for cell, kind in others]
        heading = tag("th", first[0], scope="row", class_=first[1])
        body.append(tag("tr", heading, *cells))
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", head)),
            tag("tbody", *body),
        ),
        class_="scroll",
    )


_KINDS = {"n": "number", "b": "bar", "-": "words"}


def folded(title: str, *content: str) -> Markup:
    """Return a section that is collapsed at first."""
    return tag("details", tag("summary", title), *content)


def section(title: str, *content: str) -> Markup:
    return tag("section", tag("h2", title), *content)
