"""Loads a provider from a YAML file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from leadctl.model import yaml_file
from leadctl.providers.base import installed
from leadctl.providers.declared.checks import require_sound
from leadctl.providers.declared.grammar import Definition
from leadctl.providers.declared.provider import provider_of
from leadctl.providers.declared.typed import build, schema

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Json
    from leadctl.providers.base import Provider


def load(path: Path) -> type[Provider]:
    """Read a definition, once as long as it is not changed.

    Raises InputUnusable with the line of what is wrong.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:  # told by whoever reads it
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
    return schema(Definition, "leadctl provider")
