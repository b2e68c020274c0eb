"""Every provider against every recorded case: what is sent, and what is made of the answer.

A case is a JSON file under tests/providers/<name>/: leads as a file would hold them, the requests
expected on the wire, the answers, and the outcome of every lead or the error for the batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from leadctl import config, errors
from leadctl.fitting import Fitter
from leadctl.model import Batch, Code, Lead, Status
from leadctl.pace import asked_pause
from leadctl.phone import Normaliser
from leadctl.provider import Provider, installed, judge, provider_class
from leadctl.transport import Transport
from leadctl.yamlfile import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model import Outcome

CASES = Path(__file__).parent / "providers"
KEYS = {"yotel": "yt_test_example_key", "agora": "agora_test_example_key"}
KINDS = (
    "created",
    "rejected",
    "duplicate",
    "denied",
    "campaign",
    "throttled",
    "garbage",
)
NOON = 1_700_000_000.0


@dataclass
class Recorded:
    """The wire of one case: checks each request against the record and plays the answer."""

    exchanges: list[dict[str, Any]]
    played: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        exchange = self.exchanges[self.played]
        self.played += 1
        expected = exchange["request"]
        assert (request.method, str(request.url)) == (
            expected["method"],
            expected["url"],
        )
        for name, value in expected.get("headers", {}).items():
            assert (
                request.headers[name]
                if value == "*"
                else request.headers[name] == value
            )
        if "json" in expected:
            assert json.loads(request.content) == expected["json"]
        answer = exchange["answer"]
        headers = answer.get("headers", {})
        if "json" in answer:
            return httpx.Response(
                answer["status"], headers=headers, json=answer["json"]
            )
        return httpx.Response(
            answer["status"], headers=headers, text=answer.get("text", "")
        )


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*/*.json")):
        if path.stem != "cannot-occur":
            yield pytest.param(path, id=f"{path.parent.name}/{path.stem}")


def load(path: Path) -> tuple[dict[str, Any], Provider, Batch]:
    case = json.loads(path.read_text(encoding="utf-8"))
    provider = provider_of(path.parent.name, case.get("settings", {}))
    leads = tuple(leads_of(provider, case["leads"]))
    tags = tuple(case.get("tags", ()))
    return case, provider, Batch(UUID(int=7), case["campaign"], 0, leads, tags)


def provider_of(name: str, settings: dict[str, Any]) -> Provider:
    return config.resolve(
        parse(json.dumps({"accounts": {name: {"provider": name, **settings}}}), "case"),
        {},
        provider=name,
    ).provider


def leads_of(provider: Provider, rows: list[dict[str, Any]]) -> Iterator[Lead]:
    fitter = Fitter(provider, Normaliser(provider.phone_rule), str.encode)
    for number, row in enumerate(rows, start=1):
        yield fitter.lead(number, dict(row))


def played(case: dict[str, Any], provider: Provider, batch: Batch) -> list[Outcome]:
    wire = Recorded(case["exchanges"])
    auth = provider.auth({"api_key": KEYS.get(provider.name, "example-key")})
    transport = Transport(auth, transport=httpx.MockTransport(wire))
    try:
        return judge(provider, batch, transport.send(provider.request(batch)))
    finally:
        transport.close()
        assert wire.played == len(case["exchanges"]), (
            "not every recorded request was made"
        )


@pytest.mark.parametrize("path", [*cases()])
def test_recorded_answer_means_what_the_case_says(path: Path) -> None:
    case, provider, batch = load(path)
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])) as caught:
            played(case, provider, batch)
        assert type(caught.value).__name__ == case["error"]
        if "culprits" in case and isinstance(caught.value, errors.Refused):
            named = {str(i): why for i, why in caught.value.culprits.items()}
            assert named == case["culprits"]
        if "retry_after" in case:
            headers = httpx.Headers(case["exchanges"][-1]["answer"].get("headers", {}))
            assert asked_pause(headers, NOON) == pytest.approx(
                case["retry_after"], abs=1
            )
        return
    outcomes = played(case, provider, batch)
    found = [(outcome.status, outcome.code) for outcome in outcomes]
    assert found == [
        (Status(o["status"]), Code(o["code"]) if o["code"] else None)
        for o in case["outcomes"]
    ]
    for outcome, expected in zip(outcomes, case["outcomes"], strict=True):
        if expected.get("reason") is not None:
            assert outcome.reason == expected["reason"]
