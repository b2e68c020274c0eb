"""The contract suite: the tests of every provider, built in or not.

`check_case` plays a recorded case of an upload, `check_preflight`, `check_campaigns`,
`check_removal` and `check_look_up` those of other calls; `LAWS` hold for every provider
whatever it is sent. A case is a JSON file
`<name of the provider>/<name of the case>.json`, or one in a folder there that is named
after the call; docs/adding-a-provider.md explains its keys. A broken case or law raises
AssertionError.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID

import httpx

from leadctl.config import config
from leadctl.delivery.provider_session import with_hint
from leadctl.delivery.rate_limiter import requested_pause
from leadctl.delivery.transport import Transport
from leadctl.mapping.lead_builder import FieldError, LeadBuilder
from leadctl.model import errors
from leadctl.model.leads import DELIVERED, Batch, Lead, Leads
from leadctl.model.removal import Removal
from leadctl.model.yaml_file import parse
from leadctl.phones.normalize import Normalizer, PhoneForm
from leadctl.providers.http_auth import Credentials
from leadctl.providers.preflight import CheckVerdict
from leadctl.providers.response_reading import read_outcomes, read_removals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leadctl.model.leads import Outcome
    from leadctl.providers.base import ListedLead, Provider
    from leadctl.providers.campaigns import ListedCampaign
    from leadctl.providers.preflight import PreflightResult

KINDS = (
    "created",
    "rejected",
    "duplicate",
    "denied",
    "campaign",
    "throttled",
    "garbage",
)
PROBE_KINDS = ("ok", "denied", "campaign", "closed", "throttled", "garbage")
"""The same for the preflight check; `closed` is a campaign that takes no leads now."""
CAMPAIGNS_KINDS = ("ok", "denied", "throttled", "garbage")
"""The same for the list of an account's campaigns."""
REMOVAL_KINDS = ("deleted", "not_found", "denied", "campaign", "throttled", "garbage")
"""The same for the call that deletes leads."""
LOOK_UP_KINDS = ("found", "absent", "garbage")
"""The same for the look-up after a lost answer."""
CALLS = ("preflight", "campaigns", "removal", "look_up")
"""Folders of cases that are no uploads."""
NOON = 1_700_000_000.0


@dataclass(frozen=True)
class Case:
    """A recorded case, ready to be played."""

    path: Path
    facts: dict[str, Any]
    provider: Provider
    batch: Batch


def cases(folder: Path) -> list[Path]:
    """Return the cases of uploads below a folder, in order."""
    return [path for path in _recorded(folder) if path.parent.name not in CALLS]


def preflight_cases(folder: Path) -> list[Path]:
    """Return the cases of the preflight check below a folder, in order."""
    return _cases_of("preflight", folder)


def campaigns_cases(folder: Path) -> list[Path]:
    """Return the cases of the list of campaigns below a folder, in order."""
    return _cases_of("campaigns", folder)


def removal_cases(folder: Path) -> list[Path]:
    """Return the cases of the call that deletes leads below a folder, in order."""
    return _cases_of("removal", folder)


def look_up_cases(folder: Path) -> list[Path]:
    """Return the cases of the look-up below a folder, in order."""
    return _cases_of("look_up", folder)


def _cases_of(call: str, folder: Path) -> list[Path]:
    return [path for path in _recorded(folder) if path.parent.name == call]


def _recorded(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.json"))
    return [path for path in found if path.stem != "cannot-occur"]


@cache
def load(path: Path) -> Case:
    """Read a case, once: every law looks at it."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    folder = path.parent.parent if path.parent.name in CALLS else path.parent
    provider = _provider(folder, facts.get("settings", {}))
    leads = Leads.of(_leads(provider, facts["leads"]))
    tags = tuple(facts.get("tags", ()))
    return Case(
        path, facts, provider, Batch(UUID(int=7), facts["campaign"], 0, leads, tags)
    )


def check_case(path: Path) -> None:
    """Play a case: what is sent is what it records; the answer means what it says."""
    case = load(path)
    if "error" in case.facts:
        _expect_error(case)
    else:
        outcomes, notes = _played(case)
        _expect_outcomes(case, outcomes)
        _require_same("notes", notes, case.facts.get("notes", notes))


def check_preflight(path: Path) -> None:
    """Play a case of the preflight check: it shows what the case says, and no more."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    provider = _provider(path.parent.parent, facts.get("settings", {}))
    if "error" in facts:
        _expect_raised(facts, lambda: _preflight_result(provider, facts))
        return
    preflight = _preflight_result(provider, facts)
    verdicts = {name: getattr(preflight, name).verdict for name in facts["verdicts"]}
    _require_same("verdicts", verdicts, facts["verdicts"])
    for name in ("name", "state", "doubt"):
        _require_same(name, getattr(preflight, name), facts.get(name, ""))


def check_campaigns(path: Path) -> None:
    """Play a case of the list of campaigns, page by page to its end."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    provider = _provider(path.parent.parent, facts.get("settings", {}))
    if "error" in facts:
        _expect_raised(facts, lambda: _campaigns(provider, facts))
        return
    found = [one._asdict() for one in _campaigns(provider, facts)]
    _require_same("campaigns", found, facts["campaigns"])


def _require_same(what: str, found: object, expected: object) -> None:
    """Say in the error what differs: recorded cases are made up."""
    if found != expected:
        said = (
            str(one) if isinstance(one, str) else repr(one) for one in (expected, found)
        )
        raise AssertionError("{}: the case has {}, not {}".format(what, *said))


def check_removal(path: Path) -> None:
    """Play a case of the call that deletes leads."""
    case = load(path)
    if "error" in case.facts:
        _expect_raised(case.facts, lambda: _removed(case))
        return
    removals = [str(one) for one in _removed(case)]
    _require_same("removals", removals, case.facts["removals"])


def check_look_up(path: Path) -> None:
    """Play a case of the look-up after a lost answer, page by page to its end."""
    case = load(path)
    if "error" in case.facts:
        _expect_raised(case.facts, lambda: _looked_up(case))
        return
    assert [[*lead] for lead in _looked_up(case)] == case.facts["listed"]


def _looked_up(case: Case) -> list[ListedLead]:
    found: list[ListedLead] = []
    cursor: str | None = None
    with _wired(case.provider, case.facts) as send:
        while cursor != "":
            request = case.provider.look_up(case.batch, cursor or "")
            assert request is not None, "this provider has no such call"
            page = case.provider.looked_up(send(request))
            found += page.leads
            cursor = page.cursor
    return found


def _removed(case: Case) -> list[Removal]:
    request = case.provider.remove(case.batch)
    assert request is not None, "this provider has no such call"
    with _wired(case.provider, case.facts) as send:
        response = send(request)
    return read_removals(case.provider, case.batch, response)


def _campaigns(provider: Provider, facts: dict[str, Any]) -> list[ListedCampaign]:
    found: list[ListedCampaign] = []
    cursor: str | None = None
    with _wired(provider, facts) as send:
        while cursor != "":
            request = provider.list_campaigns(cursor or "")
            assert request is not None, "this provider has no such call"
            page = provider.read_campaigns(cursor or "", send(request))
            found += page.campaigns
            cursor = page.cursor
    return found


def _preflight_result(provider: Provider, facts: dict[str, Any]) -> PreflightResult:
    campaign = facts["campaign"]
    request = provider.preflight(campaign)
    assert request is not None, "this provider has no such call"
    with _wired(provider, facts) as send:
        preflight = provider.read_preflight(campaign, send(request))
        again = provider.double_check(preflight) if preflight.doubt else None
        return (
            provider.double_checked(campaign, preflight, send(again))
            if again
            else preflight
        )


def _provider(folder: Path, settings: dict[str, Any]) -> Provider:
    return _account(folder, settings).provider


def _account(folder: Path, settings: dict[str, Any]) -> config.Account:
    """Resolve an account; its provider may be declared in a file beside the cases."""
    name = folder.name
    files = (folder.with_name(f"{name}{end}") for end in (".yaml", ".yml"))
    provider = next((str(file) for file in files if file.exists()), name)
    document = parse(json.dumps({"accounts": {name: settings}}), f"{folder}/settings")
    return config.resolve(document, {}, provider=provider, account=name)


def _leads(provider: Provider, rows: list[dict[str, Any]]) -> Iterator[Lead]:
    lead_builder = LeadBuilder(provider, Normalizer(provider.phone_rule), str.encode)
    for number, row in enumerate(rows, start=1):
        yield lead_builder.lead(number, dict(row))


def _secrets(provider: Provider) -> dict[str, str]:
    """Return made-up secrets: `example-key`, where none of a certain look is needed."""
    return dict.fromkeys(provider.secrets, "example-key") | {**provider.example_secrets}


def _played(case: Case) -> tuple[list[Outcome], list[str]]:
    with _wired(case.provider, case.facts) as send:
        response = send(case.provider.request(case.batch))
    outcomes = read_outcomes(case.provider, case.batch, response)
    notes = case.provider.notes(response, outcomes)
    return outcomes, [f"{note.count} {note.message}" for note in notes]


@contextmanager
def _wired(
    provider: Provider, facts: dict[str, Any]
) -> Iterator[Callable[[httpx.Request], httpx.Response]]:
    wire = _Wire(facts["exchanges"])
    secrets = _secrets(provider)
    access = Credentials(provider.auth(secrets), secrets)
    transport = Transport(access, transport=httpx.MockTransport(wire))
    try:
        yield transport.send
    finally:
        transport.close()
        assert wire.played == len(wire.exchanges), "a recorded request was not made"


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
        form = _form_of(expected)
        _require_same(form, _body(request, expected), expected.get(form, ""))
        content = {"json": answer["json"]} if "json" in answer else {}
        text = answer.get("text", "") if not content else None
        return httpx.Response(
            answer["status"], headers=answer.get("headers"), text=text, **content
        )


def _form_of(recorded: dict[str, Any]) -> str:
    return next((form for form in ("json", "form") if form in recorded), "text")


def _body(request: httpx.Request, recorded: dict[str, Any]) -> object:
    """Return the body of a request in the form that the record has it."""
    text = request.content.decode()
    match _form_of(recorded):
        case "json":
            return json.loads(text)
        case "form":
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
            assert len(dict(pairs)) == len(pairs), "duplicate form field"
            return dict(pairs)
        case _:
            return text


def _expect_error(case: Case) -> None:
    raised = _expect_raised(case.facts, lambda: _played(case))
    if isinstance(raised, errors.Refused) and "culprits" in case.facts:
        named = {str(index): why for index, why in raised.culprits.items()}
        _require_same("culprits", named, case.facts["culprits"])
    if "message" in case.facts:
        _require_same("message", raised.message, case.facts["message"])
    if "in_doubt" in case.facts:
        in_doubt = getattr(raised, "in_doubt", None)
        _require_same("in_doubt", in_doubt, case.facts["in_doubt"])
    if "retry_after" in case.facts:
        answer = case.facts["exchanges"][-1]["answer"]
        pause = requested_pause(httpx.Headers(answer.get("headers", {})), NOON)
        assert pause is not None
        assert abs(pause - case.facts["retry_after"]) <= 1


def _expect_raised(
    facts: dict[str, Any], play: Callable[[], object]
) -> errors.ProviderError:
    expected = getattr(errors, facts["error"])
    try:
        found = play()
    except errors.ProviderError as error:
        raised = error
    else:
        raise AssertionError(f"{expected.__name__} expected, not {found}")
    kind = type(raised)
    said = f"the case has {expected.__name__}, not {kind.__name__}: {raised.message}"
    assert kind is expected, said
    return raised


def _expect_outcomes(case: Case, outcomes: list[Outcome]) -> None:
    _require_same("number of outcomes", len(outcomes), len(case.facts["outcomes"]))
    for lead, (outcome, expected) in enumerate(
        zip(outcomes, case.facts["outcomes"], strict=True), start=1
    ):
        for what in ("status", "code", "reason"):
            found = getattr(outcome, what)
            if what == "code" or expected.get(what) is not None:
                _require_same(f"lead {lead}, {what}", found, expected.get(what))


PLAYS = (
    (cases, check_case),
    (preflight_cases, check_preflight),
    (campaigns_cases, check_campaigns),
    (removal_cases, check_removal),
    (look_up_cases, check_look_up),
)
"""What finds the cases of each call below a folder, and what plays one."""


# --- the laws: each takes the folder of one provider's cases --------------------------


STATUSES = (200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503)
BODIES = (
    "",
    "<html>",
    "{}",
    "[]",
    "null",
    '"ok"',
    "{",
    '{"errors": [{"row": 99, "message": "x"}]}',
    '{"errors": {"leads": 3}}',
    '{"results": [null, {"status": "added"}], "valid": 5}',
    '{"leads_import": {"created": 3}}',
    '{"success": true, "data": {"created": -1, "skipped": "x"}}',
    '{"status": "SUCCESS", "message": null}',
    '{"received_count": 0, "invalid_count": 9, "errors": [{}]}',
    "SUCCESS: add_lead LEAD HAS BEEN ADDED",
    "ERROR: 5550100001|101",
)
NOTHING_SAID = ("", "<html>", "{}", "[]", "null", '"ok"', "{", "OK", "NOTICE: SUCCESS")


def every_lead_has_one_outcome(folder: Path) -> None:
    """For any status and any body."""
    for case in _some(folder):
        for status in STATUSES:
            for text in BODIES:
                outcomes = _judged(case, httpx.Response(status, text=text))
                assert outcomes is None or len(outcomes) == len(case.batch), (
                    f"HTTP {status} with {text!r}: {len(outcomes)} outcomes"
                )


def silence_is_not_success(folder: Path) -> None:
    for case in _some(folder):
        for status in STATUSES:
            for text in NOTHING_SAID:
                outcomes = _judged(case, httpx.Response(status, text=text)) or []
                assert not any(outcome.status in DELIVERED for outcome in outcomes), (
                    f"HTTP {status} with {text!r} is taken for success"
                )


ODD = (300, 302, 308, 402, 409, 410, 424, 451, 499, 500, 503)


def an_odd_status_leaves_doubt(folder: Path) -> None:
    """Unless the provider declares that it says "not taken in"."""
    for case in _some(folder):
        for status in ODD:
            if status in case.provider.refusals:
                continue
            for text in NOTHING_SAID:
                error = _raised(case, httpx.Response(status, text=text))
                doubts = getattr(error, "in_doubt", isinstance(error, errors.InDoubt))
                assert doubts, f"HTTP {status}: {error!r}"


def a_batch_gives_the_same_bytes_every_time(folder: Path) -> None:
    for path in cases(folder):
        case = load(path)
        first, again = (case.provider.request(case.batch) for _ in range(2))
        assert first.content == again.content
        assert (first.url, first.headers) == (again.url, again.headers)


def a_higher_word_is_never_dialled_later(folder: Path) -> None:
    scale = load(cases(folder)[0]).provider.priority
    if scale is None:
        return
    words = ("highest", "high", "normal", "low", "lowest")
    ranks = [abs(scale.check(word) - scale.first) for word in words]
    assert ranks == sorted(ranks)
    assert ranks[0] < ranks[-1]


def nothing_private_is_shown(folder: Path) -> None:
    """No key and no phone in a `repr` or in an error."""
    for path in cases(folder):
        case = load(path)
        secrets = _secrets(case.provider)
        shown = [repr(case.batch), repr(case.batch.leads)]
        shown.append(repr(case.provider.auth(secrets)))
        try:
            _played(case)
        except errors.ProviderError as error:
            shown.append(f"{error!r} {error.hint}")
        private = [*secrets.values(), *case.batch.leads.keys]
        assert not any(word in text for word in private for text in shown)


def a_lost_upload_is_in_doubt(folder: Path) -> None:
    """Whatever requests of its own the authentication makes."""
    created = (c for c in map(load, cases(folder)) if c.facts["kind"] == "created")
    case = next(created, None)
    assert case, "no case of kind created"
    secrets = _secrets(case.provider)
    path = case.provider.request(case.batch).url.path
    answers = iter([exchange["answer"] for exchange in case.facts["exchanges"]])

    def lose(request: httpx.Request) -> httpx.Response:
        if request.url.path == path:
            raise ConnectionResetError
        answer = next(answers)
        return httpx.Response(answer["status"], json=answer["json"])

    access = Credentials(case.provider.auth(secrets), secrets)
    transport = Transport(access, transport=httpx.MockTransport(lose))
    try:
        transport.send(case.provider.request(case.batch))
    except errors.InDoubt:
        return
    finally:
        transport.close()
    raise AssertionError("a lost upload was not reported")


def every_kind_is_recorded(folder: Path) -> None:
    """Or `cannot-occur.json` names the kind that cannot occur, and why."""
    recorded = {load(path).facts["kind"] for path in cases(folder)}
    excuses = folder / "cannot-occur.json"
    if excuses.exists():
        recorded |= json.loads(excuses.read_text(encoding="utf-8")).keys()
    _require_recorded(KINDS, recorded)


def a_preflight_check_claims_nothing_by_silence(folder: Path) -> None:
    provider = load(cases(folder)[0]).provider
    for campaign in ("1", None):
        for status in STATUSES:
            for text in NOTHING_SAID:
                response = httpx.Response(status, text=text)
                try:
                    preflight = provider.read_preflight(campaign, response)
                except errors.ProviderError:
                    continue
                assert preflight.campaign.verdict is not CheckVerdict.FINE


def a_preflight_check_writes_nothing(folder: Path) -> None:
    """Nor do other calls that read; a POST only where the provider declares so."""
    case = load(cases(folder)[0])
    provider, upload = case.provider, case.provider.request(case.batch)
    asked = [
        provider.preflight("1"),
        provider.preflight(None),
        provider.look_up(case.batch, ""),
        provider.list_campaigns(""),
    ]
    for request in filter(None, asked):
        if provider.reads_by_post and request.method == "POST":
            said = (request.url, request.content)
            assert said != (upload.url, upload.content)
        else:
            assert request.method in ("GET", "HEAD")


def a_country_code_is_never_lost(folder: Path) -> None:
    """Two people whose numbers differ in the country code alone are told apart."""
    case = load(cases(folder)[0])
    provider, sent = case.provider, set[bytes]()
    codes = ("1", "91")
    for code in codes:
        try:
            lead = next(_leads(provider, [{"phone": f"+{code}2125550100"}]))
        except FieldError:  # it takes the numbers of one country
            return
        batch = Batch(UUID(int=7), case.batch.campaign, 0, Leads.of([lead]))
        sent.add(provider.request(batch).content)
    assert len(sent) == len(codes)


def a_country_code_has_a_place_of_its_own(folder: Path) -> None:
    """Where the number stands apart from it, and nowhere else."""
    provider = load(cases(folder)[0]).provider
    is_split = provider.phone_rule.form is PhoneForm.SPLIT
    assert is_split == bool(provider.phone_code_wire)


def a_resend_is_safe_by_declaration(folder: Path) -> None:
    """Yes, no, or so many seconds later; and the provider's own sentence says so."""
    provider = load(cases(folder)[0]).provider
    safe = provider.resend_is_safe
    assert isinstance(safe, bool) or safe > 0
    assert provider.resend_sentence or not safe, "no resend_sentence is cited"


def a_refusal_names_its_own_secrets(folder: Path) -> None:
    """Not another provider's."""
    account = _account(folder, load(cases(folder)[0]).facts.get("settings", {}))
    hint = with_hint(errors.AccessDenied("refused"), account).hint or ""
    for secret in account.provider.secrets:
        assert config.variable_name(account.name, secret) in hint


def every_kind_of_preflight_check_is_recorded(folder: Path) -> None:
    """Or `preflight/cannot-occur.json` names the kind that cannot occur, and why."""
    if load(cases(folder)[0]).provider.preflight("1") is not None:
        _require_kinds("preflight", PROBE_KINDS, folder)


def every_kind_of_campaign_list_is_recorded(folder: Path) -> None:
    """Or `campaigns/cannot-occur.json` names the kind that cannot occur, and why."""
    if load(cases(folder)[0]).provider.lists_campaigns:
        _require_kinds("campaigns", CAMPAIGNS_KINDS, folder)


def every_kind_of_look_up_is_recorded(folder: Path) -> None:
    """Or `look_up/cannot-occur.json` names the kind that cannot occur, and why."""
    case = load(cases(folder)[0])
    if case.provider.look_up(case.batch, "") is not None:
        _require_kinds("look_up", LOOK_UP_KINDS, folder)


def every_kind_of_removal_is_recorded(folder: Path) -> None:
    """Or `removal/cannot-occur.json` names the kind that cannot occur, and why."""
    if load(cases(folder)[0]).provider.removal_is_exact is not None:
        _require_kinds("removal", REMOVAL_KINDS, folder)


def a_removal_claims_nothing_by_silence(folder: Path) -> None:
    """And each lead has one, whatever the answer."""
    for case in _some(folder):
        provider, batch = case.provider, case.batch
        is_there = provider.remove(batch) is not None
        assert is_there == (provider.removal_is_exact is not None)
        for status in STATUSES:
            for text in (*NOTHING_SAID, *BODIES):
                response = httpx.Response(status, text=text)
                try:
                    found = read_removals(provider, batch, response)
                except errors.ProviderError:
                    continue
                assert {*found} <= {Removal.UNKNOWN}
                assert len(found) == len(batch)


def _require_kinds(call: str, kinds: tuple[str, ...], folder: Path) -> None:
    paths = _cases_of(call, folder)
    recorded = {json.loads(path.read_text("utf-8"))["kind"] for path in paths}
    excuses = folder / call / "cannot-occur.json"
    if excuses.exists():
        recorded |= json.loads(excuses.read_text(encoding="utf-8")).keys()
    _require_recorded(kinds, recorded, call)


def _require_recorded(
    kinds: tuple[str, ...], recorded: set[str], call: str = ""
) -> None:
    missing = ", ".join(kind for kind in kinds if kind not in recorded)
    assert not missing, f"no case of kind {missing}{f' in {call}' if call else ''}"


def a_campaign_list_claims_nothing_by_silence(folder: Path) -> None:
    """No campaigns are those of an empty list, and of nothing else."""
    provider = load(cases(folder)[0]).provider
    for status in STATUSES:
        for text in NOTHING_SAID:
            try:
                page = provider.read_campaigns("", httpx.Response(status, text=text))
            except errors.ProviderError:
                continue
            assert (status < 300, text, page.campaigns) == (True, "[]", [])


LAWS: tuple[Callable[[Path], None], ...] = (
    every_lead_has_one_outcome,
    silence_is_not_success,
    an_odd_status_leaves_doubt,
    a_batch_gives_the_same_bytes_every_time,
    a_higher_word_is_never_dialled_later,
    nothing_private_is_shown,
    a_lost_upload_is_in_doubt,
    every_kind_is_recorded,
    a_preflight_check_claims_nothing_by_silence,
    a_preflight_check_writes_nothing,
    a_country_code_is_never_lost,
    a_country_code_has_a_place_of_its_own,
    a_resend_is_safe_by_declaration,
    a_refusal_names_its_own_secrets,
    every_kind_of_preflight_check_is_recorded,
    every_kind_of_campaign_list_is_recorded,
    a_campaign_list_claims_nothing_by_silence,
    every_kind_of_look_up_is_recorded,
    every_kind_of_removal_is_recorded,
    a_removal_claims_nothing_by_silence,
)


def _some(folder: Path) -> Iterator[Case]:
    """Yield the smallest and the largest batch there is a case of."""
    found = sorted((load(path) for path in cases(folder)), key=lambda c: len(c.batch))
    yield found[0]
    yield found[-1]


def _judged(case: Case, response: httpx.Response) -> list[Outcome] | None:
    try:
        return read_outcomes(case.provider, case.batch, response)
    except errors.ProviderError:
        return None


def _raised(case: Case, response: httpx.Response) -> errors.ProviderError | None:
    try:
        read_outcomes(case.provider, case.batch, response)
    except errors.ProviderError as error:
        return error
    return None
