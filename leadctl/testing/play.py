"""Plays recorded cases: the request is as recorded, the answer means what it says."""
# ruff: noqa: S101  pytest reads its asserts

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx

from leadctl.delivery.rate_limiter import requested_pause
from leadctl.delivery.retrying_caller import Page, every_page
from leadctl.delivery.transport import Transport
from leadctl.model import errors
from leadctl.providers.http_auth import Credentials
from leadctl.providers.response_reading import read_outcomes, read_removals
from leadctl.testing.recorded import Case, example_secrets, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leadctl.model.leads import Outcome
    from leadctl.providers.preflight import PreflightResult

NOON = 1_700_000_000.0


def check_case(path: Path) -> None:
    """Play a case of any call; AssertionError says in what it differs."""
    case = load(path)
    play, compare = _CALLS[case.call]
    if "error" in case.facts:
        _expect_error(case.facts, lambda: play(case))
    else:
        compare(play(case), case.facts)


def uploaded(case: Case) -> tuple[list[Outcome], list[str]]:
    """Return the outcomes of an upload, and its notes."""
    with _wired(case) as send:
        response = send(case.provider.request(case.batch))
    outcomes = read_outcomes(case.provider, case.batch, response)
    notes = case.provider.notes(response, outcomes)
    return outcomes, [f"{note.count} {note.message}" for note in notes]


def _compare_upload(
    found: tuple[list[Outcome], list[str]], facts: dict[str, Any]
) -> None:
    outcomes, notes = found
    expected = facts["outcomes"]
    _require_same("number of outcomes", len(outcomes), len(expected))
    for lead, (outcome, said) in enumerate(zip(outcomes, expected, strict=True), 1):
        shown = outcome._asdict()
        for what in ("status", "code", "reason"):
            if what == "code" or said.get(what) is not None:
                _require_same(f"lead {lead}, {what}", shown[what], said.get(what))
    _require_same("notes", notes, facts.get("notes", notes))


def _checked(case: Case) -> PreflightResult:
    provider, campaign = case.provider, case.facts["campaign"]
    request = _required(provider.preflight(campaign))
    with _wired(case) as send:
        preflight = provider.read_preflight(campaign, send(request))
        again = provider.double_check(preflight) if preflight.doubt else None
        if again is None:
            return preflight
        return provider.double_checked(campaign, preflight, send(again))


def _compare_preflight(found: PreflightResult, facts: dict[str, Any]) -> None:
    """Require that it shows what the case says, and no more."""
    verdicts = {name: getattr(found, name).verdict for name in facts["verdicts"]}
    _require_same("verdicts", verdicts, facts["verdicts"])
    for name in ("name", "state", "doubt"):
        _require_same(name, getattr(found, name), facts.get(name, ""))


def _campaigns(case: Case) -> list[dict[str, str]]:
    provider = case.provider
    pages = _pages(case, provider.list_campaigns, provider.read_campaigns)
    return [one._asdict() for page in pages for one in page.campaigns]


def _looked_up(case: Case) -> list[list[object]]:
    provider = case.provider
    pages = _pages(
        case,
        lambda cursor: provider.look_up(case.batch, cursor),
        lambda _, response: provider.looked_up(response),
    )
    return [[*lead] for page in pages for lead in page.leads]


def _pages(
    case: Case,
    ask: Callable[[str], httpx.Request | None],
    read: Callable[[str, httpx.Response], Page],
) -> list[Page]:
    """Return all pages of a list, to its end."""
    with _wired(case) as send:

        def page(cursor: str) -> Page:
            return read(cursor, send(_required(ask(cursor))))

        return [*every_page(page, errors.Unusable("the list never ends"))]


def _removed(case: Case) -> list[str]:
    request = _required(case.provider.remove(case.batch))
    with _wired(case) as send:
        response = send(request)
    return [str(one) for one in read_removals(case.provider, case.batch, response)]


def _member(name: str) -> Callable[[object, dict[str, Any]], None]:
    """Compare what was found with one member of the case."""
    return lambda found, facts: _require_same(name, found, facts[name])


_CALLS: dict[str, tuple[Callable[[Case], Any], Callable[[Any, dict[str, Any]], None]]]
_CALLS = {
    "upload": (uploaded, _compare_upload),
    "preflight": (_checked, _compare_preflight),
    "campaigns": (_campaigns, _member("campaigns")),
    "removal": (_removed, _member("removals")),
    "look_up": (_looked_up, _member("listed")),
}
"""What plays a case of each call, and what compares the result with the case."""


def _required(request: httpx.Request | None) -> httpx.Request:
    assert request is not None, "this provider has no such call"
    return request


def _require_same(what: str, found: object, expected: object) -> None:
    """Say in the error what differs: recorded cases are made up."""
    if found != expected:
        said = (
            str(one) if isinstance(one, str) else repr(one) for one in (expected, found)
        )
        raise AssertionError("{}: the case has {}, not {}".format(what, *said))


def _expect_error(facts: dict[str, Any], play: Callable[[], object]) -> None:
    expected: type[errors.ProviderError] = getattr(errors, facts["error"])
    try:
        found = play()
    except errors.ProviderError as error:
        raised = error
    else:
        raise AssertionError(f"{expected.__name__} expected, not {found}")
    kind = type(raised)
    said_by_case = f"the case has {expected.__name__}, not {kind.__name__}"
    assert kind is expected, f"{said_by_case}: {raised.message}"
    said = {"message": raised.message, "in_doubt": getattr(raised, "in_doubt", None)}
    if isinstance(raised, errors.Refused):
        said["culprits"] = {str(place): why for place, why in raised.culprits.items()}
    for name, shown in said.items():
        if name in facts:
            _require_same(name, shown, facts[name])
    if "retry_after" in facts:
        answer = facts["exchanges"][-1]["answer"]
        pause = requested_pause(httpx.Headers(answer.get("headers", {})), NOON)
        assert pause is not None
        assert abs(pause - facts["retry_after"]) <= 1


@contextmanager
def _wired(case: Case) -> Iterator[Callable[[httpx.Request], httpx.Response]]:
    wire = _Wire(case.facts["exchanges"])
    try:
        with wired(case, wire) as transport:
            yield transport.send
    finally:
        assert wire.played == len(wire.exchanges), "a recorded request was not made"


@contextmanager
def wired(
    case: Case, answer: Callable[[httpx.Request], httpx.Response]
) -> Iterator[Transport]:
    """Open a transport with made-up credentials that `answer` is behind."""
    secrets = example_secrets(case.provider)
    by = Credentials(case.provider.auth(secrets), secrets)
    transport = Transport(by, transport=httpx.MockTransport(answer))
    try:
        yield transport
    finally:
        transport.close()


@dataclass
class _Wire:
    """Checks each request against the record and plays the answer."""

    exchanges: list[dict[str, Any]]
    played: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert self.played < len(self.exchanges), f"{request.url}: not recorded"
        expected = self.exchanges[self.played]["request"]
        answer = self.exchanges[self.played]["answer"]
        self.played += 1
        _require_same("method", request.method, expected["method"])
        _require_same("url", str(request.url), expected["url"])
        for name, value in expected.get("headers", {}).items():
            sent = request.headers.get(name)
            _require_same(f"header {name}", sent, sent if value == "*" else value)
        form = next((one for one in ("json", "form") if one in expected), "text")
        _require_same(form, _body(request, form), expected.get(form, ""))
        content = {"json": answer["json"]} if "json" in answer else {}
        text = answer.get("text", "") if not content else None
        return httpx.Response(
            answer["status"], headers=answer.get("headers"), text=text, **content
        )


def _body(request: httpx.Request, form: str) -> object:
    """Return the body of a request in the form that the record has it."""
    text = request.content.decode()
    match form:
        case "json":
            return json.loads(text)
        case "form":
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
            assert len(dict(pairs)) == len(pairs), "duplicate form field"
            return dict(pairs)
        case _:
            return text
