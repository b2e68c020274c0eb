"""What the documents tell is whole: every provider, code, status, key and command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadctl.cli import datasheet
from leadctl.provider import provider_class

DOCS = Path(__file__).parent.parent / "docs"
PROVIDERS = ("agora", "lupitor", "ozonetel", "voiso", "yotel")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_provider_has_its_page() -> None:
    assert sorted(path.stem for path in DOCS.glob("providers/*.md")) == [*PROVIDERS]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_tables_of_a_provider_are_current(provider: str) -> None:
    text = read(f"providers/{provider}.md")
    assert text == datasheet.page(provider_class(provider), text), "`make docs`"
    assert re.search(r"^## After a lost answer$", text, re.MULTILINE)
