"""Our copies of stdin: a resume reads them, what a killed process left is removed."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import platformdirs

from leadctl.cli.cli_options import STDIN
from leadctl.ledger import open_existing
from leadctl.model.atomic_write import hold, is_abandoned
from leadctl.model.errors import InputUnusable, LeadctlError, LedgerUnusable
from leadctl.model.private_files import in_turn, make_private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.cli.cli_options import CliOptions
    from leadctl.model.leads import Json


@contextmanager
def spooled(cli_options: CliOptions, ledger: str) -> Iterator[Path | None]:
    """Keep what stdin said, readable by the owner alone, until the run is done with.

    Entered before anything else may read stdin: a config, a key's program, a keyring.
    The reject file reads it again, and so does a resume: it outlives a process that
    dies. While its process lives it is locked.
    """
    if STDIN not in cli_options.files:
        yield None
    elif cli_options.spool:
        copy = Path(cli_options.spool)
        if not (_is_ours(copy) and copy.is_file()):
            raise InputUnusable("nothing of this run's stdin is left to send")
        yield copy
    else:
        file = _new(ledger)
        copy = Path(file.name)
        try:
            with file:
                _keep_stdin(file)
                yield copy
        except LedgerUnusable:
            raise  # the run may have begun: a resume needs what was read
        except (LeadctlError, KeyboardInterrupt):
            copy.unlink(missing_ok=True)
            raise


def drop(options: dict[str, Json]) -> None:
    """Remove the copy of a run, when nothing of it is left to send."""
    copy = Path(str(options.get("spool") or ""))
    if _is_ours(copy):  # a ledger could name any file
        copy.unlink(missing_ok=True)


def drop_abandoned(ledger: str) -> None:
    """Remove copies of processes that were killed before their run was recorded."""
    with in_turn(_folder()):
        left = [*filter(is_abandoned, _folder().glob(f"{_prefix(ledger)}*"))]
    if not left:
        return
    with open_existing(ledger) as opened:
        runs = opened.runs(most=10_000)
        known = {str(run.facts().options.get("spool")) for run in runs}
    for copy in left:
        if str(copy) not in known:
            copy.unlink(missing_ok=True)


def _folder() -> Path:
    return platformdirs.user_state_path("leadctl") / "spool"


def _prefix(ledger: str) -> str:
    """Return how the names of a ledger's copies begin: others know of theirs."""
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


def _keep_stdin(file: IO[bytes]) -> None:
    try:
        if sys.stdin is None:
            raise InputUnusable("stdin is closed", hint="push a file, or pipe one")
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
    except OSError as error:
        raise InputUnusable(
            f"what stdin says cannot be kept: {error.strerror}",
            hint="free the disk, or push a file",
        ) from error
