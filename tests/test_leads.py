"""Leads in columns stay the same, however they are split and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from lead_columns import in_columns

from leadctl.model.leads import Batch, Lead, Phone

if TYPE_CHECKING:
    from conftest import Push

    from leadctl.model.leads import Json

HASH = st.sampled_from([bytes([n]) * 16 for n in range(4)])
FOUND = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from([0, False, "", "x"])),
        HASH,
        st.lists(HASH, max_size=1),
    ),
    max_size=8,
)


def made(found: list[tuple[dict[str, Json], bytes, list[bytes]]]) -> list[Lead]:
    return [
        Lead(row, Phone(f"+1555{row}", f"1555{row}"), wire, (phone, *others))
        for row, (wire, phone, others) in enumerate(found, start=7)
    ]


@given(found=FOUND, first=st.integers(0, 8), last=st.integers(0, 8))
@settings(deadline=None, database=None)
def test_leads_are_what_they_were_made_of(
    found: list[tuple[dict[str, Json], bytes, list[bytes]]], first: int, last: int
) -> None:
    leads = made(found)
    kept = in_columns(leads)
    assert [*kept] == leads
    assert kept.wires() == [lead.wire for lead in leads]
    assert [*kept[first:last]] == leads[first:last]
    assert [*kept.chosen([lead.row % 2 == 0 for lead in leads])] == [
        lead for lead in leads if lead.row % 2 == 0
    ]
    identities = {(lead.row, digest) for lead in leads for digest in lead.digests}
    assert {*kept.identities()} == identities
    assert sorted(kept.hashes()) == sorted(d for lead in leads for d in lead.digests)
    assert kept.only_hashes() == [
        lead.digests[0] for lead in leads if len(lead.digests) == 1
    ]
    known = {digest for lead in leads[:2] for digest in lead.digests}
    assert kept.among(known) == [not known.isdisjoint(lead.digests) for lead in leads]


@given(found=FOUND, at=st.integers(0, 8))
@settings(deadline=None, database=None)
def test_leads_that_are_put_together_lose_nothing(
    found: list[tuple[dict[str, Json], bytes, list[bytes]]], at: int
) -> None:
    """A part may lack a field, or an identity, that the other has."""
    leads = made(found)
    together = in_columns(leads[:at]) + in_columns(leads[at:])
    assert [*together] == leads
    assert together.wires() == [lead.wire for lead in leads]


def test_nobody_is_shown_by_a_batch() -> None:
    leads = made([({"a": "x"}, b"h" * 16, [])])
    batch = Batch(UUID(int=1), "3", 0, in_columns(leads))
    assert "1555" not in f"{batch!r} {batch.leads!r} {leads[0]!r}"


def test_field_that_few_rows_have_arrives_with_them(push: Push) -> None:
    """Rows are read many at a time: what the first ones lack, a later one may have."""
    lines = [f"+1 555 1{row:06}," for row in range(6000)]
    lines[5999] += "late"
    file = push.program.write("leads.csv", "\n".join(["phone,company", *lines]))
    ran = push("lupitor", file)
    assert ran.code == 0, ran.err
    assert [
        lead["metadata"] for lead in push.stored("lupitor") if "metadata" in lead
    ] == [{"company": "late"}]
