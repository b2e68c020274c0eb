"""What each quick question may import: nobody waits for what the answer does not need.

Not a time is measured here: `make bench` does that. Typer alone takes five times as
long as Python to start, pydantic (with which typer reads options) four times more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

SLOW = ["asyncio", "email", "importlib.metadata", "logging", "sqlite3", "ssl"]
"""Modules of Python itself that take as long as a package."""

START = {"leadctl", "leadctl.cli"}
COMPLETION = START | {
    "leadctl.cli.complete",
    "leadctl.cli.shells",
}
PROGRAM = START | {
    "leadctl.cli.app",
    "leadctl.cli.commands",
    "leadctl.cli.output",
    "leadctl.cli.parameters",
    "leadctl.cli.shells",
    "leadctl.model",
    "leadctl.model.errors",
    "leadctl.model.printable",
    "leadctl.model.wording",
    "typer",
    "annotated_doc",  # of typer
    "shellingham",  # of typer
}
IMPORT = PROGRAM | {"leadctl.cli.options", "leadctl.cli.push"}
SANDBOX = PROGRAM | {"leadctl.cli.options", "leadctl.cli.sandbox"}
INSTALLED = {"leadctl.providers", "leadctl.providers.installed"}
CONFIG_FILE = {
    "leadctl.model",
    "leadctl.model.errors",
    "leadctl.model.text_file",
    "leadctl.model.wording",
    "leadctl.model.yaml_file",
    "leadctl.model.yaml_parser",
    "platformdirs",
    "yaml",
}
LEDGER = {
    "leadctl.model",
    "leadctl.model.clock",
    "leadctl.model.errors",
    "leadctl.model.private_files",
    "leadctl.ledger",
    "leadctl.ledger.database",
    "leadctl.ledger.sqlite",
    "leadctl.ledger.sqlite.connection",
    "platformdirs",
    "sqlite3",
}


class Question(NamedTuple):
    """What is asked: a command line, or one on which Tab is pressed after `words`."""

    may_import: set[str]
    arguments: tuple[str, ...] = ()
    words: str = ""
    answer: str = "leadctl"


QUESTIONS = {
    "version": Question(START, ("--version",)),
    "a command at Tab": Question(COMPLETION, words="leadctl pu", answer="push"),
    "an option at Tab": Question(
        COMPLETION, words="leadctl push --reg", answer="--region"
    ),
    "words at Tab": Question(
        COMPLETION, words="leadctl push --format j", answer="jsonl"
    ),
    "a provider at Tab": Question(
        COMPLETION | INSTALLED | {"platformdirs"},
        words="leadctl push --provider v",
        answer="voiso",
    ),
    "an account at Tab": Question(
        COMPLETION | INSTALLED | CONFIG_FILE,
        words="leadctl push --account so",
        answer="south",
    ),
    "a profile at Tab": Question(
        COMPLETION | CONFIG_FILE, words="leadctl push --profile fa", answer="fair"
    ),
    "a run at Tab": Question(
        COMPLETION | LEDGER, words="leadctl runs show 2", answer=""
    ),
    "help": Question(PROGRAM | COMPLETION, ("--help",)),
    "help of push": Question(IMPORT, ("push", "--help")),
    "help of check": Question(IMPORT, ("check", "-h")),
    "help of sandbox": Question(SANDBOX, ("sandbox", "--help")),
}

LOADED = f"""
import sys
before = set(sys.modules)
from leadctl.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
loaded = set()
for name in set(sys.modules) - before:
    package = name.partition(".")[0]
    if package.startswith("_") or package == "cython_runtime":
        continue  # the inside of a package that is listed
    if package == "leadctl" or name in {SLOW!r}:
        loaded.add(name)
    elif package not in sys.stdlib_module_names:
        loaded.add(package)
print("loaded:", *loaded)
"""


def loaded(
    arguments: tuple[str, ...], home: Path, **variables: str
) -> tuple[str, set[str]]:
    """Run the program; returns what it printed and what it imported."""
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        check=False,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **variables},
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said, _, names = done.stdout.rpartition("loaded:")
    return said, {*names.split()}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_question_imports_only_what_it_needs(
    question: Question, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "accounts: {south: {provider: voiso, cluster_id: made-up}}\n"
        "profiles: {fair: {fields: {phone: Mobile}}}\n"
    )
    variables = {"LEADCTL_CONFIG": str(config)}
    if question.words:
        variables |= {
            "_LEADCTL_COMPLETE": "complete_bash",
            "COMP_WORDS": question.words,
            "COMP_CWORD": str(len(question.words.split()) - 1),
        }
    said, imported = loaded(question.arguments, tmp_path, **variables)
    assert question.answer in said
    assert imported <= question.may_import


HTTP, NUMBERS, KEYRING = "httpx", "phonenumbers", "keyring"
SENDER, WORKBOOKS = "leadctl.delivery.sender", "leadctl.sources.xlsx"
NEVER = {
    "asyncio",
    "importlib.metadata",  # see providers/installed.py
    "pydantic",  # typer would read options with it: see cli/parameters.py
    "rich",  # typer's own help would load it: see cli/commands.py
}

LEFT_OUT = {
    "runs --limit 5": {HTTP, NUMBERS, KEYRING},
    "runs show RUN": {HTTP, NUMBERS, KEYRING},
    "find +15550100001": {HTTP, KEYRING},
    "accounts": {HTTP, NUMBERS},
    "config show": {HTTP, NUMBERS, KEYRING},
    "providers": {HTTP, NUMBERS, KEYRING},
    "check leads.csv --provider voiso": {HTTP, KEYRING, SENDER, WORKBOOKS},
    "preview leads.csv": {HTTP, KEYRING, SENDER, WORKBOOKS},
}
"""What a command never imports: what it prints needs none of it."""


@pytest.mark.parametrize("command", LEFT_OUT)
def test_command_leaves_out_what_it_does_not_need(command: str, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("phone\n+15550100002\n")
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        run = ledger.begin(NewRun("voiso", "voiso", "3")).facts().id
        ledger.suppression_list.add([["person 15550100001"]])
    words = tuple(command.replace("RUN", run).split())
    variables = {
        "LEADCTL_LEDGER": str(tmp_path / "ledger.sqlite"),
        "LEADCTL_VOISO_CLUSTER_ID": "made-up",
        "LEADCTL_VOISO_API_KEY": "made-up",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    _, imported = loaded(words, tmp_path, **variables)
    assert not imported & {*LEFT_OUT[command], *NEVER}
    assert "typer" in imported, "what is loaded would be seen"


INTERRUPTING = """
import os, signal, sys

class Interrupting:
    def __set_name__(self, *_):
        os.kill(os.getpid(), signal.SIGINT)

class Finder:
    def find_spec(self, name, *_):
        if name == "MODULE":
            sys.meta_path.remove(self)
            class Made:
                its = Interrupting()

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("module", ["typer", "leadctl.runs.rehearsal"])
def test_interrupt_while_modules_are_imported_gives_a_sentence(
    module: str, program: Program, tmp_path: Path
) -> None:
    """Python 3.11 makes a RuntimeError of it while a class is made."""
    script = INTERRUPTING.replace("MODULE", module)
    (tmp_path / "sitecustomize.py").write_text(script, encoding="utf-8")
    program.write("leads.csv", "phone\n+15551230001\n")
    words = ("check", "leads.csv", "--provider", "voiso")
    ran = program(*words, env={"PYTHONPATH": str(tmp_path)})
    assert (ran.code, ran.err) == (130, "leadctl: interrupted\n")
