"""Loads a provider from a YAML file, and drafts such a file."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.model import yaml_file
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.text_file import write_new
from leadctl.model.typed_yaml import build
from leadctl.providers.declared.checks import require_sound
from leadctl.providers.declared.grammar import Definition
from leadctl.providers.declared.provider import provider_of
from leadctl.providers.installed import installed

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.providers.base import Provider


def load(path: Path) -> type[Provider]:
    """Read a definition, anew when it has changed; InputUnusable names the line."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:  # reported when it is read
        changed = 0
    return _loaded(path, changed)


@cache
def _loaded(path: Path, changed: int) -> type[Provider]:  # noqa: ARG001  tells versions apart
    document = yaml_file.read(path)
    definition = build(Definition, document)
    if definition.name in installed():
        said = f"the name {definition.name!r} belongs to an installed provider"
        raise document.problem(("name",), said, hint="choose another")
    require_sound(definition, document)
    return provider_of(definition)


def definition_schema() -> dict[str, Json]:
    """Return the JSON Schema of the files, for editors."""
    from leadctl.model.typed_schema import schema  # noqa: PLC0415  on demand

    return schema(Definition, "leadctl provider")


_DRAFTS = Path(__file__).parent / "drafts"


def write_draft(name: str, folder: Path) -> list[Path]:
    """Write the files of a new provider; no file is overwritten."""
    definition = _named((_DRAFTS / "definition.yaml").read_text("utf-8"), name)
    try:
        build(Definition, yaml_file.parse(definition, name))
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
