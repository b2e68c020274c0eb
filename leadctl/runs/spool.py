"""Copies of input that can only be read once, such as stdin, for a resume."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

import platformdirs

from leadctl.importing.job import Job
from leadctl.ledger import open_existing
from leadctl.model.atomic_write import hold, is_abandoned
from leadctl.model.errors import InputUnusable, LeadctlError, LedgerUnusable
from leadctl.model.private_files import in_turn, make_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Streams = Mapping[str, Iterable[bytes]]
    """By name, the content of what can only be read once."""


@contextmanager
def spooled(job: Job, ledger: str, streams: Streams) -> Iterator[Job]:
    """Copy the streams of a job, for the owner alone, and name the copies in it.

    Enter it before a config, an `api_key_command` or a keyring can read stdin. A copy
    survives a killed process; it is locked while its process runs.
    """
    if is_gone(job):
        raise InputUnusable("the copy of this run's stdin no longer exists")
    with ExitStack() as stack:
        made = {name: stack.enter_context(_new(ledger)) for name in streams}
        copied = replace(job, copies={name: made[name].name for name in made})
        try:
            for name, content in streams.items():
                _keep(made[name], content)
        except BaseException:
            drop(copied)
            raise
        try:
            yield copied if streams else job
        except LedgerUnusable:
            raise  # the run may have begun: a resume needs what was read
        except LeadctlError:
            drop(copied)
            raise


def is_gone(job: Job) -> bool:
    """Tell whether a copy of a job is missing, as after the run's end."""
    copies = map(Path, job.copies.values())
    return not all(_is_ours(copy) and copy.is_file() for copy in copies)


def drop(job: Job) -> None:
    """Remove the copies of a job when nothing is left to send."""
    for copy in map(Path, job.copies.values()):
        if _is_ours(copy):  # a ledger could name any file
            copy.unlink(missing_ok=True)


def drop_abandoned(ledger: str) -> None:
    """Remove copies of processes that were killed before their run was recorded."""
    for copy in abandoned(ledger):
        copy.unlink(missing_ok=True)


def abandoned(ledger: str) -> list[Path]:
    """Return the copies that no process holds and no run needs."""
    with in_turn(_folder()):
        left = [*filter(is_abandoned, _folder().glob(f"{_prefix(ledger)}*"))]
    if not left:
        return []
    with open_existing(ledger) as opened:
        jobs = [Job.from_json(run.facts().job) for run in opened.runs(most=10_000)]
    known = {copy for job in jobs for copy in job.copies.values()}
    return [copy for copy in left if str(copy) not in known]


def _folder() -> Path:
    return platformdirs.user_state_path("leadctl") / "spool"


def _prefix(ledger: str) -> str:
    digest = hashlib.blake2b(ledger.encode("utf-8", "surrogateescape"), digest_size=6)
    return f"stdin-{digest.hexdigest()}-"


def _is_ours(copy: Path) -> bool:
    return copy.parent == _folder() and copy.name.startswith("stdin-")


def _new(ledger: str) -> IO[bytes]:
    make_private(_folder())
    with in_turn(_folder()):
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed by the caller
            dir=_folder(), prefix=_prefix(ledger), delete=False
        )
        hold(file.fileno())
    return file


def _keep(file: IO[bytes], content: Iterable[bytes]) -> None:
    """Write a copy; exceptions that the content raises pass through."""
    for part in chain(content, [None]):
        try:
            file.flush() if part is None else file.write(part)
        except OSError as error:
            raise InputUnusable(
                f"cannot keep a copy of the input: {error.strerror}",
                hint="free disk space, or push a file",
            ) from error
