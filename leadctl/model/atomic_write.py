"""Writes a file that appears complete or not at all, mode 0600."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from leadctl.model.private_files import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def atomic_write(
    path: Path,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    before: Callable[[Path], object] = lambda _new: None,
) -> Iterator[TextIO]:
    """Open a file that takes the place of `path` when it is written, mode 0600.

    `before` is told of the new file when it is complete, in turn. Raises OSError.
    """
    aside = path.with_name(f".leadctl-{secrets.token_hex(8)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(
            handle, "w", encoding=encoding, errors=errors, newline=""
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with in_turn(path.parent):
            before(aside)
            aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
