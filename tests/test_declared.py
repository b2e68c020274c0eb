"""Providers in YAML decide like those in Python, and name mistakes in their file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadctl.testing import CALLS, LAWS, cases, check_case, load

HERE = Path(__file__).parent
SAME = ("agora", "lupitor", "ozonetel", "voiso", "yotel")
"""Providers that are written in YAML, too: in tests/declared."""


@pytest.mark.parametrize("provider", SAME)
def test_provider_in_yaml_judges_like_the_one_in_python(
    provider: str, tmp_path: Path
) -> None:
    """Every recorded case; its sentences and remarks are the Python one's own."""
    folder = tmp_path / f"my-{provider}"
    definition = HERE / "declared" / f"{folder.name}.yaml"
    folder.with_suffix(".yaml").write_bytes(definition.read_bytes())
    for path in (HERE / "providers" / provider).rglob("*.json"):
        facts = json.loads(path.read_text("utf-8"))
        if "removal" in path.parts:  # no key of a definition: not in YAML
            continue
        facts = {k: v for k, v in facts.items() if k not in ("message", "notes")}
        copy = folder / path.relative_to(HERE / "providers" / provider)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps(facts), encoding="utf-8")
    for call in CALLS:
        for path in cases(folder, call):
            check_case(path)
    for path in cases(folder):
        original, case = load(HERE / "providers" / provider / path.name), load(path)
        before, now = (one.provider.request(one.batch) for one in (original, case))
        assert (now.method, now.url, now.headers) == (
            before.method,
            before.url,
            before.headers,
        )
        assert now.content == before.content
    for law in LAWS:
        law(folder)
