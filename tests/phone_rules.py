"""The phone rules of the providers, and how they read a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.config import config
from leadctl.model.yaml_file import parse
from leadctl.phones.normalize import Normalizer
from leadctl.phones.rule import PhoneCheck, PhoneRule
from leadctl.phones.spelling import PhoneProblem, PhoneUnreadable

if TYPE_CHECKING:
    from leadctl.model.leads import Json

POSSIBLE, VALID = PhoneCheck.POSSIBLE, PhoneCheck.VALID


def rule(provider: str, phone_format: str = "") -> PhoneRule:
    environment = (
        {"LEADCTL_OZONETEL_PHONE_FORMAT": phone_format} if phone_format else {}
    )
    account = config.resolve(parse("", "config"), environment, provider=provider)
    return account.provider.phone_rule


def wire(
    rule: PhoneRule,
    value: Json,
    region: str | None = None,
    check: PhoneCheck = POSSIBLE,
) -> str:
    return Normalizer(rule, region, check)(value).wire


def problem(
    rule: PhoneRule,
    value: Json,
    region: str | None = None,
    check: PhoneCheck = POSSIBLE,
) -> PhoneProblem:
    with pytest.raises(PhoneUnreadable) as caught:
        Normalizer(rule, region, check)(value)
    return caught.value.problem
