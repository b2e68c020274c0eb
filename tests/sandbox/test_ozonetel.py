"""Ozonetel's simulator: one lead a call, 200 to everything, a text for every case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from leadctl.sandbox import OzonetelSimulator, Sandbox, serve

from .conftest import Clock, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KEY = "ozonetel-sandbox-key"
TOKEN = "/ca_apis/CAToken/generateToken"
ADD = "/ca_apis/AddCampaignData"
STATUS = "/ca_apis/campaignStatus"
DELETE = "/ca_apis/deleteCampaignData"
ASKED = {
    "campaignName": "Demo",
    "phoneNumber": "9876543210",
    "userName": "sandbox_user",
}
BAD_PHONE = (
    "phone number should be numeric and must be between 3 to 16 digits"
    " and allows prefix +"
)
BAD_PRIORITY = "The priority value must be numeric and range from 0 to 99."
BAD_DATE = "Invalid date format. Please enter date in format yyyy-MM-dd"
ADVICE = "Please pass the valid Campaign action SuccessFully Updated Demo Campaign Data"
THROTTLED = ("error", "Max limit exceeded")


def said(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 200
    body = answer.json()
    assert ("data" in body) == (body["status"] == "false")
    return body["status"], body["message"]


def token(client: httpx.Client) -> httpx.Response:
    return client.post(TOKEN, json={"userName": "sandbox_user"})


def sign_in(client: httpx.Client) -> None:
    client.headers["authorization"] = f"Bearer {token(client).json()['token']}"


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "ozonetel", apikey=KEY) as client:
        sign_in(client)
        yield client


@pytest.fixture
def ozonetel(sandbox: Sandbox) -> OzonetelSimulator:
    simulator = sandbox.simulators["ozonetel"]
    assert isinstance(simulator, OzonetelSimulator)
    return simulator


def add(client: httpx.Client, **fields: object) -> tuple[str, str]:
    """Add a lead; a field of "-" is left out."""
    body = {name: value for name, value in (ASKED | fields).items() if value != "-"}
    return said(client.post(ADD, json=body))


def test_token_is_given_for_key_and_user(client: httpx.Client) -> None:
    answer = token(client)
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "message"}


@pytest.mark.parametrize(
    ("key", "body", "message"),
    [
        (KEY, {}, "UserName is null"),
        (KEY, {"userName": None}, "UserName is null"),
        (KEY, {"userName": "nobody"}, "Invalid userName or apiKey"),
        ("wrong", {"userName": "sandbox_user"}, "Invalid userName or apiKey"),
    ],
    ids=str,
)
def test_token_is_refused_with_a_text(
    sandbox: Sandbox, key: str, body: object, message: str
) -> None:
    with client_of(sandbox, "ozonetel", apikey=key) as client:
        assert said(client.post(TOKEN, json=body)) == ("false", message)


def test_eleventh_token_within_an_hour_is_refused(
    client: httpx.Client, clock: Clock
) -> None:
    clock.now += 1800
    for _ in range(9):
        assert "token" in token(client).json()
    clock.now += 1799
    assert said(token(client)) == THROTTLED
    clock.now += 1
    assert "token" in token(client).json()
    assert said(token(client)) == THROTTLED


def test_new_token_ends_the_earlier_one(client: httpx.Client) -> None:
    token(client)
    assert add(client) == ("false", "Token Expired")


def test_token_lives_an_hour(
    client: httpx.Client, ozonetel: OzonetelSimulator, clock: Clock
) -> None:
    clock.now += 3599
    assert add(client)[0] == "Success"
    clock.now += 1
    assert add(client) == ("false", "Token Expired")
    assert len(ozonetel.stored["Demo"]) == 1


def test_lead_is_stored_as_received(
    client: httpx.Client, ozonetel: OzonetelSimulator
) -> None:
    extra = {"Name": "Asha", "priority": "5", "City": "Pune", "checkDuplicate": "TRUE"}
    add(client, **extra)
    assert ozonetel.stored == {"Demo": [ASKED | extra]}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Api Key Should Not be Null or Empty."),
        ({"apikey": ""}, "Invalid User Details"),
        ({"apikey": "wrong"}, "Invalid User Details"),
        ({"apikey": KEY}, "Token Should Not be Null or Empty."),
        ({"apikey": KEY, "authorization": "x"}, "Token Should Not be Null or Empty."),
        ({"apikey": KEY, "authorization": "Bearer wrong"}, "Token Expired"),
    ],
    ids=str,
)
def test_wrong_headers_are_answered_with_a_text(
    sandbox: Sandbox, headers: dict[str, str], message: str
) -> None:
    with client_of(sandbox, "ozonetel", **headers) as client:
        assert add(client) == ("false", message)


@pytest.mark.parametrize("setting", ["BASIC_AUTH", "NONE"])
def test_account_without_token_authentication_answers_invalid_action(
    setting: Literal["BASIC_AUTH", "NONE"],
) -> None:
    simulator = OzonetelSimulator(authentication=setting)
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "ozonetel", apikey=KEY) as client,
    ):
        assert said(token(client)) == ("false", "Invalid action.")
        client.headers["authorization"] = "Bearer of-another-day"
        assert add(client) == ("false", "Invalid action.")


def test_account_with_basic_authentication_takes_leads_without_a_token() -> None:
    simulator = OzonetelSimulator(authentication="BASIC_AUTH")
    with (
        serve([simulator]) as sandbox,
        client_of(sandbox, "ozonetel", apikey=KEY) as client,
    ):
        assert add(client)[0] == "Success"
        assert len(simulator.stored["Demo"]) == 1


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"userName": "-"}, "false", "Username Should Not be Null or Empty."),
        ({"userName": ""}, "false", "Username Should Not be Null or Empty."),
        ({"userName": None}, "false", "Username Should Not be Null or Empty."),
        ({"userName": "nobody"}, "false", "Invalid User Details"),
        ({"campaignName": "-"}, "Error", "Please provide campaign details"),
        ({"campaignName": ""}, "Error", "Please provide campaign details"),
        (
            {"campaignName": "demo"},
            "FAIL",
            "No User Found or Campaign Name is Invalid",
        ),
        (
            {"campaignName": "Inbound"},
            "Fail",
            "The selected campaign is not outbound",
        ),
        ({"phoneNumber": "-"}, "error", BAD_PHONE),
        ({"phoneNumber": ""}, "error", BAD_PHONE),
        ({"phoneNumber": "12"}, "error", BAD_PHONE),
        ({"phoneNumber": "1" * 17}, "error", BAD_PHONE),
        ({"phoneNumber": "98765 43210"}, "error", BAD_PHONE),
        ({"phoneNumber": 9876543210}, "error", BAD_PHONE),
        ({"phoneNumber": "9876500000"}, "FAIL", "PhoneNumber Added is a DND Number"),
        ({"priority": ""}, "Error", BAD_PRIORITY),
        ({"expiryDate": "31-01-2030"}, "Error", BAD_DATE),
        ({"expiryDate": "2030-01-31 10:00:00"}, "Error", BAD_DATE),
        ({"campaignName": "Agents"}, "FAIL", "Agent Is Empty!"),
        ({"campaignName": "Agents", "agentId": ""}, "FAIL", "Agent Is Empty!"),
        (
            {"campaignName": "Agents", "agentId": "7"},
            "FAIL",
            "Agent is not correctly mapped!",
        ),
        ({"campaignName": "Skills"}, "FAIL", "Please provide valid skill"),
        (
            {"campaignName": "Skills", "skill": "knitting"},
            "FAIL",
            "Please provide valid skill",
        ),
    ],
    ids=str,
)
def test_refused_lead_is_answered_with_a_text_and_not_stored(
    client: httpx.Client,
    ozonetel: OzonetelSimulator,
    fields: dict[str, object],
    status: str,
    message: str,
) -> None:
    assert add(client, **fields) == (status, message)
    assert ozonetel.stored == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"phoneNumber": "+919876543210"},
        {"priority": "high"},
        {"priority": 100},
        {"expiryDate": ""},
        {"expiryDate": "2030-01-31"},
        {"action": "dance"},
        {"Action": "START"},
    ],
    ids=str,
)
def test_odd_values_are_taken_silently(
    client: httpx.Client, ozonetel: OzonetelSimulator, fields: dict[str, object]
) -> None:
    assert add(client, **fields) == ("Success", ADVICE)
    assert ozonetel.stored == {"Demo": [ASKED | fields]}
    assert ozonetel.dialling == {}


def test_body_that_is_no_object_counts_as_empty(client: httpx.Client) -> None:
    answer = client.post(ADD, content=b"[1")
    assert said(answer) == ("false", "Username Should Not be Null or Empty.")


def test_number_in_campaign_is_refused_only_on_request(
    client: httpx.Client, ozonetel: OzonetelSimulator
) -> None:
    add(client)
    duplicate = ("SUCCESS", "Number Already Exist")
    assert add(client, checkDuplicate="TRUE", Name="Asha") == duplicate
    assert len(ozonetel.stored["Demo"]) == 1


@pytest.mark.parametrize("check", ["-", "FALSE", "", "true", True])
def test_number_in_campaign_is_added_again_otherwise(
    client: httpx.Client, ozonetel: OzonetelSimulator, check: object
) -> None:
    add(client)
    again = ("SUCCESS", "SuccessFully Updated, Demo was started")
    assert add(client, checkDuplicate=check) == again
    assert len(ozonetel.stored["Demo"]) == 2


def test_spellings_of_a_number_are_different_numbers(
    client: httpx.Client, ozonetel: OzonetelSimulator
) -> None:
    for phone in ("9876543210", "919876543210", "+919876543210"):
        add(client, phoneNumber=phone, checkDuplicate="TRUE")
    assert len(ozonetel.stored["Demo"]) == 3


def test_action_starts_and_stops_dialling(
    client: httpx.Client, ozonetel: OzonetelSimulator
) -> None:
    started = ("SUCCESS", "SuccessFully Updated, Demo was started")
    assert add(client, action="START") == started
    assert ozonetel.dialling == {"Demo": "started"}
    running = ("Success", "Campaign Demo Is Already Started")
    assert add(client, action="START", phoneNumber="9876543211") == running
    plain = ("Success", "SuccessFully Updated Demo Campaign")
    assert add(client, phoneNumber="9876543212") == plain
    stopped = ("Success", "SuccessFully Updated Demo Campaign Stoped")
    assert add(client, action="stop", phoneNumber="9876543213") == stopped
    assert ozonetel.dialling == {"Demo": "stopped"}
    assert len(ozonetel.stored["Demo"]) == 4


def test_agent_wise_campaign_takes_a_mapped_agent(client: httpx.Client) -> None:
    added = add(client, campaignName="Agents", agentId="1001")
    assert added == ("SUCCESS", "SuccessFully Updated")


def test_skill_wise_campaign_tells_same_and_other_skill_apart(
    client: httpx.Client,
) -> None:
    def push(skill: str) -> tuple[str, str]:
        return add(client, campaignName="Skills", skill=skill, checkDuplicate="TRUE")

    assert push("sales") == ("SUCCESS", "SuccessFully Updated")
    assert push("sales") == ("SUCCESS", "Number Already Exist")
    assert push("support") == ("Success", "Number Already Existed")


def test_call_101_within_a_minute_is_refused(
    client: httpx.Client, ozonetel: OzonetelSimulator, clock: Clock
) -> None:
    clock.now += 30
    for number in range(100):
        add(client, phoneNumber=f"98{number:08}")
    clock.now += 59
    assert add(client) == THROTTLED
    clock.now += 1
    assert add(client) == ("Success", ADVICE)
    assert len(ozonetel.stored["Demo"]) == 101


def campaign_status(client: httpx.Client, **body: str) -> httpx.Response:
    return client.request("GET", STATUS, json=body)


def test_campaign_status_lists_campaigns_by_part_of_the_name(
    client: httpx.Client,
) -> None:
    user = {"userName": "sandbox_user"}
    answer = campaign_status(client, **user, campaignName="Demo").json()
    assert answer["status"] == "success"
    keys = {"CampaignID", "CampaignName", "UserName", "Position"}
    assert [entry.keys() for entry in answer["message"]] == [keys]
    several = campaign_status(client, **user, campaignName="n").json()["message"]
    states = {entry["CampaignName"]: entry["Position"] for entry in several}
    assert states == {"Agents": "READY", "Inbound": "READY", "Done": "COMPLETED"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "All parameters are mandatory"),
        ({"userName": "sandbox_user"}, "All parameters are mandatory"),
        ({"userName": "sandbox_user", "campaignName": "Nine"}, "no record found"),
        ({"userName": "nobody", "campaignName": "Demo"}, "no record found"),
    ],
    ids=str,
)
def test_campaign_status_refuses_with_a_text(
    client: httpx.Client, body: dict[str, str], message: str
) -> None:
    assert said(campaign_status(client, **body)) == ("failure", message)


def test_campaign_status_needs_a_token(sandbox: Sandbox) -> None:
    with client_of(sandbox, "ozonetel", apikey=KEY) as client:
        answer = campaign_status(client, userName="sandbox_user", campaignName="Demo")
    assert said(answer) == ("false", "Token Should Not be Null or Empty.")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, ("Success", "Deleted Successfully")),
        ({"phoneNumber": "9876543211"}, ("Error", "No Record Found")),
        ({"phoneNumber": ""}, ("Error", "PhoneNumber should not be null are empty")),
        ({"campaignName": "Nowhere"}, ("Error", "Passed campaign are invalid")),
        ({"campaignName": ""}, ("Error", "Campaign should not be null are empty")),
        ({"userName": "somebody"}, ("false", "Invalid User Details")),
    ],
)
def test_one_record_is_deleted_by_number_and_campaign(
    change: dict[str, str],
    answer: tuple[str, str],
    client: httpx.Client,
    ozonetel: OzonetelSimulator,
) -> None:
    for _ in range(2):  # without the check there are two records
        client.post(ADD, json=ASKED)
    asked = ASKED | change
    assert said(client.request("DELETE", DELETE, json=asked)) == answer
    left = len(ozonetel.stored["Demo"])
    assert left == (1 if answer[0] == "Success" else 2)
