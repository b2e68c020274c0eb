"""Every provider against every recorded case and every law."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadctl.testing import (
    LAWS,
    campaigns_cases,
    cases,
    check_campaigns,
    check_case,
    check_look_up,
    check_preflight,
    check_removal,
    look_up_cases,
    preflight_cases,
    removal_cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parent / "providers"
OURS = ("agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel")


@pytest.mark.parametrize(
    "path", cases(CASES), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_recorded_answer_means_what_the_case_says(path: Path) -> None:
    check_case(path)


@pytest.mark.parametrize(
    "path",
    preflight_cases(CASES),
    ids=lambda path: f"{path.parent.parent.name}/{path.stem}",
)
def test_recorded_probe_shows_what_the_case_says(path: Path) -> None:
    check_preflight(path)


@pytest.mark.parametrize(
    "path",
    campaigns_cases(CASES),
    ids=lambda path: f"{path.parent.parent.name}/{path.stem}",
)
def test_recorded_list_has_the_campaigns_of_the_case(path: Path) -> None:
    check_campaigns(path)


@pytest.mark.parametrize(
    "path",
    removal_cases(CASES),
    ids=lambda path: f"{path.parent.parent.name}/{path.stem}",
)
def test_recorded_removal_says_of_each_lead_what_the_case_says(path: Path) -> None:
    check_removal(path)


@pytest.mark.parametrize(
    "path",
    look_up_cases(CASES),
    ids=lambda path: f"{path.parent.parent.name}/{path.stem}",
)
def test_recorded_look_up_finds_the_leads_of_the_case(path: Path) -> None:
    check_look_up(path)


@pytest.mark.parametrize("change", [{"phone_code": "44"}, {"status": "NEW"}])
def test_recorded_form_is_compared_whole(
    change: dict[str, str], tmp_path: Path
) -> None:
    facts = json.loads((CASES / "vicidial" / "created.json").read_text("utf-8"))
    facts["exchanges"][0]["request"]["form"].update(change)
    path = tmp_path / "vicidial" / "created.json"
    path.parent.mkdir()
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(AssertionError):
        check_case(path)


@pytest.mark.parametrize("provider", OURS)
@pytest.mark.parametrize("check", LAWS, ids=lambda law: law.__name__.replace("_", " "))
def test_law_holds(check: Callable[[Path], None], provider: str) -> None:
    check(CASES / provider)
