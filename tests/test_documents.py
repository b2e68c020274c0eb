"""The documents are complete: every provider, code, status, key and command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

import leadctl.delivery.worker_pool  # noqa: F401  it has an error of its own
from leadctl.model.errors import ExitCode, LeadctlError
from leadctl.model.leads import Code, Status
from leadctl.providers.base import Provider
from leadctl.providers.registry import provider_class
from leadctl.sandbox import SIMULATORS, Fault
from leadctl.sandbox.faults import Kind
from tools import datasheet, numbers_table, picture

if TYPE_CHECKING:
    from conftest import Push

DOCS = Path(__file__).parent.parent / "docs"
PROVIDERS = ("agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_provider_has_its_page() -> None:
    assert sorted(path.stem for path in DOCS.glob("providers/*.md")) == [*PROVIDERS]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_tables_of_a_provider_are_current(provider: str) -> None:
    text = read(f"providers/{provider}.md")
    assert text == datasheet.page(provider_class(provider), text), "`make docs`"
    assert re.search(r"^## After a lost answer$", text, re.MULTILINE)


def test_table_of_regions_is_current() -> None:
    text = read("numbers.md")
    assert text == numbers_table.page(text), "`make docs`"


def names(document: str, heading: str) -> list[str]:
    """Return the first column of the table under a heading."""
    _, found, section = read(document).partition(f"\n## {heading}\n")
    assert found, heading
    rows = re.findall(r"^\| `?(\w+)`? \|", section.partition("\n## ")[0], re.MULTILINE)
    return [row for row in rows if not row[0].isupper()]


def errors(kind: type[LeadctlError] = LeadctlError) -> set[str]:
    """Return the name of every error there is, as `error.code` has it."""
    found = {name for one in kind.__subclasses__() for name in errors(one)}
    code: str = kind.code.fget(kind.__new__(kind))  # type: ignore[attr-defined]  # a property
    return found | {code}


def test_every_way_to_go_wrong_has_cause_and_cure() -> None:
    page = "when-it-goes-wrong.md"
    assert names(page, "By exit code") == [str(int(code)) for code in ExitCode]
    assert names(page, "By status of a row") == [*Status]
    assert names(page, "By code of a row") == [*Code]
    abstract = {"leadctl_error", "provider_error"}
    found = names(page, "By error")
    assert len(found) == len(set(found))
    assert {*found} == errors() - abstract


def test_all_that_the_sandbox_can_do_is_told() -> None:
    assert {*names("sandbox.md", "Faults on request")} == {
        *get_args(Kind),
        *(field.name for field in fields(Fault) if field.name != "kind"),
    }
    assert names("sandbox.md", "Campaigns") == [*PROVIDERS]
    campaigns = read("sandbox.md").partition("## Campaigns")[2].partition("\n## ")[0]
    for provider in PROVIDERS:
        (line,) = re.findall(rf"^\| {provider} .*$", campaigns, re.MULTILINE)
        told = {*re.findall(r"`(\w+)`", line)} - {"skill", "agent_id"}
        assert told == SIMULATORS[provider]().campaigns.keys()


def test_pages_name_who_lists_campaigns_and_who_can_undo() -> None:
    classes = [provider_class(name) for name in PROVIDERS]
    removing = {one.title for one in classes if one.removal_is_exact is not None}
    rows = re.findall(r"^\| (\w+) \| (yes|no)\b", read("undoing.md"), re.MULTILINE)
    assert [title for title, _ in rows] == [
        *sorted(removing),
        *sorted(one.title for one in classes if one.title not in removing),
    ]
    assert {title for title, answer in rows if answer == "yes"} == removing
    listing = [
        one.title
        for one in classes
        if one.list_campaigns is not Provider.list_campaigns
    ]
    assert f"{' and '.join(listing)} have such a call" in read("accounts.md")


def test_every_key_of_the_report_is_explained(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15550100001\n")
    document = push("voiso", "leads.csv", "--json").document
    text = read("json.md").partition("| Key |")[2]
    told = set(
        re.findall(
            r"`(\w+)`", "\n".join(re.findall(r"^\| (.+?) \|", text, re.MULTILINE))
        )
    )
    statuses = {status.value for status in Status}
    assert told - statuses == document.keys() - statuses
    assert "| `created` … `unknown` |" in text


STABLE = [name for name, one in picture.PICTURES.items() if one.is_stable]


@pytest.mark.parametrize("name", STABLE)
def test_picture_is_what_a_command_shows(name: str) -> None:
    one = picture.PICTURES[name]
    drawn = picture.drawn(name, one, picture.shown(one))
    assert read(f"{name}.svg") == drawn, "`make picture`"


@pytest.mark.parametrize("name", picture.PICTURES)
def test_picture_loads_nothing(name: str) -> None:
    assert not re.search(r"url\(http|href", read(f"{name}.svg"))


def test_site_is_built_and_has_every_page(tmp_path: Path) -> None:
    """Without any network: mkdocs fails in `strict` where a page or link is missing."""
    done = subprocess.run(  # noqa: S603  what `make docs` does
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", tmp_path],
        check=False,
        capture_output=True,
        text=True,
        cwd=DOCS.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert pages <= {path.relative_to(tmp_path) for path in tmp_path.rglob("*.html")}
    shown = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="https?:[^"]*\.(?:js|css|woff2?)"', shown)
