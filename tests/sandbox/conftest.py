"""One sandbox with a hand-moved clock for all tests; each finds it forgetful."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from leadctl.sandbox import (
    AgoraSimulator,
    LupitorSimulator,
    OzonetelSimulator,
    Sandbox,
    VicidialSimulator,
    VoisoSimulator,
    YotelSimulator,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Made once: every client would load the certificates anew.
TLS = ssl.create_default_context()
MINUTE_BEGINS = 1_800_000_000.0


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = MINUTE_BEGINS

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def shared_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shared_sandbox(shared_clock: Clock) -> Iterator[Sandbox]:
    simulators = [
        AgoraSimulator(clock=shared_clock),
        OzonetelSimulator(clock=shared_clock, do_not_disturb=("9876500000",)),
        LupitorSimulator(clock=shared_clock),
        YotelSimulator(clock=shared_clock),
        VoisoSimulator(clock=shared_clock),
        VicidialSimulator(clock=shared_clock, do_not_call=("2125550199",)),
    ]
    with serve(simulators) as sandbox:
        yield sandbox


@pytest.fixture
def clock(shared_clock: Clock) -> Clock:
    shared_clock.now = MINUTE_BEGINS
    return shared_clock


@pytest.fixture
def sandbox(shared_sandbox: Sandbox, clock: Clock) -> Sandbox:
    assert clock.now == MINUTE_BEGINS
    for simulator in shared_sandbox.simulators.values():
        simulator.forget()
    return shared_sandbox


def client_of(sandbox: Sandbox, provider: str, **headers: str) -> httpx.Client:
    return httpx.Client(
        base_url=sandbox.base_url(provider), headers=headers, timeout=5, verify=TLS
    )
