"""Options that several commands share: one definition, help text and variable each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer


def option(
    *names: str,
    about: str,
    takes: str | None = None,
    least: int | None = None,
) -> Any:  # noqa: ANN401  typer's own type for it
    """Declare an option; its variable is LEADCTL_ and its long name."""
    return typer.Option(
        *names,
        help=about,
        metavar=takes,
        min=least,
        envvar="LEADCTL_" + names[0].lstrip("-").upper().replace("-", "_"),
        show_envvar=False,
        show_default=False,
    )


Files: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, JSONL or .xlsx files, also .gz .bz2 .zst; - is stdin.",
        show_default=False,
    ),
]
ProviderName: TypeAlias = Annotated[
    str | None,
    option(
        "--provider",
        "-p",
        takes="NAME",
        about="Whose API takes the leads (leadctl providers).",
    ),
]
Campaign: TypeAlias = Annotated[
    str | None,
    option(
        "--campaign",
        "-c",
        takes="ID",
        about="The campaign's id; for Ozonetel its name.",
    ),
]
AccountName: TypeAlias = Annotated[
    str | None,
    option(
        "--account",
        takes="NAME",
        about="Account of that provider; default: named like it.",
    ),
]
ProfileName: TypeAlias = Annotated[
    str | None,
    option(
        "--profile",
        takes="NAME|PATH",
        about="Column map; without one, header names are matched.",
    ),
]
Region: TypeAlias = Annotated[
    str | None,
    option(
        "--region",
        takes="CC",
        about="Country (ISO 3166, e.g. US) of numbers without a country code.",
    ),
]
PhoneCheckName: TypeAlias = Annotated[
    str,
    option(
        "--phone-check",
        takes="possible|valid",
        about="Length and shape fit the country, or the range is assigned too.",
    ),
]
Constants: TypeAlias = Annotated[
    list[str] | None,
    option(
        "--set",
        takes="FIELD=VALUE",
        about="The same value for every lead (repeatable).",
    ),
]
Tags: TypeAlias = Annotated[
    list[str] | None,
    option(
        "--tag",
        takes="TEXT",
        about="Tag for all leads of the run, where the provider has tags (repeatable).",
    ),
]
FormatName: TypeAlias = Annotated[
    str | None,
    option(
        "--format",
        takes="csv|tsv|jsonl",
        about="How rows are written; default: found out from the content.",
    ),
]
Encoding: TypeAlias = Annotated[
    str | None,
    option(
        "--encoding",
        takes="NAME",
        about="Text encoding, e.g. cp1252; default: found out.",
    ),
]
Delimiter: TypeAlias = Annotated[
    str | None,
    option(
        "--delimiter",
        takes="CHAR",
        about="Column separator; default: found out (, ; tab |).",
    ),
]
NoHeader: TypeAlias = Annotated[
    bool,
    option("--no-header", about="The first line is data; columns are named 1, 2, 3, …"),
]
Sheet: TypeAlias = Annotated[
    str | None,
    option(
        "--sheet",
        takes="NAME|N",
        about="Sheet of a workbook; default: the first.",
    ),
]
BatchSize: TypeAlias = Annotated[
    int | None,
    option(
        "--batch-size",
        takes="N",
        least=1,
        about="Leads a request; may lower the provider's, never raise it.",
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    option(
        "--limit", takes="N", least=0, about="Read at most N data rows of each file."
    ),
]
Skip: TypeAlias = Annotated[
    int,
    option(
        "--skip",
        takes="N",
        least=0,
        about="Pass over the first N data rows of each file.",
    ),
]
MaxRejects: TypeAlias = Annotated[
    str | None,
    option(
        "--max-rejects",
        takes="N|P%",
        about="Stop when more rows than that are rejected.",
    ),
]
Suppress: TypeAlias = Annotated[
    list[str] | None,
    option(
        "--suppress",
        takes="FILE",
        about="Numbers never to upload, in any spelling; FILE::COLUMN names the "
        "column (repeatable).",
    ),
]
RejectsPath: TypeAlias = Annotated[
    Path | None,
    option(
        "--rejects",
        takes="PATH",
        about="Where the reject file goes; default: NAME.rejects.csv beside the input.",
    ),
]
Json: TypeAlias = Annotated[
    bool,
    option("--json", about="Print one JSON document instead of the table."),
]
Form: TypeAlias = Annotated[
    str,
    option(
        "--output",
        takes="table|json|jsonl",
        about="What to print: jsonl tells, a line each, what happens, then the result.",
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    option("--quiet", "-q", about="Print nothing when all went well."),
]
Verbose: TypeAlias = Annotated[
    bool,
    option("--verbose", "-v", about="Say on stderr what is decided and waited for."),
]
NoColor: TypeAlias = Annotated[
    bool,
    option("--no-color", about="No colours (NO_COLOR too)."),
]
Acknowledge: TypeAlias = Annotated[
    bool,
    option(
        "--acknowledge-compliance",
        about="Agora: your word that you may legally call these people.",
    ),
]
ResendDelivered: TypeAlias = Annotated[
    bool,
    option("--resend-delivered", about="Send rows that an earlier run delivered, too."),
]
Yes: TypeAlias = Annotated[
    bool,
    option("--yes", "-y", about="Answer yes to every question."),
]
NoInput: TypeAlias = Annotated[
    bool,
    option("--no-input", about="Never ask anything."),
]
DryRun: TypeAlias = Annotated[
    bool,
    option("--dry-run", "-n", about="Do all but send; needs no credentials."),
]
SandboxRun: TypeAlias = Annotated[
    bool,
    option(
        "--sandbox",
        about="Send to a local simulator of the provider, made for this run.",
    ),
]
LedgerPath: TypeAlias = Annotated[
    str | None,
    option(
        "--ledger",
        takes="PATH|URL",
        about="The ledger's file (or sqlite:///PATH); default: in your state folder.",
    ),
]
ConfigPath: TypeAlias = Annotated[
    Path | None,
    option(
        "--config",
        takes="PATH",
        about="The config file; default: in your config folder.",
    ),
]
