"""Trouble on request: what may go wrong with an upload, and when it does."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

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
    """One kind of trouble, on the requests it is meant for.

    `where` is "upload", "token", or "read": look-ups, and the call before a run.

    Nothing is stored with `refuse` (connection dropped), `throttle` (429),
    `error_before` (`status`), `garbage_before` (HTML with status 200), `busy` (409),
    `deny` (as with a wrong key) and `expire_token` (as with an expired token, and
    it has really expired; providers with a static key deny).

    The leads are stored with `lose` (connection dropped instead of an answer),
    `error_after` (`status`), `garbage` (HTML with status 200), `truncate` (half the
    body, then the connection is closed), `slow` (processed after `seconds`) and
    `slow_after` (processed at once, answered after `seconds`).

    `skip` requests pass first, then it happens `times` times. `retry_after` seconds
    are announced with `throttle`, `error_before` and `error_after`, as `Retry-After`
    in seconds or as an HTTP date, or as `X-RateLimit-Reset` (Unix time).
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
        _check_choice("kind", self.kind, get_args(Kind))
        _check_choice("where", self.where, get_args(Place))
        _check_choice("retry_form", self.retry_form, get_args(RetryForm))
        _check_range("skip", self.skip, 0)
        _check_range("times", self.times, 1)
        _check_range("seconds", self.seconds, 0)
        _check_range("status", self.status, 300, 599)
        if self.retry_after is not None:
            _check_range("retry_after", self.retry_after, 0)
        if (self.kind, self.where) == ("expire_token", "token"):
            raise ValueError("expire_token applies to uploads, not to token requests")


class FaultQueue:
    """Faults wait in line, one line each for uploads, token requests and look-ups.

    Only the first in a line counts requests: `skip` of the second begins when the
    first has happened for the last time. Safe to use from any thread.
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
            if not line:
                return None
            fault = line[0]
            if fault.skip:
                line[0] = replace(fault, skip=fault.skip - 1)
                return None
            if fault.times > 1:
                line[0] = replace(fault, times=fault.times - 1)
            else:
                line.popleft()
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
    """Build a fault from a JSON object or from the texts of a command line."""
    if not isinstance(values, dict) or "kind" not in values:
        raise ValueError("a fault is an object with a kind")
    for name in values:
        _check_choice("option", name, tuple(field.name for field in fields(Fault)))
    return Fault(**{name: _converted(name, value) for name, value in values.items()})


def _converted(name: str, value: object) -> Any:  # noqa: ANN401 - Fault checks it
    convert = {
        "skip": int,
        "times": int,
        "status": int,
        "seconds": float,
        "retry_after": float,
    }.get(name)
    if convert is None or value is None:
        return value
    try:
        return convert(str(value))
    except ValueError:
        raise ValueError(f"fault option {name}={value} is not a number") from None


class UnknownName(ValueError):
    """A name that is none of the `choices`."""

    def __init__(self, what: str, name: object, choices: tuple[str, ...]) -> None:
        super().__init__(
            f"unknown fault {what} {name!r}; choose from {', '.join(choices)}"
        )
        self.name = str(name)
        self.choices = choices


def _check_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UnknownName(what, value, choices)


def _check_range(
    what: str, value: float, low: float, high: float = float("inf")
) -> None:
    if not low <= value <= high:
        meant = f"from {low} to {high}" if high < float("inf") else f"{low} or more"
        raise ValueError(f"fault option {what}={value} must be {meant}")
