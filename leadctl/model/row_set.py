"""Sets of row numbers: ranges as text in the ledger, bits in memory."""

from __future__ import annotations

import heapq
import math
import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Facts = TypeVar("Facts")

FEW = 8
"""Row numbers that are looked at one by one."""


def written(rows: Iterable[int]) -> str:
    """Write ascending row numbers, each once, as ranges: 1, 2, 3, 7 -> `1-3,7`."""
    numbers, found = [*rows], list[tuple[int, int]]()
    parts = [(0, len(numbers))] if numbers else []
    while parts:  # halved while numbers are missing in between, which is quick for few
        start, end = parts.pop()
        first, last = numbers[start], numbers[end - 1]
        if last - first == end - start - 1:
            some = [(first, last)]
        elif end - start > FEW:
            middle = (start + end) // 2
            parts += [(middle, end), (start, middle)]
            continue
        else:
            some = [(number, number) for number in numbers[start:end]]
        for first, last in some:
            if found and found[-1][1] == first - 1:
                found[-1] = found[-1][0], last
            else:
                found.append((first, last))
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def ranges(text: str) -> Iterator[range]:
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield range(int(first), int(last or first) + 1)


def read(text: str) -> list[tuple[int, int]]:
    """Read ranges that a person typed; ValueError unless they are `1-3,7`."""
    found = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(part) > 25:
            raise ValueError(part)
        found.append((int(first), int(last or first)))
        if not 1 <= found[-1][0] <= found[-1][1]:
            raise ValueError(part)
    return found


def holds(text: str, row: int) -> bool:
    return any(row in found for found in ranges(text))


def ends(first: str, last: str) -> tuple[str, str]:
    """Return the first row of one text and the last row of another."""
    return re.split("[-,]", first)[0], re.split("[-,]", last)[-1]


def rows(text: str) -> Iterator[int]:
    for found in ranges(text):
        yield from found


def in_row_order(groups: Iterable[tuple[str, Facts]]) -> Iterator[tuple[int, Facts]]:
    """Yield rows with the facts of their group; groups are in order of first rows."""
    heap: list[tuple[int, int, Iterator[int], Facts]] = []

    def next_of(order: int, left: Iterator[int], facts: Facts) -> None:
        if (row := next(left, None)) is not None:
            heapq.heappush(heap, (row, order, left, facts))

    def rows_before(bound: float) -> Iterator[tuple[int, Facts]]:
        while heap and heap[0][0] < bound:
            row, order, left, facts = heapq.heappop(heap)
            yield row, facts
            next_of(order, left, facts)

    for order, (written, facts) in enumerate(groups):
        left = rows(written)
        first = next(left)
        yield from rows_before(first)
        heapq.heappush(heap, (first, order, left, facts))
    yield from rows_before(math.inf)


class RowSet:
    """Row numbers in a bitmap: an eighth of a byte a row, however many there are."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, text: str) -> None:
        for found in ranges(text):
            missing = (found.stop >> 3) + 1 - len(self._bits)
            self._bits.extend(bytes(max(missing, 0)))
            for row in found:
                self._bits[row >> 3] |= 1 << (row & 7)

    def remove(self, text: str) -> None:
        for row in rows(text):
            if row in self:
                self._bits[row >> 3] &= ~(1 << (row & 7))

    def __bool__(self) -> bool:
        return bool(self._bits)

    def __len__(self) -> int:
        return int.from_bytes(self._bits).bit_count()

    def __contains__(self, row: int) -> bool:
        byte = row >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & (1 << (row & 7)))
