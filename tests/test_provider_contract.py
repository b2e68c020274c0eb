"""Every provider against every recorded case and every law."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadctl.testing import CALLS, LAWS, cases, check_case

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parent / "providers"
OURS = ("agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel")


RECORDED = [path for call in CALLS for path in cases(CASES, call)]


@pytest.mark.parametrize(
    "path", RECORDED, ids=lambda path: str(path.relative_to(CASES).with_suffix(""))
)
def test_recorded_answer_means_what_the_case_says(path: Path) -> None:
    check_case(path)


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
