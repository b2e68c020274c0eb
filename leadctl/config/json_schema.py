"""JSON Schema (draft 2020-12) of the config file and its profiles, for editors."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from leadctl.config.config import allowed_settings
from leadctl.mapping.profile_file import ProfileFile
from leadctl.model.typed_schema import DRAFT, described, schema
from leadctl.providers.registry import Registry
from leadctl.providers.settings import MOST, ConnectionSettings

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.providers.base import Provider
    from leadctl.providers.settings import SettingKind

Schema = dict[str, "Json"]


def profile_schema() -> Schema:
    """Describe a profile in a file of its own."""
    return schema(ProfileFile, "leadctl profile")


def config_schema(registry: Registry | None = None) -> Schema:
    """Describe the config file, including its profiles."""
    providers = (registry or Registry()).usable()
    names = [*providers]
    accounts = {name: _account_named_like(name) for name in names}
    parts: Schema = {}
    profile = described(ProfileFile, parts)
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
                "additionalProperties": profile,
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
            **parts,
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


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
    declared = (*fields(provider), *fields(ConnectionSettings))
    usual = {one.name: one.default for one in declared}
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
"""Null means the default; a number is accepted where a text is expected."""


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
