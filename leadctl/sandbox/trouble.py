"""Faults as the client sees them: the answers that stand in for the proper ones."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from leadctl.sandbox.connection import CutShort, Dropped

if TYPE_CHECKING:
    from leadctl.sandbox.faults import Fault
    from leadctl.sandbox.simulator import Simulator


def instead(fault: Fault, simulator: Simulator) -> Response | None:
    """Answer without processing the request, or return None to have it processed."""
    answer: Response | None
    match fault.kind:
        case "refuse":
            answer = Dropped()
        case "throttle":
            answer = _hinted(simulator.throttled(), fault, simulator.clock())
        case "error_before":
            answer = _failed(fault, simulator)
        case "garbage_before":
            answer = _garbage()
        case "busy":
            answer = simulator.error(409, "Conflict")
        case "deny" if fault.where == "token":
            answer = simulator.token_denied()
        case "deny":
            answer = simulator.denied()
        case "expire_token":
            answer = simulator.expired()
        case "lose" | "error_after" | "garbage" | "truncate" | "slow" | "slow_after":
            answer = None
    return answer


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
    return _hinted(answer, fault, simulator.clock())


def _garbage() -> Response:
    return HTMLResponse("<html><body><h1>We will be right back</h1></body></html>")


def _hinted(answer: Response, fault: Fault, now: float) -> Response:
    """Say when to come back, in the form that the fault asks for."""
    if fault.retry_after is None:
        return answer
    match fault.retry_form:
        case "seconds":
            answer.headers["Retry-After"] = str(math.ceil(fault.retry_after))
        case "date":
            moment = math.ceil(now + fault.retry_after)
            answer.headers["Retry-After"] = formatdate(moment, usegmt=True)
        case "reset":
            moment = math.ceil(now + fault.retry_after)
            answer.headers["X-RateLimit-Reset"] = str(moment)
    return answer
