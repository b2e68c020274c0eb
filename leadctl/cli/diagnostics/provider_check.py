"""Checks a provider in YAML: its file, then the contract suite with its cases."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from leadctl import testing
from leadctl.cli.checks import Check, Grade, problem, warning
from leadctl.model.errors import ExitCode, LeadctlError, ProviderError
from leadctl.model.wording import count
from leadctl.providers.declared.file import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def provider_check(file: Path) -> Iterator[Check]:
    """Validate the file, play its recorded cases and check every law."""
    try:
        provider = load(file.absolute())
    except LeadctlError as error:
        said = error.message.removeprefix(f"{file.absolute()}, ")
        yield problem(str(file), error.but(message=said))
        return
    yield Check(str(file), f"a valid definition of {provider.title}")
    folder = file.absolute().with_suffix("")
    played = [path for call in testing.CALLS for path in testing.cases(folder, call)]
    if not testing.cases(folder):
        remedy = f"add them to the folder {file.with_suffix('')}"
        message = "no recorded cases, so nothing was tested"
        yield warning(str(file), message, f"{remedy} (docs/adding-a-provider.md)")
        return
    cases = [
        (f"case {path.relative_to(folder)}", _broken(testing.check_case, path))
        for path in played
    ]
    laws = [
        (f"law: {law.__name__.replace('_', ' ')}", _broken(law, folder))
        for law in testing.LAWS
    ]
    yield from _tried("cases", "recorded case", cases)
    yield from _tried("laws", "law", laws)


def _tried(
    topic: str, what: str, results: Sequence[tuple[str, str]]
) -> Iterator[Check]:
    """Report what failed, each with the reason, and how many passed."""
    failed = [(name, reason) for name, reason in results if reason]
    for name, reason in failed:
        yield Check(name, reason, Grade.PROBLEM, exit_code=ExitCode.INPUT)
    passed = len(results) - len(failed)
    yield Check(topic, f"{passed} of {count(len(results), what)} passed")


def _broken(play: Callable[[Path], None], path: Path) -> str:
    """Return what is wrong; a recorded case may itself be broken in any way."""
    try:
        play(path)
    except AssertionError as error:
        line = traceback.extract_tb(error.__traceback__)[-1].line or ""
        return str(error) or f"failed: {line.removeprefix('assert ')}"
    except ProviderError as error:
        kind = type(error).__name__
        return f'the case lacks "error": "{kind}"; {error.message}'
    except LeadctlError as error:
        return error.message
    except (AttributeError, KeyError, ValueError, TypeError) as error:
        return f"cannot read the case: {type(error).__name__}: {error}"
    return ""
