"""Finds obsolete files with personal data: old reject files, and leftovers."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from leadctl.importing.job import Job
from leadctl.ledger import open_existing
from leadctl.model import atomic_write
from leadctl.reports import reject_file
from leadctl.runs import spool

DAY = 86_400


def of_killed_runs(ledger: str) -> list[Path]:
    """Return what killed runs left: copies of stdin, and files beside an input."""
    beside = map(atomic_write.abandoned, _folders(ledger))
    return [*spool.abandoned(ledger), *chain.from_iterable(beside)]


class RejectFiles(NamedTuple):
    """The reject files of a ledger's runs; only `old` ones can be removed."""

    old: list[Path]
    newer: list[Path]
    edited: list[Path]


def reject_files(ledger: str, days: int) -> RejectFiles:
    """Return the reject files, divided at `days` of age."""
    latest = time.time() - days * DAY
    found = RejectFiles([], [], [])
    for folder in _folders(ledger):
        for kind in ("rejects", "check"):
            for path in filter(reject_file.is_ours, sorted(folder.glob(f"*.{kind}*"))):
                if path.stat().st_mtime > latest:
                    found.newer.append(path)
                elif reject_file.is_untouched(path):
                    found.old.append(path)
                else:
                    found.edited.append(path)
    return found


def _folders(ledger: str) -> list[Path]:
    """Return the folders where a ledger's runs read and wrote files."""
    with open_existing(ledger) as opened:
        jobs = [Job.from_json(run.facts().job) for run in opened.runs(most=1000)]
    named = {one for x in jobs for one in (*x.files, x.rejects, x.rejects_dir) if one}
    folders = {path if path.is_dir() else path.parent for path in map(Path, named)}
    return sorted(folder for folder in folders if folder.is_absolute())
