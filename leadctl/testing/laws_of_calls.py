"""The laws of calls that are no uploads: they write nothing, and claim nothing."""
# ruff: noqa: S101  pytest reads its asserts

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model import errors
from leadctl.model.removal import Removal
from leadctl.providers.preflight import CheckVerdict
from leadctl.providers.response_reading import read_removals
from leadctl.testing.answers import answers, silence
from leadctl.testing.recorded import cases, load, smallest_and_largest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def a_preflight_check_claims_nothing_by_silence(folder: Path) -> None:
    provider = load(cases(folder)[0]).provider
    for campaign in ("1", None):
        for response in silence():
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


def a_campaign_list_claims_nothing_by_silence(folder: Path) -> None:
    """No campaigns are those of an empty list, and of nothing else."""
    provider = load(cases(folder)[0]).provider
    for response in silence():
        try:
            page = provider.read_campaigns("", response)
        except errors.ProviderError:
            continue
        assert response.is_success
        assert (response.text, page.campaigns) == ("[]", [])


def a_removal_claims_nothing_by_silence(folder: Path) -> None:
    """And each lead has one, whatever the answer."""
    for case in smallest_and_largest(folder):
        provider, batch = case.provider, case.batch
        is_there = provider.remove(batch) is not None
        assert is_there == (provider.removal_is_exact is not None)
        for response in (*silence(), *answers()):
            try:
                found = read_removals(provider, batch, response)
            except errors.ProviderError:
                continue
            assert {*found} <= {Removal.UNKNOWN}
            assert len(found) == len(batch)


LAWS_OF_CALLS: tuple[Callable[[Path], None], ...] = (
    a_preflight_check_claims_nothing_by_silence,
    a_preflight_check_writes_nothing,
    a_campaign_list_claims_nothing_by_silence,
    a_removal_claims_nothing_by_silence,
)
