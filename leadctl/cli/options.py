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
    TypeAlias,
    TypedDict,
    get_type_hints,
    is_typeddict,
)

import typer

from leadctl.cli.help_layout import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def option(
    *names: str,
    about: str,
    section: Section | None = None,
    takes: str | None = None,
    least: int | None = None,
    most: int | None = None,
) -> Any:  # noqa: ANN401  typer's own type for it
    """Declare an option of one command, without a variable."""
    return typer.Option(
        *names,
        help=about,
        metavar=takes,
        min=least,
        max=most,
        rich_help_panel=section,
        show_envvar=False,
        show_default=False,
    )


def shared(
    *names: str,
    about: str,
    section: Section,
    takes: str | None = None,
    least: int | None = None,
    callback: Callable[..., Any] | None = None,
) -> Any:  # noqa: ANN401  typer's own type for it
    """Declare an option whose variable is LEADCTL_ and its long name."""
    declared = option(*names, about=about, section=section, takes=takes, least=least)
    declared.callback = callback
    declared.envvar = "LEADCTL_" + names[0].lstrip("-").upper().replace("-", "_")
    VARIABLES[declared.envvar] = names[0]
    return declared


VARIABLES = {"LEADCTL_NO_COLOR": "--no-color"}
"""The variables of options, and their options."""


def several(
    context: typer.Context, option: typer.CallbackParam, given: list[str] | None
) -> list[str] | None:
    """Split a variable with several values as a shell would, including quotes."""
    source = context.get_parameter_source(option.name or "")
    if source is None or source.name != "ENVIRONMENT":
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

    def flat(**values: Any) -> None:  # noqa: ANN401  whatever typer parsed
        groups = {
            name: {key: values.pop(key) for key in one.annotation.__annotations__}
            for name, one in own.items()
            if is_typeddict(one.annotation)
        }
        command(**values, **groups)

    flat.__signature__ = Signature(  # type: ignore[attr-defined]  # typer reads it
        [flattened for one in own.values() for flattened in _flattened(one)]
    )
    flat.__doc__ = command.__doc__
    return flat


def _flattened(one: Parameter) -> Iterator[Parameter]:
    if not is_typeddict(one.annotation):
        yield one.replace(kind=Parameter.KEYWORD_ONLY)
        return
    for key, kind in get_type_hints(one.annotation, include_extras=True).items():
        usual = {bool: False, int: 0}.get(kind.__origin__)
        yield Parameter(key, Parameter.KEYWORD_ONLY, default=usual, annotation=kind)


def given(context: typer.Context) -> list[str]:
    """Return the options as given, for the next command.

    Output options are left out: they concern this command only.
    """
    words: list[str] = []
    for one in context.command.params:
        source = context.get_parameter_source(one.name or "")
        panel = getattr(one, "rich_help_panel", None)
        if (
            one.param_type_name == "option"
            and panel != Section.TELLING
            and source is not None
            and source.name == "COMMANDLINE"
        ):
            name, value = max(one.opts, key=len), context.params.get(one.name or "")
            if value is True:
                words.append(name)
            else:
                for each in value if isinstance(value, list) else [value]:
                    words += [name, str(each)]
    return words


of_target = partial(shared, section=Section.TARGET)
of_files = partial(shared, section=Section.FILE)
of_rows = partial(shared, section=Section.ROW)
of_sending = partial(shared, section=Section.SENDING)
of_output = partial(shared, section=Section.TELLING)
of_other = partial(shared, section=Section.OTHER)

Files: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, JSONL, .xlsx, also .gz .bz2 .zst; a folder; - is stdin.",
        show_default=False,
    ),
]
ProviderName: TypeAlias = Annotated[
    str | None,
    of_target(
        "--provider",
        "-p",
        takes="NAME|FILE",
        about="Provider, e.g. voiso, or its YAML file.",
    ),
]
Campaign: TypeAlias = Annotated[
    str | None,
    of_target(
        "--campaign",
        "-c",
        takes="ID",
        about="The campaign: its id, e.g. 3, or its name.",
    ),
]
AccountName: TypeAlias = Annotated[
    str | None,
    of_target(
        "--account",
        takes="NAME",
        about="e.g. voiso-night; default: the provider's name.",
    ),
]
ProfileName: TypeAlias = Annotated[
    str | None,
    of_files(
        "--profile",
        takes="NAME|PATH",
        about="Column mapping, e.g. leads.yaml; default: guessed.",
    ),
]
Region: TypeAlias = Annotated[
    str | None,
    of_rows(
        "--region", takes="CC", about="Country of numbers without a code, e.g. US."
    ),
]
PhoneCheckName: TypeAlias = Annotated[
    str | None,
    of_rows(
        "--phone-check",
        takes="possible|valid",
        about="By length and shape (default), or by range.",
    ),
]
NumbersName: TypeAlias = Annotated[
    str | None,
    of_rows(
        "--numbers", takes="HOW", about="national or international; default: auto."
    ),
]
Constants: TypeAlias = Annotated[
    list[str] | None,
    of_rows(
        "--set",
        takes="FIELD=VALUE",
        about="For all leads, e.g. priority=high; repeatable.",
        callback=several,
    ),
]
Tags: TypeAlias = Annotated[
    list[str] | None,
    of_rows(
        "--tag",
        takes="TEXT",
        about="For all leads, e.g. fair (Agora); repeatable.",
        callback=several,
    ),
]
FormatName: TypeAlias = Annotated[
    str | None,
    of_files(
        "--format", takes="csv|tsv|jsonl", about="Default: detected from the content."
    ),
]
Encoding: TypeAlias = Annotated[
    str | None,
    of_files("--encoding", takes="NAME", about="e.g. cp1252; default: detected."),
]
Delimiter: TypeAlias = Annotated[
    str | None,
    of_files(
        "--delimiter", takes="CHAR", about="e.g. ';'; default: detected (, ; tab |)."
    ),
]
NoHeader: TypeAlias = Annotated[
    bool,
    of_files("--no-header", about="The first line is data; columns are 1, 2, 3."),
]
Sheet: TypeAlias = Annotated[
    str | None,
    of_files(
        "--sheet",
        takes="NAME|N",
        about="Sheet of a workbook, e.g. 2; default: the first.",
    ),
]
BatchSize: TypeAlias = Annotated[
    int | None,
    of_sending(
        "--batch-size",
        takes="N",
        least=1,
        about="Leads per request, e.g. 50; default: the maximum.",
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    of_files(
        "--limit",
        takes="N",
        least=0,
        about="At most N data rows of each file; default: all.",
    ),
]
Skip: TypeAlias = Annotated[
    int,
    of_files(
        "--skip",
        takes="N",
        least=0,
        about="Skip the first N data rows of each; default: 0.",
    ),
]
MaxRejects: TypeAlias = Annotated[
    str | None,
    of_sending(
        "--max-rejects",
        takes="N|P%",
        about="Stop above this many, e.g. 5%; default: never.",
    ),
]
Strict: TypeAlias = Annotated[
    bool,
    of_rows("--strict", about="Send nothing if the file is in doubt; exit 6."),
]
Suppress: TypeAlias = Annotated[
    list[str] | None,
    of_rows(
        "--suppress",
        takes="FILE",
        about="Never send these numbers: dnc.csv; repeatable.",
        callback=several,
    ),
]
IgnoreColumns: TypeAlias = Annotated[
    list[str] | None,
    of_rows(
        "--ignore-column",
        takes="NAME",
        about="Do not read it, e.g. Notes; repeatable.",
        callback=several,
    ),
]
RejectsPath: TypeAlias = Annotated[
    Path | None,
    of_output(
        "--rejects", takes="PATH", about="Reject file; default: e.g. leads.rejects.csv."
    ),
]
RejectsFolder: TypeAlias = Annotated[
    Path | None,
    of_output(
        "--rejects-dir",
        takes="DIR",
        about="Folder for them; default: beside the input.",
    ),
]
Json: TypeAlias = Annotated[
    bool,
    of_output("--json", about="Print one JSON document instead of the table."),
]
Form: TypeAlias = Annotated[
    str | None,
    of_output(
        "--output",
        takes="table|json|jsonl",
        about="Default: table; jsonl also streams events.",
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    of_output("--quiet", "-q", about="Print nothing when all went well."),
]
Verbose: TypeAlias = Annotated[
    bool,
    of_output("--verbose", "-v", about="Explain decisions and waits."),
]
Acknowledge: TypeAlias = Annotated[
    bool,
    of_sending(
        "--acknowledge-compliance",
        about="Agora: confirm permission to call these leads.",
    ),
]
ResendDelivered: TypeAlias = Annotated[
    bool,
    of_sending("--resend-delivered", about="Send what an earlier run delivered, too."),
]
Yes: TypeAlias = Annotated[
    bool,
    of_sending("--yes", "-y", about="Answer yes to questions."),
]
NoInput: TypeAlias = Annotated[
    bool,
    of_sending("--no-input", about="Never ask anything."),
]
Wait: TypeAlias = Annotated[
    int,
    of_sending(
        "--wait",
        takes="SECONDS",
        least=0,
        about="Wait for another run on the campaign; default: 0.",
    ),
]
Workers: TypeAlias = Annotated[
    int | None,
    of_sending(
        "--workers",
        takes="N",
        least=0,
        about="Processes to share the run among, e.g. 4 (PostgreSQL).",
    ),
]
DryRun: TypeAlias = Annotated[
    bool,
    of_sending(
        "--dry-run", "-n", about="Do everything except send; no credentials needed."
    ),
]
SandboxRun: TypeAlias = Annotated[
    bool,
    of_sending("--sandbox", about="Send to a temporary local simulator."),
]
Keep: TypeAlias = Annotated[
    bool,
    of_sending("--keep", about="With --sandbox: keep the run, for `leadctl runs`."),
]
Offline: TypeAlias = Annotated[
    bool,
    shared("--offline", about="Make no network calls.", section=Section.OPTIONS),
]
LedgerPath: TypeAlias = Annotated[
    str | None,
    of_other(
        "--ledger",
        takes="PATH|URL",
        about="Path or postgresql:// URL; default: state folder.",
    ),
]
ConfigPath: TypeAlias = Annotated[
    Path | None,
    of_other(
        "--config", takes="PATH", about="e.g. team.yaml; default: your config folder."
    ),
]


class PreviewOptions(TypedDict):
    """The options of `leadctl.preview`, as typer parses them."""

    provider: ProviderName
    account: AccountName
    profile: ProfileName
    region: Region
    phone_check: PhoneCheckName
    numbers: NumbersName
    set: Constants
    ignore_column: IgnoreColumns
    format: FormatName
    encoding: Encoding
    delimiter: Delimiter
    no_header: NoHeader
    sheet: Sheet
    config: ConfigPath


class CheckOptions(PreviewOptions):
    """The options of `leadctl.check`."""

    campaign: Campaign
    limit: Limit
    skip: Skip
    max_rejects: MaxRejects
    suppress: Suppress
    rejects: RejectsPath
    rejects_dir: RejectsFolder
    strict: Strict
    ledger: LedgerPath


class PushOptions(CheckOptions):
    """The options of `leadctl.push`."""

    tag: Tags
    batch_size: BatchSize
    wait: Wait
    workers: Workers
    dry_run: DryRun
    sandbox: SandboxRun
    keep: Keep
    resend_delivered: ResendDelivered
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
    output: Form
    quiet: Quiet
    verbose: Verbose
