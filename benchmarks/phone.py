"""Numbers a second: leadctl's normaliser against phonenumbers, on a mixed list."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from benchmarks import rows
from benchmarks.measured import interleaved, ratio, spread
from benchmarks.table import Table
from leadctl.phone import Normaliser, PhoneCheck, PhoneForm, PhoneRule
from leadctl.spelling import PhoneProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.world import World


def tables(world: World) -> list[Table]:
    count = world.size(100_000, 10_000)
    lists = {
        "US, five spellings": [rows.spelled(i, rows.assigned(i)) for i in range(count)],
        "all countries, +": (examples() * (count // len(examples()) + 1))[:count],
    }
    lines = []
    for name, numbers in lists.items():
        found = interleaved(
            {
                "phonenumbers: parse, is_valid, E.164": partial(_library, numbers),
                "leadctl, valid": partial(ours, numbers, PhoneCheck.VALID),
                "leadctl, possible": partial(ours, numbers, PhoneCheck.POSSIBLE),
            },
            world.size(7, 3),
        )
        library = found["phonenumbers: parse, is_valid, E.164"]
        lines += [
            [f"{name}: {who}", spread(times, 2), ratio(times, library)]
            for who, times in found.items()
        ]
    note = (
        f"µs of CPU a number, {count:,} numbers of which one in a hundred is too "
        "short; median (least–most) of interleaved rounds."
    )
    return [Table("Phone", note, ["", "µs a number", "× as fast"], lines)]


def examples() -> list[str]:
    """Return the example numbers of every region and type, as phonenumbers has them."""
    kinds = sorted(PhoneNumberType.values())
    found = (
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
    )
    return [
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        for number in found
        if number
    ]


def ours(numbers: Sequence[str], check: PhoneCheck) -> float:
    normalise = Normaliser(PhoneRule(PhoneForm.E164), "US", check)

    def one(number: str) -> None:
        try:
            normalise(number)
        except PhoneProblem:
            return

    return _each(numbers, one)


def _library(numbers: Sequence[str]) -> float:
    def one(number: str) -> None:
        parsed = phonenumbers.parse(number, "US")
        if phonenumbers.is_valid_number(parsed):
            phonenumbers.format_number(parsed, PhoneNumberFormat.E164)

    return _each(numbers, one)


def _each(numbers: Sequence[str], one: Callable[[str], None]) -> float:
    began = time.process_time()
    for number in numbers:
        one(number)
    return (time.process_time() - began) / len(numbers) * 1e6
