"""Rows that a dry run accepts, the provider accepts, too."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Push
    from program import Ran

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
ROWS = 20_000 if LONG else 250
"""Rows a file: one run tries them all."""

# Zero bytes are no text; half a pair of surrogates is no character.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = (
    st.text(CHARACTERS, max_size=12)
    | st.sampled_from(
        ["", " ", "x" * 5000, "Zoë", "=1+1", "null", "\u202e", "👩‍👩‍👧", "{}", "[]"]
    )
    | st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True)
)
LOCAL = st.integers(0, 9999)
PHONE = (
    LOCAL.map(lambda n: f"+1555123{n:04}")
    | LOCAL.map(lambda n: f"90000{n:05}")
    | LOCAL.map(lambda n: f"+91 90000 {n:05}")
    | st.integers(10**9, 10**10 - 1).map(lambda n: f"+91{n}")
    | st.integers(1, 10**18).map(lambda n: f"+{n}")
    | st.integers(1, 10**18).map(str)
    | st.sampled_from(
        [
            *("", "+", "0", "00", "tel:+15551230001", "'+15551230002", "1.5551E+10"),
            *(
                "9.19000000001E+11",
                "9000000001.0",
                "\u0669" + "\u0660" * 9,
                "\uff0b\uff11\uff15\uff15\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
            ),
            *("+1 555 123 0001 ext. 5", "+15551230001/+15551230002", "112", "100"),
            *("+390612345678", "+4930123456", "+49" + "1" * 13, "+800 1234 5678"),
            *("+882 16 1234567", "+1 800 FLOWERS", "0091 90000 00001", "+3906698"),
        ]
    )
)
NUMBER = (
    st.integers(-1, 1001).map(str)
    | st.floats(-1, 1001, allow_nan=False).map(str)
    | st.sampled_from(
        [
            "",
            "high",
            "LOWEST",
            "urgent",
            "10.0",
            "1e2",
            "007",
            "+5",
            "\u0665",
            "\uff15",
            "5,0",
            "\u00b2",
        ]
    )
)
TIME = st.datetimes().map(lambda moment: moment.isoformat()) | st.sampled_from(
    [
        *("2026-03-01T09:30:00Z", "2026-03-01 09:30:00+05:30", "2026-03-01T09:30Z"),
        *("20260301T093000Z", "2026-W09-1T09:30:00Z", "2026-03-01t09:30:00z", ""),
        *("2026-03-01T24:00:00Z", "2026-02-30T09:30:00Z", "2026-03-01T09:30:00-0530"),
        *("2026-03-01T09Z", "2026-03-01T09:30:00.123456789Z", "2026-03-01T09:30:60Z"),
        *("2026-03-01T093000Z", "2026-03-01T09:30:00,5Z", "2026-03-01X09:30:00Z"),
        *("2026-03-01T09:30:00+25:00", "2026-03-01T09:30:00+05:30:15", "0000-00-00"),
        *(
            "\u0662\u0660\u0662\u0666-03-01T09:30:00Z",
            "2026-03-01  09:30:00Z",
            "1772357400",
            "tomorrow",
        ),
    ]
)
DATE = st.dates().map(lambda day: day.isoformat()) | st.sampled_from(
    [
        "2026-3-1",
        "01/03/2026",
        "\u0662\u0660\u0662\u0666-03-01",
        "2026-02-30",
        "2026-03-01T00:00:00Z",
        " ",
        "0",
    ]
)
EMAIL = st.sampled_from(
    [
        *(
            "ann@mail.example",
            "ann+tag@mail.example",
            "ann@mail",
            "ann at mail.example",
        ),
        *("@mail.example", "ann@@mail.example", "ann@mail..example", "ann@.example"),
        *(
            "<ann@mail.example>",
            "ann@mail.example, ben@mail.example",
            "zoë@mail.example",
        ),
        *("ann@mail.example.", "ann\u00a0@mail.example", "ann\u2028@mail.example", ""),
        *('"a b"@mail.example', "ann@[127.0.0.1]", "mailto:ann@mail.example"),
        *("ann\x1f@mail.example", "ann\u200b@mail.example", "ann@mail.example\n"),
    ]
)
WORD = st.sampled_from(
    [*"yYnN10tf", "yes", "TRUE", "off", "", "maybe", "2", "1.0", "ja"]
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
)
NESTED = st.recursive(
    SCALAR | TEXT,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2)
    ),
    max_leaves=4,
)
HEADER_NAME = st.sampled_from(
    [
        "X-Order",
        "X-a.b_c!~*+",
        "X-",
        "x-order",
        "Order",
        "X-Zoë",
        "X-a b",
        "X-a:",
        "X-a\n",
        "",
    ]
)
OBJECT = (
    st.dictionaries(HEADER_NAME, TEXT | SCALAR | NESTED, max_size=3)
    | st.dictionaries(
        st.sampled_from(["system", "url", "other"]), TEXT | NESTED, max_size=3
    )
    | st.dictionaries(TEXT, NESTED, max_size=3)
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "external_id": TEXT | st.integers(0, 50).map(str),
    "name": TEXT,
    "first_name": TEXT,
    "last_name": TEXT,
    "email": EMAIL | TEXT,
    "company": TEXT,
    "title": TEXT,
    "priority": NUMBER,
    "scheduled_for": TIME,
    "expires_on": DATE | TIME,
    "active": WORD,
    "skill": TEXT,
    "agent_id": TEXT,
    "source": TEXT | OBJECT.map(json.dumps),
    "context_headers": OBJECT.map(json.dumps),
    "metadata": OBJECT.map(json.dumps),
}
PHONE_IN_JSON = PHONE | PHONE | st.integers(10**9, 10**12) | NESTED


@st.composite
def texts(draw: st.DrawFn) -> list[str]:
    """Draw the cells of a row: a phone and a few odd fields."""
    filled = draw(st.sets(st.sampled_from([*COLUMNS]), max_size=3))
    row = [draw(COLUMNS[name]) if name in filled else "" for name in COLUMNS]
    return [draw(PHONE), *row]


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an object that may hold any kind of value in any field."""
    filled = sorted(draw(st.sets(st.sampled_from([*COLUMNS]), max_size=3)))
    odd = {name: draw(COLUMNS[name] | NESTED | OBJECT) for name in filled}
    return {"phone": draw(PHONE_IN_JSON), **odd}


T = TypeVar("T")


def drawn(strategy: st.SearchStrategy[T]) -> list[T]:
    found = []

    @given(strategy)
    @settings(deadline=None, database=None, max_examples=ROWS)
    def keep(one: T) -> None:
        found.append(one)

    keep()
    return found


@pytest.mark.parametrize(
    ("provider", "region"),
    [
        ("agora", "US"),
        ("lupitor", "IN"),
        ("ozonetel", "IN"),
        ("voiso", "DE"),
        ("yotel", "IN"),
    ],
)
def test_what_a_dry_run_accepts_is_accepted(
    push: Push, provider: str, region: str
) -> None:
    """Row by row the same verdicts, and none of them is the provider's own."""
    push.program.write("a.csv", written(drawn(texts())))
    objects = drawn(values())
    push.program.write("b.jsonl", "".join(json.dumps(one) + "\n" for one in objects))
    arguments = ("a.csv", "b.jsonl", "--region", region, "--json")
    quick = {"LEADCTL_OZONETEL_MIN_INTERVAL": "0"}
    dry = push(provider, *arguments, "--dry-run", env=quick)
    assert push.uploads(provider) == []
    expected = verdicts(dry, push)
    real = push(provider, *arguments, env=quick)
    theirs = ("provider_rejected", "batch_refused", "duplicate_in_campaign")
    assert [why for why in real.document["reasons"] if why["code"] in theirs] == []
    assert (real.counts, real.codes) == (dry.counts, dry.codes)
    assert verdicts(real, push) == expected
    delivered = real.document["created"] + real.document["accepted"]
    assert len(push.stored(provider)) == delivered > ROWS // 5


def written(rows: list[list[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["phone", *COLUMNS], *rows])
    return file.getvalue().encode()


def verdicts(ran: Ran, push: Push) -> list[tuple[str, str]]:
    """Return row and code of all that is in the reject files."""
    found: list[tuple[str, str]] = []
    for file in ran.document["files"]:
        assert file["rejects_file"]
        path = push.program.folder / file["rejects_file"]
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".csv":
            found += re.findall(r'^"?(\d+)"?,"?rejected"?,"?(\w+)', text, re.MULTILINE)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line]
            found += [(row["_leadctl_row"], row["_leadctl_code"]) for row in rows]
    return found
