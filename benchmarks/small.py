"""The small steps of a row, each on its own: `pytest benchmarks/small.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from benchmarks import rows
from leadctl.mapping import profile
from leadctl.mapping.getters import Header
from leadctl.mapping.lead_builder import LeadBuilder
from leadctl.mapping.mapper import bind
from leadctl.model import yaml_file
from leadctl.model.leads import Batch
from leadctl.phones.normalize import Normalizer
from leadctl.phones.rule import PhoneCheck
from leadctl.providers.voiso import Voiso

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

COUNT = 500
NUMBERS = [rows.spelled(i, rows.assigned(i)) for i in range(COUNT) if i % 100 != 99]
CELLS = [
    [f"Asha{i}", "Example", number, f"asha{i}@mail.example", rows.SCORES[i % 3]]
    for i, number in enumerate(NUMBERS)
]
MAPPER = bind(
    profile.load(yaml_file.parse(rows.PROFILE, "profile")),
    Header(rows.HEADER.strip().split(","), nested=False),
)


@pytest.mark.parametrize("check", PhoneCheck)
def test_phone(benchmark: BenchmarkFixture, check: PhoneCheck) -> None:
    normalise = Normalizer(Voiso.phone_rule, "US", check)
    benchmark(lambda: normalise.column(NUMBERS))


def test_mapping(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: MAPPER.table(CELLS))


def test_fitting(benchmark: BenchmarkFixture) -> None:
    """Phone, digest and fields of mapped rows; mapping included, as it is used up."""
    benchmark(lambda: batch(0))


def test_encoding(benchmark: BenchmarkFixture) -> None:
    provider, leads = Voiso(base_url="http://127.0.0.1"), batch(0)
    benchmark(lambda: provider.request(leads))


def batch(number: int) -> Batch:
    normalise = Normalizer(Voiso.phone_rule, "US", PhoneCheck.POSSIBLE)
    lead_builder = LeadBuilder(
        Voiso(), normalise, lambda identity: identity.encode()[:16]
    )
    fitted = lead_builder.fitted(range(len(CELLS)), MAPPER.table(CELLS))
    return Batch(UUID(int=number), "3", 0, fitted.leads)
