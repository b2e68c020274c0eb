"""Finds all providers: those of installed packages, and those declared in files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable, LeadctlError, UsageError
from leadctl.model.wording import nearest
from leadctl.providers.base import Provider
from leadctl.providers.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def provider_class(name: str) -> type[Provider]:
    """Load an installed provider; raises UsageError if it is broken."""
    found = installed()[name]
    try:
        loaded = found.load()
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"cannot load provider {name!r}: "
            f"{found.package} fails on import ({type(error).__name__})",
            hint=f"update or remove that package; python -c 'import {found.module}' "
            "shows the error",
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Provider)):
        raise UsageError(
            f"the package that offers {name!r} has no leadctl provider class"
        )
    return loaded


@dataclass(eq=False)
class Registry:
    """Finds providers by name; a broken one is an error only for who asks for it."""

    files: tuple[Path, ...] = ()

    def names(self) -> list[str]:
        return [*installed(), *self._read[0]]

    def provider(self, name: str) -> type[Provider]:
        """Load a provider; raises LeadctlError if it is broken or unknown."""
        if name in installed():
            return provider_class(name)
        declared, broken = self._read
        if name in declared:
            return declared[name]
        for path, error in broken.items():
            if path.stem == name:
                raise error
        known = self.names()
        raise UsageError(
            f"no provider {name!r}{nearest(name, known)}",
            hint=f"providers: {', '.join(known)}",
        )

    def usable(self) -> dict[str, type[Provider]]:
        """Load every provider that is not broken."""
        broken = {name for name, _ in self.unusable()}
        return {
            name: self.provider(name) for name in self.names() if name not in broken
        }

    def unusable(self) -> Iterator[tuple[str, LeadctlError]]:
        """Yield the providers and files that cannot be loaded, with the reason."""
        for name in installed():
            try:
                provider_class(name)
            except LeadctlError as error:
                yield name, error
        for path, reason in self._read[1].items():
            yield path.name, reason

    @cached_property
    def _read(self) -> tuple[dict[str, type[Provider]], dict[Path, InputUnusable]]:
        declared: dict[str, type[Provider]] = {}
        broken: dict[Path, InputUnusable] = {}
        if not self.files:
            return declared, broken
        from leadctl.providers.declared.file import load  # noqa: PLC0415  rarely needed

        for path in dict.fromkeys(self.files):
            try:
                provider = load(path)
            except InputUnusable as error:
                broken[path] = error
                continue
            if declared.setdefault(provider.name, provider) is not provider:
                broken[path] = InputUnusable(
                    f"{path}: provider {provider.name!r} exists already",
                    hint="rename one of them",
                )
        return declared, broken
