"""Runs that share an account share its locks, rate limits and tokens."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from background import Background, happened
from conftest import PLENTY, Push

from leadctl.ledger import open_ledger
from leadctl.sandbox import (
    AgoraSimulator,
    Fault,
    OzonetelSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from background import Started
    from program import Program

    from leadctl.sandbox import Simulator

INDIAN = [f"90000000{row:02}" for row in range(100)]
ONE_BY_ONE = ("--batch-size", "1")


@pytest.fixture
def background(program: Program) -> Background:
    return Background(program.folder, program.home)


def write(program: Program, name: str, phones: list[str]) -> str:
    program.write(name, "phone\n" + "\n".join(phones) + "\n")
    return name


@contextmanager
def pushing(
    background: Background,
    push: Push,
    name: str,
    campaign: str,
    env: Mapping[str, str] | None = None,
) -> Iterator[Started]:
    """Push to Yotel, or to Ozonetel's campaign Demo, beside the test."""
    provider = "ozonetel" if campaign == "Demo" else "yotel"
    home = ("--region", "IN")
    where = ("--provider", provider, "--campaign", campaign, *home, *ONE_BY_ONE)
    environment = push.environment(provider) | dict(env or {})
    with background.begun("push", name, *where, "--json", env=environment) as run:
        yield run


def tokens(simulator: Simulator) -> int:
    """Count the calls for a token that were answered."""
    return sum("token" in line.path.casefold() for line in simulator.log)


# --- locks ---


@pytest.fixture
def held(program: Program, background: Background) -> Iterator[tuple[Push, Started]]:
    """Hold a campaign by a run that waits for an answer."""
    with serve([YotelSimulator(requests_per_minute=PLENTY)]) as sandbox:
        push = Push(program, sandbox)
        push.simulator("yotel").faults.add(Fault("slow_after", skip=1, seconds=300))
        write(program, "first.csv", INDIAN[:3])
        write(program, "second.csv", INDIAN[3:4])
        alone = {"LEADCTL_YOTEL_CONCURRENCY": "1"}
        with pushing(background, push, "first.csv", "camp_1", alone) as run:
            happened(lambda: len(push.phones("yotel")) == 2)
            yield push, run


def test_second_run_on_a_campaign_says_who_holds_it(held: tuple[Push, Started]) -> None:
    push, run = held
    ran = push("yotel", "second.csv", "--json")
    assert (ran.code, ran.error["code"]) == (11, "campaign_locked")
    since = r"20\d\d-\d\d-\d\dT\d\d:\d\d"
    assert re.search(rf"process {run.process.pid}, since {since}", ran.err)
    resumed = push.program("runs", "resume", env=push.environment("yotel"))
    assert resumed.code == 11
    assert f"or stop it: leadctl runs stop {push.program.runs()[0]}" in resumed.err
    assert len(push.phones("yotel")) == 2


def test_run_that_goes_on_elsewhere_is_shown_as_running(
    held: tuple[Push, Started],
) -> None:
    """Advice to resume it would be wrong: another process is at work on it."""
    push, run = held
    shown = push.program("runs", "show")
    assert f"in progress (process {run.process.pid})" in shown.out
    assert "sent, no answer yet" in shown.out
    listed = push.program("runs")
    assert "in progress" in listed.out
    for out in (shown.out, listed.out):
        assert "resume" not in out
        assert "not finished" not in out
        assert "ended" not in out


def test_run_whose_process_died_is_not_running(held: tuple[Push, Started]) -> None:
    """Nor is it while another run holds its campaign."""
    push, run = held
    run.process.kill()
    run.process.wait()
    with (
        open_ledger(push.program.state / "ledger.sqlite") as ledger,
        ledger.campaign_lock("yotel", "camp_1") as hold_for,
    ):
        hold_for("another run")
        meanwhile = push.program("runs", "show")
    for shown in (meanwhile, push.program("runs", "show")):
        assert "not finished" in shown.out
        assert "leadctl runs resume" in shown.out
    assert "interrupted" in push.program("runs").out
    document = json.loads(push.program("runs", "show", "--json").out)
    assert (document["finished_at"], document["exit_code"]) == (None, None)


def test_lock_goes_with_its_process(held: tuple[Push, Started]) -> None:
    push, run = held
    run.process.kill()
    run.process.wait()
    ran = push("yotel", "second.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 1})
    ran = push.program("runs", "resume", "--json", env=push.environment("yotel"))
    assert (ran.code, ran.counts) == (0, {"created": 2, "duplicate": 1})


def test_rehearsal_needs_no_lock(held: tuple[Push, Started]) -> None:
    push, _run = held
    assert push("yotel", "second.csv", "--dry-run").code == 0


def test_ozonetel_takes_one_run_an_account(
    program: Program, background: Background
) -> None:
    """A new token ends the one before, whatever the campaign."""
    with serve([OzonetelSimulator(open_campaigns=["Other"])]) as sandbox:
        push = Push(program, sandbox)
        push.simulator("ozonetel").faults.add(
            Fault("slow_after", skip=1, times=2, seconds=300)
        )
        write(program, "first.csv", INDIAN[:20])
        write(program, "second.csv", INDIAN[20:22])
        with pushing(background, push, "first.csv", "Demo") as run:
            happened(lambda: len(push.phones("ozonetel")) >= 2)
            ran = push("ozonetel", "second.csv", "--json", campaign="Other")
            assert ran.code == 11
            assert f"process {run.process.pid}" in ran.err
        assert tokens(push.simulator("ozonetel")) == 1
        assert set(push.simulator("ozonetel").stored) == {"Demo"}


# --- pace ---

RATE = 1200
PACE = {"LEADCTL_YOTEL_REQUESTS_PER_MINUTE": str(RATE)}
SHORT = 0.5
"""Seconds; the part of a minute in which the same part of the rate may arrive."""


def require_pace(times: list[float]) -> None:
    """Hold every window, wherever it starts, to its part of the rate.

    Two requests more may fall into one so short: a late start is made up for, and the
    way from there to here is not even.
    """
    most = round(RATE * SHORT / 60) + 2
    assert len(times) > most
    spans = [b - a for a, b in zip(times, times[most:], strict=False)]
    assert min(spans) > SHORT, f"{most + 1} requests in {min(spans):.2f} s"


def test_run_keeps_the_rate_and_is_no_slower_than_it_has_to_be(push: Push) -> None:
    name = write(push.program, "leads.csv", INDIAN[:16])
    assert push("yotel", name, *ONE_BY_ONE, env=PACE).code == 0
    times = sorted(line.time for line in push.sent("yotel"))
    assert len(times) == 16
    require_pace(times)
    assert times[-1] - times[0] < 2 * 16 * 60 / RATE


def test_two_runs_together_keep_the_rate_of_their_account(
    program: Program, background: Background
) -> None:
    simulator = YotelSimulator(requests_per_minute=PLENTY, open_campaigns=["camp_3"])
    with serve([simulator]) as sandbox, ExitStack() as stack:
        push = Push(program, sandbox)
        runs = []
        for number, campaign in enumerate(("camp_1", "camp_3")):
            name = write(program, f"{campaign}.csv", INDIAN[number * 30 :][:30])
            run = pushing(background, push, name, campaign, PACE)
            runs.append(stack.enter_context(run))
        for ran in (run.ended() for run in runs):
            assert (ran.code, ran.counts) == (0, {"created": 30})
    times = sorted(line.time for line in push.sent("yotel"))
    assert len(times) == 60
    require_pace(times)
    paths = [line.path for line in push.sent("yotel")]
    assert len(set(paths[:40])) == 2, "they were to run at the same time"


def test_wish_to_wait_quiets_every_run_of_the_account(
    program: Program, background: Background
) -> None:
    simulator = YotelSimulator(
        requests_per_minute=PLENTY, open_campaigns=["camp_3"], latency=0.1
    )
    wait = 2
    alone = {"LEADCTL_YOTEL_CONCURRENCY": "1"}
    with serve([simulator]) as sandbox, ExitStack() as stack:
        push = Push(program, sandbox)
        runs = []
        for number, campaign in enumerate(("camp_1", "camp_3")):
            name = write(program, f"{campaign}.csv", INDIAN[number * 15 :][:15])
            run = pushing(background, push, name, campaign, alone)
            runs.append(stack.enter_context(run))
        happened(lambda: len({line.path for line in push.sent("yotel")}) == 2)
        simulator.faults.add(Fault("throttle", retry_after=wait))
        for ran in (run.ended() for run in runs):
            assert (ran.code, ran.counts) == (0, {"created": 15})
    (throttled,) = (line for line in simulator.log if line.status == 429)
    later = [line for line in push.sent("yotel") if line.time > throttled.time]
    assert len({line.path for line in later}) == 2, "both were to have more to send"
    # What was on its way already may still arrive.
    early = [line for line in later if throttled.time + 0.1 < line.time]
    assert min(line.time for line in early) >= throttled.time + wait


def test_wish_to_wait_outlasts_a_run_that_gave_up(push: Push) -> None:
    simulator = push.simulator("voiso")
    simulator.faults.add(Fault("throttle", retry_after=2))
    name = write(push.program, "leads.csv", ["+15551230001"])
    assert push("voiso", name, env={"LEADCTL_VOISO_RETRY_FOR": "0"}).code == 5
    assert push("voiso", name).code == 0
    _asked, first, asked_again, second = simulator.log
    assert second.time > asked_again.time >= first.time + 2


def test_rest_after_a_request_holds_between_two_runs(push: Push) -> None:
    gap = {"LEADCTL_VOISO_MIN_INTERVAL": "1.5"}
    for number in (1, 2):
        name = write(push.program, f"{number}.csv", [f"+1555123000{number}"])
        assert push("voiso", name, env=gap).code == 0
    lines = push.simulator("voiso").log
    assert [line.method for line in lines] == ["GET", "POST"] * 2
    first, second = push.sent("voiso")
    assert second.time >= first.time + first.seconds + 1.5


# --- tokens ---


def test_tokens_of_an_hour_are_counted_over_all_runs(push: Push) -> None:
    """Two runs use five each, as their tokens expire; the third finds none left."""
    simulator = push.simulator("ozonetel")
    alone = {"LEADCTL_OZONETEL_CONCURRENCY": "1"}
    for number in range(2):
        simulator.faults.add(*[Fault("expire_token", skip=1)] * 4)
        name = write(push.program, f"{number}.csv", INDIAN[number * 5 :][:5])
        ran = push("ozonetel", name, "--json", env=alone)
        assert (ran.code, ran.counts) == (0, {"created": 5})
    assert tokens(simulator) == 10
    before = len(simulator.log)
    ran = push("ozonetel", write(push.program, "last.csv", INDIAN[10:12]), "--json")
    assert (ran.code, ran.counts) == (5, {"failed": 2})
    assert re.search(r"\b[0-2][0-9]:[0-5][0-9]\b", ran.err), "when the next is free"
    assert "runs resume" in ran.err
    again = push.program("runs", "resume", "--json", env=push.environment("ozonetel"))
    assert (again.code, again.counts) == (5, {"failed": 2})
    assert again.document["run_id"] == ran.document["run_id"]
    assert len(simulator.log) == before


@pytest.mark.parametrize(
    ("simulator", "campaign"),
    [
        (AgoraSimulator(token_life=1, latency=0.2), "42"),
        (
            OzonetelSimulator(token_life=0.7, latency=0.2, requests_per_minute=PLENTY),
            "Demo",
        ),
    ],
    ids=["agora", "ozonetel"],
)
def test_run_that_outlives_its_token_loses_nothing(
    program: Program, simulator: Simulator, campaign: str
) -> None:
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        name = write(program, "leads.csv", [f"+91{phone}" for phone in INDIAN[:9]])
        alone = {f"LEADCTL_{simulator.name.upper()}_CONCURRENCY": "1"}
        ran = push(
            *(simulator.name, name, *ONE_BY_ONE, "--json"), campaign=campaign, env=alone
        )
        assert ran.code == 0
        assert sum(ran.counts.values()) == ran.document["rows"] == 9
        assert not ran.codes
        assert len(set(push.phones(simulator.name))) == 9
        assert len(push.phones(simulator.name)) == 9
    seconds = simulator.log[-1].time - simulator.log[0].time
    life = 0.7 if simulator.name == "ozonetel" else 1
    # Agora says how long: renewed at 80 % of it. Ozonetel does not: when it is refused.
    share = 1.0 if simulator.name == "ozonetel" else 0.8
    assert 2 <= tokens(simulator) <= 1 + seconds / (life * share)


def test_token_that_another_program_ended_costs_one_renewal(
    program: Program, background: Background
) -> None:
    simulator = OzonetelSimulator(latency=0.1, requests_per_minute=PLENTY)
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        name = write(program, "leads.csv", INDIAN[:12])
        with pushing(background, push, name, "Demo") as run:
            happened(lambda: len(simulator.log) >= 3)
            answer = httpx.post(
                f"{sandbox.base_url('ozonetel')}/ca_apis/CAToken/generateToken",
                json={"userName": simulator.user_name},
                headers={"apiKey": simulator.api_key},
            )
            assert answer.json()["token"]
            ran = run.ended()
        assert (ran.code, ran.counts) == (0, {"created": 12})
        assert push.phones("ozonetel") == INDIAN[:12]
        assert tokens(simulator) == 3, "ours, the other program's, ours"


def test_threads_share_one_token(program: Program) -> None:
    simulator = OzonetelSimulator(latency=0.2, requests_per_minute=PLENTY)
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        simulator.faults.add(Fault("slow", where="token", seconds=0.3))
        name = write(program, "leads.csv", INDIAN[:12])
        together = {"LEADCTL_OZONETEL_CONCURRENCY": "4"}
        ran = push("ozonetel", name, "--json", env=together)
        assert (ran.code, ran.counts) == (0, {"created": 12})
        assert tokens(simulator) == 1
    sent = [line for line in simulator.log if line.leads]
    begins = sorted(line.time for line in sent)
    assert begins[3] < begins[0] + 0.2, "four were to be under way at once"


def test_expired_token_is_renewed_once_for_all_threads(program: Program) -> None:
    simulator = OzonetelSimulator(latency=0.2, requests_per_minute=PLENTY)
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        simulator.faults.add(Fault("expire_token", skip=4))
        name = write(program, "leads.csv", INDIAN[:12])
        together = {"LEADCTL_OZONETEL_CONCURRENCY": "4"}
        ran = push("ozonetel", name, "--json", env=together)
        assert (ran.code, ran.counts) == (0, {"created": 12})
        assert push.phones("ozonetel") == INDIAN[:12]
        assert tokens(simulator) == 2
