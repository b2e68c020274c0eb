"""Every provider against every recorded case and every law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadctl.testing import LAWS, cases, check_case, check_preflight, preflight_cases

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


@pytest.mark.parametrize("provider", OURS)
@pytest.mark.parametrize("check", LAWS, ids=lambda law: law.__name__.replace("_", " "))
def test_law_holds(check: Callable[[Path], None], provider: str) -> None:
    check(CASES / provider)
