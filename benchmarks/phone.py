"""What a number costs: leadctl's normaliser against phonenumbers, on mixed lists."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from benchmarks import rows
from benchmarks.measured import interleaved, ratio, spread
from benchmarks.table import Table
from leadctl.phones.normalize import Normalizer
from leadctl.phones.rule import PhoneCheck, PhoneForm, PhoneRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.world import World

TOGETHER = 1000
"""Numbers in a block of rows."""


def tables(world: World) -> list[Table]:
    count = world.size(50_000, 10_000)
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
            world.size(3, 1),
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
    """Read them as a run does, a block of rows at a time."""
    normalise = Normalizer(PhoneRule(PhoneForm.E164), "US", check)
    began = time.process_time()
    for start in range(0, len(numbers), TOGETHER):
        normalise.column(numbers[start : start + TOGETHER])
    return (time.process_time() - began) / len(numbers) * 1e6


def _library(numbers: Sequence[str]) -> float:
    began = time.process_time()
    for number in numbers:
        parsed = phonenumbers.parse(number, "US")
        if phonenumbers.is_valid_number(parsed):
            phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return (time.process_time() - began) / len(numbers) * 1e6
