"""Faults as the client sees them: wrong answers, and broken connections."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from starlette.responses import HTMLResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Scope, Send

    from leadctl.sandbox.faults import Fault
    from leadctl.sandbox.simulator import Simulator


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
    """Return what the client gets of the proper answer to a processed request."""
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
    """Say when to come back, in the form that the fault asks for."""
    if fault.retry_after is None:
        return answer
    moment = math.ceil(simulator.clock() + fault.retry_after)
    match fault.retry_form:
        case "seconds":
            answer.headers["Retry-After"] = str(math.ceil(fault.retry_after))
        case "date":
            answer.headers["Retry-After"] = formatdate(moment, usegmt=True)
        case "reset":
            answer.headers["X-RateLimit-Reset"] = str(moment)
    return answer


class Connection(H11Protocol):
    """Hands each request its transport, so that an answer can cut the connection."""

    # uvicorn narrows the parameter too.
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Dropped(Response):
    """No answer: the client sees the connection end without a byte."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        _transport(scope).abort()
        await _disconnected(receive)


class CutShort(Response):
    """Half of another answer's body under its full Content-Length, then the end."""

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
        # Unlike abort(), close() lets the half that was written reach the client.
        _transport(scope).close()
        await _disconnected(receive)


def _transport(scope: Scope) -> Transport:
    return cast("Transport", scope["state"]["transport"])


async def _disconnected(receive: Receive) -> None:
    """Wait until uvicorn knows, else it would complain about a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
