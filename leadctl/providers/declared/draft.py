"""Writes the draft of a provider in YAML, and of recorded cases beside it."""

from __future__ import annotations

import re
from pathlib import Path

from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.text_file import write_new
from leadctl.model.yaml_file import parse
from leadctl.providers.base import installed
from leadctl.providers.declared.grammar import Definition
from leadctl.providers.declared.typed import build

_DRAFTS = Path(__file__).parent / "drafts"


def write_draft(name: str, folder: Path) -> list[Path]:
    """Write the files of a new provider; no file is overwritten."""
    definition = _named((_DRAFTS / "definition.yaml").read_text("utf-8"), name)
    try:
        build(Definition, parse(definition, name))
    except InputUnusable as error:
        raise UsageError(
            f"{name!r} is not a valid provider name",
            hint="use lowercase letters, digits, - and _, starting with a letter",
        ) from error
    if name in installed():
        raise UsageError(f"provider {name!r} exists already")
    files = {folder / f"{name}.yaml": definition}
    cases = _DRAFTS / "cases"
    for case in sorted(cases.rglob("*.json")):
        files[folder / name / case.relative_to(cases)] = case.read_text("utf-8")
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        write_new(path, text, hint="choose another name or folder")
    return [*files]


def _named(draft: str, name: str) -> str:
    variable = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return (
        draft.replace("NAME", name)
        .replace("TITLE", name.title())
        .replace("VARIABLE", variable)
    )
