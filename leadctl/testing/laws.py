"""The laws of every provider: each takes the folder of one provider's cases."""
# ruff: noqa: S101  pytest reads its asserts

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from leadctl.config import config
from leadctl.delivery.provider_session import with_hint
from leadctl.model import errors
from leadctl.model.leads import DELIVERED
from leadctl.model.removal import Removal
from leadctl.phones.rule import PhoneForm
from leadctl.providers.preflight import CheckVerdict
from leadctl.providers.response_reading import read_outcomes, read_removals
from leadctl.testing.play import uploaded, wired
from leadctl.testing.recorded import (
    CALLS,
    Case,
    account,
    batch_of,
    cases,
    example_secrets,
    excused,
    load,
    smallest_and_largest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from leadctl.model.leads import Outcome


KINDS = {
    "upload": (
        *("created", "rejected", "duplicate", "denied", "campaign", "throttled"),
        "garbage",
    ),
    "preflight": ("ok", "denied", "campaign", "closed", "throttled", "garbage"),
    "campaigns": ("ok", "denied", "throttled", "garbage"),
    "removal": ("deleted", "not_found", "denied", "campaign", "throttled", "garbage"),
    "look_up": ("found", "absent", "garbage"),
}
"""The kinds of answers to each call that a provider has; `closed` is a campaign that
takes no leads now."""
ODD = (300, 302, 308, 402, 409, 410, 424, 451, 499, 500, 503)
STATUSES = (200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503)
BODIES = (
    *("", "<html>", "{}", "[]", "null", '"ok"', "{"),
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
NOTHING_SAID = (*BODIES[:7], "OK", "NOTICE: SUCCESS")
"""Bodies that say nothing about any lead."""


def answers(
    bodies: Iterable[str] = BODIES, statuses: Iterable[int] = STATUSES
) -> Iterator[httpx.Response]:
    """Yield made-up answers: every body with every status."""
    for status in statuses:
        for text in bodies:
            yield httpx.Response(status, text=text)


def every_lead_has_one_outcome(folder: Path) -> None:
    """For any status and any body."""
    for said, case, found in _readings(folder):
        if not isinstance(found, errors.ProviderError):
            assert len(found) == len(case.batch), f"{said}: {len(found)}"


def silence_is_not_success(folder: Path) -> None:
    for said, _, found in _readings(folder, NOTHING_SAID):
        if not isinstance(found, errors.ProviderError):
            delivered = [one for one in found if one.status in DELIVERED]
            assert not delivered, f"{said} is taken for success"


def an_odd_status_leaves_doubt(folder: Path) -> None:
    """Unless the provider declares that it says "not taken in"."""
    statuses = {*ODD} - _any(folder).provider.refusals.keys()
    for said, _, found in _readings(folder, NOTHING_SAID, statuses):
        doubts = getattr(found, "in_doubt", isinstance(found, errors.InDoubt))
        assert doubts, f"{said}: {found!r}"


def a_batch_gives_the_same_bytes_every_time(folder: Path) -> None:
    for case in map(load, cases(folder)):
        first, again = (case.provider.request(case.batch) for _ in range(2))
        assert first.content == again.content
        assert (first.url, first.headers) == (again.url, again.headers)


def a_higher_word_is_never_dialled_later(folder: Path) -> None:
    scale = _any(folder).provider.priority
    if scale is None:
        return
    words = ("highest", "high", "normal", "low", "lowest")
    ranks = [abs(scale.check(word) - scale.first) for word in words]
    assert ranks == sorted(ranks)
    assert ranks[0] < ranks[-1]


def nothing_private_is_shown(folder: Path) -> None:
    """No key and no phone in a `repr` or in an error."""
    for case in map(load, cases(folder)):
        secrets = example_secrets(case.provider)
        shown = [repr(case.batch), repr(case.batch.leads)]
        shown.append(repr(case.provider.auth(secrets)))
        try:
            uploaded(case)
        except errors.ProviderError as error:
            shown.append(f"{error!r} {error.hint}")
        private = [*secrets.values(), *case.batch.leads.keys]
        assert not any(word in text for word in private for text in shown)


def a_lost_upload_is_in_doubt(folder: Path) -> None:
    """Whatever requests of its own the authentication makes."""
    created = (c for c in map(load, cases(folder)) if c.facts["kind"] == "created")
    case = next(created, None)
    assert case, "no case of kind created"
    path = case.provider.request(case.batch).url.path
    recorded = iter([exchange["answer"] for exchange in case.facts["exchanges"]])

    def lose(request: httpx.Request) -> httpx.Response:
        if request.url.path == path:
            raise ConnectionResetError
        answer = next(recorded)
        return httpx.Response(answer["status"], json=answer["json"])

    with wired(case, lose) as transport:
        try:
            transport.send(case.provider.request(case.batch))
        except errors.InDoubt:
            return
    raise AssertionError("the loss of an upload was not told")


def every_kind_is_recorded(folder: Path) -> None:
    """Or `cannot-occur.json` beside the cases names what cannot occur, and why."""
    case = _any(folder)
    provider = case.provider
    has = {
        "upload": True,
        "preflight": provider.preflight("1") is not None,
        "campaigns": provider.lists_campaigns,
        "removal": provider.removal_is_exact is not None,
        "look_up": provider.look_up(case.batch, "") is not None,
    }
    missing = []
    for call in filter(has.get, CALLS):
        recorded = {load(path).facts["kind"] for path in cases(folder, call)}
        recorded |= excused(folder, call)
        kinds = [kind for kind in KINDS[call] if kind not in recorded]
        where = "" if call == "upload" else f" in {call}"
        missing += [f"{', '.join(kinds)}{where}"] if kinds else []
    assert not missing, f"no case of kind {'; '.join(missing)}"


def a_country_code_is_never_lost(folder: Path) -> None:
    """Two people whose numbers differ in the country code alone are told apart."""
    case = _any(folder)
    sent = set[bytes]()
    codes = ("1", "91")
    for code in codes:
        number = [{"phone": f"+{code}2125550100"}]
        try:
            batch = batch_of(case.provider, number, case.batch.campaign)
        except ValueError:  # the provider takes numbers of one country
            return
        sent.add(case.provider.request(batch).content)
    assert len(sent) == len(codes)


def a_country_code_has_a_place_of_its_own(folder: Path) -> None:
    """Where the number stands apart from it, and nowhere else."""
    provider = _any(folder).provider
    is_split = provider.phone_rule.form is PhoneForm.SPLIT
    assert is_split == bool(provider.phone_code_wire)


def a_resend_is_safe_by_declaration(folder: Path) -> None:
    """Yes, no, or so many seconds later; and the provider's own sentence says so."""
    provider = _any(folder).provider
    safe = provider.resend_is_safe
    assert isinstance(safe, bool) or safe > 0
    assert provider.resend_sentence or not safe, "no resend_sentence is cited"
    assert provider.resend_window > 0


def a_refusal_names_its_own_secrets(folder: Path) -> None:
    """Not another provider's."""
    owner = account(folder, _any(folder).facts.get("settings", {}))
    hint = with_hint(errors.AccessDenied("refused"), owner).hint or ""
    for secret in owner.provider.secrets:
        assert config.variable_name(owner.name, secret) in hint


def a_preflight_check_claims_nothing_by_silence(folder: Path) -> None:
    provider = _any(folder).provider
    for campaign in ("1", None):
        for response in answers(NOTHING_SAID):
            with suppress(errors.ProviderError):
                shown = provider.read_preflight(campaign, response)
                assert shown.campaign.verdict is not CheckVerdict.FINE


def a_preflight_check_writes_nothing(folder: Path) -> None:
    """Nor do other calls that read; a POST only where the provider declares so."""
    case = _any(folder)
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


def a_campaign_list_claims_nothing_by_silence(folder: Path) -> None:
    """No campaigns are those of an empty list, and of nothing else."""
    provider = _any(folder).provider
    for response in answers(NOTHING_SAID):
        with suppress(errors.ProviderError):
            page = provider.read_campaigns("", response)
            assert response.is_success
            assert (response.text, page.campaigns) == ("[]", [])


def a_removal_claims_nothing_by_silence(folder: Path) -> None:
    """And each lead has one, whatever the answer."""
    for case in smallest_and_largest(folder):
        provider, batch = case.provider, case.batch
        is_there = provider.remove(batch) is not None
        assert is_there == (provider.removal_is_exact is not None)
        for response in answers({*BODIES, *NOTHING_SAID}):
            with suppress(errors.ProviderError):
                found = read_removals(provider, batch, response)
                assert {*found} <= {Removal.UNKNOWN}
                assert len(found) == len(batch)


LAWS: tuple[Callable[[Path], None], ...] = (
    every_lead_has_one_outcome,
    silence_is_not_success,
    an_odd_status_leaves_doubt,
    a_batch_gives_the_same_bytes_every_time,
    a_higher_word_is_never_dialled_later,
    nothing_private_is_shown,
    a_lost_upload_is_in_doubt,
    every_kind_is_recorded,
    a_country_code_is_never_lost,
    a_country_code_has_a_place_of_its_own,
    a_resend_is_safe_by_declaration,
    a_refusal_names_its_own_secrets,
    a_preflight_check_claims_nothing_by_silence,
    a_preflight_check_writes_nothing,
    a_campaign_list_claims_nothing_by_silence,
    a_removal_claims_nothing_by_silence,
)


def _any(folder: Path) -> Case:
    return load(cases(folder)[0])


def _readings(
    folder: Path,
    bodies: Iterable[str] = BODIES,
    statuses: Iterable[int] = STATUSES,
) -> Iterator[tuple[str, Case, list[Outcome] | errors.ProviderError]]:
    """Read made-up answers to the smallest and to the largest upload."""
    for case in smallest_and_largest(folder):
        for response in answers(bodies, statuses):
            said = f"HTTP {response.status_code} with {response.text!r}"
            try:
                yield said, case, read_outcomes(case.provider, case.batch, response)
            except errors.ProviderError as error:
                yield said, case, error
