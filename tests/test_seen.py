"""Deduplication is exact, and a lead that was not sent hides no other."""

from __future__ import annotations

import random
import tracemalloc
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from lead_columns import in_columns

from leadctl.importing.deduplicator import (
    LEAP,
    LEAST,
    SHORT,
    TRIES,
    Deduplicator,
    PhoneSet,
)
from leadctl.model.leads import Lead, Phone

NUMBERS = st.integers(0, 2**64 - 1) | st.integers(0, 50_000)


@given(
    numbers=st.lists(NUMBERS, max_size=200),
    kind=st.sampled_from("IQ"),
    expected=st.sampled_from([0, 2 * LEAST]),
)
@settings(deadline=None, database=None)
def test_numbers_are_a_set(
    numbers: list[int], kind: Literal["I", "Q"], expected: int
) -> None:
    numbers += numbers[:20]
    if kind == "I":
        numbers = [number % SHORT for number in numbers]
    kept, known = PhoneSet(kind, expected), set[int]()
    for number in numbers:
        assert (number in kept) == (number in known)
        assert kept.add(number) == (number not in known)
        known.add(number)


def test_numbers_are_kept_when_more_come_than_expected() -> None:
    made_up = random.Random(0)  # noqa: S311  the same every time
    numbers = made_up.sample(range(15_550_000_000, 15_560_000_000), LEAST)
    kept = PhoneSet("I")
    for first in range(0, LEAST, 1000):
        assert all(kept.add_all(numbers[first : first + 1000]))
    for first in range(0, LEAST, 1000):
        assert not any(kept.add_all(numbers[first : first + 1000]))
    assert 15_549_999_999 not in kept
    assert numbers[0] in kept


def test_number_finds_a_place_where_all_of_its_own_are_taken() -> None:
    """Numbers below the size of the table take the places of one that is above.

    Where it would go on there is one that would look the same by then.
    """
    size, rest = 262_147, 8  # the first prime beyond LEAST
    number = (rest - 1) * size
    others = [tries * rest * LEAP % size for tries in range(TRIES)]
    others.append(rest * size + TRIES * rest * LEAP % size)
    kept = PhoneSet("I")
    assert all(kept.add_all(others))
    assert number not in kept
    assert kept.add_all([number, *others, number + 1]) == [
        True,
        *[False] * len(others),
        True,
    ]
    assert number in kept
    assert not any(kept.add_all([*others, number, number + 1]))


def test_lead_is_met_again_by_any_of_its_identities() -> None:
    seen = Deduplicator()
    assert seen.add("15551230001", [b"a" * 16])
    assert not seen.add("15551230001", [b"b" * 16])
    assert not seen.add("15551230002", [b"a" * 16])


def test_lead_that_was_left_out_hides_no_other() -> None:
    """The second row is not sent, so its number is not known as delivered."""
    seen = Deduplicator()
    assert seen.add("15551230001", [b"a" * 16])
    assert not seen.add("15551230002", [b"a" * 16])
    assert seen.add("15551230002", [b"c" * 16])


@given(
    leads=st.lists(
        st.tuples(
            st.sampled_from(
                ["15551230001", "15551230002", "9" * 15, "as written 0012"]
            ),
            st.lists(st.sampled_from([b"a" * 16, b"b" * 16]), max_size=1),
        ),
        max_size=12,
    )
)
@settings(deadline=None, database=None)
def test_leads_together_are_kept_as_one_by_one(
    leads: list[tuple[str, list[bytes]]],
) -> None:
    one_by_one, together = Deduplicator(), Deduplicator()
    expected = [one_by_one.add(phone, others) for phone, others in leads]
    found = in_columns(
        Lead(row, Phone(phone, phone), {}, (b"", *others))
        for row, (phone, others) in enumerate(leads, start=1)
    )
    half = len(found) // 2
    assert together.add_all(found[:half]) + together.add_all(found[half:]) == expected


def test_longest_numbers_are_told_apart() -> None:
    """Also if they differ only beyond four bytes."""
    seen = Deduplicator()
    numbers = [SHORT - 1, SHORT, SHORT + 2**32, 10**15 - 1, 10**14]
    assert all(seen.add(str(number), []) for number in numbers)
    assert not any(seen.add(str(number), []) for number in numbers)


def test_number_takes_few_bytes_among_many() -> None:
    kept = PhoneSet("I")
    tracemalloc.start()
    try:
        for number in range(15_550_000_000, 15_550_150_000):
            kept.add(number)
        assert tracemalloc.get_traced_memory()[0] / 150_000 <= 17
    finally:
        tracemalloc.stop()


def test_wrong_guess_takes_little_memory() -> None:
    """A file that begins with empty lines may let expect any number of rows."""
    tracemalloc.start()
    try:
        seen = Deduplicator(expected=10**10)
        assert seen.add("15551230001", [])
        assert seen.add("9" * 15, [])
        assert seen.add("as written 0012", [])
        assert tracemalloc.get_traced_memory()[1] < 10**8
    finally:
        tracemalloc.stop()


def test_half_an_identity_is_none() -> None:
    seen = Deduplicator()
    assert seen.add("1", [b"a" * 8 + b"b" * 8])
    assert seen.add("2", [b"a" * 8 + b"c" * 8])
    assert seen.add("3", [b"d" * 8 + b"b" * 8])


def test_number_as_written_is_not_the_one_with_a_country() -> None:
    seen = Deduplicator()
    assert seen.add("9000000001", [])
    assert seen.add("as written 9000000001", [])
    assert seen.add("as written 09000000001", [])
    assert not seen.add("as written 9000000001", [])
