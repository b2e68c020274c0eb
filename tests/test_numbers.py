"""Numbers through the program: from the cell to the provider's store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

FORMS = {
    "voiso": "919876543210",
    "lupitor": "+919876543210",
    "agora": "+919876543210",
    "ozonetel": "919876543210",
    "yotel": "9876543210",
}
"""What each provider gets of an Indian number whose cell was repaired."""

DELIVERED = dict.fromkeys(FORMS, "created") | {"agora": "accepted"}


def numbers(push: Push, *cells: str) -> Path:
    return push.program.write("leads.csv", "\n".join(["phone", *cells, ""]))


@pytest.mark.parametrize("provider", FORMS)
def test_repaired_number_is_sent_and_what_is_none_rejected(
    push: Push, provider: str
) -> None:
    numbers(push, "0919876543210", "987654321", "98765432101")
    pushed = push(provider, "leads.csv", "--region", "IN", "--json")
    assert pushed.counts == {DELIVERED[provider]: 1, "rejected": 2}, pushed.err
    assert pushed.codes == {"phone_invalid": 2}
    assert pushed.document["repairs"] == {"zeros_for_plus": 1}
    assert push.phones(provider) == [FORMS[provider]]


@pytest.mark.parametrize("provider", FORMS)
def test_bracketed_zero_is_no_digit_of_the_number(push: Push, provider: str) -> None:
    numbers(push, "+91 (0) 98765 43210")
    pushed = push(provider, "leads.csv", "--json")
    assert pushed.counts == {DELIVERED[provider]: 1}, pushed.err
    sent = "+919876543210" if provider == "ozonetel" else FORMS[provider]
    assert push.phones(provider) == [sent]


@pytest.mark.parametrize("check", ["possible", "valid"])
@pytest.mark.parametrize("provider", ["voiso", "lupitor", "agora", "ozonetel"])
def test_code_without_its_plus_is_not_sent_with_two_codes(
    push: Push, provider: str, check: str
) -> None:
    """And is the same lead as its neighbour with a +."""
    numbers(push, "4915112345678", "+49 151 12345678")
    how = ("--region", "DE", "--phone-check", check)
    pushed = push(provider, "leads.csv", *how, "--json")
    assert pushed.counts == {DELIVERED[provider]: 1, "duplicate": 1}, pushed.err
    (sent,) = push.phones(provider)
    assert sent.removeprefix("+") == "4915112345678"


@pytest.mark.parametrize(
    ("cell", "region", "sent"),
    [
        ("+48 (0) 22 512 00 00", None, "48225120000"),
        ("6598765432", "IN", "916598765432"),
        ("15551234567", "US", "15551234567"),
        ("+91 98765 43210", "DE", "919876543210"),
        ("9123456789", "IN", "919123456789"),
        ("0049 151 12345678", "IN", "4915112345678"),
        ("001 355 67 212 3456", "ID", "355672123456"),
    ],
)
def test_number_is_read_in_its_region(
    push: Push, cell: str, region: str | None, sent: str
) -> None:
    numbers(push, cell)
    where = ("--region", region) if region else ()
    assert push("voiso", "leads.csv", *where, "--json").counts == {"created": 1}
    assert push.phones("voiso") == [sent]


@pytest.mark.parametrize(
    ("cell", "region", "code", "reason"),
    [
        ("+49 30 1234567/68", "DE", "phone_invalid", "more than one number"),
        ("9876543210", None, "phone_invalid", "--region"),
        ("2026-01-30", "DE", "phone_invalid", "a date"),
        ("4612345678", "US", "phone_ambiguous", "+1 ########## or +46 ########"),
        ("001 65 6234 5678", "ID", "phone_ambiguous", "+1 ########## or +65 ########"),
    ],
)
def test_number_without_one_right_reading_is_not_sent(
    push: Push, cell: str, region: str | None, code: str, reason: str
) -> None:
    numbers(push, cell)
    where = ("--region", region) if region else ()
    pushed = push("voiso", "leads.csv", *where, "--json")
    (found,) = pushed.document["reasons"]
    assert found["code"] == code
    assert reason in found["message"]
    assert push.sent("voiso") == []


@pytest.mark.parametrize(
    ("region", "cells", "created"),
    [
        pytest.param(
            "DE",
            [
                *("030 1234567.68", "030.1234567.68", "030 1234 567 . 68"),
                *("+49 30 1234567;68", "+49 30 1234567,68", "+49 30 1234567 | 68"),
                *("+49 30 1234567 or 68", "030 1234567 und 68", "030 1234567 & 68"),
                *("030 1234567\n68", "030 1234567\v68", "030 1234567\t68"),
                *("030 1234567\u202868", "030 1234567 (68)"),
            ],
            0,
            id="second number",
        ),
        pytest.param("DE", ["030.1234567.0", "0151.12345678"], 2, id="German"),
        pytest.param("SG", ["6123-4567", "6123-45-68"], 2, id="of Singapore"),
        pytest.param("BE", ["02.512.00.00", "02/512.00.01"], 2, id="Belgian"),
        pytest.param("PL", ["512.00.00.00", "22.512.00.00"], 2, id="Polish"),
    ],
)
def test_end_of_a_second_number_is_not_read_into_the_first(
    push: Push, region: str, cells: list[str], created: int
) -> None:
    numbers(push, *(f'"{cell}"' for cell in cells))
    pushed = push("voiso", "leads.csv", "--region", region, "--json")
    if created:
        assert pushed.counts == {"created": created}
    else:
        (found,) = pushed.document["reasons"]
        assert (found["code"], found["count"]) == ("phone_invalid", len(cells))
        assert "more than one number" in found["message"]
        assert push.sent("voiso") == []
