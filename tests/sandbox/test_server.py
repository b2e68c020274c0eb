"""The server of the sandbox: all providers on one port, clean shutdown, control."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from leadctl.sandbox import (
    SIMULATORS,
    AgoraSimulator,
    Fault,
    Sandbox,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

from .conftest import TLS, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LEADS = "/campaigns/3/leads"
KEY = "Bearer voiso-sandbox-key"
ANNA = {"phone_number": "15550000001", "name": "Anna Example"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"authorization": KEY}
    with httpx.Client(base_url=sandbox.url, headers=headers, verify=TLS) as client:
        yield client


def test_all_six_are_served_by_default() -> None:
    with serve() as sandbox:
        assert list(sandbox.simulators) == list(SIMULATORS)
        assert len(SIMULATORS) == 6
        for provider in SIMULATORS:
            answer = httpx.get(sandbox.base_url(provider) + "/nowhere")
            assert answer.status_code == 404
            assert "Not found" in answer.text


def test_environment_points_an_account_at_the_sandbox(sandbox: Sandbox) -> None:
    url = f"http://127.0.0.1:{sandbox.port}"
    assert sandbox.environment("voiso") == {
        "LEADCTL_VOISO_API_KEY": "voiso-sandbox-key",
        "LEADCTL_VOISO_CLUSTER_ID": "sandbox",
        "LEADCTL_VOISO_BASE_URL": f"{url}/voiso/api/v4",
    }
    assert sandbox.environment("ozonetel") == {
        "LEADCTL_OZONETEL_API_KEY": "ozonetel-sandbox-key",
        "LEADCTL_OZONETEL_USER_NAME": "sandbox_user",
        "LEADCTL_OZONETEL_BASE_URL": f"{url}/ozonetel",
    }
    assert sandbox.environment("lupitor")["LEADCTL_LUPITOR_DEPLOYMENT"] == "sandbox"
    key = sandbox.environment("yotel")["LEADCTL_YOTEL_API_KEY"]
    assert key.startswith("yt_test_")
    key = sandbox.environment("agora")["LEADCTL_AGORA_API_KEY"]
    assert key.startswith("agora_test_")
    assert len(key) >= 16


def test_end_leaves_no_thread_and_no_listener() -> None:
    before = set(threading.enumerate())
    with serve([VoisoSimulator()]) as sandbox:
        httpx.get(sandbox.base_url("voiso") + "/nowhere", verify=TLS)
        (thread,) = set(threading.enumerate()) - before
        assert thread.is_alive()
    assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)


def test_end_does_not_wait_for_a_slow_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    simulator = VoisoSimulator()
    simulator.faults.add(Fault("slow", seconds=60))
    with (
        ThreadPoolExecutor() as pool,
        httpx.Client(headers={"authorization": KEY}, verify=TLS) as client,
    ):
        with serve([simulator]) as sandbox:
            url = sandbox.base_url("voiso") + LEADS
            answer = pool.submit(client.post, url, json=[ANNA], timeout=60)
            time.sleep(0.2)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            answer.result(timeout=5)
    assert simulator.stored == {}
    assert not caplog.records


def test_body_of_the_with_keeps_its_own_error() -> None:
    with pytest.raises(KeyError), serve([VoisoSimulator()]) as sandbox:
        sandbox.base_url("nobody")


def test_port_can_be_chosen_and_used_again() -> None:
    with serve([VoisoSimulator()]) as sandbox:
        port = sandbox.port
        with pytest.raises(OSError, match="in use"), serve(port=port):
            pass
    with serve([VoisoSimulator()], port=port) as sandbox:
        assert sandbox.port == port


def test_open_campaigns_take_leads_besides_the_default_ones() -> None:
    yotel = YotelSimulator(open_campaigns=["camp_mine"])
    agora = AgoraSimulator(open_campaigns=["7"])
    with serve([yotel, agora]) as sandbox:
        with client_of(
            sandbox, "yotel", authorization="Bearer yt_test_sandbox"
        ) as client:
            body = {"leads": [{"phone": "9876543210"}]}
            client.post("/campaigns/camp_mine/leads:bulk", json=body)
        with client_of(sandbox, "agora") as client:
            exchange = {"api_key": "agora_test_sandbox_key"}
            token = client.post("/auth/api-key/token", json=exchange).json()
            client.headers["authorization"] = f"Bearer {token['access_token']}"
            assert client.get("/webhooks/7/events").status_code == 200
    assert yotel.stored == {"camp_mine": [{"phone": "9876543210"}]}


def test_latency_delays_uploads_only() -> None:
    simulator = VoisoSimulator(latency=0.2)
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "voiso", authorization=KEY) as client,
    ):
        client.get("/campaigns")
        client.post(LEADS, json=[ANNA])
    read, upload = simulator.log
    assert read.seconds < 0.2 <= upload.seconds


def test_small_requests_are_answered_without_waiting_for_acknowledgements() -> None:
    """Where Nagle's algorithm is left on, even the quickest takes 40 ms."""
    simulator = VoisoSimulator()
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "voiso", authorization=KEY) as client,
    ):
        quickest = 1.0
        for _ in range(40):
            began = time.monotonic()
            client.get("/campaigns/3")
            quickest = min(quickest, time.monotonic() - began)
        assert quickest < 0.03


def test_client_that_leaves_within_its_request_stores_nothing(
    sandbox: Sandbox, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    head = (
        f"POST /voiso/api/v4{LEADS} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {KEY}\r\nContent-Length: 99\r\n\r\n[{{"
    )
    with socket.create_connection(("127.0.0.1", sandbox.port)) as connection:
        connection.sendall(head.encode())
    assert client.post(f"/voiso/api/v4{LEADS}", json=[ANNA]).status_code == 200
    assert sandbox.simulators["voiso"].stored == {"3": [ANNA]}
    assert not caplog.records


@pytest.fixture
def control(sandbox: Sandbox) -> str:
    return sandbox.control_url("voiso").removeprefix(sandbox.url)


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "127.0.0.1.elsewhere.example", ""]
)
def test_request_for_another_host_is_refused(
    sandbox: Sandbox, client: httpx.Client, control: str, host: str
) -> None:
    """A page in a browser sends its own, wherever its name points to."""
    for path in (f"/voiso/api/v4{LEADS}", f"{control}/faults"):
        answer = client.post(path, json=[ANNA], headers={"Host": host})
        assert answer.status_code == 400
    assert sandbox.simulators["voiso"].log == []


def test_control_is_found_by_nobody_who_does_not_know_its_word(
    client: httpx.Client, control: str
) -> None:
    with serve([VoisoSimulator()]) as other:
        theirs = other.control_url("voiso").removeprefix(other.url)
    assert client.get(f"{control}/leads").status_code == 200
    for path in ("/_sandbox/voiso/leads", f"{theirs}/leads"):
        assert client.get(path).status_code == 404


def test_control_shows_leads_and_requests(client: httpx.Client, control: str) -> None:
    client.post(f"/voiso/api/v4{LEADS}", json=[ANNA])
    assert client.get(f"{control}/leads").json() == {"3": [ANNA]}
    (line,) = client.get(f"{control}/requests").json()
    assert line.pop("time") > 0
    assert line == {
        "seconds": 0.0,
        "method": "POST",
        "path": "/voiso/api/v4/campaigns/3/leads",
        "purpose": "upload",
        "status": 200,
        "leads": 1,
        "fault": None,
    }


def test_control_adds_faults_and_forgets_everything(
    client: httpx.Client, control: str
) -> None:
    faults = [{"kind": "throttle"}, {"kind": "busy", "times": 9}]
    assert client.post(f"{control}/faults", json=faults).status_code == 204
    path = f"/voiso/api/v4{LEADS}"
    seen = [client.post(path, json=[ANNA]).status_code for _ in range(2)]
    assert seen == [429, 409]
    assert client.delete(control).status_code == 204
    assert client.get(f"{control}/requests").json() == []
    assert client.post(path, json=[ANNA]).status_code == 200


@pytest.mark.parametrize(
    "faults",
    [
        *([{"kind": "x"}], [{}], [1], 5, {"kind": "lose"}, [{"kind": "lose", "x": 1}]),
        [{"kind": "lose", "times": None}],
    ],
    ids=str,
)
def test_control_refuses_bad_faults_with_a_reason(
    client: httpx.Client, control: str, faults: object
) -> None:
    answer = client.post(f"{control}/faults", json=faults)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_control_does_not_know_other_providers(
    client: httpx.Client, control: str
) -> None:
    nobody = control.replace("voiso", "nobody")
    assert client.get(f"{nobody}/leads").status_code == 404
