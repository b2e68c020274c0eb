"""The options of a command line, and how a resumed run restores them."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadctl.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leadctl.model.leads import Json

STDIN = "-"


@dataclass(frozen=True)
class CliOptions:
    """What was asked for on the command line, before any of it is looked at."""

    files: Sequence[str]
    provider: str | None = None
    campaign: str | None = None
    account: str | None = None
    profile: str | None = None
    region: str | None = None
    phone_check: str = "possible"
    numbers: str | None = None
    constants: Sequence[str] = ()
    tags: Sequence[str] = ()
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True
    sheet: str | None = None
    batch_size: int | None = None
    limit: int | None = None
    skip: int = 0
    max_rejects: str | None = None
    suppress: Sequence[str] = ()
    ignore_columns: Sequence[str] = ()
    rejects: Path | None = None
    acknowledge_compliance: bool = False
    resend_delivered: bool = False
    ledger: str | None = None
    config: Path | None = None
    offline: bool = False
    sandbox: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    snapshot: str | None = None
    """The profile's content as JSON: a resumed run maps as it began, whatever the file
    says now."""
    spool: str | None = None
    """Where an earlier part of the run keeps its copy of stdin."""
    phone_columns: Mapping[str, str] = field(default_factory=dict)
    """What phone columns decided in an earlier part of the run, by path of the file."""
    column_numbers: str | None = None
    """The `--numbers` that reads all cells as these columns decided; empty: none does.
    """
    base_url: str | None = None
    """Where the account's leads went: a later run to the campaign is compared."""

    def remembered(self) -> dict[str, Json]:
        """Return what a later `runs resume` needs; paths absolute, nothing secret."""
        kept = {
            name: value
            for name, value in asdict(replace(self, environment={})).items()
            if name not in ("environment", "offline", "ledger")
        }
        kept["files"] = [
            name if name == STDIN else str(Path(name).absolute()) for name in self.files
        ]
        for name in ("constants", "tags", "ignore_columns"):
            kept[name] = [*getattr(self, name)]
        kept["suppress"] = [str(Path(path).absolute()) for path in self.suppress]
        kept["rejects"] = str(self.rejects.absolute()) if self.rejects else None
        kept["config"] = str(self.config.absolute()) if self.config else None
        return kept


def restored_options(
    options: dict[str, Json], ledger: str | None, config: Path | None
) -> CliOptions:
    """Return what was asked when a run began.

    A config file may name programs: one that only the ledger names is not read.
    """
    kept: dict[str, Any] = dict(options)
    kept["rejects"] = Path(kept["rejects"]) if kept["rejects"] else None
    if kept["config"] and not config:
        raise UsageError(
            "this run began with a config file of its own",
            hint=f"name it again: --config {shlex.quote(kept['config'])}",
        )
    kept["config"] = config
    return CliOptions(**kept, ledger=ledger)
