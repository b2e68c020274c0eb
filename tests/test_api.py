"""The public Python API: quiet, free of side effects, and safe in threads."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CAMPAIGNS

import leadctl
from leadctl.cli import options
from leadctl.runs import options as api_options
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from conftest import Push

    from leadctl.model.progress import Progress
    from leadctl.runs.request import ImportRequest

DOCS = Path(__file__).parent.parent / "docs" / "python.md"
BLOCKS = re.findall(
    r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", DOCS.read_text(), re.DOTALL
)


@pytest.fixture
def here(push: Push, monkeypatch: pytest.MonkeyPatch) -> Push:
    """Have this process be where the program is, with accounts of the simulators."""
    for variable in ("CONFIG", "STATE"):
        home = push.program.home / variable.casefold()
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(home))
    for provider in ("voiso", "yotel"):
        for name, value in push.environment(provider).items():
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(push.program.folder)
    return push


@pytest.mark.parametrize("name", ["PreviewOptions", "CheckOptions", "PushOptions"])
def test_options_are_those_of_the_command(name: str) -> None:
    """No more and no less: their types are checked where a command calls the API."""
    python, command = getattr(api_options, name), getattr(options, name)
    assert command.__annotations__.keys() == python.__annotations__.keys()


def leads(number: int) -> Iterator[Mapping[str, object]]:
    for place in range(number):
        yield {
            "phone": f"+1555010{place:04}",
            "name": "Testperson",
            "age": float("nan"),
            "score": float("inf"),
        }


def test_examples_of_the_documentation_say_what_they_say(
    here: Push, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = here.program.folder / "examples"
    examples.mkdir()
    source = DOCS.parent.parent / "examples" / "leads.csv"
    (examples / "leads.csv").write_bytes(source.read_bytes())
    names: dict[str, object] = {}
    for code, expected in BLOCKS:
        exec(code, names)  # noqa: S102  our own documentation
        assert capsys.readouterr().out == expected


def test_threads_push_at_the_same_time(
    here: Push, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two accounts, one ledger; nothing is printed."""
    here.program.write("us.csv", "phone\n+15550100001\n+15550100002\n+1555\n")
    here.program.write("in.csv", "phone\n9000000001\n9000000002\n")
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(leadctl.push, f, provider=p, campaign=CAMPAIGNS[p])
            for f, p in (("us.csv", "voiso"), ("in.csv", "yotel"))
        ]
        us, india = (job.result() for job in jobs)
    assert (us.created, us.rejected, us.exit_code) == (2, 1, 3)
    assert (india.created, india.row_count, india.error) == (2, 2, None)
    assert [(row.row, row.status, row.code) for row in us.rows()] == [
        (1, leadctl.Status.CREATED, None),
        (2, leadctl.Status.CREATED, None),
        (3, leadctl.Status.REJECTED, leadctl.Code.PHONE_INVALID),
    ]
    assert capfd.readouterr() == ("", "")
    known, unknown = leadctl.find(["+1 555 010 0001", "+15550109999"])
    assert ([trace.campaign for trace in known.traces], bool(unknown)) == (["3"], False)
    with leadctl.open_ledger() as ledger:
        runs = {run.facts().id for run in ledger.runs(9)}
    assert runs == {us.run_id, india.run_id}


def test_interrupted_rows_are_finished_by_a_resume(here: Push) -> None:
    """The generator is gone by then: its rows are read from their copy."""

    def interrupt(progress: Progress) -> None:
        if progress.sent:
            raise KeyboardInterrupt

    def watch(request: ImportRequest) -> AbstractContextManager[ImportRequest]:
        return nullcontext(replace(request, tell_progress=interrupt))

    with pytest.raises(KeyboardInterrupt):
        leadctl.push(
            leads(30), provider="voiso", campaign="3", batch_size=10, watch=watch
        )
    (copy,) = here.program.home.rglob("stdin-*")
    report = leadctl.resume()
    assert (report.row_count, report.exit_code) == (30, 0)
    assert [file.path for file in report.files] == ["rows"]
    assert len(here.stored("voiso")) == 30
    assert not copy.exists()


def test_failed_rows_are_sent_by_a_resume(here: Push) -> None:
    here.simulator("voiso").faults.add(Fault("deny", times=1))
    rows = [*leads(2), {"phone": "+1555"}]
    here.program.write("dnc.csv", "phone\n+15550199999\n")
    report = leadctl.push(
        rows, provider="voiso", campaign="3", set={"priority": 5}, suppress=["dnc.csv"]
    )
    assert report.error is not None
    assert (report.error.code, report.failed) == ("access_denied", 2)
    report = leadctl.resume(report.run_id)
    assert (report.created, report.rejected, report.exit_code) == (2, 1, 3)
    rejects = here.program.folder / "rows.rejects.jsonl"
    assert report.files[0].rejects_file == str(rejects)
    assert '"+1555"' in rejects.read_text()
    assert not [*here.program.home.rglob("stdin-*")]


def test_rows_of_a_check_can_be_read(here: Push) -> None:
    """Its ledger is private; it lives as long as the report."""
    report = leadctl.check([*leads(1), {"phone": "+1555"}], provider="voiso")
    assert [row.status for row in report.rows()] == ["created", "rejected"]
    assert [row.row for row in report.rows()] == [1, 2]
    assert report.dry_run
    assert not [*here.program.home.rglob("ledger*")]
    (found,) = leadctl.preview(leads(1), provider="voiso")
    assert found.first[0].sent == {"name": "Testperson", "phone_number": "15550100000"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"campaign": "3"}, "missing --provider (or --account)"),
        ({"provider": "voiso"}, "missing --campaign"),
        ({"provider": "voiso", "campaign": "3", "region": "XX"}, "--region 'XX'"),
        ({"provider": "voiso", "campaign": "3", "max_rejects": "few"}, "--max-rejects"),
        ({"provider": "voiso", "campaign": "3", "batch_size": -1}, "--batch-size must"),
        (
            {"provider": "voiso", "campaign": "3", "batch_size": "9"},
            "--batch-size must",
        ),
        ({"provider": "voiso", "campaign": 3}, "--campaign must be text, not int"),
        ({"provider": "voiso", "phone_check": 3}, "--phone-check must be text"),
        ({"provider": "voiso", "campaign": "3", "set": "name"}, "not 'name'"),
    ],
)
def test_bad_values_raise(here: Push, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(leadctl.errors.UsageError, match=re.escape(problem)):
        leadctl.push(leads(1), **options)
    with pytest.raises(TypeError, match=r"'campain'.*'campaign'"):
        leadctl.push(leads(1), campain="3")  # type: ignore[call-arg]
    with pytest.raises(leadctl.errors.UsageError, match="files or rows, not dict"):
        leadctl.push({"phone": "+15550100001"}, provider="voiso", campaign="3")
    with pytest.raises(leadctl.errors.UsageError, match="number 1: 3 digits"):
        leadctl.find("+1555")
    assert not [*here.program.home.rglob("stdin-*")]


def test_failing_generator_leaves_nothing_behind(here: Push) -> None:
    def broken() -> Iterator[Mapping[str, object]]:
        yield from leads(1)
        raise OSError("no more rows")

    with pytest.raises(OSError, match="no more rows"):
        leadctl.push(broken(), provider="voiso", campaign="3")
    no_rows: list[tuple[Any, str]] = [
        (None, "leads are files or rows, not NoneType"),
        (["leads.csv", 5], "leads are files or rows, not int"),
        ([*leads(1), 5], "row 2 must be a mapping, not int"),
        ([{"phone": [float("inf")]}], "row 1 cannot be written as JSON"),
    ]
    for given, problem in no_rows:
        with pytest.raises(leadctl.errors.UsageError, match=problem):
            leadctl.push(given, provider="voiso", campaign="3")
    files: list[str | Iterator[Mapping[str, object]]] = ["rows", leads(1)]
    with pytest.raises(leadctl.errors.UsageError, match="'rows' needs a folder"):
        leadctl.push(files, provider="voiso", campaign="3")
    with pytest.raises(leadctl.errors.InputUnusable, match="nothing to push"):
        leadctl.push([], provider="voiso", campaign="3")
    assert not [*here.program.home.rglob("stdin-*")]


def test_config_and_ledger_are_those_of_the_command_line(
    here: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "accounts: {night: {provider: voiso, cluster_id: cc}}"
    config, ledger = here.program.write("team.yaml", text), here.program.folder / "led"
    monkeypatch.setenv("LEADCTL_CONFIG", str(config))
    monkeypatch.setenv("LEADCTL_LEDGER", str(ledger))
    accounts = leadctl.load_config()
    assert {"night", "voiso", "yotel"} <= accounts.keys()
    assert here.environment("voiso")["LEADCTL_VOISO_API_KEY"] not in repr(accounts)
    file = here.program.write("leads.csv", "phone\n+15550100000\n")
    pushed = leadctl.push(file, provider="voiso", campaign="3")
    assert (pushed.created, pushed.ledger) == (1, str(ledger))
    assert leadctl.find("+15550100000")[0].traces
    assert leadctl.resume(pushed.run_id).created == 1


SETTINGS = """
import csv, gc, locale, logging, resource, signal, sys, threading, warnings

def settings():
    return (
        gc.get_threshold(), gc.isenabled(), gc.get_freeze_count(),
        csv.field_size_limit(), [signal.getsignal(n) for n in signal.valid_signals()],
        resource.getrlimit(resource.RLIMIT_CORE), warnings.filters[:],
        logging.root.handlers[:], logging.root.level, locale.setlocale(locale.LC_ALL),
        sys.getswitchinterval(), sys.getrecursionlimit(), sys.excepthook,
        threading.excepthook, sys.stdout, sys.stderr,
    )

before, during = settings(), []
import leadctl

def watch(request):
    from contextlib import nullcontext
    during.append(settings())
    return nullcontext(request)

def run():
    global report
    rows = [{"phone": "+1 555 010 0001"}]
    options = {"provider": "voiso", "campaign": "3", "sandbox": True}
    report = leadctl.push(rows, watch=watch, **options)

thread = threading.Thread(target=run)
thread.start()
thread.join()
assert report.created == 1, report
assert [row.status for row in report.rows()] == ["created"]
assert [before] * 2 == [*during, settings()]
"""


@pytest.mark.usefixtures("here")
def test_public_names_are_offered_before_their_first_use() -> None:
    assert set(leadctl.__all__) <= set(dir(leadctl))


def test_process_is_left_as_it_was() -> None:
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", SETTINGS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
