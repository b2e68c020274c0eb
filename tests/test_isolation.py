"""One bad lead sinks a batch: it is found, and the others are delivered.

Most simulators refuse nothing whole that our own checks let pass, so a stricter
provider stands in: it takes a request only if all leads of it are to its liking.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from conftest import REFUSED
from program import csv_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conftest import Push
    from program import Ran

ROWS = 1000
VOISO = [f"1555{row:07}" for row in range(ROWS)]
YOTEL = [f"9{row:09}" for row in range(500)]
MOST = 100
"""Requests that a batch of 1000 may cost, whatever is wrong with it."""


@dataclass
class Strict:
    """Voiso or Yotel, with 422 to every request in which a lead is disliked.

    `dislikes` says what is wrong with a number, if anything; with `names` the answer
    says where it stands, as Yotel's does.
    """

    dislikes: Callable[[str], str | None]
    names: bool = False
    url: str = ""
    stored: list[str] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def answer(self, body: Any) -> tuple[int, object]:  # noqa: ANN401  from JSON
        leads = body["leads"] if isinstance(body, dict) else body
        phones = [str(lead.get("phone") or lead["phone_number"]) for lead in leads]
        self.requests.append(len(phones))
        bad = [(i, why) for i, p in enumerate(phones) if (why := self.dislikes(p))]
        if bad and self.names:
            found = [{"loc": ["body", "leads", i, "phone"], "msg": w} for i, w in bad]
            return 422, {"detail": found}
        if bad:
            return 422, {"message": bad[0][1]}
        self.stored += phones
        if isinstance(body, list):
            lists = {"created": phones, "rejected": [], "duplicates": []}
            return 200, {"leads_import": lists}
        rows = [{"phone": p, "status": "added", "id": f"lead_{p}"} for p in phones]
        counts = {"total": len(rows), "valid": len(rows), "invalid": 0, "duplicates": 0}
        return 200, {**counts, "results": rows}


@contextmanager
def served(strict: Strict) -> Iterator[Strict]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = strict.answer(body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        strict.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield strict
        finally:
            server.shutdown()


def environment(strict: Strict, provider: str = "voiso") -> dict[str, str]:
    prefix = f"LEADCTL_{provider.upper()}"
    return {f"{prefix}_BASE_URL": strict.url, f"{prefix}_MIN_INTERVAL": "0"}


def sent(
    push: Push, strict: Strict, phones: Sequence[str], *options: str, provider: str
) -> Ran:
    plus = "+" if provider == "voiso" else ""
    lines = "\n".join(f"{plus}{phone}" for phone in phones)
    push.program.write("leads.csv", f"phone\n{lines}\n")
    env = environment(strict, provider)
    return push(provider, "leads.csv", *options, "--json", env=env)


def among(*phones: str) -> Callable[[str], str | None]:
    return lambda phone: "is not to our liking" if phone in phones else None


def rejected_rows(push: Push) -> list[int]:
    rows = csv_rows(push.program.folder / "leads.rejects.csv")
    return [int(row["_leadctl_row"]) for row in rows]


@pytest.mark.parametrize(
    "places",
    [(517,), (999,), (3, 4), (0, 500, 999)],
    ids=["middle", "last", "two-neighbours", "three"],
)
def test_unnamed_culprits_are_found_by_halving(
    push: Push, places: tuple[int, ...]
) -> None:
    """Each costs at most two requests for every halving of 1000, which are ten."""
    bad = [VOISO[place] for place in places]
    with served(Strict(among(*bad))) as strict:
        ran = sent(push, strict, VOISO, provider="voiso")
    expected = {"created": ROWS - len(bad), "rejected": len(bad)}
    assert (ran.code, ran.counts) == (3, expected)
    assert ran.codes == {"provider_rejected": len(bad)}
    assert "is not to our liking" in ran.document["reasons"][0]["message"]
    assert rejected_rows(push) == [place + 1 for place in places]
    assert sorted(strict.stored) == sorted(set(VOISO) - set(bad))
    assert len(strict.requests) <= 1 + 20 * len(bad)
    assert ran.document["requests"] == len(strict.requests)


@pytest.mark.parametrize(
    "places", [(0,), (250, 251, 499), tuple(range(0, 500, 2))], ids=len
)
def test_named_culprits_are_dropped_in_one_step(
    push: Push, places: tuple[int, ...]
) -> None:
    bad = [YOTEL[place] for place in places]
    with served(Strict(among(*bad), names=True)) as strict:
        ran = sent(push, strict, YOTEL, provider="yotel")
    assert ran.counts == {"created": 500 - len(bad), "rejected": len(bad)}
    assert strict.requests == [500, 500 - len(bad)]
    assert rejected_rows(push) == [place + 1 for place in places]


def test_lead_that_lupitor_names_costs_one_more_request(push: Push) -> None:
    """Its bulk call names one bad lead at a time: `leads[N]: …`."""
    numbers = ["+15550100001", REFUSED[0], "+15550100002", REFUSED[1], "+15550100003"]
    push.program.write("leads.csv", "\n".join(["phone", *numbers, ""]))
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.counts == {"created": 3, "rejected": 2}
    assert push.uploads("lupitor") == [5, 4, 3]
    assert rejected_rows(push) == [2, 4]
    assert ran.document["reasons"][0]["message"] == "phoneNumber is not valid"


def test_batch_of_which_every_lead_is_named_is_not_sent_again(push: Push) -> None:
    with served(Strict(lambda _: "no", names=True)) as strict:
        ran = sent(push, strict, YOTEL, provider="yotel")
    assert (ran.code, ran.counts) == (3, {"rejected": 500})
    assert strict.requests == [500]


def test_batch_that_is_refused_throughout_is_given_up_in_time(push: Push) -> None:
    with served(Strict(lambda _: "no, thank you")) as strict:
        ran = sent(push, strict, VOISO, provider="voiso")
    assert (ran.code, ran.counts) == (3, {"rejected": ROWS})
    assert set(ran.codes) <= {"provider_rejected", "batch_refused"}
    assert ran.codes["batch_refused"] > ROWS / 2
    assert len(strict.requests) <= MOST
    assert strict.stored == []
    assert rejected_rows(push) == [*range(1, ROWS + 1)]


def test_more_culprits_than_can_be_found_do_not_cost_without_bound(push: Push) -> None:
    """Every tenth lead: the leads that cannot be isolated are failed, not lost."""
    bad = VOISO[::10]
    with served(Strict(among(*bad))) as strict:
        ran = sent(push, strict, VOISO, provider="voiso")
    assert ran.code == 3
    assert len(strict.requests) <= MOST
    assert ran.document["created"] == len(strict.stored) > 0
    assert ran.document["rejected"] == ROWS - len(strict.stored)
    there = {VOISO[row - 1] for row in rejected_rows(push)}
    assert there == set(VOISO) - set(strict.stored)


def test_one_batch_after_another_costs_its_own_requests(push: Push) -> None:
    """The bound is a batch's, not a run's."""
    bad = VOISO[5::100]
    with served(Strict(among(*bad))) as strict:
        ran = sent(push, strict, VOISO, "--batch-size", "100", provider="voiso")
    assert ran.counts == {"created": ROWS - 10, "rejected": 10}
    assert ran.codes == {"provider_rejected": 10}
    assert len(strict.requests) <= 10 * (1 + 2 * 7)


# --- batch after batch ---

PAIRS = ("--batch-size", "2")


def test_ten_batches_refused_for_one_reason_stop_the_run(push: Push) -> None:
    bad, rest = VOISO[:20], VOISO[20:26]
    with served(Strict(among(*bad))) as strict:
        ran = sent(push, strict, bad + rest, *PAIRS, provider="voiso")
        assert (ran.code, ran.counts) == (7, {"rejected": 20, "failed": 6})
        assert ran.codes == {"provider_rejected": 20, "not_sent": 6}
        for word in ("10 batches", "is not to our liking", "runs resume"):
            assert word in ran.err
        assert strict.stored == []
        env = push.environment("voiso") | environment(strict)
        ran = push.program("runs", "resume", "--json", env=env)
    assert (ran.code, ran.counts) == (3, {"rejected": 20, "created": 6})
    assert strict.stored == rest


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (VOISO[:18], VOISO[18:24]),
        (VOISO[:18] + VOISO[20:38], [*VOISO[18:20], *VOISO[38:42]]),
    ],
    ids=["nine", "nine-twice"],
)
def test_fewer_refused_batches_in_a_row_do_not(
    push: Push, bad: list[str], good: list[str]
) -> None:
    with served(Strict(among(*bad))) as strict:
        ran = sent(push, strict, sorted(bad + good), *PAIRS, provider="voiso")
    assert (ran.code, ran.counts) == (3, {"rejected": len(bad), "created": len(good)})
    assert strict.stored == good


def test_batches_refused_for_different_reasons_do_not(push: Push) -> None:
    """Each of the leads is bad in its own way; the file is bad, not the account."""

    def reason(phone: str) -> str | None:
        return f"bad luck of kind {int(phone[-2:]) // 2}" if phone < VOISO[30] else None

    with served(Strict(reason)) as strict:
        ran = sent(push, strict, VOISO[:32], *PAIRS, provider="voiso")
    assert (ran.code, ran.counts) == (3, {"rejected": 30, "created": 2})
