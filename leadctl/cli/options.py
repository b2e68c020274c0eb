"""Options that several commands share, each with one definition, help and variable.

A help text names the default, unless it is off, and an example.
"""

from __future__ import annotations

import shlex
from functools import partial
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    TypedDict,
    get_type_hints,
    is_typeddict,
)

import typer

from leadctl.cli.commands import Section

if TYPE_CHECKING:
    from collections.abc import Callable


def option(
    usage: str,
    about: str,
    section: Section | None = None,
    **limits: Any,  # noqa: ANN401  typer's
) -> Any:  # noqa: ANN401  typer's own type for it
    """Declare an option of one command; `usage` has names and value: `--limit -l N`."""
    names, takes = _divided(usage)
    return typer.Option(
        *names, help=about, metavar=takes, rich_help_panel=section, **limits
    )


def shared(usage: str, about: str, section: Section, **limits: Any) -> Any:  # noqa: ANN401  as above
    """Declare an option that can be set by LEADCTL_ and its long name, too."""
    declared = option(usage, about, section, **limits)
    name = _divided(usage)[0][0]
    declared.envvar = "LEADCTL_" + name.lstrip("-").upper().replace("-", "_")
    declared.callback = several
    VARIABLES[declared.envvar] = name
    return declared


def argument(name: str, about: str) -> Any:  # noqa: ANN401  as above
    return typer.Argument(metavar=name, help=about)


VARIABLES = {"LEADCTL_NO_COLOR": "--no-color"}
"""The variables of options, and their options."""


def _divided(usage: str) -> tuple[list[str], str | None]:
    words = usage.split()
    names = [word for word in words if word.startswith("-")]
    return names, words[-1] if len(words) > len(names) else None


def several(context: typer.Context, option: typer.CallbackParam, given: Any) -> Any:  # noqa: ANN401  of any option
    """Split a variable with several values as a shell would, including quotes."""
    source = context.get_parameter_source(option.name or "")
    if not option.multiple or source is None or source.name != "ENVIRONMENT":
        return given
    try:
        return shlex.split(str(option.resolve_envvar_value(context)))
    except ValueError as error:
        raise typer.BadParameter(f"{option.envvar} has an unclosed quote") from error


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Turn each TypedDict parameter of a command into one option per key.

    Without a value, a flag is False, a number is 0, and anything else is None.
    """
    own = signature(command, eval_str=True).parameters
    flattened: list[Parameter] = []
    for one in own.values():
        if not is_typeddict(one.annotation):
            flattened.append(one.replace(kind=Parameter.KEYWORD_ONLY))
            continue
        for key, kind in get_type_hints(one.annotation, include_extras=True).items():
            usual = {bool: False, int: 0}.get(kind.__origin__)
            flattened.append(
                Parameter(key, Parameter.KEYWORD_ONLY, default=usual, annotation=kind)
            )

    def flat(**values: Any) -> None:  # noqa: ANN401  whatever typer parsed
        groups = {
            name: {key: values.pop(key) for key in one.annotation.__annotations__}
            for name, one in own.items()
            if is_typeddict(one.annotation)
        }
        command(**values, **groups)

    flat.__signature__ = Signature(flattened)  # type: ignore[attr-defined]  # typer's
    flat.__doc__ = command.__doc__
    return flat


def given(context: typer.Context) -> list[str]:
    """Return the options as given, except those of output, for the next command."""
    words: list[str] = []
    for one in context.command.params:
        source = context.get_parameter_source(one.name or "")
        is_given = source is not None and source.name == "COMMANDLINE"
        panel = getattr(one, "rich_help_panel", None)
        if one.param_type_name == "option" and is_given and panel != Section.TELLING:
            name, value = max(one.opts, key=len), context.params.get(one.name or "")
            values = value if isinstance(value, list) else [value]
            for each in values:
                words += [name] if each is True else [name, str(each)]
    return words


of_target = partial(shared, section=Section.TARGET)
of_files = partial(shared, section=Section.FILE)
of_rows = partial(shared, section=Section.ROW)
of_sending = partial(shared, section=Section.SENDING)
of_output = partial(shared, section=Section.TELLING)
of_other = partial(shared, section=Section.OTHER)

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
        of_output("--rejects PATH", "Reject file; default: e.g. leads.rejects.csv."),
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
