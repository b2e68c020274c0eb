"""Answers that break the connection instead of ending properly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Scope, Send


class Connection(H11Protocol):
    """Hands each request its transport, so that an answer can be to cut it.

    An application alone cannot: uvicorn turns silence and exceptions into a 500.
    """

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
    transport: Transport = scope["state"]["transport"]
    return transport


async def _disconnected(receive: Receive) -> None:
    """Wait until uvicorn knows, else it would complain about a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
