"""VICIdial through the program: its silent changes are reported or prevented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push


def test_numbers_of_several_countries_keep_their_code(push: Push) -> None:
    push.program.write(
        "leads.csv", "phone\n+1 212 555 0101\n+44 20 7946 0018\n+39 06 1234 5678\n"
    )
    ran = push("vicidial", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3})
    sent = [
        (lead["phone_code"], lead["phone_number"]) for lead in push.stored("vicidial")
    ]
    assert sorted(sent) == [
        ("1", "2125550101"),
        ("39", "0612345678"),
        ("44", "2079460018"),
    ]


def test_do_not_call_number_is_suppressed(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+12125550199\n")
    ran = push("vicidial", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"suppressed": 1})
    assert ran.codes == {"on_provider_dnc": 1}
    assert not (push.program.folder / "leads.rejects.csv").exists()


def test_name_the_server_would_change_is_reported_first(push: Push) -> None:
    push.program.write(
        "leads.csv",
        "phone,first name,last name\n+12125550101,José,Testperson\n"
        "+12125550102,Asha,Example\n+12125550103,Анна,Example\n",
    )
    ran = push("vicidial", "leads.csv", "--json")
    assert ran.code == 3
    assert ran.counts == {"created": 2, "rejected": 1}
    assert ran.codes == {"field_invalid": 1}
    said = "VICIdial cannot keep all of first_name in 1 row (for example row 1)"
    assert said in ran.err
    assert [lead["first_name"] for lead in push.stored("vicidial")] == ["Jose", "Asha"]


def test_setting_lets_the_letters_of_all_scripts_pass(push: Push) -> None:
    push.program.write("leads.csv", "phone,first name\n+12125550101,Анна\n")
    env = {"LEADCTL_VICIDIAL_NON_LATIN": "true"}
    assert push("vicidial", "leads.csv", "--json", env=env).counts == {"created": 1}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("email", "a+b@example.com"),
        ("external id", "x" * 21),
        ("external id", "crm#7"),
    ],
)
def test_value_that_would_become_another_is_rejected(
    push: Push, column: str, cell: str
) -> None:
    push.program.write("leads.csv", f"phone,{column}\n+12125550101,{cell}\n")
    ran = push("vicidial", "leads.csv", "--json")
    assert (ran.code, ran.codes) == (3, {"field_invalid": 1})


@pytest.mark.parametrize("campaign", ["TESTCAMP", "99", "0101"])
def test_campaign_is_a_list_number(push: Push, campaign: str) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n")
    ran = push("vicidial", "leads.csv", campaign=campaign)
    assert ran.code == 2
    assert "the number of a list, three digits or more" in ran.err
    assert not push.sent("vicidial")


def test_unknown_list_ends_the_run_before_a_row_is_judged(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n")
    ran = push("vicidial", "leads.csv", campaign="555")
    assert ran.code == 7
    assert "VICIdial has no such list" in ran.err
    assert not push.sent("vicidial")


def test_wrong_password_is_tried_once_and_never_shown(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n+12125550102\n")
    env = {"LEADCTL_VICIDIAL_PASSWORD": "secret7"}
    ran = push("vicidial", "leads.csv", env=env)
    assert ran.code == 4
    assert "LEADCTL_VICIDIAL_PASSWORD" in ran.err
    assert "secret7" not in ran.out + ran.err
    assert len(push.simulator("vicidial").log) == 1


@pytest.mark.parametrize("way", ["FILE", "COMMAND"])
def test_password_is_found_by_other_ways(push: Push, way: str) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n")
    simulator = push.simulator("vicidial")
    secret = push.program.write("secret", simulator.settings()["password"])
    secret.chmod(0o600)
    found = str(secret) if way == "FILE" else f"cat {secret}"
    env = {"LEADCTL_VICIDIAL_PASSWORD": "", f"LEADCTL_VICIDIAL_PASSWORD_{way}": found}
    assert push("vicidial", "leads.csv", "--json", env=env).counts == {"created": 1}


def test_password_that_can_never_log_in_is_not_tried(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n")
    env = {"LEADCTL_VICIDIAL_PASSWORD": "with space!"}
    ran = push("vicidial", "leads.csv", env=env)
    assert ran.code == 4
    assert "this one cannot log in" in ran.err
    assert not push.simulator("vicidial").log


@pytest.mark.parametrize("missing", ["BASE_URL", "USER"])
def test_missing_setting_is_named(push: Push, missing: str) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n")
    ran = push("vicidial", "leads.csv", env={f"LEADCTL_VICIDIAL_{missing}": ""})
    assert ran.code == 6
    assert f"LEADCTL_VICIDIAL_{missing}" in ran.err


@pytest.mark.parametrize("kind", ["lose", "refuse"])
def test_row_whose_answer_was_lost_is_stored_once(push: Push, kind: str) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n+12125550102\n")
    push.simulator("vicidial").faults.add(Fault(kind))  # type: ignore[arg-type]
    ran = push("vicidial", "leads.csv", "--json")
    assert ran.code == 0
    assert push.phones("vicidial") == ["2125550101", "2125550102"]
    assert ran.counts.get("duplicate", 0) == (kind == "lose")


def test_without_its_check_a_lost_row_is_unknown(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+12125550101\n+12125550102\n")
    push.simulator("vicidial").faults.add(Fault("lose"))
    env = {"LEADCTL_VICIDIAL_DUPLICATE_CHECK": "none"}
    ran = push("vicidial", "leads.csv", "--json", env=env)
    assert (ran.code, ran.counts) == (10, {"created": 1, "unknown": 1})
    assert len(push.phones("vicidial")) == 2
