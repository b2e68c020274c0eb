"""Profiles map what is pushed, and `--set` takes precedence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Push

PROFILE = """\
region: US
fields:
  phone: [Mobile, "Phone No.", phone]
  name: "{First Name} {Last Name}"
  priority: {column: Score, map: {hot: highest, warm: "500"}, default: low}
  active: {value: true}
  source: {system: Origin, url: Link}
  context_headers: {X-Order-Id: "Order ID"}
skip_if: {column: Status, in: [dead, "do not call"]}
"""
CELLS = (
    "Mobile,Phone No.,First Name,Last Name,Score,Origin,Link,Order ID,Status\n"
    "555 123 0001,,Ann,Testperson,hot,web,https://example.com/1,A-1,new\n"
    ",(555) 123-0002,,Testperson,warm,web,,,new\n"
    " ,555-123-0003,Cid,,cold,,,,\n"
    "555 123 0004,,Dan,Testperson,hot,web,,,DEAD\n"
    "555 123 0005,,Eve,Testperson,hot,web,,,Do Not Call\n"
)


def test_profile_maps_columns_as_it_says(push: Push) -> None:
    """First non-empty column, template, table, default, constant, objects, skip_if."""
    push.program.write("leads.csv", CELLS)
    push.program.write("map.yaml", PROFILE)
    ran = push("voiso", "leads.csv", "--profile", "map.yaml", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3, "suppressed": 2})
    assert ran.codes == {"skipped_by_rule": 2}
    first, second, third = push.stored("voiso")
    assert first == {
        "phone_number": "15551230001",
        "name": "Ann Testperson",
        "priority": 1,
        "active": True,
        "source": {"system": "web", "url": "https://example.com/1"},
        "context_headers": {"X-Order-Id": "A-1"},
    }
    assert (second["name"], second["priority"]) == ("Testperson", 500)
    assert "context_headers" not in second
    assert third["name"] == "Cid"
    assert isinstance(third["priority"], int)
    assert third["priority"] > 500, "a low priority is called later, Voiso's way round"
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_profile_of_the_config_reads_paths_into_objects(push: Push) -> None:
    config = push.program.write(
        "config.yaml",
        "profiles:\n  crm:\n    fields:\n"
        "      phone: contact.phone\n      external_id: id\n"
        '      metadata: {plan: Plan, city: "address.city"}\n',
    )
    lead = {"id": 7, "contact": {"phone": "+15551230001"}, "Plan": "gold"}
    push.program.write(
        "leads.jsonl",
        json.dumps({**lead, "address": {"city": "Testville"}})
        + "\n"
        + json.dumps(
            {"id": "8", "contact": {"phone": "+15551230002"}, "address": None}
        ),
    )
    ran = push(
        "lupitor", "leads.jsonl", "--profile", "crm", "--config", config, "--json"
    )
    assert (ran.code, ran.counts) == (0, {"created": 2})
    first, second = push.stored("lupitor")
    assert first["metadata"] == {"plan": "gold", "city": "Testville"}
    assert [first["externalId"], second["externalId"]] == ["7", "8"]
    assert not second.get("metadata")


def test_set_wins_over_the_profile(push: Push) -> None:
    push.program.write("leads.csv", "Tel,Score\n+15551230001,3\n")
    push.program.write("map.yaml", "fields:\n  phone: Tel\n  priority: Score\n")
    push("voiso", "leads.csv", "--profile", "map.yaml", "--set", "priority=9")
    assert [lead["priority"] for lead in push.stored("voiso")] == [9]


def test_field_without_a_place_is_told_once_and_not_sent(push: Push) -> None:
    push.program.write(
        "leads.csv",
        "phone,email,company\n"
        "+15551230001,ann@mail.example,Example Ltd\n"
        "+15551230002,bob@mail.example,Example Inc\n",
    )
    ran = push("voiso", "leads.csv")
    assert push.stored("voiso") == [
        {"phone_number": "15551230001"},
        {"phone_number": "15551230002"},
    ]
    assert (ran.err.count("email"), ran.err.count("company")) == (1, 1)
