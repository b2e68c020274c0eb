"""Faults on request: what goes wrong with a request, when, and what the client sees."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, fields, replace
from email.utils import formatdate
from math import ceil, inf
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from starlette.responses import HTMLResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Scope, Send

    from leadctl.sandbox.simulator import Simulator

Kind = Literal[
    "refuse",
    "lose",
    "throttle",
    "error_before",
    "error_after",
    "garbage_before",
    "garbage",
    "truncate",
    "slow",
    "slow_after",
    "expire_token",
    "busy",
    "deny",
]
Place = Literal["upload", "token", "read"]
RetryForm = Literal["seconds", "date", "reset"]


@dataclass(frozen=True)
class Fault:
    """One fault, and the requests it happens to; docs/sandbox.md has the kinds.

    `skip` requests pass first, then it happens `times` times. The leads are stored with
    `lose`, `error_after`, `garbage`, `truncate`, `slow` and `slow_after`, and with no
    other kind. `retry_after` seconds are announced in the form of `retry_form`.
    """

    kind: Kind
    where: Place = "upload"
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    retry_after: float | None = None
    retry_form: RetryForm = "seconds"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            _require_choice(name, getattr(self, name), choices)
        for name, (_, least, most) in _NUMBERS.items():
            value = getattr(self, name)
            if value is None and name == "retry_after":
                continue
            if value is None or not least <= value <= most:
                meant = f"{least} or more" if most == inf else f"from {least} to {most}"
                raise ValueError(f"fault option {name}={value} must be {meant}")
        if (self.kind, self.where) == ("expire_token", "token"):
            raise ValueError("expire_token applies to uploads, not to token requests")


_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "where": get_args(Place),
    "retry_form": get_args(RetryForm),
}
_NUMBERS: dict[str, tuple[type[int | float], int, float]] = {
    "skip": (int, 0, inf),
    "times": (int, 1, inf),
    "seconds": (float, 0, inf),
    "status": (int, 300, 599),
    "retry_after": (float, 0, inf),
}
"""The type and the range of each number."""


class FaultQueue:
    """A queue of faults for each place; safe to use from any thread.

    Only the first fault of a queue counts requests.
    """

    def __init__(self) -> None:
        self._waiting: dict[Place, deque[Fault]] = {}
        self._lock = threading.Lock()
        self.clear()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            for fault in faults:
                self._waiting[fault.where].append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting = {place: deque() for place in get_args(Place)}

    def due(self, where: Place) -> Fault | None:
        """Count one request and return what happens to it."""
        with self._lock:
            line = self._waiting[where]
            fault = line.popleft() if line else None
            if fault and fault.skip:
                line.appendleft(replace(fault, skip=fault.skip - 1))
                return None
            if fault and fault.times > 1:
                line.appendleft(replace(fault, times=fault.times - 1))
            return fault


def fault_from_text(wording: str) -> Fault:
    """Read `KIND[:option=value,…]`, e.g. `throttle:skip=2,retry_after=1`."""
    kind, _, options = wording.partition(":")
    values: dict[str, object] = {"kind": kind.strip()}
    for option in filter(None, options.split(",")):
        name, separator, value = option.partition("=")
        if not separator:
            raise ValueError(f"fault option {option!r} is not of the form name=value")
        values[name.strip()] = value.strip()
    return fault_from_values(values)


def fault_from_values(values: Any) -> Fault:  # noqa: ANN401 - from JSON
    """Build a fault from a JSON object, or from texts of the command line."""
    if not isinstance(values, dict) or "kind" not in values:
        raise ValueError("a fault is an object with a kind")
    for name in values:
        _require_choice("option", name, (*(one.name for one in fields(Fault)),))
    return Fault(**{name: _converted(name, value) for name, value in values.items()})


def _converted(name: str, value: object) -> Any:  # noqa: ANN401 - Fault checks it
    if name not in _NUMBERS or value is None:
        return value
    try:
        return _NUMBERS[name][0](str(value))
    except ValueError:
        raise ValueError(f"fault option {name}={value} is not a number") from None


class UnknownName(ValueError):
    """A name that is not among the `choices`."""

    def __init__(self, what: str, name: object, choices: tuple[str, ...]) -> None:
        super().__init__(
            f"unknown fault {what} {name!r}; choose from {', '.join(choices)}"
        )
        self.name = str(name)
        self.choices = choices


def _require_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UnknownName(what, value, choices)


def instead(fault: Fault, simulator: Simulator) -> Response | None:
    """Answer without processing the request, or return None to have it processed."""
    match fault.kind:
        case "refuse":
            return Dropped()
        case "throttle":
            return _hinted(simulator.throttled(), fault, simulator)
        case "error_before":
            return _failed(fault, simulator)
        case "garbage_before":
            return _garbage()
        case "busy":
            return simulator.error(409, "Conflict")
        case "deny":
            is_token = fault.where == "token"
            return simulator.token_denied() if is_token else simulator.denied()
        case "expire_token":
            return simulator.expired()
        case "lose" | "error_after" | "garbage" | "truncate" | "slow" | "slow_after":
            return None


def afterwards(fault: Fault, answer: Response, simulator: Simulator) -> Response:
    """Return what the client gets instead of the answer to a processed request."""
    match fault.kind:
        case "lose":
            return Dropped()
        case "error_after":
            return _failed(fault, simulator)
        case "garbage":
            return _garbage()
        case "truncate":
            return CutShort(answer)
        case _:
            return answer


def _failed(fault: Fault, simulator: Simulator) -> Response:
    answer = simulator.error(fault.status, "Something went wrong")
    return _hinted(answer, fault, simulator)


def _garbage() -> Response:
    return HTMLResponse("<html><body><h1>We will be right back</h1></body></html>")


def _hinted(answer: Response, fault: Fault, simulator: Simulator) -> Response:
    """Add when to retry, in the form that the fault asks for."""
    if fault.retry_after is None:
        return answer
    moment = ceil(simulator.clock() + fault.retry_after)
    match fault.retry_form:
        case "seconds":
            answer.headers["Retry-After"] = str(ceil(fault.retry_after))
        case "date":
            answer.headers["Retry-After"] = formatdate(moment, usegmt=True)
        case "reset":
            answer.headers["X-RateLimit-Reset"] = str(moment)
    return answer


class Connection(H11Protocol):
    """Hands each request its transport, so that an answer can cut the connection."""

    # uvicorn narrows the parameter, too.
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Dropped(Response):
    """No answer: the client sees the connection end without a byte."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        _transport(scope).abort()
        await _disconnected(receive)


class CutShort(Response):
    """Half of an answer's body under its full Content-Length, then the end."""

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=whole.status_code)
        self.raw_headers = whole.raw_headers
        self.body = bytes(whole.body[: len(whole.body) // 2])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        # Unlike abort(), close() still delivers the half that was written.
        _transport(scope).close()
        await _disconnected(receive)


def _transport(scope: Scope) -> Transport:
    return cast("Transport", scope["state"]["transport"])


async def _disconnected(receive: Receive) -> None:
    """Wait until uvicorn knows; otherwise it would report a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
