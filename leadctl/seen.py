"""Which leads a run has met: exact, and eight bytes a number however many there are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = 16_381
"""A prime: numbers that go up in tens or thousands are spread all the same."""


class Numbers:
    """A set of whole numbers below 2**64, in sorted arrays by their remainder.

    A tenth of what a set of Python's takes, at half a microsecond a number.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, array[int]] = defaultdict(partial(array, "Q"))

    def __contains__(self, number: int) -> bool:
        bucket = self._buckets[number % BUCKETS]
        place = bisect_left(bucket, number)
        return place < len(bucket) and bucket[place] == number

    def add(self, number: int) -> bool:
        """Keep a number; returns whether it is new."""
        bucket = self._buckets[number % BUCKETS]
        place = bisect_left(bucket, number)
        if place < len(bucket) and bucket[place] == number:
            return False
        bucket.insert(place, number)
        return True


class Seen:
    """Leads by phone key and by digests of other identities, 16 bytes each."""

    def __init__(self) -> None:
        self._phones = Numbers()
        self._written = Numbers()
        self._halves = Numbers(), Numbers()

    def add(self, phone: str, digests: Sequence[bytes]) -> bool:
        """Keep a lead unless any of its identities is there; tells whether it was kept.

        Of a lead that was met before nothing is kept: its other identities were not
        sent, and another lead may have them.
        """
        if phone.isdecimal():
            numbers, number = self._phones, int(phone)
        else:  # as written, of a country nobody knows: zeros before them count
            numbers, number = self._written, int("1" + phone.rpartition(" ")[2])
        if not digests:
            return numbers.add(number)
        others = [_halves(digest) for digest in digests]
        if number in numbers or any(map(self._is_known, others)):
            return False
        numbers.add(number)
        for halves in others:
            for kept, half in zip(self._halves, halves, strict=True):
                kept.add(half)
        return True

    def _is_known(self, halves: tuple[int, int]) -> bool:
        """Tell whether both halves are there: by chance that happens in no file."""
        return all(h in kept for kept, h in zip(self._halves, halves, strict=True))


def _halves(digest: bytes) -> tuple[int, int]:
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:])
