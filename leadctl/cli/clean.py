"""`leadctl clean`: remove obsolete files with personal data."""

from __future__ import annotations

from typing import Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import echo, require_yes, say
from leadctl.cli.parameters import Section, option
from leadctl.model.wording import count


@app.command("clean", rich_help_panel=Section.SET_UP)
def clean(
    days: Annotated[
        int, options.days("Keep reject files of the last N days; default: 30.")
    ] = 30,
    dry_run: Annotated[bool, option("--dry-run -n", "Only list the files.")] = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Remove old reject files, and files that killed runs left behind.

    Searches the folders of this ledger's runs, lists the files, and asks. Keeps reject
    files that somebody has edited, and names them.

    Example: leadctl clean --dry-run
    """
    from leadctl.ledger import resolved
    from leadctl.runs import leftovers

    url = resolved(ledger)
    rejects = leftovers.reject_files(url, days)
    found = [*rejects.old, *leftovers.of_killed_runs(url)]
    for path in found:
        echo(str(path))
    if newer := len(rejects.newer):
        say(f"kept: {count(newer, 'reject file')} newer than {count(days, 'day')}")
    for path in rejects.edited:
        say(f"kept, because it was edited: {path}")
    them = count(len(found), "file")
    if not found:
        say("nothing to remove")
    elif dry_run:
        say(f"{them} to remove")
    else:
        require_yes(f"Remove {them}?", yes=yes, no_input=no_input)
        for path in found:
            path.unlink(missing_ok=True)
        say(f"{them} removed")
