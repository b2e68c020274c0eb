"""Workers that share one run: planned once, sent by several, closed by one."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import psycopg
import pytest
from background import happened
from known_runs import ALWAYS
from postgres import KEY
from program import SECONDS

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import Push
    from zygote import Forked

ROWS = 40
PHONES = [f"{9000000000 + row}" for row in range(ROWS)]


@pytest.fixture
def team(push: Push, postgres_ledger: str) -> Push:
    """Push into a ledger that workers can share."""
    shared_ledger(push, postgres_ledger)
    return push


def shared_ledger(push: Push, url: str) -> None:
    push.program.environment |= {
        "LEADCTL_LEDGER": url,
        "LEADCTL_LEDGER_KEY": KEY.hex(),
    }
    write_leads(push, *PHONES)


def write_leads(push: Push, *phones: str) -> None:
    lines = "".join(f"+91{phone}\n" for phone in phones)
    push.program.write("leads.csv", f"phone\n{lines}")


def test_workers_of_a_push_share_it(team: Push) -> None:
    write_leads(team, *PHONES, PHONES[3], "123")
    ran = team("yotel", "leads.csv", "--workers", "2", "--batch-size", "1", "--json")
    assert ran.code == 3, ran.err
    assert ran.counts == {"created": ROWS, "duplicate": 1, "rejected": 1}
    assert ran.document["requests"] == ROWS
    assert team.phones("yotel") == PHONES
    assert (team.program.folder / "leads.rejects.csv").exists()
    again = team.program("work")
    assert (again.code, again.err) == (0, "no work left\n")


def test_workers_that_cannot_start_say_why(team: Push) -> None:
    said = r"raise SystemExit('leadctl: row 9000000000 is odd\n  look at it')"
    module = team.program.write("broken/leadctl.py", said)
    environment = team.environment("yotel") | {"PYTHONPATH": str(module.parent)}
    where = ["--provider", "yotel", "--campaign", "camp_1", "--workers", "2"]
    push = team.program.fork("push", "leads.csv", *where, env=environment)
    assert push.code(SECONDS) == 5
    failed = json.loads(team.program("runs", "show", "--json").out)
    assert failed["failed"] == ROWS
    assert failed["error"]["message"].endswith("(exit code 1): row … is odd")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "2"], "a ledger on PostgreSQL"),
        (["--workers", "2", "--dry-run"], "--dry-run run in one process"),
        (["--workers", "0", "--sandbox"], "--sandbox and"),
    ],
    ids=["ledger in a file", "dry run", "sandbox"],
)
def test_workers_are_refused(push: Push, words: list[str], said: str) -> None:
    write_leads(push, *PHONES)
    ran = push("yotel", "leads.csv", *words)
    assert ran.code == 2
    assert said in ran.err
    assert not push.sent("yotel")


class Team:
    """A run that waits for workers, and those who work on it."""

    def __init__(
        self,
        push: Push,
        provider: str,
        campaign: str,
        *more: str,
        file: str = "leads.csv",
        pause: float = 0.03,
        words: Sequence[str] = (),
    ) -> None:
        self.push, self.provider = push, provider
        self.environment = push.environment(provider)
        self.environment[f"LEADCTL_{provider.upper()}_MIN_INTERVAL"] = str(pause)
        where = ["--provider", provider, "--campaign", campaign, "--workers", "0"]
        own = ["push", file, *where, "--batch-size", "1", *more]
        leads = (push.program.folder / "leads.csv").read_bytes()
        environment = push.program.environment | self.environment
        self.planner = push.program.fork(*(words or own), env=environment, stdin=leads)
        happened(lambda: bool(self.asked("SELECT 1 FROM leadctl.parts")))
        self.run = self.asked("SELECT id FROM leadctl.runs")

    def fork(self, *words: str, **variables: str) -> Forked:
        return self.push.program.fork(*words, env=self.environment | variables)

    def work(self, *words: str, **variables: str) -> Forked:
        return self.fork("work", self.run, *words, **variables)

    def asked(self, question: str) -> str:
        with psycopg.connect(self.push.program.environment["LEADCTL_LEDGER"]) as db:
            row = db.execute(question.encode()).fetchone()
        return str(row[0]) if row else ""

    def holder(self) -> int:
        """Return the process that has a part; 0 for none."""
        found = self.asked(
            "SELECT holder::json ->> 'pid' FROM leadctl.workers AS w"
            " JOIN leadctl.held_parts AS p USING (run, fence)"
        )
        return int(found or 0)

    def sends(self) -> None:
        """Wait until somebody sends."""
        happened(lambda: bool(self.push.uploads(self.provider)))

    def ended(self, *processes: Forked) -> list[int | None]:
        return [one.code(SECONDS) for one in (*processes, self.planner)]


def test_one_place_is_used_by_one_worker_at_a_time(team: Push) -> None:
    """A worker that is terminated gives its part back at once; `show` lists them."""
    write_leads(team, *PHONES[:10])
    team.simulator("voiso").latency = 0.1
    shared = Team(team, "voiso", "3", pause=0.3)
    workers = [shared.work() for _ in range(3)]
    shared.sends()

    def terminated() -> bool:
        holder = shared.holder()
        at_work = [one for one in workers if one.pid == holder]
        for one in at_work:
            one.signalled(signal.SIGTERM)
        return bool(at_work)

    happened(terminated)
    shown = team.program("runs", "show").out
    assert "has      last seen" in shown
    assert "part " in shown
    page = team.program.folder / "page.html"
    assert team.program("runs", "report", shared.run, "--html", page).code == 0
    assert "Workers of this run" in page.read_text()
    codes = shared.ended(*workers)
    assert sorted(map(str, codes)) == ["0", "0", "0", "143"]
    assert len(team.phones("voiso")) == 10
    # It answers 409 while another upload is under way.
    assert {line.status for line in team.sent("voiso")} == {200}


def test_part_of_a_killed_worker_is_taken_when_its_lease_has_expired(
    team: Push,
) -> None:
    """Rows of a part that ended without their outcome are sent at last."""
    url = team.program.environment["LEADCTL_LEDGER"]
    margin = "SET leadctl.lease_margin = '0.5'"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"ALTER DATABASE {db.info.dbname} {margin}".encode())
    team.program.environment["LEADCTL_YOTEL_TIMEOUT"] = "0.5"
    team.simulator("yotel").latency = 0.3
    shared = Team(team, "yotel", "camp_1")
    end_last = "UPDATE leadctl.parts SET is_done = true WHERE number = 8 RETURNING 8"
    happened(lambda: bool(shared.asked(end_last)))
    killed = shared.work()
    shared.sends()
    killed.signalled(signal.SIGKILL)
    killed.code(SECONDS)
    part, until = shared.asked(
        "SELECT number || ' ' || extract(epoch FROM until) FROM leadctl.held_parts"
    ).split()
    team.simulator("yotel").latency = 0.0
    worker = shared.work()
    done = f"SELECT 1 FROM leadctl.parts WHERE is_done AND number = {part}"  # noqa: S608  our own words
    happened(lambda: bool(shared.asked(done)))
    now = float(shared.asked("SELECT extract(epoch FROM clock_timestamp())"))
    assert float(until) < now < float(until) + 5
    assert shared.ended(worker) == [0, 0]
    assert team.phones("yotel") == PHONES


def test_stop_and_resume_concern_all(team: Push) -> None:
    write_leads(team, *PHONES[:20])
    shared = Team(team, "voiso", "3", pause=0.3)
    worker, waiting = shared.work(), shared.fork("work", "--wait")
    shared.sends()
    assert team.program("runs", "stop", shared.run).code == 0
    assert shared.ended(worker) == [7, 143]
    assert shared.work().code(SECONDS) == 7
    assert 0 < len(team.phones("voiso")) < 20
    shared.environment["LEADCTL_VOISO_MIN_INTERVAL"] = "0.03"
    shared.planner = shared.fork("runs", "resume")
    assert shared.ended() == [0]
    waiting.signalled(signal.SIGTERM)
    assert waiting.code(SECONDS) == 143


def test_run_whose_file_has_changed_stays_open(team: Push) -> None:
    """What its workers left cannot be accounted for without the file."""
    shared = Team(team, "voiso", "3", pause=0.3)
    worker = shared.work()
    shared.sends()
    before = (team.program.folder / "leads.csv").read_bytes()
    team.program.write("leads.csv", b"phone\n+919100000000\n")
    team.simulator("voiso").faults.add(Fault("deny", times=ALWAYS))
    assert shared.ended(worker) == [4, 4]
    assert shared.asked("SELECT finished_at FROM leadctl.runs") == "None"
    assert team.program("runs", "resume", env=shared.environment).code == 6
    team.program.write("leads.csv", before)
    team.simulator("voiso").faults.clear()
    shared.environment["LEADCTL_VOISO_MIN_INTERVAL"] = "0.03"
    shared.planner = shared.fork("runs", "resume")
    waiting = shared.fork("work", "--wait")
    assert shared.ended() == [0]
    waiting.signalled(signal.SIGTERM)
    assert waiting.code(SECONDS) == 143
    assert team.phones("voiso") == [f"91{phone}" for phone in PHONES]


def test_list_is_asked_again_within_a_part(team: Push) -> None:
    phones = [f"{9000000000 + row}" for row in range(9_000)]
    write_leads(team, *phones)
    team.simulator("yotel").latency = 0.2
    shared = Team(team, "yotel", "camp_1", "--batch-size", "100", pause=0)
    worker = shared.work(LEADCTL_YOTEL_CONCURRENCY="1")
    shared.sends()
    assert team.program("suppress", f"+91{phones[1_100]}").code == 0
    happened(lambda: len(team.uploads("yotel")) >= 10)
    team.simulator("yotel").latency = 0
    assert shared.ended(worker) == [0, 0]
    assert team.phones("yotel") == phones[:1_100] + phones[1_101:]


def test_wrong_key_of_one_worker_stops_all(team: Push) -> None:
    write_leads(team, *PHONES[:6])
    shared = Team(team, "voiso", "3", pause=0.3)
    wrong = shared.work(LEADCTL_VOISO_API_KEY="made-up-and-wrong")
    assert shared.ended(wrong) == [4, 4]
    assert not team.phones("voiso")
    shown = team.program("runs", "show", "--json")
    assert json.loads(shown.out)["failed"] == 6


@pytest.mark.parametrize("file", ["leads.csv", "-"])
def test_worker_with_another_file_gives_its_part_back(team: Push, file: str) -> None:
    """One that waits skips the run, and waits on."""
    shared = Team(team, "yotel", "camp_1", file=file)
    other = team.program.write("other.csv", "phone\n+919000000000\n")
    waiting = shared.fork("work", "--wait", "--file", f"{file}={other}")
    skipped = f"skipped run {shared.run}: "
    streams = team.program.home
    happened(lambda: any(skipped in one.read_text() for one in streams.glob("*/err")))
    assert shared.work("--file", f"{file}={other}").code(SECONDS) == 6
    assert shared.work("--file", f"leads={other}").code(SECONDS) == 2
    words = ["work", "--file", f"{file}=elsewhere.csv"]
    missing = team.program(*words, env=shared.environment)
    assert missing.code == 6
    assert f"name its path here: --file {file}=PATH" in missing.err
    copy = team.program.write(
        "copy.csv", (team.program.folder / "leads.csv").read_bytes()
    )
    assert shared.ended(shared.work("--file", f"{file}={copy}")) == [0, 0]
    assert team.phones("yotel") == PHONES
    waiting.signalled(signal.SIGTERM)
    assert waiting.code(SECONDS) == 143


def test_provider_whose_token_ends_another_admits_one_worker(team: Push) -> None:
    """One that reads the rows otherwise gives its part back, too.

    The notes of all workers are summed, also of one that gave back a part it had begun.
    """
    shared = Team(team, "ozonetel", "Demo", "--region", "IN")
    otherwise = shared.work(LEADCTL_OZONETEL_PHONE_FORMAT="national")
    assert otherwise.code(SECONDS) == 6
    elsewhere = shared.work(LEADCTL_OZONETEL_BASE_URL="http://127.0.0.1:9")
    assert elsewhere.code(SECONDS) == 6
    assert not team.phones("ozonetel")
    first = shared.work()
    happened(lambda: len(team.uploads("ozonetel")) >= 3)
    first.signalled(signal.SIGTERM)
    assert shared.ended(first, shared.work(), shared.work()) == [143, 0, 0, 0]
    tokens = [line for line in team.sent("ozonetel") if "oken" in line.path]
    assert len(tokens) <= 4
    shown = team.program("runs", "show", "--json").document
    notes = {note["code"]: note["count"] for note in shown["notes"]}
    assert notes["provider_said"] == ROWS
    assert {worker["part"] for worker in shown["workers"]} == {None}


@pytest.mark.parametrize(
    ("provider", "campaign"),
    [("voiso", "3"), ("ozonetel", "Demo")],
    ids=["Voiso", "token of one worker"],
)
def test_run_whose_planner_died_is_closed_by_a_resume(
    team: Push, provider: str, campaign: str
) -> None:
    """The resume waits while the worker has a part: few tokens are made.

    Notes that the worker met before are in the report, and those after.
    """
    write_leads(team, *PHONES[:16], "123")
    shared = Team(team, provider, campaign, "--region", "IN", pause=0.1)
    worker = shared.work()
    shared.sends()
    shared.planner.signalled(signal.SIGKILL)
    shared.planner.code(SECONDS)

    def is_stopped_with_a_part() -> bool:
        worker.signalled(signal.SIGSTOP)
        if not shared.holder():
            worker.signalled(signal.SIGCONT)
        return bool(shared.holder())

    happened(is_stopped_with_a_part)
    assert "in progress" in team.program("runs", "show").out
    resume = ["runs", "resume", "--json"]
    locked = team.program(*resume, env=shared.environment)
    assert (locked.code, "another run" in locked.err) == (11, True)
    worker.signalled(signal.SIGCONT)
    ran = team.program(*resume, "--wait", "20", env=shared.environment)
    assert ran.code == 3, ran.err
    assert ran.counts == {"created": 16, "rejected": 1}
    notes = {note["code"]: note["count"] for note in ran.document["notes"]}
    assert notes.get("provider_said", 16) == 16
    assert worker.code(SECONDS) == 0
    assert (team.program.folder / "leads.rejects.csv").exists()
    tokens = [line for line in team.sent(provider) if "oken" in line.path]
    assert len(tokens) <= 4
