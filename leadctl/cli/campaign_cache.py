"""Caches an account's campaigns from their last listing, for Tab completion.

One small file per account in the state folder, read without the network.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leadctl.providers.campaigns import ListedCampaign


def keep(account: str, campaigns: Sequence[ListedCampaign]) -> None:
    """Store what Tab offers; raises OSError or InputUnusable."""
    from leadctl.model.atomic_write import atomic_write
    from leadctl.model.private_files import make_private

    path = _path(account)
    make_private(path.parent)
    with atomic_write(path) as file:
        json.dump([one._asdict() for one in campaigns], file)


def kept(account: str) -> dict[str, str]:
    """Return each campaign's id, with its name and state; empty without a cache."""
    from leadctl.model.text_file import read_text

    try:
        found = json.loads(read_text(_path(account), may_be_pipe=False))
        return {
            str(one["id"]): ", ".join(filter(None, (one["name"], one["state"])))
            for one in found
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _path(account: str) -> Path:
    folder = platformdirs.user_state_path("leadctl") / "campaigns"
    return folder / f"{quote(account, safe='')}.json"
