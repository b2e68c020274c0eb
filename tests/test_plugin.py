"""A provider from another package works like a built-in one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from program import csv_rows, recording

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

MODULE = '''\
"""Beta dialer."""

from dataclasses import dataclass

import httpx

from leadctl.providers.http_auth import FixedCredentials
from leadctl.model.lead_fields import Field, PriorityScale, text
from leadctl.model.leads import CREATED
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.response import body
from leadctl.providers.base import Limits, Provider


@dataclass(frozen=True, kw_only=True)
class Beta(Provider):
    name = "beta"
    title = "Beta"
    documentation = "https://beta.example/docs"
    limits = Limits(batch_size=2)
    answers = (200,)
    phone_rule = PhoneRule(PhoneForm.E164)
    phone_wire = "tel"
    priority = PriorityScale(first=1, last=9)
    fields = (Field("name", "who", text), Field("priority", "rank", priority.check))
    resend_is_safe = False

    base_url: str = "https://beta.example/api"
    team: str = ""

    def auth(self, secrets):
        return FixedCredentials({"x-beta-key": secrets["api_key"]})

    def request(self, batch):
        upload = {"team": self.team, "people": [lead.wire for lead in batch.leads]}
        return httpx.Request("POST", self.url("lists", batch.campaign), json=upload)

    def outcomes(self, batch, response):
        if body(response).get("taken") is not True:
            raise self.unreadable(response)
        return [CREATED] * len(batch)
'''
METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: leadctl-beta\nVersion: 1.0\n",
    "entry_points.txt": "[leadctl.providers]\nbeta = leadctl_beta:Beta\n",
}


def installed(folder: Path) -> dict[str, str]:
    """Lay the package out as an installer would; returns the variable that finds it."""
    facts = folder / "leadctl_beta-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / "leadctl_beta.py").write_text(MODULE)
    for name, content in METADATA.items():
        (facts / name).write_text(content)
    return {"PYTHONPATH": str(folder)}


def test_provider_of_another_package_is_pushed_to(
    program: Program, tmp_path: Path
) -> None:
    env = installed(tmp_path / "site")
    program.write(
        "leads.csv",
        "phone,name,priority\n"
        "+15551230001,Ann Testperson,highest\n"
        "+15551230002,Bob Testperson,9\n"
        "+15551230003,,10\n"
        "+15551230004,,\n",
    )
    with recording(b'{"taken": true}') as recorder:
        env |= {
            "LEADCTL_BETA_API_KEY": "beta-sandbox-key",
            "LEADCTL_BETA_BASE_URL": recorder.url,
            "LEADCTL_BETA_TEAM": "north",
        }
        where = ("--provider", "beta", "--campaign", "spring")
        ran = program("push", "leads.csv", *where, "--json", env=env)
    assert (ran.code, ran.counts) == (3, {"created": 3, "rejected": 1})
    first, second = recorder.requests
    assert first[0] == "/lists/spring"
    assert first[1]["x-beta-key"] == "beta-sandbox-key"
    assert first[2] == {
        "team": "north",
        "people": [
            {"tel": "+15551230001", "who": "Ann Testperson", "rank": 1},
            {"tel": "+15551230002", "who": "Bob Testperson", "rank": 9},
        ],
    }
    assert second[2]["people"] == [{"tel": "+15551230004"}]
    (row,) = csv_rows(program.folder / "leads.rejects.csv")
    assert row["_leadctl_field"] == "priority"

    listed = json.loads(program("providers", "--json", env=env).out)
    ours = {"agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel"}
    assert {each["name"] for each in listed} == ours | {"beta"}
    shown = program("providers", "show", "beta", env=env)
    assert "https://beta.example/docs" in shown.out
    at_tab = {
        "_LEADCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": "leadctl push --provider b",
        "COMP_CWORD": "3",
    }
    assert program(env=env | at_tab).out == "beta\n"
    unknown = program("push", "leads.csv", "--provider", "bota", "-c", "1", env=env)
    assert (unknown.code, "beta" in unknown.err) == (2, True)


BROKEN = {
    "syntax": "def\n",
    "exit": "raise SystemExit(0)\n",
    "no provider": "Beta = 5\n",
    "nothing": "",
}


def broken(site: Path, module: str) -> dict[str, str]:
    """Install a package with this module; returns the environment of a run."""
    env = installed(site) | {"LEADCTL_VOISO_CLUSTER_ID": "made-up"}
    (site / "leadctl_beta.py").write_text(module)
    return env


@pytest.mark.parametrize("module", BROKEN.values(), ids=BROKEN)
def test_package_of_any_fault_is_named(
    program: Program, tmp_path: Path, module: str
) -> None:
    listed = program("providers", env=broken(tmp_path / "site", module))
    assert (listed.code, "voiso" in listed.out) == (0, True)
    assert "'beta'" in listed.err


def test_package_that_cannot_be_loaded_is_named_and_left_out(
    program: Program, tmp_path: Path
) -> None:
    env = broken(tmp_path / "site", "import no_such_package_anywhere\n")
    program.write("leads.csv", "phone\n+15551230001\n")
    looked = program("doctor", "--offline", env=env)
    assert "'beta'" in looked.out
    for words in ("check leads.csv --provider voiso", "accounts", "config schema"):
        assert program(*words.split(), env=env).code == 0
    asked = program("check", "leads.csv", "--provider", "beta", env=env)
    assert (asked.code, "'beta'" in asked.err) == (2, True)
