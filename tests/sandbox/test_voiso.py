"""Voiso's simulator: array in, three lists out, one import at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import Sandbox, VoisoSimulator, serve

from .conftest import Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KEY = "Bearer voiso-sandbox-key"
LEADS = "/campaigns/3/leads"
ANNA = {
    "phone_number": "15550000001",
    "name": "Anna Example",
    "priority": 1,
    "active": False,
    "source": {"system": "crm", "url": "https://example.com/1"},
    "context_headers": {"X-Order.Id": "1"},
}
BEN = {"phone_number": "15550000002"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "voiso", authorization=KEY) as client:
        yield client


def lists(answer: httpx.Response) -> tuple[list[str], list[str], list[str]]:
    assert answer.status_code == 200
    imported = answer.json()["leads_import"]
    assert imported.keys() == {"created", "rejected", "duplicates"}
    return imported["created"], imported["rejected"], imported["duplicates"]


def test_leads_are_created_and_stored_as_received(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    answer = client.post(LEADS, json=[ANNA, BEN])
    assert lists(answer) == (["15550000001", "15550000002"], [], [])
    assert sandbox.simulators["voiso"].stored == {"3": [ANNA, BEN]}


@pytest.mark.parametrize("phone", ["+15550000003", "0555000000", "555", "1555 000"])
def test_phone_that_is_not_e164_digits_is_rejected_alone(
    client: httpx.Client, sandbox: Sandbox, phone: str
) -> None:
    answer = client.post(LEADS, json=[{"phone_number": phone}, BEN])
    assert lists(answer) == (["15550000002"], [phone], [])
    assert sandbox.simulators["voiso"].stored == {"3": [BEN]}


def test_number_in_campaign_and_number_sent_twice_are_duplicates(
    client: httpx.Client, sandbox: Sandbox, clock: Clock
) -> None:
    client.post(LEADS, json=[BEN])
    clock.now += 2
    answer = client.post(LEADS, json=[BEN, ANNA, ANNA])
    assert lists(answer) == (["15550000001"], [], ["15550000002", "15550000001"])
    assert sandbox.simulators["voiso"].stored == {"3": [BEN, ANNA]}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": "Anna"}, "phone_number"),
        ({"phone_number": 15550000001}, "phone_number"),
        ({**BEN, "priority": 0}, "priority"),
        ({**BEN, "priority": 1001}, "priority"),
        ({**BEN, "priority": "5"}, "priority"),
        ({**BEN, "priority": True}, "priority"),
        ({**BEN, "active": "yes"}, "active"),
        ({**BEN, "source": "crm"}, "source"),
        ({**BEN, "source": {"system": 1}}, "source"),
        ({**BEN, "context_headers": {"Order": "1"}}, "context_headers"),
        ({**BEN, "context_headers": {"X-Order Id": "1"}}, "context_headers"),
        ({**BEN, "context_headers": {"X-Order": 1}}, "context_headers"),
        ({**BEN, "email": "a@example.com"}, "email"),
        ("15550000001", "lead"),
    ],
    ids=str,
)
def test_one_malformed_lead_fails_the_whole_batch(
    client: httpx.Client, sandbox: Sandbox, bad: object, field: str
) -> None:
    answer = client.post(LEADS, json=[ANNA, bad])
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert sandbox.simulators["voiso"].stored == {}


@pytest.mark.parametrize("count", [0, 1001])
def test_batch_of_none_or_too_many_is_refused(client: httpx.Client, count: int) -> None:
    batch = [{"phone_number": f"1555{number:07}"} for number in range(count)]
    assert client.post(LEADS, json=batch).status_code == 422


def test_batch_of_a_thousand_is_taken(client: httpx.Client) -> None:
    batch = [{"phone_number": f"1555{number:07}"} for number in range(1000)]
    assert len(lists(client.post(LEADS, json=batch))[0]) == 1000


@pytest.mark.parametrize("body", [b"{}", b"[", b"\xff", b"[NaN]"], ids=repr)
def test_body_that_is_no_array_is_a_bad_request(
    client: httpx.Client, body: bytes
) -> None:
    answer = client.post(LEADS, content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": "Bad Request"})


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "voiso-sandbox-key"])
def test_wrong_key_is_unauthorized(sandbox: Sandbox, authorization: str) -> None:
    with client_of(sandbox, "voiso", authorization=authorization) as client:
        answer = client.post(LEADS, json=[BEN])
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


def test_key_without_scope_is_forbidden() -> None:
    simulator = VoisoSimulator(scopes=("campaigns.read",))
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "voiso", authorization=KEY) as client,
    ):
        answer = client.post(LEADS, json=[BEN])
        assert client.get("/campaigns").status_code == 200
    assert (answer.status_code, answer.json()) == (403, {"error": "Forbidden"})


def test_unknown_campaign_is_not_found(client: httpx.Client) -> None:
    for answer in (
        client.post("/campaigns/9/leads", json=[BEN]),
        client.get("/campaigns/9"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})


def test_campaign_that_is_not_live_conflicts(client: httpx.Client) -> None:
    answer = client.post("/campaigns/4/leads", json=[BEN])
    assert answer.status_code == 409
    assert answer.json() == {"errors": {"campaign": ["Campaign type should be live"]}}


def test_upload_within_the_gap_conflicts_and_stores_nothing(
    client: httpx.Client, sandbox: Sandbox, clock: Clock
) -> None:
    client.post(LEADS, json=[ANNA])
    clock.now += 1.9
    assert client.post(LEADS, json=[BEN]).status_code == 409
    # A refused upload does not begin the gap anew.
    clock.now += 0.1
    assert client.post(LEADS, json=[BEN]).status_code == 200
    assert sandbox.simulators["voiso"].stored == {"3": [ANNA, BEN]}


def test_second_upload_while_the_first_runs_conflicts() -> None:
    simulator = VoisoSimulator(gap=0, latency=0.3)
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "voiso", authorization=KEY) as client,
        ThreadPoolExecutor() as pool,
    ):

        def push(phone: str) -> int:
            lead = {"phone_number": phone}
            return client.post(LEADS, json=[lead]).status_code

        first = pool.submit(push, "15550000001")
        time.sleep(0.1)
        assert push("15550000002") == 409
        assert first.result() == 200
        assert push("15550000002") == 200


def test_gap_of_one_campaign_leaves_another_alone() -> None:
    simulator = VoisoSimulator(open_campaigns=["77"])
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "voiso", authorization=KEY) as client,
    ):
        assert client.post(LEADS, json=[BEN]).status_code == 200
        assert client.post("/campaigns/77/leads", json=[BEN]).status_code == 200


def test_campaigns_are_listed_by_page_and_state(client: httpx.Client) -> None:
    whole = client.get("/campaigns").json()
    assert [shown["id"] for shown in whole["campaigns"]] == [3, 4, 5]
    assert whole["metadata"] == {"total": 3}
    page = client.get("/campaigns", params={"limit": 1, "offset": 1}).json()
    assert [shown["id"] for shown in page["campaigns"]] == [4]
    live = client.get("/campaigns", params={"live": "true"}).json()
    assert [shown["id"] for shown in live["campaigns"]] == [3, 5]
    draft = client.get("/campaigns", params={"status": "draft"}).json()
    assert [shown["id"] for shown in draft["campaigns"]] == [4, 5]
    named = client.get("/campaigns", params={"name": "ign 5"}).json()
    assert [shown["id"] for shown in named["campaigns"]] == [5]
    assert client.get("/campaigns", params={"limit": 101}).status_code == 422


def test_one_campaign_is_shown_with_its_status(client: httpx.Client) -> None:
    shown = client.get("/campaigns/3").json()["campaign"]
    assert (shown["id"], shown["status"]) == (3, "active")
