"""Yes-or-no questions at the terminal."""

from __future__ import annotations

import sys

from leadctl.cli.output import heard, say
from leadctl.model.errors import NotConfirmed, UsageError


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
