"""What the simulators share: campaigns, leads, the log, how a request is handled."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NoReturn
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from leadctl.sandbox.faults import (
    Dropped,
    Fault,
    FaultQueue,
    Kind,
    Place,
    afterwards,
    instead,
)

Lead = dict[str, object]


@dataclass
class Call:
    """One request that is read completely; handlers note how many leads it has."""

    request: Request
    purpose: Place
    body: bytes
    leads: int = 0
    noted: object = None  # what was found before it was processed

    @property
    def campaign(self) -> str:
        return str(self.request.path_params["campaign_id"])

    @property
    def bearer(self) -> str:
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> object:
        """Return the body, or None if it is not JSON."""
        try:
            return json.loads(self.body, parse_constant=_not_json)
        except ValueError:
            return None

    def fields(self) -> dict[str, object]:
        """Return the body; one that is not a JSON object counts as empty."""
        body = self.json()
        return body if isinstance(body, dict) else {}

    def form(self) -> dict[str, str]:
        """Return the fields of a form; those in the URL take precedence."""
        text = self.body.decode(errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True)
        return {**dict(pairs), **self.request.query_params}


class Refusal(Exception):
    """Ends the handling of a request with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def _not_json(constant: str) -> NoReturn:
    """Refuse NaN and infinities, which Python accepts but JSON does not have."""
    raise ValueError(constant)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line of the request log. `status` is None if the connection was dropped."""

    time: float
    seconds: float
    method: str
    path: str
    purpose: Place
    status: int | None
    leads: int
    fault: Kind | None


Handler = Callable[[Call], Response]


@dataclass
class Campaign:
    """A campaign and its leads; duplicates are recognised by the keys in `known`."""

    identifier: str
    state: str
    name: str = ""
    leads: list[Lead] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def add(self, lead: Lead, *keys: str) -> None:
        self.known.update(keys)
        self.leads.append(lead)

    def discard(self, place: int, *keys: str) -> None:
        """Remove the lead at a place, and its keys."""
        self.known.difference_update(keys)
        del self.leads[place]


@dataclass(kw_only=True, eq=False)
class Simulator(ABC):
    """One provider's API.

    `open_campaigns` adds campaigns that take leads; `names` has their names. `latency`
    seconds pass before each upload is processed. `clock` returns Unix time.
    """

    name: ClassVar[str]
    prefix: ClassVar[str]
    phone_field: ClassVar[str]
    default_campaigns: ClassVar[Mapping[str, str]]
    open_state: ClassVar[str]
    no_campaign: ClassVar[tuple[int, str]] = (404, "Not found")
    """The answer about an unknown campaign."""
    denial: ClassVar[tuple[int, str]] = (401, "Unauthorized")
    """The answer to a wrong key."""

    api_key: str
    open_campaigns: Collection[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    clock: Callable[[], float] = time.time

    campaigns: dict[str, Campaign] = field(init=False)
    faults: FaultQueue = field(init=False, default_factory=FaultQueue)

    def __post_init__(self) -> None:
        # Requests come from the server's thread, questions from any.
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Start anew: without leads, log, faults, tokens and used-up limits."""
        states = dict(self.default_campaigns)
        states |= dict.fromkeys(self.open_campaigns, self.open_state)
        with self._lock:
            self.campaigns = {
                one: Campaign(one, state, self.names.get(one, f"Campaign {one}"))
                for one, state in states.items()
            }
            self._log: list[Exchange] = []
            self.faults.clear()
            self.reset()

    @property
    def stored(self) -> dict[str, list[Lead]]:
        """The leads of each campaign that has any, as received, in order of arrival."""
        with self._lock:
            found = {name: [*one.leads] for name, one in self.campaigns.items()}
        return {name: leads for name, leads in found.items() if leads}

    @property
    def log(self) -> list[Exchange]:
        """The requests answered or dropped so far, in the order in which they ended."""
        with self._lock:
            return list(self._log)

    def settings(self) -> dict[str, str]:
        """Return the settings that a client needs besides the base URL."""
        return {"api_key": self.api_key}

    def app(self) -> Starlette:
        return Starlette(
            routes=self.routes(), exception_handlers={404: self._not_found}
        )

    @abstractmethod
    def routes(self) -> list[Route]: ...

    @abstractmethod
    def admit(self, call: Call) -> None:
        """Refuse what needs no look at the body; not called for token requests."""

    @abstractmethod
    def error(self, status: int, message: str) -> Response:
        """Answer with an error in the provider's form."""

    def refusal(self, status: int, message: str) -> Refusal:
        return Refusal(self.error(status, message))

    def denied(self) -> Response:
        return self.error(*self.denial)

    def token_denied(self) -> Response:
        """Answer a token request that has a wrong key."""
        return self.denied()

    def expired(self) -> Response:
        """Let the token expire and say so; a key that cannot expire is denied."""
        return self.denied()

    def throttled(self) -> Response:
        return self.error(429, "Rate limit exceeded")

    def purpose(self, call: Call) -> Place:
        """Tell what a request is for, if all requests have one address."""
        return call.purpose

    def rate_headers(self, _call: Call, _answer: Response) -> dict[str, str]:
        return {}

    def release(self, call: Call) -> None:  # noqa: B027 - a hook
        """Note that an admitted request is about to be answered."""

    def reset(self) -> None:  # noqa: B027 - a hook
        """Forget what the provider keeps beyond campaigns."""

    def campaign(self, identifier: object) -> Campaign:
        found = self.campaigns.get(str(identifier))
        if found is None:
            raise self.refusal(*self.no_campaign)
        return found

    def route(self, method: str, path: str, handler: Handler, purpose: Place) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return await self._exchange(request, handler, purpose)
            except (ClientDisconnect, asyncio.CancelledError):
                # The client left early, or the server stops during a slow answer.
                return Dropped()

        return Route(path, endpoint, methods=[method])

    async def _exchange(
        self, request: Request, handler: Handler, purpose: Place
    ) -> Response:
        arrived = self.clock()
        call = Call(request, purpose, await request.body())
        call.purpose = self.purpose(call)
        fault = self.faults.due(call.purpose)
        with self._lock:
            answer = instead(fault, self) if fault else None
        if answer is None:
            answer = await self._processed(call, handler, fault)
            answer = afterwards(fault, answer, self) if fault else answer
        line = Exchange(
            time=arrived,
            seconds=self.clock() - arrived,
            method=request.method,
            path=request.scope["path"],
            purpose=call.purpose,
            status=None if isinstance(answer, Dropped) else answer.status_code,
            leads=call.leads,
            fault=fault.kind if fault else None,
        )
        with self._lock:
            self._log.append(line)
        return answer

    async def _processed(
        self, call: Call, handler: Handler, fault: Fault | None
    ) -> Response:
        before = self.latency if call.purpose == "upload" else 0.0
        before += fault.seconds if fault and fault.kind == "slow" else 0.0
        after = fault.seconds if fault and fault.kind == "slow_after" else 0.0
        try:
            with self._lock:
                if call.purpose != "token":
                    self.admit(call)
        except Refusal as refusal:
            return refusal.answer
        try:
            await asyncio.sleep(before)
            with self._lock:
                answer = self._handled(call, handler)
            await asyncio.sleep(after)
        finally:
            with self._lock:
                self.release(call)
        return answer

    def _handled(self, call: Call, handler: Handler) -> Response:
        try:
            answer = handler(call)
        except Refusal as refusal:
            answer = refusal.answer
        answer.headers.update(self.rate_headers(call, answer))
        return answer

    async def _not_found(self, _request: Request, _error: Exception) -> Response:
        return self.error(404, "Not found")
