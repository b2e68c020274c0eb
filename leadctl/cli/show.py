"""What a command prints, and where: the result on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from leadctl import report
from leadctl.errors import ExitCode

if TYPE_CHECKING:
    from leadctl.errors import LeadctlError
    from leadctl.model import Json
    from leadctl.report import Report


@dataclass(frozen=True)
class Output:
    """How the user wants to be told."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: bool = True

    def note(self, text: str) -> None:
        """Say something worth knowing once."""
        if not self.quiet:
            _say(text)

    def detail(self, text: str) -> None:
        """Say what only -v wants to know."""
        if self.verbose:
            _say(text)

    def wait(self, seconds: float, why: str) -> None:
        """Say that, and for what, the run waits; on a terminal always."""
        if self.verbose or (sys.stderr.isatty() and not self.quiet):
            _say(f"waiting {seconds:.1f} s: {why}")

    def result(self, found: Report) -> ExitCode:
        """Print a run's report; returns the exit code of the process."""
        code = ExitCode(found.run.exit_code or 0)
        if self.json:
            self.document(report.document(found))
        elif not (self.quiet and code is ExitCode.OK):
            from leadctl.terminal import console  # noqa: PLC0415  rich is slow to import

            report.show(found, console(sys.stdout, colour=self.colour))
        return code

    def failure(self, error: LeadctlError, facts: dict[str, Json]) -> None:
        """Print the document of a run that did not begin; without --json there is none."""
        if self.json:
            self.document(report.failure_document(error, facts=facts))

    def document(self, content: dict[str, Json]) -> None:
        typer.echo(json.dumps(content, indent=1, ensure_ascii=False))


def _say(text: str) -> None:
    typer.echo("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), err=True)
