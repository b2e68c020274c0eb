"""`leadctl providers`: who takes leads, on which terms; and providers in YAML."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.cli.help_layout import Commands, Section
from leadctl.cli.output import echo, echo_json, show_error

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.providers.base import Provider

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
    found = [facts(provider) for provider in registry.usable().values()]
    if json:
        echo_json([*found])
        return
    for one in found:
        echo(f"{one['name']:<10} {one['title']:<12} {one['documentation']}")


@group.command("show")
def show(
    provider: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A provider, or its YAML file.")
    ],
    json: options.Json = False,
    config: options.ConfigPath = None,
) -> None:
    """Show a provider's fields, limits, phone format, priorities and retry safety.

    Example: leadctl providers show voiso
    """
    from leadctl.config import config as settings

    document, name = settings.with_definition(settings.load(config), provider)
    found = facts(settings.registry(document).provider(name))
    if json:
        echo_json(found)
        return
    for key, value in found.items():
        echo(f"{key.replace('_', ' ')}: {_written(value)}")


@group.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A provider in YAML.")],
    json: options.Json = False,
) -> None:
    """Validate a provider's YAML file and run the contract suite on it.

    Its recorded cases lie beside it, in a folder of the same name: kixie.yaml, kixie/.

    Example: leadctl providers check kixie.yaml
    """
    from leadctl.cli.checks import conclude
    from leadctl.cli.diagnostics.provider_check import provider_check

    conclude(provider_check(file), json=json)


@group.command("new")
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lowercase letters, digits, - and _.")
    ],
) -> None:
    """Write a commented draft: NAME.yaml, and a recorded case in the folder NAME.

    Example: leadctl providers new kixie
    """
    from leadctl.providers.declared.draft import write_draft

    for path in write_draft(name, Path()):
        echo(f"Written: {path}")
    echo(f"Next: edit them, then run: leadctl providers check {name}.yaml", err=True)


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of a provider's YAML file, for editors.

    Example: leadctl providers schema > leadctl-provider.schema.json
    """
    from leadctl.providers.declared.file import definition_schema

    echo_json(definition_schema())


def facts(provider: type[Provider]) -> dict[str, Json]:
    """Read a provider's declaration; what depends on a setting, for its default."""
    declared = usual(provider)
    limits, rule, scale = provider.limits, declared.phone_rule, provider.priority
    safe = declared.resend_is_safe
    return {
        "name": provider.name,
        "title": provider.title,
        "documentation": provider.documentation,
        "address": declared.base_url or None,
        "settings": [*provider.settings()],
        "secrets": [*provider.secrets],
        "campaign": provider.campaign_rule[1],
        "limits": {
            "batch_size": limits.batch_size,
            "concurrency": limits.concurrency,
            "requests_per_minute": limits.requests_per_minute,
            "rates": [{**rate._asdict()} for rate in limits.rates],
            "min_interval": limits.min_interval,
        },
        "phone": {"form": rule.form, "country": rule.country},
        "priority": {"first": scale.first, "last": scale.last} if scale else None,
        "fields": {
            "phone": provider.phone_wire,
            **{field.name: field.wire for field in declared.fields},
        },
        "other_fields": provider.overflow,
        "tags": provider.takes_tags,
        "resend_is_safe": bool(safe),
        "resend_delay": (limits.doubt_delay if safe is True else safe) or None,
        "resend_sentence": provider.resend_sentence or None,
        "resend_window": provider.resend_window if safe else None,
        "consequence": declared.consequence,
    }


def usual(provider: type[Provider]) -> Provider:
    """Return a provider with every setting at its default, or empty without one."""
    blanks = {f.name: "" for f in fields(provider) if f.default is MISSING}
    return provider(**blanks)


def _written(value: Json) -> str:
    match value:
        case None:
            return "none"
        case float():
            return f"{value:g}"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_written, value)) or "none"
        case dict():
            return ", ".join(f"{key} {_written(inner)}" for key, inner in value.items())
        case _:
            return str(value)
