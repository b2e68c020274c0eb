"""Reads YAML with line numbers; `NO` is a text, and a duplicate key an error."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.model.errors import InputUnusable
from leadctl.model.text_file import read_text
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leadctl.model.leads import Json

Where: TypeAlias = "tuple[str | int, ...]"


class Document(NamedTuple):
    """Parsed YAML; `lines` maps a node's path (keys, indexes) to its line, from 1."""

    name: str
    content: Json
    lines: dict[Where, int]

    def problem(
        self, where: Where, message: str, *, hint: str | None = None
    ) -> InputUnusable:
        line = self.lines.get(where) or self.lines.get(where[:-1], 1)
        found = InputUnusable(f"{self.name}, line {line}: {message}", hint=hint)
        return found.but(where=where)

    def unknown(self, where: Where, known: Iterable[str]) -> InputUnusable:
        """Return the error for a key that is none of the known ones."""
        key, known = str(where[-1]), [*known]
        return self.problem(
            where,
            f"unknown key {key!r}{nearest(key, known)}",
            hint=f"known here: {', '.join(known)}",
        )

    def without(self, where: Where) -> Document:
        """Return the document without an existing entry."""
        content = deepcopy(self.content)
        parent = self._replace(content=content).at(where[:-1])
        if isinstance(parent, dict | list):
            del parent[where[-1]]  # type: ignore[arg-type]  # a way fits its nodes
        lines = {way: line for way, line in self.lines.items() if way != where}
        return self._replace(content=content, lines=lines)

    def at(self, where: Where) -> Json:
        """Return the node at a path; None if there is none."""
        node = self.content
        for step in where:
            if isinstance(node, dict) and isinstance(step, str):
                node = node.get(step)
            elif isinstance(node, list) and isinstance(step, int) and step < len(node):
                node = node[step]
            else:
                return None
        return node

    def table(
        self, where: Where, allowed: Iterable[str] | None = None
    ) -> dict[str, Json]:
        """Return the mapping at a path (empty if absent); only `allowed` keys pass."""
        found = self.at(where)
        if found is None:
            return {}
        if not isinstance(found, dict):
            together = isinstance(found, str) and ":" in found
            raise self.problem(
                where,
                f"{label(where)} must be a mapping (key: value)",
                hint="add a space after the colon" if together else None,
            )
        known = [*(found if allowed is None else allowed)]
        for key in found:
            if key not in known:
                raise self.unknown((*where, key), known)
        return found


def read(path: Path, *, may_be_pipe: bool = True) -> Document:
    try:
        text = read_text(path, may_be_pipe=may_be_pipe, encoding="utf-8-sig")
    except OSError as error:
        raise InputUnusable(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text"
        raise InputUnusable(message, hint="save it as UTF-8") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """Parse a text; InputUnusable says what is wrong with it, and where."""
    if not text:
        return Document(name, None, {})
    from leadctl.model import yaml_parser  # noqa: PLC0415  slow to load

    return Document(name, *yaml_parser.parsed(text, name))


def label(where: Where) -> str:
    """Name a place in a message."""
    match where:
        case ():
            return "the file"
        case (*_, int(place)):
            return f"item {place + 1}"
        case _:
            return repr(where[-1])
