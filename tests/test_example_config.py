"""config.example.yaml works, and has every setting with its default."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

import pytest
from test_repository import PROVIDERS, ROOT, here  # noqa: F401  a fixture

from leadctl.config import config
from leadctl.model import yaml_file
from leadctl.model.lead_fields import FIELDS
from leadctl.providers.registry import provider_class
from leadctl.providers.settings import ConnectionSettings

if TYPE_CHECKING:
    from program import Program


CONFIG = ROOT / "config.example.yaml"


def accounts() -> dict[str, Any]:
    return yaml_file.read(CONFIG).table(("accounts",))


@pytest.mark.parametrize("account", accounts())
@pytest.mark.usefixtures("here")
def test_example_configuration_serves_each_account(
    program: Program, account: str
) -> None:
    provider = accounts()[account].get("provider", account)
    names = ("--provider", provider, "--account", account)
    checked = program("check", "leads.csv", *names, "--config", CONFIG, "--json")
    assert checked.document["error"] is None
    assert checked.document["account"] == account


def test_example_profile_maps_a_row(program: Program) -> None:
    row = {
        "Mobile": "555 010 0001",
        "ID": 17,
        "First Name": "Asha",
        "Last Name": "Example",
        "Score": "hot",
        "Company": "Sample Ltd",
        "Job Title": "Buyer",
        "Department": "East",
        "Link": "https://crm.example/17",
        "Order ID": "A-1",
        "Plan": "Basic",
        "address": {"city": "Springfield"},
        "Status": "new",
        "Stage": "open",
        "Country": "US",
        "Country Code": "+1",
    }
    skipped = row | {"Country": "XX"}
    program.write("crm.jsonl", f"{json.dumps(row)}\n{json.dumps(skipped)}\n")
    profile = ("--profile", "crm-export", "--config", CONFIG)
    checked = program("check", "crm.jsonl", "--provider", "voiso", *profile, "--json")
    assert checked.counts == {"created": 1, "suppressed": 1}, checked.err


@pytest.mark.parametrize("name", PROVIDERS)
def test_example_configuration_has_every_setting_with_its_default(name: str) -> None:
    written = accounts()[name]
    for setting in fields(provider_class(name)):
        assert setting.name in written, f"{setting.name} of {name} is not documented"
        if setting.default is not MISSING and setting.default != "":
            assert written[setting.name] == setting.default


def test_example_configuration_has_every_common_setting_with_its_default() -> None:
    written = accounts()["voiso"]
    defaults = {setting.name: setting.default for setting in fields(ConnectionSettings)}
    forms = {form.format(secret="api_key"): None for form in config.SECRET_FORMS}
    missing = object()
    found = {name: written.get(name, missing) for name in {**defaults, **forms}}
    assert found == {**defaults, **forms}


def test_example_configuration_has_every_key_of_profiles() -> None:
    text = CONFIG.read_text(encoding="utf-8").partition("\nprofiles:")[2]
    keys = ("region", "fields", "skip_if", "in", "column", "columns", "template")
    for key in (*keys, "value", "map", "default"):
        assert re.search(rf"\b{key}: ", text) or f"{key}:\n" in text, key
    for lead_field in FIELDS:
        assert re.search(rf"\b{lead_field}\b", text), lead_field
