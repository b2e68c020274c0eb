"""JSON Schemas (draft 2020-12) of the config file and of profiles, for editors.

Built from the sources of the parsers: the lead fields, and the settings of every
installed provider. `check` covers what depends on a file's columns or another setting.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from leadctl.config.config import allowed_settings
from leadctl.mapping.profile import DELIMITERS, FORMATS, NUMBERS, SPEC, Shape
from leadctl.model.lead_fields import FIELDS, OBJECTS, PRIORITIES
from leadctl.model.patterns import LONGEST
from leadctl.providers.connection_settings import ConnectionSettings
from leadctl.providers.registry import Registry
from leadctl.providers.settings import MOST

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.providers.base import Provider
    from leadctl.providers.settings import SettingKind

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, "Json"]


def profile_schema() -> Schema:
    """Describe a profile in a file of its own."""
    return (
        {"$schema": DRAFT, "title": "leadctl profile"}
        | _profile()
        | {"$defs": {**_parts_of_profiles()}}
    )


def config_schema(registry: Registry | None = None) -> Schema:
    """Describe the config file, including its profiles."""
    providers = (registry or Registry()).usable()
    names = [*providers]
    accounts = {name: _account_named_like(name) for name in names}
    return {
        "$schema": DRAFT,
        "title": "leadctl configuration",
        "type": ["object", "null"],
        "properties": {
            "accounts": {
                "description": "A provider plus its settings, by the account's name.",
                "type": ["object", "null"],
                "properties": {**accounts},
                "additionalProperties": _ref("account"),
            },
            "profiles": {
                "description": "Column mappings, chosen with --profile NAME.",
                "type": ["object", "null"],
                "additionalProperties": _ref("profile"),
            },
            "provider_files": {
                "description": "Providers written in YAML: a path, or several.",
                "type": ["string", "array", "null"],
                "items": {"type": "string"},
            },
        },
        "additionalProperties": False,
        "$defs": {
            "account": _account(names),
            **{f"account-{name}": _settings(each) for name, each in providers.items()},
            "profile": _profile(),
            **_parts_of_profiles(),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


# --- accounts ----------------------------------------------------------------------


def _account(names: list[str]) -> Schema:
    """Describe an account: its provider says which settings it takes."""
    return {
        "type": "object",
        "required": ["provider"],
        "properties": {"provider": {"enum": [*names]}},
        "allOf": [
            {
                "if": {"properties": {"provider": {"const": name}}},
                "then": _ref(f"account-{name}"),
            }
            for name in names
        ],
    }


def _account_named_like(provider: str) -> Schema:
    """Describe an account named like a provider, which may be empty."""
    return {
        "if": {
            "type": "object",
            "properties": {"provider": {"type": "string"}},
            "required": ["provider"],
        },
        "then": _ref("account"),
        "else": {"anyOf": [{"type": "null"}, _ref(f"account-{provider}")]},
    }


def _settings(provider: type[Provider]) -> Schema:
    usual = {
        one.name: one.default
        for one in (*fields(provider), *fields(ConnectionSettings))
    }
    known: Schema = {
        key: _setting(kind, usual.get(key, MISSING))
        for key, kind in allowed_settings(provider).items()
    }
    return {
        "title": f"An account of {provider.title}",
        "type": "object",
        "properties": {
            "provider": {"enum": [provider.name, None]},
            "suppress": _SUPPRESS,
            **known,
        },
        "additionalProperties": False,
    }


_SUPPRESS: Json = {
    "description": "Files of numbers never to upload: PATH or PATH::COLUMN.",
    "type": ["string", "array", "null"],
    "items": {"type": "string"},
}
_TYPES: dict[type, list[Json]] = {
    bool: ["boolean", "null"],
    int: ["integer", "null"],
    float: ["number", "null"],
    str: ["string", "number", "null"],
}
"""Null leaves a setting to its default; a number will do for a text."""


def _setting(kind: SettingKind, usual: object) -> Schema:
    found: Schema = {"type": _TYPES[kind.type]}
    if kind.about:
        found["description"] = kind.about
    if kind.choices:
        found["enum"] = [*kind.choices, None]
    if kind.least is not None:
        found |= {"minimum": kind.least, "maximum": MOST}
    if isinstance(usual, str | int | float):
        found["default"] = usual
    return found


# --- profiles ----------------------------------------------------------------------


def _profile() -> Schema:
    lead_fields: Schema = {
        name: _ref("object" if name in OBJECTS else "source") for name in FIELDS
    }
    lead_fields["priority"] = {**_ref("source"), **_priorities()}
    return {
        "type": "object",
        "required": ["fields"],
        "properties": {
            "region": {
                "description": "Country of numbers without a country code (ISO 3166).",
                "type": ["string", "null"],
                "pattern": "^[A-Z]{2}$",
            },
            "timezone": {
                "description": "Time zone for times without one, e.g. Asia/Kolkata "
                "(IANA).",
                "type": ["string", "null"],
            },
            "file": _shape(),
            "fields": {
                "description": "Where each lead field comes from.",
                "type": "object",
                "minProperties": 1,
                "properties": lead_fields,
                "additionalProperties": False,
            },
            "skip_if": {
                "description": "Rows to skip.",
                "anyOf": [
                    {"type": "null"},
                    _ref("rule"),
                    {"type": "array", "items": _ref("rule")},
                ],
            },
            "ignore": {
                "description": "Columns to ignore.",
                "type": ["string", "integer", "array", "null"],
                "items": {"type": ["string", "integer"]},
            },
        },
        "additionalProperties": False,
    }


def _priorities() -> Schema:
    """Require that each value of a map, a default or a constant is a priority."""
    one = _ref("priority")
    table: Schema = {"additionalProperties": one}
    return {"properties": {"value": one, "default": one, "map": table}}


def _shape() -> Schema:
    texts: Schema = {
        "format": {"enum": [*FORMATS]},
        "encoding": {"type": ["string", "integer"]},
        "delimiter": {
            "description": f"One character, or {', '.join(sorted(DELIMITERS))}.",
            "type": ["string", "integer"],
            "pattern": _DELIMITER,
        },
        "header": {
            "description": "Whether the first line is a header.",
            "type": "boolean",
        },
        "sheet": {"type": ["string", "integer"]},
        "numbers": {
            "description": "How to read numbers without + that have several readings.",
            "enum": [*NUMBERS],
        },
    }
    return {
        "description": "File format; detected where not set.",
        "type": ["object", "null"],
        "properties": {field.name: texts[field.name] for field in fields(Shape)},
        "additionalProperties": False,
    }


def _any_case(word: str) -> str:
    letters = (f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in word)
    return "".join(letters)


_DELIMITER = "|".join(['^(?:[^\\r\\n"]', *map(_any_case, DELIMITERS)]) + ")$"
_WORDS_OF_PRIORITY = "|".join(map(_any_case, PRIORITIES))
_PRIORITY = rf"^\s*(?:|{_WORDS_OF_PRIORITY}|[+-]?[0-9]{{1,9}}(?:\.0*)?)\s*$"
_COLUMNS: Schema = {
    "description": "Columns; the first non-empty one is used.",
    "type": "array",
    "minItems": 1,
    "items": {"type": ["string", "integer"]},
}
_TEMPLATE = r"^(?:\{\{|\}\}|\{[^{}]+\}|[^{}])*$"
"""Text with {columns} in it; plain braces are doubled."""


def _parts_of_profiles() -> dict[str, Json]:
    named: Schema = {
        "anyOf": [{"type": ["string", "number"], "pattern": "^[^{}]*$"}, _COLUMNS]
    }
    ways: list[Json] = ["column", "columns", "template", "value"]
    return {
        "source": {
            "anyOf": [
                {
                    "description": "A column, or a template with {columns} in it.",
                    "type": ["string", "number"],
                    "pattern": _TEMPLATE,
                },
                _COLUMNS,
                _ref("spec"),
            ],
        },
        "object": {"anyOf": [_ref("source"), _ref("members")]},
        "members": {
            "description": "An object: a source for each key.",
            "type": "object",
            "propertyNames": {"not": {"enum": [*SPEC]}},
            "additionalProperties": _ref("source"),
        },
        "spec": {
            "type": "object",
            "properties": {
                "column": named,
                "columns": named,
                "template": {"type": ["string", "number"], "pattern": _TEMPLATE},
                "value": {"description": "Constant for every lead."},
                "map": {
                    "description": "Maps column values to field values.",
                    "type": ["object", "null"],
                },
                "default": {
                    "description": "Used when the cell is empty or not in the map."
                },
            },
            "additionalProperties": False,
            "oneOf": [{"required": [way]} for way in ways],
        },
        "priority": {
            "description": f"{', '.join(PRIORITIES)}, or the provider's own number.",
            "type": ["string", "integer", "null"],
            "pattern": _PRIORITY,
        },
        "rule": {
            "type": "object",
            "required": ["column"],
            "anyOf": [
                {
                    "required": [way],
                    "properties": {way: {"minItems": 1, "minLength": 1}},
                }
                for way in ("in", "contains", "matches")
            ],
            "properties": {
                "column": {"type": "string"},
                "in": {
                    "description": "Values that must equal the whole cell.",
                    "type": "array",
                },
                "contains": {
                    "description": "Text contained in the cell.",
                    "type": "array",
                    "items": {"pattern": r"\S", "not": {"const": None}},
                },
                "matches": {
                    "description": "A regular expression matched anywhere in the cell.",
                    "type": "string",
                    "maxLength": LONGEST,
                },
            },
            "additionalProperties": False,
        },
    }
