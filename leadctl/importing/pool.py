"""Judges the rows of large files on several cores, with the result of a single one.

Child processes are forked with all that the judge knows of its files. This process
reads, and gives each child a piece of text: it splits it into rows and examines them.
What depends on other rows is left to this process, which takes the answers in order. A
piece that cannot be examined on its own is judged here, and so is the rest of a file
whose children were killed.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.judged import WholeFileNeeded
from leadctl.sources.formats import Format
from leadctl.sources.text_rows import block_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from leadctl.importing.judge import Judge
    from leadctl.importing.judged import Judged, Judging, Met
    from leadctl.phones.column import ColumnSays
    from leadctl.sources.pieces import Pieces
    from leadctl.sources.source import Source

LARGE = 8_000_000
"""Bytes of files for which it is worthwhile to start children."""

MOST = 4
"""Children: more would wait for the process that reads and compares."""


def cores_for(sources: Sequence[Source]) -> int:
    """Return on how many cores to judge these files."""
    if sum(source.size for source in sources) < LARGE:
        return 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def pooled(judge: Judge, cores: int) -> Iterator[Judging]:
    """Start children, and yield what judges a file as `Judge.judged` does.

    A process with threads cannot be forked safely: it judges alone.
    """
    if cores < 2 or threading.active_count() > 1 or not judge.is_shareable:
        yield judge.judged
        return
    children: list[_Child] = []
    try:
        with suppress(OSError):  # no more processes are allowed: fewer will do
            # One more than cores: they work while one waits for its next piece.
            for _ in range(min(cores + 1, MOST)):
                children.append(_Child(judge, children))
        yield _Pool(judge, children).judged
    finally:
        for child in children:
            child.end()


class _Task(NamedTuple):
    file: int
    piece: str
    decisions: dict[int, ColumnSays | None]


class _Answer(NamedTuple):
    """Rows of a piece, numbered from 1, and what the child's judge met in them."""

    examined: Judged
    met: Met


class _Child:
    """A process that examines one piece after the other."""

    def __init__(self, judge: Judge, others: Sequence[_Child]) -> None:
        from multiprocessing import get_context  # noqa: PLC0415  few runs need it

        context = get_context("fork")
        self.connection, theirs = context.Pipe()
        inherited = [self.connection, *(other.connection for other in others)]
        self._process = context.Process(
            target=_work, args=(judge, theirs, inherited), daemon=True
        )
        # Ctrl-C reaches all processes of a terminal: this one ends the others.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.is_alive = True

    def give(self, task: _Task) -> None:
        try:
            self.connection.send(task)
        except OSError:
            self.is_alive = False

    def answer(self) -> _Answer | None:
        """Wait for the answer; None if the piece cannot be examined there."""
        try:
            answer: _Answer | None = self.connection.recv()
        except (OSError, EOFError):
            self.is_alive = False
            return None
        return answer

    def end(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.join()


class _Pool:
    def __init__(self, judge: Judge, children: list[_Child]) -> None:
        self._judge = judge
        self._children = children

    def judged(self, file: int) -> Iterator[Judged]:
        judge = self._judge
        source = judge.rules.sources[file]
        if source.format is Format.XLSX:
            yield from judge.judged(file)
            return
        last = 0
        with source.pieces() as text:
            for piece, answer in self._answers(file, text):
                if answer:
                    examined = answer.examined.behind(last)
                    judge.learn(file, answer.met)
                elif rows := source.split(piece, text):
                    examined = judge.examined(file, block_of(rows, last + 1))
                else:
                    continue
                last += examined.read
                yield judge.settled(file, examined)

    def _answers(self, file: int, text: Pieces) -> Iterator[tuple[str, _Answer | None]]:
        """Yield pieces in order, each with its answer; None is left to this process.

        Such a piece may go on in the rest of the text, which is put back as it was.
        """
        waiting = deque[tuple[_Child, str]]()

        def give(child: _Child) -> None:
            if piece := text.piece():
                child.give(_Task(file, piece, self._judge.column_decisions))
                waiting.append((child, piece))

        while living := [child for child in self._children if child.is_alive]:
            for child in living:
                give(child)
            if not waiting:
                return
            while waiting:
                child, piece = waiting.popleft()
                answer = child.answer()
                if answer:
                    give(child)
                else:
                    for other, _ in waiting:
                        other.answer()
                    text.put_back("".join(later for _, later in waiting))
                    waiting.clear()
                    self._judge.children_lost += not child.is_alive
                yield piece, answer
        for piece in iter(text.piece, ""):
            yield piece, None


def _work(
    judge: Judge, connection: Connection, inherited: Sequence[Connection]
) -> None:
    """Examine pieces until the other end is closed, if only by the process's death."""
    for other in inherited:
        other.close()
    gc.freeze()  # memory that is not touched stays shared
    judge.stand_alone()
    with suppress(OSError, EOFError):
        while True:
            connection.send(_answer(judge, connection.recv()))


def _answer(judge: Judge, task: _Task) -> _Answer | None:
    file, piece, judge.column_decisions = task
    source = judge.rules.sources[file]
    try:
        rows = source.split(piece, _unknown_rest())
        block = block_of(rows, 1)
        met_values = judge.mappers[file].skip_values(block.cells)
        examined = judge.examined(file, block)
        block.cells.clear()  # as in `Judge.judged`
    except Exception:  # noqa: BLE001  the process that asked tries again, and raises it
        return None
    return _Answer(judge.bare(examined), judge.met(file, met_values))


def _unknown_rest() -> Iterator[str]:
    """Be the lines behind a piece, which a child does not have."""
    raise WholeFileNeeded
    yield
