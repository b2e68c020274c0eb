"""Reads YAML with line numbers, for profiles and the config file.

Plain YAML surprises people who write country codes and dates: `NO` would be false,
`2026-01-01` a date, `a: 1` twice the last one. Here only true/false, numbers and null
are not text, and a duplicate key is an error.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import yaml

from leadctl.model.errors import InputUnusable
from leadctl.model.text_file import read_text
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leadctl.model.leads import Json

Where: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True)
class Document:
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

    def without(self, where: Where) -> Document:
        """Return the document without an existing entry."""
        content = deepcopy(self.content)
        parent = replace(self, content=content).at(where[:-1])
        if isinstance(parent, dict | list):
            del parent[where[-1]]  # type: ignore[arg-type]  # a way fits its nodes
        lines = {way: line for way, line in self.lines.items() if way != where}
        return replace(self, content=content, lines=lines)

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
                f"{_label(where)} must be a mapping (key: value)",
                hint="add a space after the colon" if together else None,
            )
        known = None if allowed is None else list(allowed)
        for key in found:
            if known is not None and key not in known:
                raise self.problem(
                    (*where, key),
                    f"unknown key {key!r}{nearest(key, known)}",
                    hint=f"known here: {', '.join(known)}",
                )
        return found


def read(path: Path, *, may_be_pipe: bool = True) -> Document:
    try:
        text = read_text(path, may_be_pipe=may_be_pipe, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputUnusable(
            f"{path}: {reason}",
            hint=None if isinstance(error, OSError) else "save it as UTF-8",
        ) from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    try:
        root = yaml.compose(text, Loader=_Loader)
        lines: dict[Where, int] = {}
        content = _construct(root, (), lines, name) if root else None
    except yaml.MarkedYAMLError as error:
        what, hint, mark = _mistake(error)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputUnusable(f"{name}{where}: {what}", hint=hint) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputUnusable(
            f"{name}, line {line}: a character that YAML does not allow",
            hint="remove it; it may be invisible",
        ) from error
    except RecursionError:
        raise InputUnusable(f"{name}: nested too deeply") from None
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputUnusable(f"{name}: unpaired \\u surrogate in a text") from None
    return Document(name, content, lines)


class _Mistake(NamedTuple):
    """What is wrong, what to do about it, and where."""

    what: str
    hint: str | None
    mark: yaml.Mark | None


_MISTAKES = (
    ("character '\\t'", "a tab instead of spaces", "indent with spaces only"),
    (
        "cannot start any token",
        "text starts with a character reserved by YAML",
        "quote the text",
    ),
    (
        "mapping values are not allowed",
        "unexpected colon",
        "quote text that contains a colon; align keys of the same level",
    ),
    (
        "found '<block mapping start>'",
        "indented differently from the lines above",
        "align keys of the same level",
    ),
    *(
        (f"found '{sign}'", "a list and keys at the same level", "give the list a key")
        for sign in "-?"
    ),
    (
        "expected <block end>",
        "text after a closing quote or bracket",
        """quote the whole text: name: "{First Name} {Last Name}\"""",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes",
        "use single quotes, or none",
    ),
    (
        "another document",
        "a second document begins (---)",
        "keep only one document in the file",
    ),
)
_OPENED = (
    ("found unexpected end of stream", "unclosed quote", None),
    ("expected ',' or", "unclosed bracket or missing comma", None),
    ("find expected ':'", "a key without a colon", "write key: value"),
)
"""Mistakes to report where something began, not where the parser noticed them."""


def _mistake(error: yaml.MarkedYAMLError) -> _Mistake:
    """Reword the parser's most common messages."""
    said = error.problem or "not valid YAML"
    for words, what, hint in _OPENED:
        if words in said:
            return _Mistake(what, hint, error.context_mark or error.problem_mark)
    for words, what, hint in _MISTAKES:
        if words in said:
            return _Mistake(what, hint, error.problem_mark)
    return _Mistake(said, None, error.problem_mark)


class _Loader(yaml.SafeLoader):
    """SafeLoader that resolves nothing but true/false, null and decimal numbers."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  as the base declares it

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # Nested aliases can expand ten lines to gigabytes.
        if self.check_event(yaml.AliasEvent):
            mark = self.get_mark()
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not supported", problem_mark=mark
            )
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("int", r"-?(0|[1-9][0-9]{0,17})", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", "-0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"^(?:{_pattern})$"),
        [*_first, *([""] if _tag == "null" else [])],
    )


def _construct(
    node: yaml.Node, where: Where, lines: dict[Where, int], name: str
) -> Json:
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        table: dict[str, Json] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key in table:
                what = (
                    "keys must be plain words"
                    if key not in table
                    else f"duplicate key {key!r}"
                )
                raise InputUnusable(f"{name}, line {line}: {what}")
            table[key] = _construct(value_node, (*where, key), lines, name)
            lines[(*where, key)] = line
        return table
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(member, (*where, index), lines, name)
            for index, member in enumerate(node.value)
        ]
    try:
        return _scalar(node)
    except ValueError:
        raise InputUnusable(f"{name}, line {lines[where]}: not a number") from None


def _scalar(node: yaml.Node) -> Json:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "bool":
            return text.casefold() == "true"
        case "null":
            return None
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return text


def _label(where: Where) -> str:
    return repr(str(where[-1])) if where else "the file"
