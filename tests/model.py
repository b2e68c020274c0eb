"""A model of a provider: a server that misbehaves on request, and its class."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from leadctl.model.errors import InDoubt, NotProcessed
from leadctl.model.lead_fields import Field, text
from leadctl.model.leads import CREATED, Outcome
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import Limits, Provider
from leadctl.providers.http_auth import Auth, bearer
from leadctl.providers.response import body, by_phone, duplicate, rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.model.leads import Batch


class Crash(BaseException):
    """The process dies here."""


RAISED: dict[str, Exception] = {
    "refuse": NotProcessed("no connection"),
    "lose_before": InDoubt("the answer was lost"),
}
ANSWERED = {
    "throttle": (429, {"Retry-After": "3"}),
    "error_before": (500, {}),
    "sink": (422, {}),
}
"""Events before anything is stored: what the client meets instead."""


@dataclass
class Server:
    """Keeps what it is sent; `script` says what happens to each request in turn.

    With `refuses_doubles` a number that is there already is reported and not added.
    """

    script: list[str]
    refuses_doubles: bool
    stored: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.requests += 1
            return self._sent(request, self.script.pop(0) if self.script else "ok")

    def _sent(self, request: httpx.Request, event: str) -> httpx.Response:
        if event.startswith("crash") and event.endswith("before"):
            raise Crash
        if event in RAISED:
            raise RAISED[event]
        if event in ANSWERED:
            status, headers = ANSWERED[event]
            return httpx.Response(status, headers=headers, json={"error": "no"})
        answer = self._processed(json.loads(request.content))
        match event:
            case "crash_after":
                raise Crash
            case "lose_after":
                raise InDoubt("the answer was lost")
            case "error_after":
                return httpx.Response(502, text="<html>")
            case "garbage":
                return httpx.Response(200, text="<html>")
            case "forget":
                answer = {name: numbers[1:] for name, numbers in answer.items()}
            case _:
                pass
        return httpx.Response(200, json=answer)

    def _processed(self, numbers: list[str]) -> dict[str, list[str]]:
        answer: dict[str, list[str]] = {"created": [], "duplicates": [], "rejected": []}
        for number in numbers:
            if number.endswith("13"):
                answer["rejected"].append(number)
            elif self.refuses_doubles and self.stored[number]:
                answer["duplicates"].append(number)
            else:
                self.stored[number] += 1
                answer["created"].append(number)
        return answer


EVENTS = (
    "ok",
    "refuse",
    "throttle",
    "lose_before",
    "lose_after",
    "error_before",
    "error_after",
    "garbage",
    "forget",
    "sink",
    "crash_before",
    "crash_after",
)


@dataclass(frozen=True, kw_only=True)
class Model(Provider):
    """Takes an array of numbers, answers with three lists of them."""

    name = "model"
    title = "Model"
    documentation = "tests/model.py"
    limits = Limits(batch_size=4, doubt_delay=1.0)
    answers = (200,)
    phone_rule = PhoneRule(PhoneForm.E164)
    phone_wire = "phone"
    fields = (Field("name", "name", text),)
    refusal_is_final = True

    base_url: str = "http://127.0.0.1"
    safe: bool = True

    @property
    def resend_is_safe(self) -> bool:
        return self.safe

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        return bearer(secrets["api_key"])

    def request(self, batch: Batch) -> httpx.Request:
        numbers = [lead.phone.wire for lead in batch.leads]
        return httpx.Request("POST", self.url("leads"), json=numbers)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        answer = body(response)
        try:
            return by_phone(
                batch,
                [
                    (answer.get("created"), CREATED),
                    (answer.get("duplicates"), duplicate()),
                    (answer.get("rejected"), rejected("not wanted")),
                ],
            )
        except ValueError as error:
            raise self.unreadable(response) from error


@dataclass
class FakeClock:
    """Time that passes only in `sleep`; it begins now, because dates are checked."""

    now: float = field(default_factory=time.time)
    slept: list[float] = field(default_factory=list)
    real: float = (
        0.0  # seconds a sleep really takes at most, for servers that need theirs
    )

    set_by: float = 0.0

    def time(self) -> float:
        return self.now + self.set_by

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        time.sleep(min(seconds, self.real))
