"""`leadctl find`, `forget` and `suppress`: one person, in all campaigns."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import Output, print_lines, require_yes, say
from leadctl.cli.parameters import Section, argument, option, shared
from leadctl.model.errors import ExitCode, LeadctlError, UsageError
from leadctl.model.wording import count, files_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from leadctl.importing.people import Found, Person
    from leadctl.ledger.base import Ledger
    from leadctl.model.leads import Json

    Entry = TypeVar("Entry")

Numbers = Annotated[
    list[str] | None,
    argument(
        "NUMBER", "A phone number, e.g. +15550100001; - reads one per line from stdin."
    ),
]
ExternalIds = Annotated[
    list[str] | None,
    option("--external-id ID", "A lead's id at Lupitor, e.g. 4711; repeatable."),
]


@app.command("find", rich_help_panel=Section.PEOPLE)
def find(
    numbers: Numbers = None,
    external_id: ExternalIds = None,
    region: options.Region = None,
    unmasked: Annotated[
        bool, option("--unmasked", "Show numbers even if the output is not a terminal.")
    ] = False,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Find a person in the ledger: where delivered, in doubt or suppressed.

    Any spelling of the number works. Numbers are masked unless the output is a
    terminal. Ends with 0 if everybody was found, else with 3.

    Example: leadctl find +15550100001
    """
    from leadctl.importing import people

    output = Output(json=json)
    with output.failures(_document), _opened(ledger) as opened:
        found = people.find(opened, _asked_for(*_read(numbers, region), external_id))
    code = ExitCode.OK if all(found) else ExitCode.REJECTED
    masked = not (unmasked or sys.stdout.isatty())
    if json:
        described = [_described(one, masked=masked) for one in found]
        output.document(_document(code=code, people=described))
    else:
        print_lines(_lines(found, masked=masked))
        if code is not ExitCode.OK:
            say(NOT_FOUND, indent=0)
    raise typer.Exit(code)


@app.command("forget", rich_help_panel=Section.PEOPLE)
def forget(
    numbers: Numbers = None,
    external_id: ExternalIds = None,
    region: options.Region = None,
    and_suppress: Annotated[
        bool, option("--and-suppress", "Also add the numbers to the suppression list.")
    ] = False,
    yes: Annotated[bool, shared("--yes -y", "Do not ask.", Section.OPTIONS)] = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Remove a person's leads, delivered or in doubt, from the ledger.

    Shows what the ledger knows, and asks. The next push of the person's row sends them
    again, unless you add --and-suppress. Your files and the provider still have the
    person.

    Example: leadctl forget +15550100001 --and-suppress
    """
    from leadctl.importing import people

    texts, region = _read(numbers, region)
    asked = _asked_for(texts, region, external_id)
    with _opened(ledger) as opened:
        found = people.find(opened, asked)
        for line in _lines(found, masked=not sys.stderr.isatty()):
            say(line)
        if not (and_suppress or any(one.traces for one in found)):
            say("no records found")
            return
        for line in _consequences(found, and_suppress=and_suppress):
            say(line, indent=0)
        require_yes("Forget them?", yes=yes, no_input=no_input)
        if and_suppress:
            entries = _each(texts, lambda x: people.identities_of_entry(x, region))
            opened.suppression_list.add(entries)
        opened.forget([person.identity for person in asked])
    known = sum(bool(one.traces) for one in found)
    said = [f"{count(known, 'number')} forgotten"] if known else []
    if and_suppress:
        said.append(f"{count(len(texts), 'number')} suppressed")
    if unknown := len(found) - known:
        said.append(f"nothing was known of {count(unknown, 'number')}")
    say("; ".join(said))


def _consequences(found: Sequence[Found], *, and_suppress: bool) -> Iterator[str]:
    from leadctl.config.config import registry_beside

    met = {trace.provider for one in found for trace in one.traces}
    for name, provider in registry_beside(None).usable().items():
        if name in met and provider.compares_external_id:
            also = f"{provider.title} also identifies leads by external id"
            yield f"{also}; add --external-id ID."
    if not and_suppress:
        yield (
            "The next push that includes them sends them again. To prevent this, add "
            "--and-suppress."
        )


@app.command("suppress", rich_help_panel=Section.PEOPLE)
def suppress(
    numbers: Numbers = None,
    from_: Annotated[
        str | None,
        option(
            "--from FILE",
            "Add the numbers of a file, e.g. dnc.csv or list.csv::Column.",
        ),
    ] = None,
    remove: Annotated[
        bool, option("--remove", "Remove these numbers from the list.")
    ] = False,
    region: options.Region = None,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Add numbers to the ledger's suppression list, or show how many it has.

    No push to any account sends a number on this list. An ambiguous entry blocks
    every number it can mean, as in a --suppress file. The list stores keyed hashes
    instead of numbers.

    Example: leadctl suppress +15550100001
    """
    from leadctl.importing.people import identities_of_entry, identities_of_lead

    if remove and (from_ or not numbers):
        raise UsageError(
            "--remove requires numbers", hint="leadctl suppress --remove NUMBER"
        )
    texts, region = _read(numbers, region)
    output, verb, changed = Output(json=json), "", 0
    with output.failures(_document), _opened(ledger, new=True) as opened:
        entries = opened.suppression_list
        if remove:
            # All are read first: one that cannot be leaves the list as it is.
            read = _each(texts, lambda text: identities_of_lead(text, region))
            verb, changed = "removed", entries.remove({*chain.from_iterable(read)})
        elif numbers or from_:
            added = [*_each(texts, lambda text: identities_of_entry(text, region))]
            if from_:
                from leadctl.importing.suppression import identities_in
                from leadctl.importing.suppression_entries import List

                file = List.named(from_)
                added += identities_in(file, region)
            verb, changed = "added", entries.add(added)
        size = len(entries)
    if json:
        output.document(_document(changed=changed, entries=size))
    else:
        before = f"{verb} {changed:,}; " if verb else ""
        print_lines([f"{before}the suppression list has {count(size, 'number')}"])


def _asked_for(
    numbers: Sequence[str], region: str | None, ids: Sequence[str] | None
) -> list[Person]:
    """Read the people named on the command line."""
    from leadctl.importing import people

    if not (numbers or ids):
        raise UsageError("missing NUMBER", hint="- reads numbers from stdin")
    found = _each(numbers, lambda text: people.by_number(text, region))
    return found + [people.by_external_id(text) for text in ids or ()]


def _read(
    numbers: Sequence[str] | None, region: str | None
) -> tuple[list[str], str | None]:
    """Return the numbers as written, those on stdin in place of `-`, and the region."""
    from leadctl.phones.countries import require_region

    found: list[str] = []
    for text in numbers or ():
        lines = sys.stdin.read().splitlines() if text == "-" else [text]
        found += [line for line in lines if line.strip()]
    return found, require_region(region)


def _each(numbers: Sequence[str], read: Callable[[str], Entry]) -> list[Entry]:
    """Parse each number; an error names it by its position."""
    from leadctl.phones.spelling import PhoneUnreadable

    found = []
    for place, text in enumerate(numbers, 1):
        try:
            found.append(read(text))
        except PhoneUnreadable as error:
            reason = error.problem.reason
            write = "write it with + and country code, or add --region. "
            raise UsageError(
                f"number {place} of {len(numbers)}: {reason}",
                hint=("" if "--region" in reason else write)
                + "The ledger has no names: find the person's number in your file",
            ) from None
    return found


def _opened(url: str | None, *, new: bool = False) -> Ledger:
    """Open the ledger; creates one only for `new`."""
    from leadctl import ledger

    path = ledger.resolved(url)
    if not (new or ledger.exists(path)):
        say(f"no ledger yet at {path}")
    return ledger.open_ledger(path) if new else ledger.open_existing(path)


def _document(
    error: LeadctlError | None = None, code: ExitCode = ExitCode.OK, **facts: Json
) -> dict[str, Json]:
    from leadctl.reports.report import ending

    return {"schema_version": 1, **facts, **ending(error, code)}


def _described(found: Found, *, masked: bool) -> Json:
    person = found.person
    return {
        "number": person.masked if masked else person.name,
        "found": bool(found),
        "suppressed": found.is_suppressed,
        "campaigns": [
            {
                "status": trace.presence.value,
                "provider": trace.provider or None,
                "account": trace.account,
                "campaign": trace.campaign,
                "run_id": trace.run or None,
                "started_at": trace.started_at or None,
                "files": [*trace.files],
                "may_be_deleted": trace.may_be_deleted,
            }
            for trace in found.traces
        ],
    }


def _lines(people: Sequence[Found], *, masked: bool) -> Iterator[str]:
    """Yield a line for each fact, below its number."""
    from leadctl.reports import time_text

    for found in people:
        yield found.person.masked if masked else found.person.name
        for trace in found.traces:
            presence = f"{trace.presence.replace('_', ' '):<10}"
            where = f"account {trace.account}, campaign {trace.campaign}"
            day = f", {time_text.when(trace.started_at)}" if trace.started_at else ""
            run = f"run {trace.run}" if trace.run else "run pruned"
            files = f" of {files_named(trace.files)}" if trace.files else ""
            undo = " (may be deleted by runs undo)" if trace.may_be_deleted else ""
            yield f"  {presence}  {where}{day}"
            yield f"              {run}{files}{undo}"
        if found.is_suppressed:
            yield "  suppressed  on the ledger's suppression list"
        if not found:
            yield "  not found"


NOT_FOUND = (
    "The ledger does not know the numbers of rows that were rejected or skipped, or "
    "deleted by runs undo. Find the row in your file, then see what happened to it: "
    "leadctl runs show --row N"
)
