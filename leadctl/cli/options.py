"""Options that several commands share, each with one definition, help and variable.

A help text names the default, unless it is off, and an example.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, TypedDict

from leadctl.cli.parameters import Section, argument, option, shared

of_target = partial(shared, section=Section.TARGET)
of_files = partial(shared, section=Section.FILE)
of_rows = partial(shared, section=Section.ROW)
of_sending = partial(shared, section=Section.SENDING)
of_output = partial(shared, section=Section.TELLING)
of_other = partial(shared, section=Section.OTHER)
days = partial(option, "--days N", min=0, max=36_500)

Text = str | None
Texts = list[str] | None

Files = Annotated[
    list[str],
    argument(
        "FILE", "CSV, TSV, JSONL, .xlsx, also .gz .bz2 .zst; a folder; - is stdin."
    ),
]
ProviderName = Annotated[
    Text,
    of_target("--provider -p NAME|FILE", "Provider, e.g. voiso, or its YAML file."),
]
Campaign = Annotated[
    Text, of_target("--campaign -c ID", "The campaign: its id, e.g. 3, or its name.")
]
AccountName = Annotated[
    Text, of_target("--account NAME", "e.g. voiso-night; default: the provider's name.")
]
ProfileName = Annotated[
    Text,
    of_files(
        "--profile NAME|PATH", "Column mapping, e.g. leads.yaml; default: guessed."
    ),
]
Region = Annotated[
    Text, of_rows("--region CC", "Country of numbers without a code, e.g. US.")
]
Json = Annotated[
    bool, of_output("--json", "Print one JSON document instead of the table.")
]
Quiet = Annotated[bool, of_output("--quiet -q", "Print nothing when all went well.")]
Verbose = Annotated[bool, of_output("--verbose -v", "Explain decisions and waits.")]
Acknowledge = Annotated[
    bool,
    of_sending(
        "--acknowledge-compliance", "Agora: confirm permission to call these leads."
    ),
]
Yes = Annotated[bool, of_sending("--yes -y", "Answer yes to questions.")]
NoInput = Annotated[bool, of_sending("--no-input", "Never ask anything.")]
Wait = Annotated[
    int,
    of_sending(
        "--wait SECONDS", "Wait for another run on the campaign; default: 0.", min=0
    ),
]
Offline = Annotated[
    bool, shared("--offline", "Make no network calls.", Section.OPTIONS)
]
LedgerPath = Annotated[
    Text,
    of_other("--ledger PATH|URL", "Path or postgresql:// URL; default: state folder."),
]
ConfigPath = Annotated[
    Path | None,
    of_other("--config PATH", "e.g. team.yaml; default: your config folder."),
]


class Destination(TypedDict):
    """Which provider and account leads are for."""

    provider: ProviderName
    account: AccountName


class ReadOptions(TypedDict):
    """How files are read, as typer parses it."""

    format: Annotated[
        Text, of_files("--format csv|tsv|jsonl", "Default: detected from the content.")
    ]
    encoding: Annotated[
        Text, of_files("--encoding NAME", "e.g. cp1252; default: detected.")
    ]
    delimiter: Annotated[
        Text, of_files("--delimiter CHAR", "e.g. ';'; default: detected (, ; tab |).")
    ]
    no_header: Annotated[
        bool, of_files("--no-header", "The first line is data; columns are 1, 2, 3.")
    ]
    sheet: Annotated[
        Text,
        of_files("--sheet NAME|N", "Sheet of a workbook, e.g. 2; default: the first."),
    ]


class PreviewOptions(Destination, ReadOptions):
    """The options of `leadctl.preview`."""

    profile: ProfileName
    region: Region
    phone_check: Annotated[
        Text,
        of_rows(
            "--phone-check possible|valid",
            "By length and shape (default), or by range.",
        ),
    ]
    numbers: Annotated[
        Text, of_rows("--numbers HOW", "national or international; default: auto.")
    ]
    set: Annotated[
        Texts,
        of_rows("--set FIELD=VALUE", "For all leads, e.g. priority=high; repeatable."),
    ]
    ignore_column: Annotated[
        Texts,
        of_rows("--ignore-column NAME", "Do not read it, e.g. Notes; repeatable."),
    ]
    config: ConfigPath


class CheckOptions(PreviewOptions):
    """The options of `leadctl.check`."""

    campaign: Campaign
    limit: Annotated[
        int | None,
        of_files("--limit N", "At most N data rows of each file; default: all.", min=0),
    ]
    skip: Annotated[
        int,
        of_files("--skip N", "Skip the first N data rows of each; default: 0.", min=0),
    ]
    max_rejects: Annotated[
        Text,
        of_sending(
            "--max-rejects N|P%", "Stop above this many, e.g. 5%; default: never."
        ),
    ]
    suppress: Annotated[
        Texts,
        of_rows("--suppress FILE", "Never send these numbers: dnc.csv; repeatable."),
    ]
    rejects: Annotated[
        Path | None,
        of_output("--rejects PATH", "Reject file; default: beside the input."),
    ]
    rejects_dir: Annotated[
        Path | None,
        of_output("--rejects-dir DIR", "Folder for them; default: beside the input."),
    ]
    strict: Annotated[
        bool, of_rows("--strict", "Send nothing if the file is in doubt; exit 6.")
    ]
    ledger: LedgerPath


class PushOptions(CheckOptions):
    """The options of `leadctl.push`."""

    tag: Annotated[
        Texts, of_rows("--tag TEXT", "For all leads, e.g. fair (Agora); repeatable.")
    ]
    batch_size: Annotated[
        int | None,
        of_sending(
            "--batch-size N", "Leads per request, e.g. 50; default: the maximum.", min=1
        ),
    ]
    wait: Wait
    workers: Annotated[
        int | None,
        of_sending(
            "--workers N",
            "Processes to share the run among, e.g. 4 (PostgreSQL).",
            min=0,
        ),
    ]
    dry_run: Annotated[
        bool,
        of_sending("--dry-run -n", "Do everything except send; no credentials needed."),
    ]
    sandbox: Annotated[
        bool, of_sending("--sandbox", "Send to a temporary local simulator.")
    ]
    keep: Annotated[
        bool, of_sending("--keep", "With --sandbox: keep the run, for `leadctl runs`.")
    ]
    resend_delivered: Annotated[
        bool,
        of_sending("--resend-delivered", "Send what an earlier run delivered, too."),
    ]
    acknowledge_compliance: Acknowledge
    yes: Yes


class ResumeOptions(TypedDict):
    """The options of `leadctl.resume`."""

    acknowledge_compliance: Acknowledge
    wait: Wait
    ledger: LedgerPath
    config: ConfigPath


class OutputOptions(TypedDict):
    """How the report of a run is printed."""

    json: Json
    output: Annotated[
        Text,
        of_output(
            "--output table|json|jsonl", "Default: table; jsonl also streams events."
        ),
    ]
    quiet: Quiet
    verbose: Verbose
