"""All simulators behind one port of 127.0.0.1, for as long as a `with` lasts."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from leadctl.sandbox.agora import AgoraSimulator
from leadctl.sandbox.faults import Connection, fault_from_values
from leadctl.sandbox.lupitor import LupitorSimulator
from leadctl.sandbox.ozonetel import OzonetelSimulator
from leadctl.sandbox.vicidial import VicidialSimulator
from leadctl.sandbox.voiso import VoisoSimulator
from leadctl.sandbox.yotel import YotelSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from starlette.requests import Request

    from leadctl.sandbox.simulator import Simulator

HOST = "127.0.0.1"
SIMULATORS: dict[str, Callable[[], Simulator]] = {
    "agora": AgoraSimulator,
    "ozonetel": OzonetelSimulator,
    "lupitor": LupitorSimulator,
    "yotel": YotelSimulator,
    "voiso": VoisoSimulator,
    "vicidial": VicidialSimulator,
}


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, and the simulators in it by provider name."""

    port: int
    simulators: dict[str, Simulator]
    word: str
    """What the control paths of this sandbox begin with."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def control_url(self, provider: str) -> str:
        return f"{self.url}/_sandbox/{self.word}/{provider}"

    def base_url(self, provider: str) -> str:
        return self.url + self.simulators[provider].prefix

    def environment(self, provider: str) -> dict[str, str]:
        """Return the variables that make leadctl's default account use the sandbox."""
        settings = self.simulators[provider].settings()
        settings["base_url"] = self.base_url(provider)
        return {
            f"LEADCTL_{provider}_{setting}".upper(): value
            for setting, value in settings.items()
        }


@contextmanager
def serve(
    simulators: Iterable[Simulator] | None = None, port: int = 0
) -> Iterator[Sandbox]:
    """Serve simulators (default: all six) for as long as the `with` lasts.

    Port 0 takes any free one; a port in use raises OSError. Open requests are dropped
    at the end.
    """
    if simulators is None:
        simulators = [simulator() for simulator in SIMULATORS.values()]
    by_name = {simulator.name: simulator for simulator in simulators}
    # asyncio switches Nagle's algorithm off only if the protocol is named; otherwise
    # every answer may wait 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, proto=socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        sandbox = Sandbox(listener.getsockname()[1], by_name, secrets.token_hex(16))
        with _running(_server(by_name, sandbox.word), listener):
            yield sandbox


class Server(uvicorn.Server):
    """Stops without waiting for its clients: a slow answer may take minutes."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.force_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def _server(simulators: dict[str, Simulator], word: str) -> Server:
    routes = [Mount(each.prefix, each.app()) for each in simulators.values()]
    app = Starlette(
        routes=[*routes, *_control_routes(simulators, word)],
        # A web page whose name resolves to this machine sends another host.
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
        ],
    )
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=120,  # longer than any pause of a client: no race to close
    )
    return Server(config)


@contextmanager
def _running(server: Server, listener: socket.socket) -> Iterator[None]:
    # Off the main thread, uvicorn leaves signals alone.
    thread = threading.Thread(
        target=server.run, args=([listener],), name="leadctl-sandbox", daemon=True
    )
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _control_routes(simulators: Mapping[str, Simulator], word: str) -> list[Route]:
    """Return routes for tests in other processes.

    They begin with a secret word: web pages can send requests to this machine, too.
    """

    async def control(request: Request) -> Response:
        simulator = simulators.get(request.path_params["provider"])
        if simulator is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        match request.method, request.path_params.get("what"):
            case "GET" | "HEAD", "leads":
                return JSONResponse(simulator.stored)
            case "GET" | "HEAD", "requests":
                return JSONResponse([asdict(line) for line in simulator.log])
            case "POST", "faults":
                try:
                    wanted = [*map(fault_from_values, await request.json())]
                except (ValueError, TypeError) as error:
                    return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)
                simulator.faults.add(*wanted)
            case "DELETE", None:
                simulator.forget()
            case _:
                raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    root = f"/_sandbox/{word}/{{provider}}"
    methods = ["GET", "POST", "DELETE"]
    return [
        Route(path, control, methods=methods) for path in (root, f"{root}/{{what}}")
    ]
