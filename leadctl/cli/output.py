"""Prints results to stdout and everything else to stderr; asks questions."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Self, TextIO

import typer

from leadctl.model.errors import LeadctlError, NotConfirmed, UsageError
from leadctl.model.printable import json_text, printable
from leadctl.model.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from leadctl.model.leads import Json, Note
    from leadctl.providers.preflight import PreflightResult
    from leadctl.reports.report import Failure, Report
    from leadctl.reports.screen import Screen


class Output(NamedTuple):
    """How the user wants results to be printed."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    events: bool = False
    """With `json`: a document a line, those of what happens before the run's own."""

    @classmethod
    def of(cls, *, json: bool, output: str | None, quiet: bool, verbose: bool) -> Self:
        """Return the output for these options; raises UsageError for the format."""
        if output not in (None, "table", "json", "jsonl"):
            raise UsageError(f"--output must be table, json or jsonl, not {output!r}")
        is_json = json or output in ("json", "jsonl")
        return cls(is_json, quiet, verbose, events=output == "jsonl")

    def note(self, note: Note) -> None:
        """Print a note; with -q, only warnings."""
        if note.is_warning or not self.quiet:
            say(note.message, indent=2)

    def detail(self, text: str) -> None:
        """Print a detail, with -v only."""
        if self.verbose:
            say(text, indent=2)

    def wait(self, seconds: float, why: str) -> None:
        """Print how long and why the run waits; on a terminal always."""
        if self.verbose or (sys.stderr.isatty() and not self.quiet):
            say(f"waiting {duration(seconds)}: {why}")

    def preflight(self, preflight: PreflightResult) -> None:
        """Print, with -v, the result of the preflight check."""
        for about, shown in (("key", preflight.key), ("campaign", preflight.campaign)):
            self.detail(f"{about} {shown.verdict}: {shown.message}")
        if preflight.name:
            self.detail(f"campaign name: {preflight.name}")

    @contextmanager
    def failures(
        self, document: Callable[[LeadctlError], dict[str, Json]] | None = None
    ) -> Iterator[None]:
        """With --json, also print a document on failure: by default that of a run."""
        try:
            yield
        except LeadctlError as error:
            self.failed(error, document)
            raise

    def failed(
        self,
        error: LeadctlError,
        document: Callable[[LeadctlError], dict[str, Json]] | None = None,
    ) -> None:
        if self.json:
            from leadctl.reports import report

            self.document((document or report.failure_document)(error))

    def conclude(self, found: Report) -> NoReturn:
        """Print a run's report and what stopped it, and exit with its exit code."""
        code = found.exit_code or 0
        if self.json:
            from leadctl.reports import report

            self.document(report.document(found))
        elif code or not self.quiet:
            from leadctl.reports import table

            with opened_screen() as screen:
                table.show(found, screen, hint_follows=True)
        if found.error:
            show_error(found.error)
        raise typer.Exit(code)

    def document(self, content: dict[str, Json]) -> None:
        echo_json(content, None if self.events else 1)


@contextmanager
def heard(stream: TextIO) -> Iterator[None]:
    """Continue silently if the reader of the stream is gone; the run is unaffected."""
    try:
        yield
    except OSError:  # a closed pipe, a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def opened_screen(stream: TextIO | None = None) -> Iterator[Screen]:
    """Print for people, to stdout by default; in color on a terminal."""
    from leadctl.reports.screen import Screen

    stream = stream or sys.stdout
    with heard(stream):
        yield Screen(stream)
        stream.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of a result, as long as somebody reads them."""
    with heard(sys.stdout):
        for line in lines:
            echo(line)


def show_error(error: LeadctlError | Failure) -> None:
    """Print what happened and what to do next, on stderr."""
    say(f"leadctl: {error.message}", indent=2)
    for line in (error.hint or "").splitlines():
        is_command = line.startswith("leadctl ")  # to be copied: never broken
        say(f"  {line}", indent=None if is_command else 2)


def say(text: str, *, indent: int | None = None) -> None:
    """Print on stderr; continue silently if its reader is gone."""
    with heard(sys.stderr):
        echo(text, indent=indent, err=True)


def echo(text: str = "", *, indent: int | None = None, err: bool = False) -> None:
    """Print a line; with `indent`, a terminal gets it broken between words."""
    line, stream = printable(text), sys.stderr if err else sys.stdout
    if indent is not None and stream.isatty():
        line = textwrap.fill(
            line,
            max(indent + 20, shutil.get_terminal_size().columns - 1),
            subsequent_indent=" " * indent,
            break_long_words=False,  # a path stays one that can be copied
            break_on_hyphens=False,
        )
    typer.echo(line, err=err)


def echo_json(value: Json, indent: int | None = 1) -> None:
    with heard(sys.stdout):
        typer.echo(json_text(value, indent))


def somebody_is_there() -> bool:
    """Tell whether somebody can see and answer a question; streams may be closed."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def answered(question: str) -> bool:
    """Ask; every answer but yes counts as no."""
    return (line(question) or "").casefold() in ("y", "yes")


def asked(question: str) -> str:
    """Ask until there is an answer; raises NotConfirmed at the end of the input."""
    while (answer := line(question)) is not None:
        if answer:
            return answer
    raise NotConfirmed("no answer: nothing was changed")


def line(question: str) -> str | None:
    """Ask, and return the answer; None at the end of the input."""
    with heard(sys.stderr):
        sys.stderr.write(question)
        sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D leaves the cursor behind the question
        say("")
    return answer.strip() if answer else None


def require_yes(question: str, *, yes: bool, no_input: bool) -> None:
    """Continue only after a yes, from the command line or at the terminal."""
    if yes:
        return
    if no_input or not somebody_is_there():
        raise UsageError(
            "this must be confirmed; --no-input is set or there is no terminal",
            hint="add --yes to confirm",
        )
    if not answered(f"{question} [y/N] "):
        raise NotConfirmed("not confirmed; nothing was changed")
