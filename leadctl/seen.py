"""Which leads a run has met: exact, and four bytes a number however many there are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leadctl.model import Leads

BUCKETS = 16_381
MORE_BUCKETS = 98_299
"""Primes: numbers that go up in tens or thousands are spread all the same."""

MANY = 2_000_000
"""Numbers for which there are more buckets, so that each stays in few cache lines."""

SHORT = BUCKETS * 2**32
"""Below it are all phone numbers of up to thirteen digits."""


class Numbers:
    """A set of whole numbers, in sorted arrays of what is left when divided.

    A number is its remainder, which is the number of its array, and its quotient, which
    stands in it: four bytes (`I`) for numbers below SHORT, eight (`Q`) below 2**64.
    That is a twentieth of what a set of Python's takes, at a third of a microsecond a
    number. `expected` is about how many will come.
    """

    def __init__(self, kind: Literal["I", "Q"], expected: int = 0) -> None:
        self._kind = kind
        self._divisor = MORE_BUCKETS if expected > MANY else BUCKETS
        self._buckets: list[array[int] | None] = [None] * self._divisor

    def __contains__(self, number: int) -> bool:
        quotient, remainder = divmod(number, self._divisor)
        bucket = self._buckets[remainder]
        if bucket is None:
            return False
        place = bisect_left(bucket, quotient)
        return place < len(bucket) and bucket[place] == quotient

    def add(self, number: int) -> bool:
        """Keep a number; returns whether it is new."""
        return self.add_all([number])[0]

    def add_all(self, numbers: Iterable[int]) -> list[bool]:
        """Keep numbers; returns of each whether it is new."""
        kind, buckets, new = self._kind, self._buckets, []
        divisor = self._divisor
        for number in numbers:
            quotient, remainder = number // divisor, number % divisor
            bucket = buckets[remainder]
            if bucket is None:
                buckets[remainder] = array(kind, [quotient])
                new.append(True)
                continue
            place = bisect_left(bucket, quotient)
            is_new = place == len(bucket) or bucket[place] != quotient
            if is_new:
                bucket.insert(place, quotient)
            new.append(is_new)
        return new


class Seen:
    """Leads by phone key and by digests of other identities, those 16 bytes each.

    `expected` is about how many leads will come.
    """

    def __init__(self, expected: int = 0) -> None:
        self._phones = Numbers("I", expected)
        self._long = Numbers("Q", expected)
        self._written = Numbers("Q", expected)
        self._halves = Numbers("Q", expected), Numbers("Q", expected)

    def add_all(self, leads: Leads) -> list[bool]:
        """Keep leads, as `add` does; returns of each whether it was kept."""
        by_phone_alone = len(leads.digests) == 1
        if by_phone_alone and all(map(str.isdecimal, leads.keys)):
            numbers = [*map(int, leads.keys)]
            if max(numbers, default=0) < SHORT:
                return self._phones.add_all(numbers)
        identities = zip(leads.keys, *leads.digests[1:], strict=True)
        return [self.add(key, others) for key, *others in identities]

    def add(self, phone: str, digests: Sequence[bytes | None]) -> bool:
        """Keep a lead unless any of its identities is there; tells whether it was kept.

        Of a lead that was met before nothing is kept: its other identities were not
        sent, and another lead may have them.
        """
        if phone.isdecimal():
            number = int(phone)
            numbers = self._phones if number < SHORT else self._long
        else:  # as written, of a country nobody knows: zeros before them count
            numbers, number = self._written, int("1" + phone.rpartition(" ")[2])
        if not digests:
            return numbers.add(number)
        others = [_halves(digest) for digest in digests if digest is not None]
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
