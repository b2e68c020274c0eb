"""What lies beside the code holds true: examples, configuration, documents, build."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import tomllib
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from leadctl.config import config
from leadctl.model import yaml_file
from leadctl.model.lead_fields import FIELDS
from leadctl.providers.base import provider_class
from leadctl.providers.connection_settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Push
    from program import Program

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
CONFIG = ROOT / "config.example.yaml"
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


# --- config.example.yaml ---


def accounts() -> dict[str, Any]:
    return yaml_file.read(CONFIG).table(("accounts",))


@pytest.mark.parametrize("account", accounts())
@pytest.mark.usefixtures("here")
def test_example_configuration_serves_each_account(
    program: Program, account: str
) -> None:
    provider = accounts()[account].get("provider", account)
    names = ("--provider", provider, "--account", account)
    checked = program("check", "leads.csv", *names, "--config", CONFIG, "--json")
    assert checked.document["error"] is None
    assert checked.document["account"] == account


def test_example_profile_maps_a_row(program: Program) -> None:
    row = {
        "Mobile": "555 010 0001",
        "ID": 17,
        "First Name": "Asha",
        "Last Name": "Example",
        "Score": "hot",
        "Company": "Sample Ltd",
        "Job Title": "Buyer",
        "Department": "East",
        "Link": "https://crm.example/17",
        "Order ID": "A-1",
        "Plan": "Basic",
        "address": {"city": "Springfield"},
        "Status": "new",
        "Stage": "open",
        "Country": "US",
        "Country Code": "+1",
    }
    skipped = row | {"Country": "XX"}
    program.write("crm.jsonl", f"{json.dumps(row)}\n{json.dumps(skipped)}\n")
    profile = ("--profile", "crm-export", "--config", CONFIG)
    checked = program("check", "crm.jsonl", "--provider", "voiso", *profile, "--json")
    assert checked.counts == {"created": 1, "suppressed": 1}, checked.err


@pytest.mark.parametrize("name", PROVIDERS)
def test_example_configuration_has_every_setting_with_its_default(name: str) -> None:
    written = accounts()[name]
    for setting in fields(provider_class(name)):
        assert setting.name in written, f"{setting.name} of {name} is not documented"
        if setting.default is not MISSING and setting.default != "":
            assert written[setting.name] == setting.default


def test_example_configuration_has_every_common_setting_with_its_default() -> None:
    written = accounts()["voiso"]
    defaults = {setting.name: setting.default for setting in fields(ConnectionSettings)}
    forms = {form.format(secret="api_key"): None for form in config.SECRET_FORMS}
    missing = object()
    found = {name: written.get(name, missing) for name in {**defaults, **forms}}
    assert found == {**defaults, **forms}


def test_example_configuration_has_every_key_of_profiles() -> None:
    text = CONFIG.read_text(encoding="utf-8").partition("\nprofiles:")[2]
    keys = ("region", "fields", "skip_if", "in", "column", "columns", "template")
    for key in (*keys, "value", "map", "default"):
        assert re.search(rf"\b{key}: ", text) or f"{key}:\n" in text, key
    for lead_field in FIELDS:
        assert re.search(rf"\b{lead_field}\b", text), lead_field


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
    """Yield the shell blocks, each with the text that stands right after it."""
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


# --- the example of docs/adding-a-provider.md ---


@dataclass
class Dialer:
    """The dialer of the document; `bad` is the one number it does not take."""

    bad: str
    leads: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, upload: dict[str, Any]) -> dict[str, Any]:
        results = []
        for lead in upload["leads"]:
            if lead["number"] == self.bad:
                results.append({"status": "bad", "why": "no area code"})
            elif lead["number"] in [known["number"] for known in self.leads]:
                results.append({"status": "known"})
            else:
                self.leads.append(lead)
                results.append({"status": "added"})
        return {"results": results}


@contextmanager
def serving(dialer: Dialer) -> Iterator[Dialer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            dialer.keys.add(self.headers["Authorization"])
            upload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = self.path == "/v1/lists/7/leads"
            answer = json.dumps(dialer.answer(upload) if found else {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        dialer.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield dialer
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Write the document's files, with what an installer would put beside them."""
    folder = tmp_path / "package"
    for block in blocks(ROOT / "docs" / "adding-a-provider.md"):
        if name := re.fullmatch(r"<!-- file: (\S+) -->", block.before):
            path = folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = project["project"]
    name, version = project["name"], project["version"]
    installed = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    lines: list[str] = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{point} = {points[point]}" for point in points)]
    (installed / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


PROBED = """
import httpx
from leadctl.model.errors import CampaignClosed
from leadctl_example_campaigns import Listing
from leadctl_example_probe import Probing

listing, lists = Listing(), {"lists": [{"id": 7, "title": "Spring"}], "next": 2}
assert str(listing.list_campaigns("2").url) == "https://dialer.example/v1/lists?page=2"
page = listing.read_campaigns("", httpx.Response(200, json=lists))
assert (page.campaigns[0].name, page.cursor) == ("Spring", "2")
list7 = {"id": "7", "name": "Spring"}
provider = Probing()
assert str(provider.preflight("7").url) == "https://dialer.example/v1/lists/7"
assert provider.read_preflight("7", httpx.Response(200, json=list7)).name == "Spring"
try:
    provider.read_preflight("7", httpx.Response(200, json=list7 | {"closed": True}))
except CampaignClosed as closed:
    print(closed)
"""


def test_documented_calls_beside_uploads_show_what_they_say(package: Path) -> None:
    done = subprocess.run(  # noqa: S603  the document's own code
        [sys.executable, "-c", PROBED],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(package)},
        text=True,
    )
    assert (done.stdout, done.stderr) == ("list 7 of Example is closed\n", "")


@pytest.mark.usefixtures("here")
def test_documented_provider_takes_leads(program: Program, package: Path) -> None:
    program.environment |= {
        "PYTHONPATH": str(package),
        "LEADCTL_EXAMPLE_API_KEY": "example-key",
    }
    shown = program("providers", "show", "example", "--json")
    assert json.loads(shown.out)["limits"]["batch_size"] == 200
    checked = program("check", "leads.csv", "--provider", "example", "--json")
    assert checked.counts == {"created": 5, "duplicate": 1, "rejected": 1}
    with serving(Dialer(bad="+15550100004")) as dialer:
        target = ("--provider", "example", "--campaign", "7", "--json")
        address = {"LEADCTL_EXAMPLE_BASE_URL": dialer.url}
        pushed = program("push", "leads.csv", *target, env=address)
        again = program("push", "leads.csv", *target, "--resend-delivered", env=address)
    assert pushed.counts == {"created": 4, "duplicate": 1, "rejected": 2}
    assert again.counts == {"duplicate": 5, "rejected": 2}
    assert dialer.keys == {"Bearer example-key"}
    assert dialer.leads[0] == {
        "number": "+15550100001",
        "full_name": "Asha Example",
    }


def test_documented_provider_passes_its_recorded_case(package: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"]
    played = subprocess.run(  # noqa: S603  pytest on the document's own files
        [*command, "--verbose", "test_example.py"],
        check=False,
        capture_output=True,
        text=True,
        cwd=package,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(package),
            "HOME": str(package),
        },
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.search(r"\[rejected\] PASSED", played.stdout), played.stdout


# --- dependencies ---


LOCKED = re.compile(
    r"^([\w.-]+)==(\S+)(?: ; .+)? \\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+",
    re.MULTILINE,
)
LOCKS = {
    "requirements-dev.lock": ("dev",),
    "requirements-lowest.lock": ("sandbox", "test"),
    "requirements-bench.lock": ("bench",),
}


def requirements(*extras: str) -> dict[NormalizedName, Requirement]:
    """Return what pyproject.toml requires with these extras, by name."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    found = {canonicalize_name(one.name): one for one in map(Requirement, lines)}
    ourselves = found.pop(canonicalize_name("leadctl"), None)
    return found | requirements(*ourselves.extras) if ourselves else found


def locked(name: str) -> dict[str, str]:
    """Return the versions in a lock file, by name; each has a hash."""
    text = (ROOT / name).read_text(encoding="utf-8")
    besides = LOCKED.sub("", text).splitlines()
    assert [line for line in besides if not line.lstrip().startswith("#")] == []
    return dict(LOCKED.findall(text))


@pytest.mark.parametrize(("name", "extras"), LOCKS.items(), ids=LOCKS)
def test_locked_versions_are_those_that_the_project_allows(
    name: str, extras: tuple[str, ...]
) -> None:
    versions = locked(name)
    for package, requirement in requirements(*extras).items():
        assert requirement.specifier.contains(versions[package]), requirement


def test_lower_bounds_are_those_that_are_tested() -> None:
    """`make test-lowest` installs them, and nothing that they do not name."""
    lowest = locked("requirements-lowest.lock")
    for name, requirement in requirements("sandbox", "test").items():
        bounds = {one.operator: Version(one.version) for one in requirement.specifier}
        assert bounds[">="] == Version(lowest[name]), requirement


def test_every_dependency_is_listed_with_its_licence() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| (\S.*) \|$", text, re.MULTILINE)
    listed = {name: licence for name, licence, _ in rows if name != "Package"}
    assert {canonicalize_name(name) for name in listed} == requirements("dev").keys()
    for name, licence in listed.items():
        facts = metadata(name).json
        said = [facts.get("license_expression"), facts.get("license")]
        said += re.findall(r"OSI Approved :: (\S+) License", str(facts["classifier"]))
        assert licence in said, name


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


GENERATED = ("completions", "docs", "leadctl/cli/vocabulary.json")


def _content(place: Path) -> dict[str, bytes]:
    found = [path for path in (place, *place.rglob("*")) if path.is_file()]
    return {str(path): path.read_bytes() for path in found if path.suffix != ".pyc"}
