"""Routes by which tests in other processes look into the simulators and upset them."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leadctl.sandbox.faults import fault_from_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from leadctl.sandbox.simulator import Simulator


def control_routes(simulators: Mapping[str, Simulator], word: str) -> list[Route]:
    """Return the routes, which only those find who know the word.

    A page in the user's browser may send requests to this machine, too.
    """

    def asked(request: Request) -> Simulator:
        try:
            return simulators[request.path_params["provider"]]
        except KeyError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None

    async def leads(request: Request) -> Response:
        return JSONResponse(asked(request).stored)

    async def requests(request: Request) -> Response:
        return JSONResponse([asdict(line) for line in asked(request).log])

    async def faults(request: Request) -> Response:
        simulator = asked(request)
        try:
            wanted = [fault_from_values(values) for values in await request.json()]
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        simulator.faults.add(*wanted)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def forget(request: Request) -> Response:
        asked(request).forget()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    root = f"/_sandbox/{word}/{{provider}}"
    return [
        Route(f"{root}/leads", leads),
        Route(f"{root}/requests", requests),
        Route(f"{root}/faults", faults, methods=["POST"]),
        Route(root, forget, methods=["DELETE"]),
    ]
