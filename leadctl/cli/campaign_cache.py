"""The campaigns that an account had when they were last listed, for Tab to offer.

One small file an account in the state folder; it is read without the network.
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
    """Write what Tab offers from now on; raises OSError or InputUnusable."""
    from leadctl.model.atomic_write import atomic_write
    from leadctl.model.private_files import make_private

    path = _path(account)
    make_private(path.parent)
    with atomic_write(path) as file:
        json.dump([one._asdict() for one in campaigns], file)


def kept(account: str) -> dict[str, str]:
    """Return each campaign's id, and its name and state; nothing where none is kept."""
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
