"""VICIdial's simulator: 200 for everything, and silent changes to values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import Sandbox, VicidialSimulator, serve

from .conftest import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PASSWORD = "vicidial-sandbox-password"
PATH = "/non_agent_api.php"
WHO = {"source": "test", "user": "6666", "pass": PASSWORD}
ADD = WHO | {"function": "add_lead", "phone_number": "2125550101", "list_id": "101"}
FIND = WHO | {"function": "lead_search", "search_location": "LIST", "list_id": "101"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "vicidial") as client:
        yield client


def said(client: httpx.Client, form: dict[str, str]) -> str:
    answer = client.post(PATH, data=form)
    assert answer.status_code == 200
    return answer.text


def stored(sandbox: Sandbox, number: str = "101") -> list[dict[str, object]]:
    return sandbox.simulators["vicidial"].stored.get(number, [])


def test_lead_is_added_and_named(client: httpx.Client, sandbox: Sandbox) -> None:
    found = said(client, ADD | {"phone_code": "44"})
    tail = "2125550101|101|1|-5|6666"
    assert found == f"SUCCESS: add_lead LEAD HAS BEEN ADDED - {tail}\n"
    lead = {"lead_id": 1, "phone_code": "44", "phone_number": "2125550101"}
    assert stored(sandbox) == [lead]


@pytest.mark.parametrize("number", ["", "7", "99", "List A"])
def test_lead_without_a_proper_list_goes_into_list_999(
    client: httpx.Client, sandbox: Sandbox, number: str
) -> None:
    assert "|999|" in said(client, ADD | {"list_id": number})
    assert len(stored(sandbox, "999")) == 1


def test_list_is_looked_for_only_if_asked(client: httpx.Client) -> None:
    asked = ADD | {"list_id": "555"}
    refusal = said(client, asked | {"list_exists_check": "Y"})
    assert refusal.startswith("ERROR: add_lead NOT A DEFINED LIST ID")
    assert said(client, asked).startswith("SUCCESS")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("DUPLIST", "LIST - "),
        ("DUPCAMP", "CAMPAIGN LISTS - "),
        ("DUPSYS", "SYSTEM - "),
        ("DUPEVERYWHERE", None),
        ("", None),
    ],
)
def test_duplicates_are_found_by_the_words_it_knows(
    client: httpx.Client, check: str, words: str | None
) -> None:
    said(client, ADD)
    again = said(client, ADD | {"duplicate_check": check, "phone_code": "44"})
    duplicate = f"ERROR: add_lead DUPLICATE PHONE NUMBER IN {words}"
    assert again.startswith(duplicate if words else "SUCCESS")


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("first_name", "José", "Jos"),
        ("first_name", "Asha & Ben", "Asha  Ben"),
        ("last_name", "x" * 31, "x" * 30),
        ("email", "a+b@example.com", "a b@example.com"),
        ("vendor_lead_code", 'c;r#m"7', "crm7"),
    ],
)
def test_what_does_not_fit_is_dropped_or_cut(
    client: httpx.Client, sandbox: Sandbox, field: str, sent: str, kept: str
) -> None:
    assert said(client, ADD | {field: sent}).startswith("SUCCESS")
    assert stored(sandbox)[0][field] == kept


def test_letters_of_all_scripts_stay_where_non_latin_is_on() -> None:
    with serve([VicidialSimulator(non_latin=True)]) as sandbox:
        with client_of(sandbox, "vicidial") as client:
            said(client, ADD | {"first_name": "आशा", "last_name": "José"})
        lead = stored(sandbox)[0]
        assert (lead["first_name"], lead["last_name"]) == ("आश", "José")


def test_number_on_a_do_not_call_list_is_refused_if_asked(
    client: httpx.Client,
) -> None:
    listed = ADD | {"phone_number": "2125550199"}
    refusal = said(client, listed | {"dnc_check": "Y"})
    assert refusal == "ERROR: add_lead PHONE NUMBER IN DNC - 2125550199|6666\n"
    assert said(client, listed).startswith("SUCCESS")


def test_tenth_wrong_password_locks_the_user(client: httpx.Client) -> None:
    for _ in range(10):
        refusal = said(client, ADD | {"pass": "wrong"})
        assert refusal.startswith("ERROR: Login incorrect")
        assert "|wrong|" in refusal
    assert "Too many login attempts" in said(client, ADD)


def test_address_wins_over_the_form(client: httpx.Client) -> None:
    answer = client.post(PATH, params={"list_id": "102"}, data=ADD)
    assert "|102|" in answer.text


def test_other_body_is_not_read(client: httpx.Client) -> None:
    assert client.post(PATH, json=ADD).text.startswith("ERROR: Invalid Source")


def test_function_the_user_may_not_call_is_refused(client: httpx.Client) -> None:
    refusal = said(client, WHO | {"function": "update_lead"})
    assert refusal.startswith("ERROR: auth USER DOES NOT HAVE PERMISSION")


def test_numbers_are_found_in_the_order_asked(client: httpx.Client) -> None:
    asked = FIND | {"phone_number": "2125550102,2125550101"}
    assert said(client, asked).startswith("ERROR: lead_search NO MATCHES FOUND")
    said(client, ADD)
    assert said(client, asked) == "2125550102|0|\n2125550101|1|1\n"


def test_list_is_described(client: httpx.Client) -> None:
    asked = WHO | {"function": "list_info"}
    assert said(client, asked | {"list_id": "102"}).startswith(
        "102|List 102|TESTCAMP|N|"
    )
    assert "LIST DOES NOT EXIST" in said(client, asked | {"list_id": "555"})
    assert "YOU MUST USE ALL REQUIRED FIELDS" in said(client, asked)
