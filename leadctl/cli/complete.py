"""Names the shell completes. Nothing heavy is imported: every key press runs this."""

from __future__ import annotations

from importlib.metadata import entry_points


def providers(incomplete: str) -> list[str]:
    names = {point.name for point in entry_points(group="leadctl.providers")}
    return sorted(name for name in names if name.startswith(incomplete))
