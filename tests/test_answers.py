"""Every answer on a provider's page is recorded, and every recorded one is on the page.

A row of a page's table "Answers" names its recorded cases in a comment behind its last
cell, as patterns: `<!-- denied-* preflight/denied -->`.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PAGES = Path(__file__).parent.parent / "docs" / "providers"
CASES = Path(__file__).parent / "providers"
PROVIDERS = sorted(path.stem for path in PAGES.glob("*.md"))
TOLD = {
    "AccessDenied": r"access denied",
    "CampaignClosed": r"run stops|not your campaign",
    "Unusable": r"run stops|run continues",
    "NotProcessed": r"waits",
    "InDoubt": r"in doubt",
    "Refused": r"refused|rejected",
    "unknown": r"in doubt|`unknown`",
}
"""How a row says what a case comes to: an error, or the status of a lead."""


class Row(NamedTuple):
    """A line of a table: its verdict, the place of the verdict, and its cases."""

    answer: str
    verdict: str
    source: str
    patterns: list[str]

    def has(self, case: str) -> bool:
        return any(fnmatch(case, pattern) for pattern in self.patterns)


@cache
def rows(provider: str) -> list[Row]:
    text = (PAGES / f"{provider}.md").read_text(encoding="utf-8")
    section = text.partition("\n## Answers\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (.+?) (?<!\\)\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    told = []
    for answer, verdict, last in found[1:]:  # without the heads
        source, _, rest = last.partition("<!--")
        told.append(Row(answer, verdict, source.strip(), rest.strip(" ->").split()))
    return told


@cache
def recorded(provider: str) -> dict[str, dict[str, Any]]:
    """Return the cases of a provider that are answers, and not about a request."""
    found = {
        str(path.relative_to(CASES / provider).with_suffix("")): path
        for path in sorted((CASES / provider).rglob("*.json"))
        if path.stem != "cannot-occur"
    }
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in found.items()
        if not name.startswith("request-")
    }


def is_inferred(case: dict[str, Any]) -> bool:
    return str(case["source"]).startswith("infer")


def verdicts(case: dict[str, Any]) -> set[str]:
    if "error" in case:
        return {case["error"]}
    named = {outcome["status"] for outcome in case.get("outcomes", ())}
    return named | set(case.get("removals", ()))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_row_has_cases_a_verdict_and_a_source(provider: str) -> None:
    cases = recorded(provider)
    text = (PAGES / f"{provider}.md").read_text(encoding="utf-8")
    assert re.search(r"\b(?:[A-Z]\w+ 20\d\d|20\d\d-\d\d)\b", text), "a date"
    assert rows(provider)
    for row in rows(provider):
        assert row.verdict
        assert row.source, row.answer
        for pattern in row.patterns:
            assert [*filter(lambda name: fnmatch(name, pattern), cases)], pattern
        own = [case for name, case in cases.items() if row.has(name)]
        assert own, row.answer
        is_documented = not all(map(is_inferred, own))
        says_so = not re.match(r"inferred|not documented", row.source)
        assert is_documented == says_so, (row.answer, "what is inferred is marked so")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_case_has_a_row_with_its_verdict(provider: str) -> None:
    for name, case in recorded(provider).items():
        own = " ".join(row.verdict for row in rows(provider) if row.has(name))
        assert own, f"{provider}/{name} is in no row"
        for verdict in verdicts(case):
            told = TOLD.get(verdict, f"`{verdict}`")
            assert re.search(told, own), (f"{provider}/{name}", verdict, own)
