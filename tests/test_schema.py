"""The JSON Schemas and the parsers accept and reject the same documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from leadctl.config import config
from leadctl.config.json_schema import config_schema, profile_schema
from leadctl.mapping import profile
from leadctl.model import yaml_file
from leadctl.model.errors import LeadctlError
from leadctl.providers.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from leadctl.model.yaml_file import Document

ROOT = Path(__file__).parent.parent


def complaints(schema: Any, document: Document) -> Iterator[tuple[list[Any], str]]:  # noqa: ANN401  JSON
    """Yield where the schema finds fault (down to every alternative), and how."""
    pending: list[ValidationError] = [
        *Draft202012Validator(schema).iter_errors(document.content)
    ]
    for error in pending:
        yield [*error.absolute_path], error.message
        pending += error.context or []


def faulty_at(schema: Any, document: Document, place: list[Any]) -> bool:  # noqa: ANN401  JSON
    """Whether the schema finds fault with this node, or with its being there."""
    return any(
        found == place or (found == place[:-1] and repr(place[-1]) in message)
        for found, message in complaints(schema, document)
    )


def load_config(document: Document) -> None:
    document.table((), ("accounts", "profiles"))
    for name in document.table(("accounts",)):
        config.resolve(document, {}, provider=None, account=name)
    for name in document.table(("profiles",)):
        profile.load(document, ("profiles", name))


def refused_at(text: str, load: Any) -> int:  # noqa: ANN401  a function
    """Return the line that our parser names."""
    with pytest.raises(LeadctlError) as caught:
        load(yaml_file.parse(text, "the file"))
    found = re.match(r"the file, line (\d+): ", caught.value.message)
    assert found, caught.value.message
    return int(found[1])


@pytest.mark.parametrize("schema", [config_schema(), profile_schema()])
def test_schema_is_a_schema(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "path", ["config.example.yaml", "examples/profile.yaml"], ids=str
)
def test_schema_takes_our_examples(path: str) -> None:
    schema = config_schema() if "config" in path else profile_schema()
    document = yaml_file.read(ROOT / path)
    assert [*complaints(schema, document)] == []


GOOD_PROFILES = [
    "region: US\nfields: {phone: Mobile}",
    "region:\nfields: {phone: 3}\nskip_if:",
    "fields: {phone: [Mobile, 3]}\nskip_if: []",
    "fields: {name: '{First} {Last}'}",
    "fields: {name: '{{ {First} }}'}",
    "fields: {active: {value: null}}",
    "fields: {active: {value: [1, {a: b}]}}",
    "fields: {title: {column: Score, map: {hot: 1, cold: [2]}, default: 3}}",
    "fields: {priority: {columns: [A, B], map: null}}",
    "fields: {priority: {column: A, map: {a: HIGH, b: '7', c: -1}, default: low}}",
    "fields: {priority: {column: A, map: {a: null, b: ''}, default: 2.0}}",
    "fields: {priority: {value: lowest}}",
    "fields: {title: {template: '{Job} ({Department})', default: none}}",
    "fields: {metadata: {}}",
    "fields: {metadata: {plan: Plan, city: address.city, n: {value: 1}}}",
    "fields: {metadata: Everything, source: {system: {value: crm}}}",
    "fields: {metadata: {value: {a: 1}}, context_headers: {template: '{A}'}}",
    "fields: {phone: Mobile}\nskip_if: {column: Status, in: [dead, 1, true, null]}",
    "fields: {phone: Mobile}\nfile:",
    "fields: {phone: Mobile}\nfile: {format: csv, delimiter: ;, header: false}",
    "fields: {phone: Mobile}\nfile: {delimiter: Tab, encoding: cp1252, sheet: 2}",
    "fields: {phone: Mobile}\nskip_if: [{column: A, in: [x]}, {column: B, in: [y]}]",
    "fields: {phone: Mobile}\nskip_if: {column: A, contains: [x, 1], matches: '^x+$'}",
    "fields: {phone: Mobile}\nskip_if: {column: 1, in: [], matches: x}",
    "fields: {phone: Mobile}\nignore: [Notes, 3]",
    "fields: {phone: Mobile}\nignore: Notes",
    "fields: {phone: Mobile}\nignore:\ntimezone:",
    "fields: {phone: Mobile}\ntimezone: Asia/Kolkata",
]

BROKEN_PROFILES: dict[str, list[Any]] = {
    "": [],
    "fields: {phone: x}\nfilds: {}": ["filds"],
    "region: us\nfields: {phone: x}": ["region"],
    "region: [US]\nfields: {phone: x}": ["region"],
    "region: US": ["fields"],
    "fields: {phone: x}\nfile: csv": ["file"],
    "fields: {phone: x}\nfile:\n  from: csv": ["file", "from"],
    "fields: {phone: x}\nfile:\n  format: ods": ["file", "format"],
    "fields: {phone: x}\nfile:\n  delimiter: ab": ["file", "delimiter"],
    "fields: {phone: x}\nfile:\n  delimiter: '\"'": ["file", "delimiter"],
    "fields: {phone: x}\nfile:\n  header: 'no'": ["file", "header"],
    "fields: {phone: x}\nfile:\n  sheet: [1]": ["file", "sheet"],
    "region: US\nfields:": ["fields"],
    "region: US\nfields: {}": ["fields"],
    "region: US\nfields: [phone]": ["fields"],
    "fields:\n  phone: x\n  phnoe: y": ["fields", "phnoe"],
    "fields:\n  phone: true": ["fields", "phone"],
    "fields:\n  phone:": ["fields", "phone"],
    "fields:\n  phone: []": ["fields", "phone"],
    "fields:\n  phone: [[x]]": ["fields", "phone"],
    "fields:\n  phone: {}": ["fields", "phone"],
    "fields:\n  name: '{First'": ["fields", "name"],
    "fields:\n  name: 'First}'": ["fields", "name"],
    "fields:\n  name: '{{a}'": ["fields", "name"],
    "fields:\n  name: '{}'": ["fields", "name"],
    "fields:\n  name:\n    column: '{First}'": ["fields", "name", "column"],
    "fields:\n  name:\n    template: '{First'": ["fields", "name", "template"],
    "fields:\n  name: {column: a, value: b}": ["fields", "name"],
    "fields:\n  name: {map: {a: b}}": ["fields", "name"],
    "fields:\n  name:\n    column: a\n    mpa: {}": ["fields", "name", "mpa"],
    "fields:\n  name:\n    column: a\n    map: [b]": ["fields", "name", "map"],
    "fields:\n  priority:\n    column: a\n    map:\n      b: higest": [
        *("fields", "priority", "map", "b")
    ],
    "fields:\n  priority:\n    column: a\n    map:\n      b: [2]": [
        *("fields", "priority", "map", "b")
    ],
    "fields:\n  priority:\n    column: a\n    default: soon": [
        *("fields", "priority", "default")
    ],
    "fields:\n  priority:\n    value: 1.5": ["fields", "priority", "value"],
    "fields:\n  priority:\n    value: true": ["fields", "priority", "value"],
    "fields:\n  name:\n    column:": ["fields", "name", "column"],
    "fields:\n  name: {first: First}": ["fields", "name"],
    "fields:\n  metadata:\n    plan:\n      column: a\n      x: b": [
        *("fields", "metadata", "plan", "x")
    ],
    "fields:\n  metadata:\n    plan: {deeper: {column: a}}": [
        *("fields", "metadata", "plan")
    ],
    "fields: {phone: x}\nskip_if: Status": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, in: []}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, in: dead}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, contains: dead}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, contains: ['']}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, matches: ''}": ["skip_if"],
    "fields: {phone: x}\nskip_if: {column: Status, matches: [x]}": ["skip_if"],
    f"fields: {{phone: x}}\nskip_if:\n  column: a\n  matches: {'x' * 501}": [
        *("skip_if", "matches")
    ],
    "fields: {phone: x}\nignore: {a: b}": ["ignore"],
    "fields: {phone: x}\nignore: true": ["ignore"],
    "fields: {phone: x}\nignore:\n- [a]": ["ignore", 0],
    "fields: {phone: x}\ntimezone: 5": ["timezone"],
    "fields: {phone: x}\nskip_if:\n  column: a\n  in: [x]\n  ni: [y]": [
        *("skip_if", "ni")
    ],
}


@pytest.mark.parametrize("text", GOOD_PROFILES)
def test_schema_takes_every_form_of_a_profile(text: str) -> None:
    document = yaml_file.parse(text, "the file")
    profile.load(document)
    assert [*complaints(profile_schema(), document)] == []
    assert [*complaints(config_schema(), _configured(text))] == []


@pytest.mark.parametrize("text", BROKEN_PROFILES)
def test_schema_refuses_a_broken_profile_where_the_parser_does(text: str) -> None:
    place = BROKEN_PROFILES[text]
    document = yaml_file.parse(text, "the file")
    line = refused_at(text, profile.load)
    assert line in (_line(document, place), _line(document, place[:-1]))
    assert faulty_at(profile_schema(), document, place)
    within = _configured(text)
    assert faulty_at(config_schema(), within, ["profiles", "mine", *place])


def _line(document: Document, place: list[Any]) -> int:
    return document.lines.get((*place,), 1)


def _configured(text: str) -> Document:
    """Return the same profile as part of a config file."""
    content = yaml_file.parse(text, "the file").content
    return yaml_file.Document("the file", {"profiles": {"mine": content}}, {})


GOOD_CONFIGS = [
    "",
    "accounts:\nprofiles:\n",
    "accounts: {voiso: null, yotel: {}}",
    "accounts: {voiso: {provider: null, cluster_id: 7, timeout: 1.5}}",
    "accounts: {eu: {provider: voiso, cluster_id: eu7, batch_size: null}}",
    "accounts: {voiso: {provider: yotel, concurrency: 2}}",
    "accounts: {voiso: {suppress: dnc.csv}, yotel: {suppress: [a.csv, b.csv]}}",
    "accounts: {eu: {provider: ozonetel, phone_format: e164, action: START}}",
    "accounts: {lupitor: {api_key_file: ~/key, deployment: x}}",
]

BROKEN_CONFIGS: dict[str, list[Any]] = {
    "acounts: {}": ["acounts"],
    "[accounts]": [],
    "accounts: [voiso]": ["accounts"],
    "accounts:\n  voiso: 5": ["accounts", "voiso"],
    "accounts:\n  eu: {}": ["accounts", "eu"],
    "accounts:\n  eu:\n    provider: viso": ["accounts", "eu", "provider"],
    "accounts:\n  voiso:\n    provider: viso": ["accounts", "voiso", "provider"],
    "accounts:\n  voiso:\n    timeuot: 5": ["accounts", "voiso", "timeuot"],
    "accounts:\n  voiso:\n    user_name: x": ["accounts", "voiso", "user_name"],
    "accounts:\n  voiso:\n    api_key: x": ["accounts", "voiso", "api_key"],
    "accounts:\n  eu:\n    provider: voiso\n    user_name: x": [
        *("accounts", "eu", "user_name")
    ],
    "accounts:\n  voiso:\n    provider: yotel\n    cluster_id: x": [
        *("accounts", "voiso", "cluster_id")
    ],
    "accounts:\n  voiso:\n    timeout: soon": ["accounts", "voiso", "timeout"],
    "accounts:\n  voiso:\n    timeout: 0": ["accounts", "voiso", "timeout"],
    "accounts:\n  voiso:\n    timeout: 1000001": ["accounts", "voiso", "timeout"],
    "accounts:\n  voiso:\n    batch_size: 1.5": ["accounts", "voiso", "batch_size"],
    "accounts:\n  voiso:\n    batch_size: 0": ["accounts", "voiso", "batch_size"],
    "accounts:\n  voiso:\n    batch_size: '5'": ["accounts", "voiso", "batch_size"],
    "accounts:\n  voiso:\n    cluster_id: true": ["accounts", "voiso", "cluster_id"],
    "accounts:\n  voiso:\n    api_key_file: [x]": [
        *("accounts", "voiso", "api_key_file")
    ],
    "accounts:\n  ozonetel:\n    phone_format: E.164": [
        *("accounts", "ozonetel", "phone_format")
    ],
    "accounts:\n  ozonetel:\n    check_duplicate: 'yes'": [
        *("accounts", "ozonetel", "check_duplicate")
    ],
    "accounts:\n  voiso:\n    suppress: [5]": ["accounts", "voiso", "suppress", 0],
    "profiles: []": ["profiles"],
    "profiles:\n  mine:": ["profiles", "mine"],
}


@pytest.mark.parametrize("text", GOOD_CONFIGS)
def test_schema_takes_every_form_of_a_configuration(text: str) -> None:
    document = yaml_file.parse(text, "the file")
    load_config(document)
    assert [*complaints(config_schema(), document)] == []


@pytest.mark.parametrize("text", BROKEN_CONFIGS)
def test_schema_refuses_a_broken_configuration_where_the_parser_does(
    text: str,
) -> None:
    place = BROKEN_CONFIGS[text]
    document = yaml_file.parse(text, "the file")
    line = refused_at(text, load_config)
    assert line in (_line(document, place), _line(document, place[:-1]))
    assert faulty_at(config_schema(), document, place)


def keys(schema: Any) -> set[str]:  # noqa: ANN401  JSON
    """Name every key that the schema knows, but for names that users choose."""
    found: set[str] = set()
    for key, value in schema.items() if isinstance(schema, dict) else ():
        found |= {*value} if key == "properties" else set()
        found |= keys(value)
    return found


def test_example_configuration_has_every_key_there_is() -> None:
    written = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    known = keys(config_schema()["$defs"]) | {"accounts", "profiles"}
    assert {"suppress", "timeout", "phone_format", "skip_if", "sheet"} <= known
    assert [
        k for k in sorted(known) if not re.search(rf"\b{k}:|\b{k}[,.]", written)
    ] == []


@pytest.mark.parametrize("provider", [*installed()])
def test_schema_knows_what_every_setting_is_for(provider: str) -> None:
    """An editor shows it beside the setting; `base_url` and files say it themselves."""
    schema: Any = config_schema()
    for name, said in schema["$defs"][f"account-{provider}"]["properties"].items():
        says_itself = name in ("provider", "base_url")
        if not (says_itself or name.endswith(("_file", "_command"))):
            assert said["description"], name
