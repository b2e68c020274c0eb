"""Files of made-up leads, the same bytes every time.

Numbers have the exchange 555, which is kept for films and tests, in five spellings. One
row in a hundred has a number that is too short.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "First Name,Last Name,Phone No.,E-Mail,Score\n"
SCORES = ("hot", "warm", "cold")
PROFILE = """\
region: US
fields:
  phone: Phone No.
  name: "{First Name} {Last Name}"
  priority: {column: Score, map: {hot: highest, warm: normal}, default: low}
"""


@cache
def area_codes() -> tuple[int, ...]:
    """Return the area codes in which the exchange 555 is a valid one."""
    return tuple(
        code
        for code in range(200, 1000)
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{code}5550100"))
    )


def assigned(index: int) -> str:
    """Return a number that is valid, as numbering plans go; there are 3 million."""
    area = area_codes()[index % len(area_codes())]
    return f"{area}555{index // len(area_codes()):04}"


def possible(index: int) -> str:
    """Return a number of an area that is nobody's; there are 10 million."""
    return f"555{index:07}"


def spelled(index: int, number: str) -> str:
    """Write a national number as one of five people would."""
    area, exchange, line = number[:3], number[3:6], number[6:]
    if index % 100 == 99:
        return f"{area}-{exchange}"
    match index % 5:
        case 0:
            return f"+1 {area} {exchange} {line}"
        case 1:
            return f"({area}) {exchange}-{line}"
        case 2:
            return f"{area}-{exchange}-{line}"
        case 3:
            return f"1{number}"
        case _:
            return f"+1{number}"


def profile(folder: Path) -> Path:
    """Write the profile of these files."""
    path = folder / "profile.yaml"
    path.write_text(PROFILE)
    return path


def write(path: Path, count: int, *, valid: bool = False, step: int = 1) -> Path:
    """Write a file of `count` leads, all different: every `step`th number.

    Some numbers have a second reading and cost more. They lie together.
    """
    number = assigned if valid else possible
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for i in range(count):
            phone = spelled(i, number(i * step))
            file.write(
                f"Asha{i:08},Example,{phone},asha{i:08}@mail.example,{SCORES[i % 3]}\n"
            )
    return path
