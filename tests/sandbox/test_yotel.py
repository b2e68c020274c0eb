"""Yotel's simulator: rows with a status, Indian numbers, idempotency keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import Sandbox, YotelSimulator, serve

from .conftest import Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KEY = "Bearer yt_test_sandbox"
BULK = "/campaigns/camp_1/leads:bulk"
ASHA = {
    "phone": "9876543210",
    "name": "Asha Example",
    "email": "asha@example.com",
    "metadata": {"plan": "trial"},
}
BINA = {"phone": "9123456789"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "yotel", authorization=KEY) as client:
        yield client


def push(client: httpx.Client, *leads: object, **headers: str) -> httpx.Response:
    return client.post(BULK, json={"leads": leads}, headers=headers)


def test_bulk_answers_row_by_row(client: httpx.Client, sandbox: Sandbox) -> None:
    push(client, BINA)
    answer = push(client, ASHA, BINA, {"phone": "invalid"})
    assert answer.status_code == 200
    assert answer.json() == {
        "total": 3,
        "valid": 1,
        "invalid": 1,
        "duplicates": 1,
        "results": [
            {"phone": "9876543210", "status": "added", "id": "lead_2"},
            {"phone": "9123456789", "status": "duplicate", "id": None},
            {"phone": "invalid", "status": "invalid", "id": None},
        ],
    }
    assert sandbox.simulators["yotel"].stored == {"camp_1": [BINA, ASHA]}


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ("9876543210", "added"),
        ("09876543210", "added"),
        ("919876543210", "added"),
        ("9123456789", "added"),
        ("+919876543210", "invalid"),
        ("98765 43210", "invalid"),
        ("987654321", "invalid"),
        ("129876543210", "invalid"),
        ("15550000001", "invalid"),
    ],
)
def test_phone_is_ten_indian_digits_after_a_prefix(
    client: httpx.Client, phone: str, status: str
) -> None:
    assert push(client, {"phone": phone}).json()["results"][0]["status"] == status


def test_prefixes_do_not_hide_a_duplicate(client: httpx.Client) -> None:
    leads = [{"phone": f"{prefix}9876543210"} for prefix in ("", "0", "91")]
    results = push(client, *leads).json()["results"]
    assert [row["status"] for row in results] == ["added", "duplicate", "duplicate"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"phone": "1234"}, "phone"),
        ({"phone": "1" * 21}, "phone"),
        ({"phone": 9876543210}, "phone"),
        ({"name": "Asha"}, "phone"),
        ({**BINA, "name": 1}, "name"),
        ({**BINA, "email": None}, "email"),
        ({**BINA, "metadata": "x"}, "metadata"),
        ({**BINA, "priority": 1}, "priority"),
        ("9876543210", "lead"),
    ],
    ids=str,
)
def test_lead_outside_the_schema_fails_the_request_at_its_place(
    client: httpx.Client, sandbox: Sandbox, bad: object, field: str
) -> None:
    answer = push(client, ASHA, bad)
    assert answer.status_code == 422
    places = [entry["loc"] for entry in answer.json()["detail"]]
    assert places == [["body", "leads", 1, field]]
    assert sandbox.simulators["yotel"].stored == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"leads": {}},
        {"leads": []},
        {"leads": [{"phone": f"98{n:08}"} for n in range(501)]},
        {"leads": [BINA], "campaign": "camp_1"},
    ],
    ids=["empty", "object", "none", "501", "unknown key"],
)
def test_body_outside_the_schema_is_refused(client: httpx.Client, body: object) -> None:
    answer = client.post(BULK, json=body)
    assert answer.status_code == 422
    assert {"loc", "msg", "type"} == answer.json()["detail"][0].keys()


def test_five_hundred_leads_are_taken(client: httpx.Client) -> None:
    leads = [{"phone": f"98{number:08}"} for number in range(500)]
    assert push(client, *leads).json()["valid"] == 500


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        ("", "API key must start with yt_live_ or yt_test_"),
        ("Bearer sandbox", "API key must start with yt_live_ or yt_test_"),
        ("Bearer yt_live_wrong", "Invalid API key"),
    ],
)
def test_wrong_key_is_told_why(
    sandbox: Sandbox, authorization: str, detail: str
) -> None:
    with client_of(sandbox, "yotel", authorization=authorization) as client:
        answer = push(client, ASHA)
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})


def test_key_without_scope_is_told_which() -> None:
    with (
        serve([YotelSimulator(scopes=())]) as sandbox,
        client_of(sandbox, "yotel", authorization=KEY) as client,
    ):
        assert push(client, ASHA).json() == {"detail": "Scope 'leads:write' required"}
        answer = client.get("/campaigns")
    assert answer.status_code == 403
    assert answer.json() == {"detail": "Scope 'campaigns:read' required"}


def test_unknown_campaign_is_not_found(client: httpx.Client) -> None:
    for answer in (
        client.post("/campaigns/camp_9/leads:bulk", json={"leads": [ASHA]}),
        client.get("/campaigns/camp_9"),
    ):
        assert answer.status_code == 404
        assert answer.json() == {"detail": "Campaign not found"}


def test_completed_campaign_conflicts(client: httpx.Client) -> None:
    answer = client.post("/campaigns/camp_2/leads:bulk", json={"leads": [ASHA]})
    assert answer.status_code == 409


def test_campaigns_are_listed_and_shown(client: httpx.Client) -> None:
    listed = client.get("/campaigns").json()
    assert [shown["id"] for shown in listed] == ["camp_1", "camp_2"]
    shown = client.get("/campaigns/camp_2").json()
    assert shown.keys() == {"id", "name", "dial_mode", "status"}
    assert shown["status"] == "completed"


def test_idempotency_key_counts_for_nothing(client: httpx.Client) -> None:
    """It is taken and not enforced before v1.1."""
    push(client, ASHA, **{"Idempotency-Key": "one"})
    again = push(client, ASHA, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["duplicates"]) == (200, 1)
    other = push(client, BINA, **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["valid"]) == (200, 1)


def test_request_601_of_a_minute_waits_for_the_next(
    client: httpx.Client, clock: Clock
) -> None:
    clock.now += 20.5
    for remaining in (599, 598):
        answer = client.get("/campaigns")
        assert answer.headers["X-RateLimit-Limit"] == "600"
        assert answer.headers["X-RateLimit-Remaining"] == str(remaining)
    for _ in range(598):
        client.get("/campaigns")
    answer = push(client, ASHA)
    assert answer.status_code == 429
    assert answer.json() == {"detail": "Rate limit exceeded"}
    assert answer.headers["Retry-After"] == "40"
    clock.now += 39.5
    assert push(client, ASHA).status_code == 200


def test_refusal_carries_no_rate_headers(client: httpx.Client) -> None:
    assert "X-RateLimit-Limit" not in client.get("/campaigns/camp_9").headers
