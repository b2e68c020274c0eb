"""Lupitor's simulator: an envelope, two identifiers, two limits, a list of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import LupitorSimulator, Sandbox, serve

from .conftest import MINUTE_BEGINS, Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KEY = "lupitor-sandbox-key"
NO_IDENTIFIER = "At least one of phoneNumber or externalId is required"
ANNA = {
    "phoneNumber": "+15550000001",
    "externalId": "crm-1",
    "metadata": {"name": "Anna Example"},
    "scheduledFor": "2030-01-31T09:00:00Z",
    "priority": 100,
}
BEN = {"phoneNumber": "+15550000002"}
CARA = {"externalId": "crm-3"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "lupitor", **{"x-api-key": KEY}) as client:
        yield client


def create(client: httpx.Client, **lead: object) -> httpx.Response:
    return client.post("/leads", json={"campaignId": "cmp_1", **lead})


def create_bulk(client: httpx.Client, *leads: object) -> httpx.Response:
    return client.post("/leads/bulk", json={"campaignId": "cmp_1", "leads": leads})


def refusal(answer: httpx.Response) -> tuple[int, str]:
    envelope = answer.json()
    assert (envelope["success"], envelope["data"]) == (False, None)
    return answer.status_code, envelope["error"]


def test_single_lead_is_created(client: httpx.Client, sandbox: Sandbox) -> None:
    answer = create(client, **ANNA)
    assert answer.status_code == 201
    assert answer.json() == {
        "success": True,
        "data": {"leadId": "cmp_1_lead_0"},
        "error": None,
    }
    expected = [{"campaignId": "cmp_1", **ANNA}]
    assert sandbox.simulators["lupitor"].stored == {"cmp_1": expected}


@pytest.mark.parametrize(
    ("twin", "message"),
    [
        ({"externalId": "crm-1"}, "Lead with externalId crm-1 already exists"),
        (
            {"externalId": "crm-2", "phoneNumber": "+15550000001"},
            "Lead with phone number +15550000001 already exists",
        ),
        (
            {"externalId": "crm-1", "phoneNumber": "+15550000001"},
            "Lead with externalId crm-1 already exists",
        ),
    ],
    ids=["id", "phone", "id before phone"],
)
def test_single_duplicate_is_refused_by_either_identifier(
    client: httpx.Client, sandbox: Sandbox, twin: dict[str, object], message: str
) -> None:
    create(client, **ANNA)
    assert refusal(create(client, **twin)) == (400, message)
    assert len(sandbox.simulators["lupitor"].stored["cmp_1"]) == 1


def test_bulk_skips_duplicates_and_names_the_matching_identifier(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    create_bulk(client, ANNA)
    twin = {"externalId": "crm-9", "phoneNumber": "+15550000001"}
    answer = create_bulk(client, {"externalId": "crm-1"}, twin, BEN, CARA, CARA)
    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "created": 2,
        "skipped": 3,
        "createdIds": ["cmp_1_lead_1", "cmp_1_lead_2"],
        "skippedIdentifiers": ["crm-1", "+15550000001", "crm-3"],
    }
    assert sandbox.simulators["lupitor"].stored == {"cmp_1": [ANNA, BEN, CARA]}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({}, "At least one of phoneNumber or externalId is required"),
        ({"phoneNumber": "15550000001"}, "phoneNumber must be in E.164 format"),
        ({"phoneNumber": "+1555 000"}, "phoneNumber must be in E.164 format"),
        ({"phoneNumber": 15550000001}, "phoneNumber must be in E.164 format"),
        ({"externalId": 7}, "externalId must be a string"),
        ({**BEN, "metadata": []}, "metadata must be an object"),
        ({**BEN, "priority": 101}, "priority must be a number from 0 to 100"),
        ({**BEN, "priority": "9"}, "priority must be a number from 0 to 100"),
        ({**BEN, "priority": True}, "priority must be a number from 0 to 100"),
        ({**BEN, "name": "Ben"}, "name is not a known field"),
        *(
            (
                {**BEN, "scheduledFor": wrong},
                "scheduledFor must be an ISO 8601 timestamp with an offset",
            )
            for wrong in (
                *("tomorrow", "2030-01-31", "2030-01-31T09:00:00", 5),
                "2030-01-31 09:00:00+00:00",
            )
        ),
    ],
    ids=str,
)
def test_bad_lead_is_refused_and_fails_a_whole_bulk(
    client: httpx.Client, sandbox: Sandbox, bad: dict[str, object], message: str
) -> None:
    assert refusal(create(client, **bad)) == (400, message)
    assert refusal(create_bulk(client, ANNA, bad)) == (400, f"leads[1]: {message}")
    assert sandbox.simulators["lupitor"].stored == {}


def test_lead_in_bulk_has_no_campaign_of_its_own(client: httpx.Client) -> None:
    answer = create_bulk(client, {**BEN, "campaignId": "cmp_1"})
    assert refusal(answer) == (400, "leads[0]: campaignId is not a known field")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"leads": [BEN]}, "campaignId is required"),
        ({"campaignId": 1, "leads": [BEN]}, "campaignId is required"),
        ({"campaignId": "cmp_1"}, "leads array is required"),
        ({"campaignId": "cmp_1", "leads": {}}, "leads array is required"),
        ({"campaignId": "cmp_1", "leads": []}, "leads array cannot be empty"),
        (
            {"campaignId": "cmp_1", "leads": [BEN], "tags": []},
            "Only campaignId and leads are known",
        ),
        (
            {"campaignId": "cmp_1", "leads": [BEN] * 1001},
            "Maximum 1000 leads per bulk request",
        ),
        (["cmp_1"], "campaignId is required"),
    ],
    ids=["no campaign", "int", "no leads", "object", "none", "key", "1001", "array"],
)
def test_malformed_bulk_is_refused(
    client: httpx.Client, body: object, message: str
) -> None:
    assert refusal(client.post("/leads/bulk", json=body)) == (400, message)


def test_single_lead_needs_a_campaign(client: httpx.Client) -> None:
    answer = client.post("/leads", json=BEN)
    assert refusal(answer) == (400, "campaignId is required")


def test_unknown_campaign_is_not_found(client: httpx.Client) -> None:
    body = {"campaignId": "cmp_9"}
    for answer in (
        client.post("/leads", json={**body, **BEN}),
        client.post("/leads/bulk", json={**body, "leads": [BEN]}),
        client.get("/leads", params=body),
    ):
        assert refusal(answer) == (404, "Campaign not found or access denied")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Missing API key"),
        ({"x-api-key": "wrong"}, "Invalid or inactive API key"),
        ({"authorization": f"Bearer {KEY}"}, "Missing API key"),
    ],
    ids=str,
)
def test_wrong_key_is_unauthorized(
    sandbox: Sandbox, headers: dict[str, str], message: str
) -> None:
    with client_of(sandbox, "lupitor", **headers) as client:
        assert refusal(create_bulk(client, BEN)) == (401, message)


def test_key_that_may_only_read_is_forbidden_to_write() -> None:
    with (
        serve([LupitorSimulator(scopes=("read",))]) as sandbox,
        client_of(sandbox, "lupitor", **{"x-api-key": KEY}) as client,
    ):
        assert refusal(create_bulk(client, BEN)) == (403, "Forbidden")
        assert client.get("/leads?campaignId=cmp_1").status_code == 200


def test_eleventh_bulk_request_of_a_minute_is_throttled(
    client: httpx.Client, clock: Clock
) -> None:
    clock.now += 15
    for number in range(10):
        answer = create_bulk(client, {"externalId": str(number)})
        assert answer.headers["X-RateLimit-Limit"] == "10"
        assert answer.headers["X-RateLimit-Remaining"] == str(9 - number)
    answer = create_bulk(client, BEN)
    assert refusal(answer) == (429, "Rate limit exceeded")
    assert answer.headers["X-RateLimit-Reset"] == f"{MINUTE_BEGINS + 60:.0f}"
    assert create(client, **BEN).status_code == 201
    clock.now += 45
    assert create_bulk(client, CARA).status_code == 200


def test_request_101_of_a_minute_is_throttled(client: httpx.Client) -> None:
    for _ in range(100):
        client.get("/leads", params={"campaignId": "cmp_1"})
    answer = create(client, **BEN)
    assert refusal(answer) == (429, "Rate limit exceeded")
    assert answer.headers["X-RateLimit-Limit"] == "100"


def test_leads_are_listed_with_the_time_of_their_creation(
    client: httpx.Client, clock: Clock
) -> None:
    create(client, **BEN)
    clock.now += 1.5
    create(client, **ANNA)
    listed = client.get("/leads", params={"campaignId": "cmp_1"}).json()["data"]
    assert (listed["count"], listed["hasMore"], listed["cursor"]) == (2, False, None)
    ben, anna = listed["leads"]
    assert ben["_creationTime"] == MINUTE_BEGINS * 1000
    assert (ben["externalId"], ben["priority"], ben["status"]) == (None, 0, "raw")
    assert anna == {
        "_id": "cmp_1_lead_1",
        "_creationTime": MINUTE_BEGINS * 1000 + 1500,
        "campaignId": "cmp_1",
        "status": "raw",
        "attempts": 0,
        **ANNA,
    }


def test_list_is_paged_by_cursor(client: httpx.Client) -> None:
    create_bulk(client, *({"externalId": str(number)} for number in range(5)))
    query: dict[str, str] = {"campaignId": "cmp_1", "limit": "2"}
    seen = []
    for _ in range(3):
        page = client.get("/leads", params=query).json()["data"]
        seen += [lead["externalId"] for lead in page["leads"]]
        query["cursor"] = page["cursor"] or "end"
    assert seen == ["0", "1", "2", "3", "4"]
    assert (page["hasMore"], page["cursor"]) == (False, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "campaignId query parameter is required"),
        ({"campaignId": "cmp_1", "limit": "8001"}, "limit must be from 1 to 8000"),
        ({"campaignId": "cmp_1", "cursor": "x"}, "Invalid cursor"),
    ],
    ids=str,
)
def test_malformed_list_query_is_refused(
    client: httpx.Client, query: dict[str, str], message: str
) -> None:
    assert refusal(client.get("/leads", params=query)) == (400, message)


def test_leads_are_deleted_by_external_id_first(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    create_bulk(client, ANNA, BEN, CARA)
    both = {"externalId": "crm-9", "phoneNumber": BEN["phoneNumber"]}
    leads = [{"externalId": "crm-1"}, both, {"externalId": "crm-7"}]
    body: dict[str, object] = {"campaignId": "cmp_1", "leads": leads}
    answer = client.post("/leads/bulk-delete", json=body)
    assert answer.json()["data"] == {
        "deleted": 2,
        "notFound": 1,
        "deletedIdentifiers": ["crm-1", "crm-9"],
        "notFoundIdentifiers": ["crm-7"],
    }
    assert sandbox.simulators["lupitor"].stored == {"cmp_1": [CARA]}
    assert create(client, **ANNA).json()["data"] == {"leadId": "cmp_1_lead_3"}

    for change, said in (
        ({"campaignId": ""}, "campaignId is required"),
        ({"leads": None}, "leads array is required"),
        ({"leads": [{}]}, NO_IDENTIFIER),
    ):
        answer = client.post("/leads/bulk-delete", json=body | change)
        assert refusal(answer) == (400, said)
