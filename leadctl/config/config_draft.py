"""Drafts a config file for one account, with all other settings as comments."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from leadctl.providers.settings import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.providers.base import Provider

HEAD = """\
# Configuration of leadctl, written by `leadctl init`.
# `leadctl config check` finds mistakes, `leadctl config schema` prints every key.
# API keys do not belong here: `leadctl accounts` says where each one is.
accounts:
"""


def draft(provider: type[Provider], said: Mapping[str, str]) -> str:
    """Return a config file with the provider's account as `said`.

    Settings that have a default are comments.
    """
    return HEAD + "".join(f"{line}\n" for line in _account(provider, said))


def _account(provider: type[Provider], said: Mapping[str, str]) -> Iterator[str]:
    yield f"  {provider.name}:"
    yield f"    provider: {provider.name}"
    usual = {field.name: field.default for field in fields(provider)}
    for name, kind in kinds(provider).items():
        about = f"  # {kind.about}" if kind.about else ""
        if name in said:
            yield f"    {name}: {json.dumps(said[name])}{about}"
        else:
            yield f"    # {name}: {json.dumps(usual[name], default=str)}{about}"
