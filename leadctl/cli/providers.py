"""`leadctl providers`: list and show providers, and check those in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.checks import conclude
from leadctl.cli.commands import Commands
from leadctl.cli.output import echo, echo_json, opened_screen, say, show_error
from leadctl.cli.parameters import Section, argument

group = Commands(
    help="List providers, and write one of your own in YAML.",
    invoke_without_command=True,
)
app.add_typer(group, name="providers", rich_help_panel=Section.SET_UP)


@group.callback()
def list_providers(
    context: typer.Context,
    json: options.Json = False,
    config: options.ConfigPath = None,
) -> None:
    """List the providers on this machine.

    Those of packages, those in the folder `providers` beside the config file, and
    those that the config file names under provider_files.

    Example: leadctl providers
    """
    if context.invoked_subcommand:
        return
    from leadctl.config import config as settings

    registry = settings.registry(settings.load(config))
    for _, error in registry.unusable():
        show_error(error)
    from leadctl.reports import provider_sheet

    found = [*registry.usable().values()]
    if json:
        echo_json([provider_sheet.document(one) for one in found])
        return
    with opened_screen() as screen:
        provider_sheet.list_providers(found, screen)


@group.command("show")
def show(
    provider: Annotated[str, argument("NAME|FILE", "A provider, or its YAML file.")],
    json: options.Json = False,
    config: options.ConfigPath = None,
) -> None:
    """Show a provider's fields, limits, phone format, priorities and retry safety.

    Example: leadctl providers show voiso
    """
    from leadctl.config import config as settings
    from leadctl.reports import provider_sheet

    found = settings.provider_shown(settings.load(config), provider)
    if json:
        echo_json(provider_sheet.document(found))
        return
    with opened_screen() as screen:
        provider_sheet.show_provider(found, screen)


@group.command("check")
def check(
    file: Annotated[Path, argument("FILE", "A provider in YAML.")],
    json: options.Json = False,
) -> None:
    """Validate a provider's YAML file and run the contract suite on it.

    The recorded cases are in a folder of the same name: kixie.yaml, kixie/.

    Example: leadctl providers check kixie.yaml
    """
    from leadctl.cli.diagnostics.provider_check import provider_check

    conclude(provider_check(file), json=json)


@group.command("new")
def new(
    name: Annotated[str, argument("NAME", "Lowercase letters, digits, - and _.")],
) -> None:
    """Write a commented draft: NAME.yaml, and recorded cases in the folder NAME.

    Example: leadctl providers new kixie
    """
    from leadctl.providers.declared.file import write_draft

    for path in write_draft(name, Path()):
        echo(f"Written: {path}")
    say(f"Next: edit them, then run: leadctl providers check {name}.yaml")


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of a provider's YAML file, for editors.

    Example: leadctl providers schema > leadctl-provider.schema.json
    """
    from leadctl.providers.declared.file import definition_schema

    echo_json(definition_schema())
