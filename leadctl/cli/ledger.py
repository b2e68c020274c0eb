"""`leadctl ledger`: show it; prepare, fill, and migrate PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.checks import Check, conclude, exit_code
from leadctl.cli.commands import Commands
from leadctl.cli.output import echo, say
from leadctl.cli.parameters import Section, argument, option
from leadctl.model.errors import LedgerUnusable, UsageError
from leadctl.model.wording import count

if TYPE_CHECKING:
    from leadctl.model.leads import Json

group = Commands(help="Show the ledger; share one on PostgreSQL.", no_args_is_help=True)
app.add_typer(group, name="ledger", rich_help_panel=Section.SET_UP)

Url = Annotated[str, argument("URL", "e.g. postgresql://db.example/leads.")]
KeyFile = Annotated[
    Path | None,
    option(
        "--key-file PATH",
        "Write the key to this file, or read it there; default: print it once.",
    ),
]


@group.command("show")
def show(json: options.Json = False, ledger: options.LedgerPath = None) -> None:
    """Show where the ledger is, its size, its runs, and whether it is healthy.

    Example: leadctl ledger show
    """
    from leadctl.cli.diagnostics import installation
    from leadctl.ledger import exists, open_existing, resolved

    url = resolved(ledger)
    checks = [*installation.ledger(url)]
    facts: dict[str, Json] = {"ledger": url, "runs": None, "bytes": None}
    if not exit_code(checks) and exists(url):
        with open_existing(url) as opened:
            size = opened.size()
        facts.update(size._asdict())
        checks.append(Check("runs", f"{size.runs:,}"))
    conclude(checks, json=json, facts=facts)


@group.command("init")
def init(url: Url, key_file: KeyFile = None) -> None:
    """Prepare a PostgreSQL database: schema, roles, and the key of the hashes.

    Connect as the owner of the database. If it is prepared already, only the rights are
    renewed. The key is never stored in the database; every host needs it.

    Example: leadctl ledger init postgresql://db.example/leads --key-file ledger.key
    """
    from leadctl.ledger.postgres import admin
    from leadctl.ledger.postgres import key as keys

    url = _postgres(url)
    configured = keys.configured()
    is_known = bool(configured or key_file)
    if not is_known and admin.is_prepared(url):
        raise keys.somebody_elses()
    key = configured or keys.new_key()
    if key_file:
        key = keys.of_file(key_file, key)
    try:
        is_new = admin.prepare(url, key)
    except LedgerUnusable as error:
        if not configured and error.message == keys.wrong_key().message:
            raise keys.somebody_elses() from error
        raise
    say(f"{'prepared' if is_new else 'prepared already'}: {url}")
    _hand_over(url, key, key_file, is_known=is_known)


def _hand_over(url: str, key: bytes, key_file: Path | None, *, is_known: bool) -> None:
    """Say who needs which rights, and where the key is, or the key itself."""
    from leadctl.ledger.postgres import admin
    from leadctl.ledger.postgres import key as keys

    for role in admin.missing_roles(url):
        say(
            f"role {role} is missing, and you may not create it; "
            f"ask for CREATE ROLE {role}, then run this again"
        )
    say(
        f"give each host's user its rights: GRANT {admin.WORKER} TO name; "
        f"to one that only reads: GRANT {admin.READER} TO name"
    )
    if key_file:
        say(f"key: {key_file}; every host needs it: LEADCTL_LEDGER_KEY_FILE")
    elif not is_known:
        if keys.store(key):
            say("key stored in this machine's keyring")
        say("key, shown once; keep it, and set LEADCTL_LEDGER_KEY on every other host:")
        echo(key.hex())


@group.command("copy")
def copy(
    source: Annotated[str, argument("FROM", "A SQLite ledger's path.")],
    target: Annotated[str, argument("TO", "e.g. postgresql://db.example/leads.")],
    key_file: KeyFile = None,
) -> None:
    """Copy a SQLite ledger to PostgreSQL, with its key.

    Prepares the database if necessary. If it is interrupted, run it again. No
    program can use the copy until it is complete and verified. The SQLite ledger is
    not changed.

    Example: leadctl ledger copy ledger.sqlite postgresql://db.example/leads
    """
    from leadctl.ledger import copying, is_postgres, resolved
    from leadctl.ledger.postgres import key as keys

    if is_postgres(source):
        raise UsageError(
            "FROM is a SQLite ledger", hint="pg_dump and pg_restore copy a database"
        )
    path, url = Path(resolved(source)), _postgres(target)
    key = copying.key_of(path)
    if key_file and keys.of_file(key_file, key) != key:
        raise UsageError(
            f"{key_file} holds another key", hint="choose another file with --key-file"
        )
    is_known = not key_file and keys.configured() == key
    runs = copying.copy(path, url, say)
    say(f"copied: {count(runs, 'run')}; from now on use --ledger {url}")
    _hand_over(url, key, key_file, is_known=is_known)


@group.command("migrate")
def migrate(
    url: Annotated[
        str | None, argument("URL", "Default: the ledger that push uses.")
    ] = None,
    ledger: options.LedgerPath = None,
) -> None:
    """Bring the ledger up to date with this version of leadctl.

    On PostgreSQL, only the owner can do this; running pushes continue. A ledger in a
    file is brought up to date whenever it is opened.

    Example: leadctl ledger migrate
    """
    from leadctl.ledger import is_postgres, open_existing, resolved

    found = resolved(url or ledger)
    if not is_postgres(found):
        open_existing(found).close()
        say(f"up to date: {found}")
        return
    from leadctl.ledger.postgres import admin

    before, after = admin.migrate(found)
    how = f"from schema {before} to {after}" if before != after else f"schema {after}"
    say(f"up to date: {found}, {how}")


def _postgres(url: str) -> str:
    from leadctl.ledger import is_postgres, resolved

    if not is_postgres(url):
        raise UsageError(
            "this command takes the URL of a PostgreSQL database",
            hint="postgresql://HOST/DATABASE; a file needs no preparation",
        )
    return resolved(url)
