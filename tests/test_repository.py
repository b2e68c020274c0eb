"""Examples, configuration, documents and build files are correct."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.picture import PICTURES, REPORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Push
    from program import Program

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PROVIDERS = ("agora", "lupitor", "ozonetel", "voiso", "yotel")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
NOT_RUN = re.compile(r"<!-- not run: \S.* -->")


# --- examples ---


@pytest.fixture
def here(program: Program) -> Path:
    """Copy the examples to the program's folder, and to examples/ in it."""
    copy_examples(program.folder)
    return program.folder


def copy_examples(folder: Path) -> None:
    without_rejects = shutil.ignore_patterns("*.rejects.*")
    for place in (folder, folder / "examples"):
        shutil.copytree(EXAMPLES, place, ignore=without_rejects, dirs_exist_ok=True)


@pytest.mark.usefixtures("here")
def test_first_example_shows_a_duplicate_and_a_reject(program: Program) -> None:
    pushed = program(
        "push", "leads.csv", "--provider", "voiso", "--campaign", "3", "--sandbox"
    )
    assert pushed.code == 3, pushed.err
    assert pushed.table == {"created": 5, "duplicate": 1, "rejected": 1, "rows": 7}


@pytest.mark.parametrize("provider", ["lupitor", "ozonetel", "voiso"])
@pytest.mark.usefixtures("here")
def test_examples_and_their_profile_reach_every_provider(
    push: Push, provider: str
) -> None:
    """All that can act on its priority."""
    pushed = push(
        provider, "leads.csv", "leads.jsonl", "--profile", "profile.yaml", "--json"
    )
    assert pushed.counts == {
        "created": 8,
        "duplicate": 1,
        "rejected": 1,
        "suppressed": 1,
    }
    assert len(push.stored(provider)) == 8


@pytest.mark.usefixtures("here")
def test_damaged_example_shows_what_can_be_wrong_with_a_row(program: Program) -> None:
    checked = program("check", "with-damage.csv", "--provider", "voiso", "--json")
    assert checked.code == 3
    assert checked.codes == {
        "duplicate_in_file": 1,
        "field_invalid": 1,
        "phone_damaged": 1,
        "phone_invalid": 3,
        "phone_missing": 1,
        "row_malformed": 3,
    }


# --- documents ---


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, the line before it, its content.

    `output` is a block of text right after it: what its commands print.
    """

    place: str
    language: str
    before: str
    content: str
    lines: tuple[int, int]
    output: str | None = None


def blocks(document: Path) -> Iterator[Block]:
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), start=1))
    before = ""
    for number, line in lines:
        if fence := re.fullmatch(r"\s*```(\w+)\s*", line):
            content, last = [], number
            for last, inner in lines:  # noqa: B007  where it ends
                if inner.strip() == "```":
                    break
                content.append(inner)
            text = textwrap.dedent("\n".join(content)) + "\n"
            place = f"{document.name}:{number}"
            yield Block(place, fence[1], before.strip(), text, (number, last))
        before = line


def with_output(document: Path) -> Iterator[Block]:
    """Yield the shell blocks, each with the text block right after it."""
    found = [*blocks(document)]
    text = {block.lines[0]: block for block in found if block.language == "text"}
    for block in found:
        if block.language == "sh":
            after = text.get(block.lines[1] + 2)
            yield replace(block, output=after.content if after else None)


SHELL_BLOCKS = [block for document in DOCUMENTS for block in with_output(document)]

# Rows to correct are no failure of the example: leadctl may end with 3.
STRICTLY = """set -Euo pipefail
trap 'code=$?; case "$BASH_COMMAND $code" in *leadctl*" 3") ;; *)
echo "ended with $code: $BASH_COMMAND" >&2; exit 1 ;; esac' ERR
"""


def bash(
    script: str, program: Program, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    programs = [str(Path(sys.executable).parent), os.environ["PATH"]]
    return subprocess.run(  # noqa: S603  what the documents tell users to type
        ["/bin/bash", "--norc", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        cwd=program.folder,
        env={
            "PATH": os.pathsep.join(programs),
            "HOME": str(program.home),
            "LC_ALL": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **environment,
        },
    )


@pytest.mark.parametrize(
    "block",
    [block for block in SHELL_BLOCKS if not NOT_RUN.fullmatch(block.before)],
    ids=lambda block: block.place,
)
@pytest.mark.usefixtures("here")
def test_shell_lines_work(push: Push, block: Block) -> None:
    environment: dict[str, str] = {}
    for provider in PROVIDERS:
        environment |= push.environment(provider)
    done = bash(STRICTLY + block.content, push.program, environment)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    if block.output:
        require_shown(block.output, done)


SOME = {
    r"\d{8}-\d{6}-[0-9a-f]{4}": "ids of runs",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z": "times",
    r"\d+ ms": "durations",
    r"…": "what is left out",
}
"""What a document shows one of, and every run prints another of."""


def require_shown(text: str, done: subprocess.CompletedProcess[str]) -> None:
    """Hold what a document prints against stdout, or against all that was printed."""
    pattern, place = "", 0
    for found in re.finditer("|".join(SOME), text):
        any_such = next(one for one in SOME if re.fullmatch(one, found[0]))
        pattern += re.escape(text[place : found.start()])
        pattern += ".*?" if any_such == "…" else any_such
        place = found.end()
    pattern += re.escape(text[place:])
    out, err = done.stdout, done.stderr
    printed = (out, err + out, out + err)
    assert any(re.fullmatch(pattern, one, re.DOTALL) for one in printed), err + out


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: block.place)
def test_shell_lines_can_be_read(program: Program, block: Block) -> None:
    """Those that are not run, too."""
    script = program.write("block.sh", block.content)
    done = bash(f'bash -n "{script}"', program, {})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not link.startswith(("https:", "mailto:")):
            assert (document.parent / link).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tests_that_are_named_exist(document: Path) -> None:
    """Where a document says which test holds a promise, there is one."""
    text = document.read_text(encoding="utf-8")
    for path, name in re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", text):
        assert (ROOT / path).exists(), path
        if name:
            code = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", code, re.MULTILINE), f"{path}::{name}"


def test_security_has_a_test_for_every_promise() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!Threat|Promise)(.+) \|$", text, re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        assert "`tests/" in row.rpartition(" | ")[2], row


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("make")
    if found is None:
        pytest.skip("make is not installed")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return subprocess.run(  # noqa: S603  our own Makefile
        [found, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )


def test_documents_name_targets_that_exist() -> None:
    listed = {line.split()[0] for line in make("help").stdout.splitlines()}
    assert listed
    code = [block.content for block in SHELL_BLOCKS]
    for document in DOCUMENTS:
        code += re.findall(r"`(make [^`]+)`", document.read_text(encoding="utf-8"))
    named = set(re.findall(r"^make ([a-z][a-z-]*)", "\n".join(code), re.MULTILINE))
    assert named >= {"demo", "test"}
    assert named <= listed


def test_targets_for_contributors_can_start() -> None:
    """What each does is tried by other tests, and by CI."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"^make ([a-z-]+)", contributing, re.MULTILINE)
    assert len(named) > 8
    for target in named:
        planned = make("--dry-run", target)
        assert planned.returncode == 0, planned.stderr


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert declared
    listed = {line.split()[0] for line in make("help").stdout.splitlines()}
    assert listed == set(declared[1].split())


def test_continuous_integration_can_start() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\S+)$", script, re.MULTILINE)
    assert targets == ["test", "test-lowest"]
    assert make("--dry-run", *targets).returncode == 0


def test_skipped_test_fails_where_none_may_be(tmp_path: Path) -> None:
    test = tmp_path / "test_skipped.py"
    test.write_text("import pytest\n\n\ndef test():\n    pytest.skip('no shell')\n")
    done = subprocess.run(  # noqa: S603  with the hook of our tests
        [sys.executable, "-m", "pytest", "-p", "conftest", test],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "tests"), "LEADCTL_TEST_ALL": "1"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search("no test may be skipped here: .*no shell", done.stdout)


# --- a fresh machine ---


@pytest.mark.long
@pytest.mark.skipif(
    os.environ.keys().isdisjoint({"LEADCTL_TEST_ALL", "LEADCTL_TEST_LONG"}),
    reason="installs from the package index",
)
def test_demo_works_in_a_clean_copy_with_an_empty_home(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git = shutil.which("git")
    assert git, "the list of files comes from git"
    listed = subprocess.run(  # noqa: S603  git as found
        [git, "ls-files", "-co", "--exclude-standard", "-z"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    ours = ("LEADCTL_", "MAKE", "XDG_")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(ours)
    }

    def typed(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  as a user types it
            line.split(),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=clone,
            env=environment | {"HOME": str(tmp_path)},
        )

    done = typed("make demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^created +5$", done.stdout, re.MULTILINE)
    generated = [clone / name for name in GENERATED]
    before = [_content(place) for place in generated]
    written = typed("make completions man picture docs dist")
    assert written.returncode == 0, written.stdout + written.stderr
    assert [_content(place) for place in generated] == before
    command = "push examples/leads.csv --provider voiso --campaign 3 --sandbox"
    single = typed(f"dist/leadctl.pex {command}")
    assert single.returncode == 3, single.stderr
    assert re.search(r"^created +5$", single.stdout, re.MULTILINE)


GENERATED = ("docs", "leadctl/cli/vocabulary.json")


TIMED = {REPORT.name} | {
    f"{name}.svg" for name in PICTURES if not PICTURES[name].is_stable
}
"""Pictures that show how long a run took."""


def _content(place: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in (place, *place.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and path.name not in TIMED
    }
