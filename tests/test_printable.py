"""Text written by others is shown as text: none of it controls the terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import leadctl

if TYPE_CHECKING:
    from conftest import Push
    from program import Ran

ODD = "\x1b[31m\x9b1m\u202ered\u2066"
"""An escape code, one of a single character, and two marks that turn text around."""

CALLS = re.compile(r"typer\.echo\(|(?<!screen\.)\bprint\(|sys\.stdout\.write\(")


def require_text(ran: Ran) -> None:
    for line in (ran.out + ran.err).splitlines():
        assert line.isprintable(), ascii(line)


@pytest.fixture
def odd(push: Push) -> Push:
    """Have odd names for everything that is named: files, columns, accounts."""
    folder = push.program.home / "config" / "leadctl"
    folder.mkdir(parents=True)
    account = {f"a{ODD}": {"provider": "voiso", "cluster_id": "x"}}
    config = {"accounts": account, "profiles": {f"p{ODD}": {"fields": {"phone": ODD}}}}
    text = json.dumps(config)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    content = f"phone,{ODD}\n12,{ODD}\n+15551230001,x\n"
    push.program.write(f"leads{ODD}.csv", content)
    ran = push("voiso", f"leads{ODD}.csv")
    assert ran.code == 3
    require_text(ran)
    return push


@pytest.mark.parametrize(
    "words",
    [
        "preview FILE",
        "preview FILE --json",
        "check FILE --provider voiso",
        "check FILE --provider voiso --json",
        "profile guess FILE",
        "profile guess FILE --output NEW",
        "runs",
        "runs --json",
        "runs show",
        "runs show --json",
        "runs show --row 1 --unmasked",
        "runs show --row 1 --unmasked --json",
        "runs export",
        "runs export --format jsonl",
        "runs report --html NEW",
        "runs rejects RUN --to NEW",
        "accounts",
        "accounts --json",
        "accounts test",
        "config show",
        "config show --json",
        "config check",
        "config path --config NEW",
        "doctor --offline",
        "doctor --offline --json",
        "sandbox --fault ODD",
        "runs show ODD",
    ],
)
def test_odd_names_are_shown_as_text(odd: Push, words: str) -> None:
    run = odd.program.runs()[0] if "RUN" in words else ""
    names = {"FILE": f"leads{ODD}.csv", "NEW": f"new{ODD}", "ODD": ODD, "RUN": run}
    ran = odd.program(
        *(names.get(word, word) for word in words.split()), discreet=False
    )
    assert ran.code != 1
    require_text(ran)
    if "--json" in words:
        json.loads(ran.out)


def test_only_one_place_prints_what_others_wrote() -> None:
    """All other modules print through it, or print only our own text."""
    cli = Path(leadctl.__file__).parent / "cli"
    found = {
        str(path.relative_to(cli)): len(CALLS.findall(path.read_text(encoding="utf-8")))
        for path in cli.rglob("*.py")
    }
    assert {name: number for name, number in found.items() if number} == {
        "__init__.py": 1,
        "app.py": 5,
        "complete.py": 2,
        "profile.py": 1,
        "runs/inspect.py": 1,
        "output.py": 2,
    }


def test_lists_of_names_are_cut(push: Push) -> None:
    columns = [f"column {number}" for number in range(3000)]
    push.program.write("leads.csv", f"phone,{','.join(columns)}\n+15551230001\n")
    for ran in (
        push("voiso", "leads.csv"),
        push.program("preview", "leads.csv", discreet=False),
        push.program("profile", "check", "leads.csv"),
    ):
        assert len(ran.out + ran.err) < 4000


def test_no_crash_leaves_an_image_of_our_memory(push: Push) -> None:
    seen = push.program.folder / "seen"
    told = f"#!/bin/sh\nulimit -S -c > {seen}\nexit 1\n"
    script = push.program.write("print-key", told)
    script.chmod(0o700)
    push.program.write("leads.csv", "phone\n+15551230001\n")
    env = {"LEADCTL_VOISO_API_KEY": "", "LEADCTL_VOISO_API_KEY_COMMAND": str(script)}
    allowed = 'ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@"'
    push.program.command = ("/bin/sh", "-c", allowed, *push.program.command)
    assert push("voiso", "leads.csv", env=env).code == 4
    assert seen.read_text(encoding="utf-8").strip() == "0"
