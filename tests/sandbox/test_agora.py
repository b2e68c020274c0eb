"""Agora's simulator: token exchange, queued leads, errors by row, silent skipping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import AgoraSimulator, Sandbox, serve

from .conftest import Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KEY = "agora_test_sandbox_key"
UNAUTHORIZED = {
    "error": "unauthorized",
    "message": "Missing, invalid, or expired bearer token",
}
FOREIGN = {
    "error": "forbidden",
    "message": "Token not authorised for the target campaign",
}
ANNA = {
    "phone": "+15550000001",
    "first_name": "Anna",
    "last_name": "Example",
    "email": "anna@example.com",
    "company": "Example Co",
    "title": "Buyer",
}
BEN = {"phone": "+15550000002", "shoe_size": 44}


def token(client: httpx.Client) -> str:
    answer = client.post("/auth/api-key/token", json={"api_key": KEY})
    return str(answer.json()["access_token"])


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "agora") as client:
        client.headers["authorization"] = f"Bearer {token(client)}"
        yield client


def upload(client: httpx.Client, *leads: object, **options: object) -> httpx.Response:
    body = {"campaign_id": 42, "leads": leads, "compliance_acknowledged": True}
    return client.post("/leads/upload", json=body | options)


def test_key_is_exchanged_for_a_token_with_its_life(sandbox: Sandbox) -> None:
    with client_of(sandbox, "agora") as client:
        answer = client.post("/auth/api-key/token", json={"api_key": KEY})
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 300)


def test_wrong_key_gets_no_token(sandbox: Sandbox) -> None:
    with client_of(sandbox, "agora") as client:
        answer = client.post("/auth/api-key/token", json={"api_key": "wrong"})
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_api_key",
        "message": "The provided API key is invalid, expired, or revoked.",
    }


@pytest.mark.parametrize("body", [{}, {"api_key": 1}, [], {"key": KEY}], ids=str)
def test_malformed_token_request_is_bad(sandbox: Sandbox, body: object) -> None:
    with client_of(sandbox, "agora") as client:
        answer = client.post("/auth/api-key/token", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


@pytest.mark.parametrize("authorization", ["", "Bearer x", f"Bearer {KEY}"])
def test_upload_without_a_token_is_unauthorized(
    sandbox: Sandbox, authorization: str
) -> None:
    with client_of(sandbox, "agora", authorization=authorization) as client:
        answer = upload(client, ANNA)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_token_expires_and_a_new_one_is_taken(
    client: httpx.Client, sandbox: Sandbox, clock: Clock
) -> None:
    clock.now += 299
    assert upload(client, ANNA).status_code == 202
    clock.now += 1
    answer = upload(client, BEN)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    client.headers["authorization"] = f"Bearer {token(client)}"
    assert upload(client, BEN).status_code == 202
    assert sandbox.simulators["agora"].stored == {"42": [ANNA, BEN]}


def test_new_token_leaves_the_earlier_one_alone(client: httpx.Client) -> None:
    token(client)
    assert upload(client, ANNA).status_code == 202


def test_leads_are_queued_and_bad_rows_named(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    bad = {"phone": "5550000003", "email": "nobody"}
    answer = upload(client, ANNA, bad, BEN)
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "import_id": "imp_1",
        "received_count": 3,
        "valid_count": 2,
        "invalid_count": 1,
        "errors": [
            {"row": 1, "var_field": "phone", "message": "invalid phone number format"},
            {"row": 1, "var_field": "email", "message": "invalid email format"},
        ],
    }
    assert sandbox.simulators["agora"].stored == {"42": [ANNA, BEN]}


def test_errors_can_name_the_field_as_the_contract_does() -> None:
    with (
        serve([AgoraSimulator(speaks="contract", token_life=9)]) as sandbox,
        client_of(sandbox, "agora") as client,
    ):
        client.headers["authorization"] = f"Bearer {token(client)}"
        errors = upload(client, {"phone": "x"}).json()["errors"]
    assert errors[0]["field"] == "phone"


def test_duplicates_are_skipped_silently(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    upload(client, ANNA)
    report = upload(client, ANNA, BEN, BEN).json()
    assert (report["received_count"], report["valid_count"]) == (3, 1)
    assert (report["invalid_count"], report["errors"]) == (0, [])
    assert sandbox.simulators["agora"].stored == {"42": [ANNA, BEN]}


def test_skipped_duplicates_can_count_as_valid() -> None:
    with (
        serve([AgoraSimulator(counts_skipped=True)]) as sandbox,
        client_of(sandbox, "agora") as client,
    ):
        client.headers["authorization"] = f"Bearer {token(client)}"
        report = upload(client, ANNA, ANNA).json()
    assert (report["received_count"], report["valid_count"]) == (2, 2)


def test_duplicates_are_added_again_when_not_skipped(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    upload(client, ANNA)
    upload(client, ANNA, skip_duplicates=False)
    assert sandbox.simulators["agora"].stored == {"42": [ANNA, ANNA]}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"campaign_id": "42"}, "campaign_id"),
        ({"campaign_id": 0}, "campaign_id"),
        ({"campaign_id": True}, "campaign_id"),
        ({"leads": []}, "leads"),
        ({"leads": {}}, "leads"),
        ({"compliance_acknowledged": False}, "compliance_acknowledged"),
        ({"compliance_acknowledged": 1}, "compliance_acknowledged"),
        ({"source": None}, "source"),
        ({"tags": "spring"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"skip_duplicates": "yes"}, "skip_duplicates"),
        ({"disclaimer_version": 1}, "disclaimer_version"),
        ({"batch": "x"}, "batch"),
    ],
    ids=str,
)
def test_wrong_top_level_is_a_bad_request(
    client: httpx.Client, sandbox: Sandbox, options: dict[str, object], field: str
) -> None:
    answer = upload(client, ANNA, **options)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert answer.json()["message"].startswith(field)
    assert sandbox.simulators["agora"].stored == {}


@pytest.mark.parametrize("missing", ["campaign_id", "leads", "compliance_acknowledged"])
def test_missing_required_field_is_a_bad_request(
    client: httpx.Client, missing: str
) -> None:
    body = {"campaign_id": 42, "leads": [ANNA], "compliance_acknowledged": True}
    del body[missing]
    answer = client.post("/leads/upload", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == f"{missing} is required"


def test_all_documented_options_are_taken(client: httpx.Client) -> None:
    options = {"source": "web", "tags": ["spring"], "disclaimer_version": "v1.0"}
    assert upload(client, ANNA, **options).status_code == 202


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"first_name": "Anna"}, "phone"),
        ({"phone": 15550000001}, "phone"),
        ({**BEN, "email": 1}, "email"),
        ({**BEN, "title": None}, "title"),
        ("+15550000001", "lead"),
    ],
    ids=str,
)
def test_lead_of_the_wrong_shape_fails_the_batch(
    client: httpx.Client, sandbox: Sandbox, bad: object, field: str
) -> None:
    answer = upload(client, ANNA, bad)
    assert answer.status_code == 422
    assert [(e["row"], e["var_field"]) for e in answer.json()["errors"]] == [(1, field)]
    assert sandbox.simulators["agora"].stored == {}


def test_foreign_campaign_is_forbidden(client: httpx.Client) -> None:
    answer = upload(client, ANNA, campaign_id=43)
    assert (answer.status_code, answer.json()) == (403, FOREIGN)


def test_unknown_campaign_is_a_bad_request(client: httpx.Client) -> None:
    answer = upload(client, ANNA, campaign_id=99)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid campaign_id"


@pytest.mark.parametrize(
    ("campaign", "status"), [("42", 200), ("43", 403), ("99", 403), ("x", 403)]
)
def test_events_tell_whether_token_and_campaign_fit(
    client: httpx.Client, campaign: str, status: int
) -> None:
    assert client.get(f"/webhooks/{campaign}/events").status_code == status


def test_events_need_a_token(sandbox: Sandbox) -> None:
    with client_of(sandbox, "agora") as client:
        assert client.get("/webhooks/42/events").json() == UNAUTHORIZED
