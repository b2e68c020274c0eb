"""Recognises leads that a run has already read, exactly, in six bytes per number."""

from __future__ import annotations

from itertools import count, islice
from math import isqrt
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.model.leads import Leads

LEAST = 2**18
"""Places of a table at least: a megabyte or two."""

MOST_EXPECTED = 16_000_000
"""Numbers for which there is room at first, at most: more may be a wrong guess."""

TRIES = 64
"""Places where a number may stand, one after the other."""

LEAP = 2_654_435_761
"""2**32 by the golden ratio: spreads the ways from place to place."""

SHORT = (2**32 // TRIES - 1) * LEAST
"""Below it are all phone numbers of up to thirteen digits."""


class PhoneSet:
    """A set of whole numbers: open addressing with double hashing.

    A number divided by the table's size has its place by the remainder; the entry is
    the quotient and how many places were taken before. That takes four bytes (`I`) for
    a number below SHORT, eight (`Q`) below 2**64: a tenth of a set's memory. `expected`
    is about how many numbers will come.
    """

    def __init__(self, kind: Literal["I", "Q"], expected: int = 0) -> None:
        self._kind = kind
        self._count = 0
        self._size = 0
        self._next_size = max(LEAST, min(expected, MOST_EXPECTED) * 10 // 7)
        self._table = memoryview(b"")

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        if not self._size:
            return False
        rest = number // self._size + 1
        place, entry = number % self._size, rest * TRIES
        while (kept := self._table[place]) and kept != entry:
            place = (place + rest * LEAP) % self._size
            entry += 1
            if not entry % TRIES:
                return False
        return bool(kept)

    def add(self, number: int) -> bool:
        return self.add_all([number])[0]

    def add_all(self, numbers: Sequence[int]) -> list[bool]:
        """Add numbers; returns for each whether it is new."""
        if (self._count + len(numbers)) * 20 > self._size * 17:
            self._grow()
        size, table, new = self._size, self._table, list[bool]()
        for number in numbers:
            rest = number // size + 1
            place, entry = number % size, rest * TRIES
            while (kept := table[place]) and kept != entry:
                place = (place + rest * LEAP) % size
                entry += 1
                if not entry % TRIES:  # it is crowded: elsewhere it is not
                    self._grow()
                    return new + self.add_all(numbers[len(new) :])
            if not kept:
                table[place] = entry
            new.append(not kept)
        self._count += sum(new)
        return new

    def _grow(self) -> None:
        """Move to a larger table; the first one is made by the first number."""
        kept = self._all(self._size, self._table)
        self._size = _prime(self._next_size)
        self._next_size = 2 * self._size
        width = {"I": 4, "Q": 8}[self._kind]
        self._table = memoryview(bytearray(width * self._size)).cast(self._kind)
        self._count = 0
        while some := [*islice(kept, 10_000)]:
            self.add_all(some)

    @staticmethod
    def _all(size: int, table: memoryview[int]) -> Iterator[int]:
        for place, entry in enumerate(table):
            if entry:
                rest, tries = divmod(entry, TRIES)
                yield (rest - 1) * size + (place - tries * rest * LEAP) % size


def _prime(least: int) -> int:
    """Return a prime: every place is on a number's way, and round numbers spread."""
    return next(
        number
        for number in count(least | 1, 2)
        if all(number % divisor for divisor in range(3, isqrt(number) + 1, 2))
    )


class Deduplicator:
    """Leads by phone key and by digests of other identities, those 16 bytes each."""

    def __init__(self, expected: int = 0) -> None:
        self._phones = PhoneSet("I", expected)
        self._long = PhoneSet("Q")
        self._written = PhoneSet("Q")
        self._halves = PhoneSet("Q", expected), PhoneSet("Q", expected)

    def add_all(self, leads: Leads) -> list[bool]:
        """Add leads, as `add` does; returns for each whether it is new."""
        by_phone_alone = len(leads.digests) == 1
        if by_phone_alone and "".join(leads.keys).isdecimal():
            numbers = [*map(int, leads.keys)]
            if max(numbers, default=0) < SHORT:
                return self._phones.add_all(numbers)
        identities = zip(leads.keys, *leads.digests[1:], strict=True)
        return [self.add(key, others) for key, *others in identities]

    def add(self, phone: str, digests: Sequence[bytes | None]) -> bool:
        """Add a lead unless one of its identities is known; returns whether it is new.

        Nothing of a known lead is added: its other identities were not sent.
        """
        if phone.isdecimal():
            number = int(phone)
            numbers = self._phones if number < SHORT else self._long
        else:  # as written, of an unknown country: leading zeros count
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
        """Tell whether both halves are there; chance alone will not do that."""
        return all(h in kept for kept, h in zip(self._halves, halves, strict=True))


def _halves(digest: bytes) -> tuple[int, int]:
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:])
