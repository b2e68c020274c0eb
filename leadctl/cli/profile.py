"""`leadctl profile`: draft a profile, check one, and print its JSON Schema."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path  # noqa: TC003  typer reads the annotations at run time
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.commands import Commands
from leadctl.cli.output import echo, echo_json, say
from leadctl.cli.parameters import Section, argument, option, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.importing.plan import Rules

group = Commands(help="Draft and check column mappings.", no_args_is_help=True)
app.add_typer(group, name="profile", rich_help_panel=Section.IMPORT)


@group.command("guess")
@spread
def guess(
    file: Annotated[str, argument("FILE", "A file of leads.")],
    read: options.ReadOptions,
    to: Annotated[
        Path | None, option("--output -o PATH", "e.g. leads.yaml; default: stdout.")
    ] = None,
) -> None:
    """Write a draft profile from a file's header and contents.

    Finds the phone column by its values, whatever its name. Of several files, as in a
    folder, reads the first and says which others the draft does not match.

    Example: leadctl profile guess leads.csv -o leads.yaml
    """
    from leadctl import api
    from leadctl.importing.profile_draft import profile_draft
    from leadctl.model.text_file import write_new

    with api.inspected(file, **read) as rules:
        text = profile_draft(rules.sources[0], to)
        for sentence in _about_the_others(text, rules):
            say(sentence)
    if to is None:
        sys.stdout.write(text)
        return
    write_new(to, text, hint="choose another file with --output")
    say(f"written: {to}")


def _about_the_others(draft: str, rules: Rules) -> Iterator[str]:
    """Say which of several files a draft does not match; it was made from the first."""
    from leadctl.importing.plan import mapper_of
    from leadctl.mapping import profile
    from leadctl.model import yaml_file
    from leadctl.model.errors import InputUnusable

    first, *others = rules.sources
    if not others:
        return
    yield f"drafted from {first.shown}, the first of {len(rules.sources):,} files"
    drafted = profile.load(yaml_file.parse(draft, "the draft"))
    for source in others:
        try:
            mapper_of(source, replace(rules, profile=drafted))
        except InputUnusable as error:
            yield error.message


@group.command("check")
def check(
    profile: Annotated[str, argument("NAME|PATH", "A YAML file, or a name.")],
    files: Annotated[
        list[str] | None, argument("FILE", "Files that it should match.")
    ] = None,
    config: options.ConfigPath = None,
) -> None:
    """Check a profile and, with FILE, whether it matches the file's columns.

    Example: leadctl profile check leads.yaml leads.csv
    """
    from leadctl import api
    from leadctl.importing.judge import Judge

    with api.inspected(files or (), profile=profile, config=config) as rules:
        judge = Judge(rules)
        for mapper, source in zip(judge.mappers, rules.sources, strict=True):
            for block in source.blocks():
                mapper.skipped(block.cells)
        for sentence in judge.rules_without_effect():
            say(sentence)
    fits = f" and matches {', '.join(files)}" if files else ""
    echo(f"{profile} is valid{fits}")


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile, for editors.

    Example: leadctl profile schema > leadctl-profile.schema.json
    """
    from leadctl.config.json_schema import profile_schema

    echo_json(profile_schema())
