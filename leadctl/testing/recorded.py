"""Reads recorded cases: `<provider>/<case>.json`, `<provider>/<call>/<case>.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from leadctl.config import config
from leadctl.mapping.lead_builder import LeadBuilder
from leadctl.model.leads import Batch
from leadctl.model.yaml_file import parse
from leadctl.phones.normalize import Normalizer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leadctl.providers.base import Provider

CALLS = ("upload", "preflight", "campaigns", "removal", "look_up")
"""Calls that cases are recorded of; all but uploads lie in a folder of that name."""


@dataclass(frozen=True)
class Case:
    """A recorded case, ready to be played."""

    path: Path
    call: str
    facts: dict[str, Any]
    provider: Provider
    batch: Batch


def cases(folder: Path, call: str = "upload") -> list[Path]:
    """Return the cases of a call below a folder, in order."""
    found = sorted(folder.rglob("*.json"))
    recorded = [path for path in found if path.stem != "cannot-occur"]
    return [path for path in recorded if _call(path) == call]


@cache
def load(path: Path) -> Case:
    """Read a case, once: every law looks at it."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    call = _call(path)
    folder = path.parent if call == "upload" else path.parent.parent
    provider = account(folder, facts.get("settings", {})).provider
    batch = batch_of(
        provider,
        facts.get("leads", ()),
        facts.get("campaign") or "",
        tuple(facts.get("tags", ())),
    )
    return Case(path, call, facts, provider, batch)


def _call(path: Path) -> str:
    return path.parent.name if path.parent.name in CALLS else "upload"


def account(folder: Path, settings: dict[str, Any]) -> config.Account:
    """Resolve an account; its provider may be declared in a file beside the cases."""
    name = folder.name
    files = (folder.with_name(f"{name}{end}") for end in (".yaml", ".yml"))
    provider = next((str(file) for file in files if file.exists()), name)
    document = parse(json.dumps({"accounts": {name: settings}}), f"{folder}/settings")
    return config.resolve(document, {}, provider=provider, account=name)


def batch_of(
    provider: Provider,
    rows: Iterable[dict[str, Any]],
    campaign: str,
    tags: tuple[str, ...] = (),
) -> Batch:
    """Build a batch of leads, the same every time; ValueError if one is invalid."""
    every = [*rows]
    names = dict.fromkeys(name for row in every for name in row)
    table = {name: [row.get(name) for row in every] for name in names}
    lead_builder = LeadBuilder(provider, Normalizer(provider.phone_rule), str.encode)
    built = lead_builder.fitted(range(1, len(every) + 1), table)
    if built.field_errors:
        raise ValueError("; ".join(one.reason for one in built.field_errors.values()))
    return Batch(UUID(int=7), campaign, 0, built.leads, tags)


def example_secrets(provider: Provider) -> dict[str, str]:
    """Return made-up secrets: `example-key`, where none of a certain look is needed."""
    return dict.fromkeys(provider.secrets, "example-key") | {**provider.example_secrets}


def excused(folder: Path, call: str) -> set[str]:
    """Return the kinds of cases that cannot occur, as a file beside them says."""
    beside = folder if call == "upload" else folder / call
    try:
        return {*json.loads((beside / "cannot-occur.json").read_text("utf-8"))}
    except FileNotFoundError:
        return set()


def smallest_and_largest(folder: Path) -> list[Case]:
    """Return the cases with the fewest and with the most leads."""
    found = sorted(map(load, cases(folder)), key=lambda case: len(case.batch))
    return [found[0], found[-1]]
