"""The laws of every provider: each takes the folder of one provider's cases."""
# ruff: noqa: S101  pytest reads its asserts

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from leadctl.config import config
from leadctl.delivery.provider_session import with_hint
from leadctl.mapping.lead_builder import FieldError
from leadctl.model import errors
from leadctl.model.leads import DELIVERED
from leadctl.phones.rule import PhoneForm
from leadctl.providers.response_reading import read_outcomes
from leadctl.testing.answers import answers, silence
from leadctl.testing.laws_of_calls import LAWS_OF_CALLS
from leadctl.testing.play import uploaded, wired
from leadctl.testing.recorded import (
    CALLS,
    account,
    batch_of,
    cases,
    example_secrets,
    excused,
    load,
    smallest_and_largest,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leadctl.model.leads import Outcome
    from leadctl.testing.recorded import Case

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


def every_lead_has_one_outcome(folder: Path) -> None:
    """For any status and any body."""
    for case in smallest_and_largest(folder):
        for response in answers():
            outcomes = _judged(case, response)
            assert outcomes is None or len(outcomes) == len(case.batch), (
                f"HTTP {response.status_code} with {response.text!r}: "
                f"{len(outcomes)} outcomes"
            )


def silence_is_not_success(folder: Path) -> None:
    for case in smallest_and_largest(folder):
        for response in silence():
            outcomes = _judged(case, response) or []
            assert not any(outcome.status in DELIVERED for outcome in outcomes), (
                f"HTTP {response.status_code} with {response.text!r} is taken for "
                "success"
            )


def an_odd_status_leaves_doubt(folder: Path) -> None:
    """Unless the provider declares that it says "not taken in"."""
    for case in smallest_and_largest(folder):
        for response in silence({*ODD} - case.provider.refusals.keys()):
            error = _raised(case, response)
            doubts = getattr(error, "in_doubt", isinstance(error, errors.InDoubt))
            assert doubts, f"HTTP {response.status_code}: {error!r}"


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
        except FieldError:  # it takes the numbers of one country
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
    *LAWS_OF_CALLS,
)


def _any(folder: Path) -> Case:
    return load(cases(folder)[0])


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
