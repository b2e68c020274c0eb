"""Finds files with personal data that nobody needs: old reject files, and leftovers."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path

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


def old_reject_files(ledger: str, days: int) -> list[Path]:
    """Return the reject files beside inputs of this ledger's runs, older than `days`.

    One that somebody has edited since it was written is not among them.
    """
    latest = time.time() - days * DAY
    found = chain.from_iterable(
        sorted(folder.glob(f"*.{kind}*"))
        for folder in _folders(ledger)
        for kind in ("rejects", "check")
    )
    return [
        path
        for path in found
        if reject_file.is_untouched(path) and path.stat().st_mtime <= latest
    ]


def _folders(ledger: str) -> list[Path]:
    """Return the folders that this ledger's runs read and wrote files in."""
    with open_existing(ledger) as opened:
        jobs = [Job.from_json(run.facts().job) for run in opened.runs(most=1000)]
    named = {
        name
        for job in jobs
        for name in (*job.files, job.rejects, job.rejects_dir)
        if name
    }
    folders = {path if path.is_dir() else path.parent for path in map(Path, named)}
    return sorted(folder for folder in folders if folder.is_absolute())
