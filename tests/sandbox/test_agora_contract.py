"""What leadctl sends to Agora, and its simulator answers, fits the public contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from leadctl.sandbox import AgoraSimulator, serve
from leadctl.testing import cases

from .conftest import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

HERE = Path(__file__).parent
CONTRACT: dict[str, Any] = json.loads((HERE / "agora_contract.json").read_text())
RECORDED = HERE.parent / "providers" / "agora"
KEY = "agora_test_sandbox_key"
LEAD = {"phone": "+15550100001", "email": "asha@mail.example"}


def require(part: str, found: object) -> None:
    jsonschema.validate(found, CONTRACT[part])


def kind(path: str) -> str:
    return next(word for word in ("token", "upload", "events") if word in path)


@pytest.mark.parametrize(
    "path", cases(RECORDED) + cases(RECORDED, "preflight"), ids=lambda path: path.stem
)
def test_every_request_fits_the_contract(path: Path) -> None:
    for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
        request = exchange["request"]
        what = kind(request["url"])
        if what == "events":
            require("events path", request["url"])
        else:
            require(f"{what} request", request["json"])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    simulator = AgoraSimulator(speaks="contract")
    with serve([simulator]) as sandbox, client_of(sandbox, "agora") as client:
        answer = client.post("/auth/api-key/token", json={"api_key": KEY})
        require("token answer", answer.json())
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


UPLOADS: dict[str, tuple[int, dict[str, object]]] = {
    "good": (202, {}),
    "twice": (202, {"leads": [LEAD, LEAD]}),
    "bad-rows": (202, {"leads": [LEAD, {"phone": "5550100002", "email": "no"}]}),
    "bad-shape": (422, {"leads": [LEAD, {"first_name": "Asha"}]}),
    "no-campaign": (400, {"campaign_id": 99}),
    "foreign": (403, {"campaign_id": 43}),
    "not-acknowledged": (400, {"compliance_acknowledged": False}),
}


@pytest.mark.parametrize(("status", "change"), UPLOADS.values(), ids=UPLOADS)
def test_every_answer_to_an_upload_fits_the_contract(
    client: httpx.Client, status: int, change: dict[str, object]
) -> None:
    upload = {"campaign_id": 42, "leads": [LEAD], "compliance_acknowledged": True}
    answer = client.post("/leads/upload", json=upload | change)
    assert answer.status_code == status
    require("upload answer" if status in (202, 422) else "error answer", answer.json())


def test_events_and_errors_fit_the_contract(client: httpx.Client) -> None:
    require("events answer", client.get("/webhooks/42/events").json())
    for answer in (
        client.get("/webhooks/43/events"),
        client.post("/auth/api-key/token", json={"api_key": "agora_test_wrong_key"}),
        client.get("/webhooks/42/events", headers={"authorization": "Bearer x"}),
    ):
        assert answer.is_client_error
        require("error answer", answer.json())
