"""Faults of the simulators: what was stored, and what the client saw."""

from __future__ import annotations

from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from leadctl.sandbox import Fault, Sandbox, fault_from_text

from .conftest import Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.sandbox import Simulator
    from leadctl.sandbox.faults import Kind

LEAD = {"phone_number": "15550000001"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    key = "Bearer voiso-sandbox-key"
    with client_of(sandbox, "voiso", authorization=key) as client:
        yield client


@pytest.fixture
def voiso(sandbox: Sandbox) -> Simulator:
    return sandbox.simulators["voiso"]


def push(client: httpx.Client) -> httpx.Response:
    return client.post("/campaigns/3/leads", json=[LEAD])


@pytest.mark.parametrize(
    ("kind", "status", "stored"),
    [
        ("throttle", 429, False),
        ("error_before", 503, False),
        ("busy", 409, False),
        ("deny", 401, False),
        ("expire_token", 401, False),
        ("garbage_before", 200, False),
        ("error_after", 503, True),
        ("garbage", 200, True),
        ("slow", 200, True),
        ("slow_after", 200, True),
    ],
)
def test_fault_answers_and_stores_as_it_says(
    client: httpx.Client, voiso: Simulator, kind: Kind, status: int, stored: bool
) -> None:
    voiso.faults.add(Fault(kind))
    answer = push(client)
    assert answer.status_code == status
    assert ("html" in answer.headers["content-type"]) == kind.startswith("garbage")
    assert voiso.stored == ({"3": [LEAD]} if stored else {})
    assert [(line.status, line.fault) for line in voiso.log] == [(status, kind)]


@pytest.mark.parametrize(("kind", "stored"), [("refuse", False), ("lose", True)])
def test_dropped_connection_ends_without_a_byte(
    client: httpx.Client, voiso: Simulator, kind: Kind, stored: bool
) -> None:
    voiso.faults.add(Fault(kind))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        push(client)
    assert voiso.stored == ({"3": [LEAD]} if stored else {})
    assert [line.status for line in voiso.log] == [None]


def test_truncated_answer_ends_within_the_body(
    client: httpx.Client, voiso: Simulator
) -> None:
    voiso.faults.add(Fault("truncate"))
    with client.stream("POST", "/campaigns/3/leads", json=[LEAD]) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            answer.read()
    assert voiso.stored == {"3": [LEAD]}


@pytest.mark.parametrize(("kind", "stored"), [("slow", False), ("slow_after", True)])
def test_client_that_does_not_wait_sees_a_timeout(
    client: httpx.Client, voiso: Simulator, kind: Kind, stored: bool
) -> None:
    voiso.faults.add(Fault(kind, seconds=1))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/campaigns/3/leads", json=[LEAD], timeout=0.2)
    assert voiso.stored == ({"3": [LEAD]} if stored else {})
    # The import goes on without its client.
    assert push(client).status_code == 409


def test_skip_and_times_count_uploads_one_fault_after_the_other(
    client: httpx.Client, voiso: Simulator, clock: Clock
) -> None:
    voiso.faults.add(
        Fault("throttle", skip=1, times=2), Fault("error_before", skip=1, status=500)
    )
    seen = []
    for _ in range(6):
        clock.now += 2
        client.get("/campaigns")
        seen.append(push(client).status_code)
    assert seen == [200, 429, 429, 200, 500, 200]


def test_status_may_be_one_that_only_proxies_use(
    client: httpx.Client, voiso: Simulator
) -> None:
    voiso.faults.add(Fault("error_before", status=520))
    assert push(client).status_code == 520


@pytest.mark.parametrize("kind", ["throttle", "error_before", "error_after"])
def test_retry_hint_is_given_in_the_form_asked_for(
    client: httpx.Client, voiso: Simulator, clock: Clock, kind: Kind
) -> None:
    voiso.faults.add(
        Fault(kind, retry_after=1.5),
        Fault(kind, retry_after=90, retry_form="date"),
        Fault(kind, retry_after=90, retry_form="reset"),
        Fault(kind),
    )
    seconds, date, reset, none = (push(client) for _ in range(4))
    later = clock.now + 90
    assert seconds.headers["Retry-After"] == "2"
    moment = parsedate_to_datetime(date.headers["Retry-After"])
    assert moment.timestamp() == later
    assert reset.headers["X-RateLimit-Reset"] == f"{later:.0f}"
    assert not {"retry-after", "x-ratelimit-reset"} & set(none.headers)


def sign_in(client: httpx.Client, provider: str) -> httpx.Response:
    if provider == "agora":
        body = {"api_key": "agora_test_sandbox_key"}
        return client.post("/auth/api-key/token", json=body)
    body = {"userName": "sandbox_user"}
    return client.post("/ca_apis/CAToken/generateToken", json=body)


@contextmanager
def signed_in(sandbox: Sandbox, provider: str) -> Iterator[httpx.Client]:
    with client_of(sandbox, provider, apikey="ozonetel-sandbox-key") as client:
        answer = sign_in(client, provider).json()
        token = answer["access_token" if provider == "agora" else "token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def upload(client: httpx.Client, provider: str) -> httpx.Response:
    if provider == "agora":
        body: dict[str, object] = {
            "campaign_id": 42,
            "leads": [{"phone": "+15550000001"}],
            "compliance_acknowledged": True,
        }
        return client.post("/leads/upload", json=body)
    body = {
        "campaignName": "Demo",
        "phoneNumber": "9876543210",
        "userName": "sandbox_user",
    }
    return client.post("/ca_apis/AddCampaignData", json=body)


@pytest.mark.parametrize(
    ("provider", "status", "message"),
    [
        ("agora", 401, "Missing, invalid, or expired bearer token"),
        ("ozonetel", 200, "Token Expired"),
    ],
)
def test_expired_token_stays_expired_until_the_next_exchange(
    sandbox: Sandbox, provider: str, status: int, message: str
) -> None:
    simulator = sandbox.simulators[provider]
    with signed_in(sandbox, provider) as client:
        simulator.faults.add(Fault("expire_token"))
        for _ in range(2):
            answer = upload(client, provider)
            assert (answer.status_code, answer.json()["message"]) == (status, message)
        assert simulator.stored == {}
    with signed_in(sandbox, provider) as client:
        upload(client, provider)
    assert len(simulator.stored) == 1


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("agora", "The provided API key is invalid, expired, or revoked."),
        ("ozonetel", "Invalid userName or apiKey"),
    ],
)
def test_token_request_can_be_denied(
    sandbox: Sandbox, provider: str, message: str
) -> None:
    sandbox.simulators[provider].faults.add(Fault("deny", where="token"))
    with client_of(sandbox, provider, apikey="ozonetel-sandbox-key") as client:
        assert sign_in(client, provider).json()["message"] == message


@pytest.mark.parametrize("provider", ["agora", "ozonetel"])
def test_faults_of_token_requests_leave_uploads_alone(
    sandbox: Sandbox, provider: str
) -> None:
    simulator = sandbox.simulators[provider]
    with signed_in(sandbox, provider) as client:
        simulator.faults.add(Fault("error_before", where="token"))
        upload(client, provider)
        assert len(simulator.stored) == 1
        assert sign_in(client, provider).status_code == 503
        assert sign_in(client, provider).status_code == 200


def test_ozonetel_is_throttled_by_its_gateway_with_429(sandbox: Sandbox) -> None:
    sandbox.simulators["ozonetel"].faults.add(Fault("throttle"))
    with signed_in(sandbox, "ozonetel") as client:
        answer = upload(client, "ozonetel")
    assert answer.status_code == 429
    assert answer.json() == {"status": "error", "message": "Max limit exceeded"}


def test_yotel_does_not_know_a_lost_request_by_its_key(sandbox: Sandbox) -> None:
    headers = {"authorization": "Bearer yt_test_sandbox", "idempotency-key": "one"}
    bulk = {"leads": [{"phone": "9876543210"}]}
    sandbox.simulators["yotel"].faults.add(Fault("lose"))
    with client_of(sandbox, "yotel", **headers) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/campaigns/camp_1/leads:bulk", json=bulk)
        answer = client.post("/campaigns/camp_1/leads:bulk", json=bulk)
    assert (answer.json()["valid"], answer.json()["duplicates"]) == (0, 1)


def test_fault_is_read_from_text() -> None:
    assert fault_from_text("lose") == Fault("lose")
    wording = "throttle:skip=2,times=3,retry_after=1.5,retry_form=reset,where=token"
    assert fault_from_text(wording) == Fault(
        "throttle",
        where="token",
        skip=2,
        times=3,
        retry_after=1.5,
        retry_form="reset",
    )
    assert fault_from_text("error_after:status=500, seconds=0.5") == Fault(
        "error_after", status=500, seconds=0.5
    )


@pytest.mark.parametrize(
    ("wording", "complaint"),
    [
        ("loose", "unknown fault kind 'loose'; choose from refuse, lose, throttle,"),
        ("", "unknown fault kind ''"),
        ("lose:skip", "fault option 'skip' is not of the form name=value"),
        ("lose:speed=1", "unknown fault option 'speed'; choose from kind, where,"),
        ("lose:skip=one", "fault option skip=one is not a number"),
        ("lose:skip=-1", "fault option skip=-1 must be 0 or more"),
        ("lose:times=0", "fault option times=0 must be 1 or more"),
        ("error_after:status=200", "fault option status=200 must be from 300 to 599"),
        ("lose:where=home", "unknown fault where 'home'; choose from upload, token"),
        ("throttle:retry_form=x", "unknown fault retry_form 'x'; choose from seconds"),
        ("throttle:retry_after=-1", "fault option retry_after=-1.0 must be 0 or more"),
        ("expire_token:where=token", "expire_token applies to uploads"),
    ],
)
def test_bad_fault_text_is_refused_with_the_choices(
    wording: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=r"fault|expire_token") as raised:
        fault_from_text(wording)
    assert str(raised.value).startswith(complaint)
