"""A request on its way through a simulator, and what the log keeps of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from leadctl.sandbox.faults import Kind, Place


@dataclass
class Call:
    """One request, read to its end. Handlers note how many leads it brought."""

    request: Request
    purpose: Place
    body: bytes
    leads: int = 0
    noted: object = None  # what was found out before it was processed

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
        """Return the fields of a form; those in the address win."""
        text = self.body.decode(errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True)
        return {**dict(pairs), **self.request.query_params}


class Refusal(Exception):
    """Ends the handling of a request with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def _not_json(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python takes and JSON does not have."""
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
