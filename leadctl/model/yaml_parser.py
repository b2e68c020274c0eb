"""Parses YAML and explains its mistakes; the only module that uses PyYAML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Where


def parsed(text: str, name: str) -> tuple[Json, dict[Where, int]]:
    """Return the content and the lines of its nodes; errors begin with `name`."""
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
    return content, lines


_ALIGN = "align keys of the same level"
_MIXED = "a list and keys at the same level"
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
        f"quote text that contains a colon; {_ALIGN}",
    ),
    (
        "found '<block mapping start>'",
        "indented differently from the lines above",
        _ALIGN,
    ),
    ("found '-'", _MIXED, "give the list a key"),
    ("found '?'", _MIXED, "give the list a key"),
    (
        "expected <block end>",
        "text after a closing quote or bracket",
        """quote the whole text: name: "{First Name} {Last Name}\"""",
    ),
    ("unknown escape", "a backslash in double quotes", "use single quotes, or none"),
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


def _mistake(error: yaml.MarkedYAMLError) -> tuple[str, str | None, yaml.Mark | None]:
    """Return what is wrong, in plain words if it is common, a hint, and the place."""
    said = error.problem or "not valid YAML"
    for words, what, hint in _OPENED:
        if words in said:
            return what, hint, error.context_mark or error.problem_mark
    for words, what, hint in _MISTAKES:
        if words in said:
            return what, hint, error.problem_mark
    return said, None, error.problem_mark


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
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"-?(0|[1-9][0-9]{0,17})", [*"-0123456789"]),
    ("float", r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", [*"-0123456789"]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first
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
            if key in table:
                raise InputUnusable(f"{name}, line {line}: duplicate key {key!r}")
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputUnusable(f"{name}, line {line}: keys must be plain words")
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
