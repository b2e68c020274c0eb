"""VICIdial's Non-Agent API as a server of version 2.14 was seen to behave.

Little is refused: what does not fit is dropped, cut or replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import Response

from leadctl.sandbox.simulator import Call, Campaign, Lead, Refusal, Simulator

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

    from leadctl.sandbox.faults import Place

CAMPAIGN = "TESTCAMP"
FALLBACK = "999"
LENGTHS = {"vendor_lead_code": 20, "first_name": 30, "last_name": 30, "email": 70}
MOST_FAILURES = 10
PLACES = {"DUPLIST": "LIST", "DUPCAMP": "CAMPAIGN LISTS", "DUPSYS": "SYSTEM"}


@dataclass(kw_only=True, eq=False)
class VicidialSimulator(Simulator):
    """Lists 101 and 999, both active, and 102, switched off; all of campaign TESTCAMP.

    `api_key` is the password; the user may call `functions`. As on the server, a
    duplicate is looked for when a request arrives, before it is processed.
    """

    name = "vicidial"
    prefix = "/vicidial"
    phone_field = "phone_number"
    default_campaigns: ClassVar = {"101": "Y", "102": "N", FALLBACK: "Y"}
    open_state = "Y"

    api_key: str = "vicidial-sandbox-password"
    user: str = "6666"
    functions: Collection[str] = ("add_lead", "list_info", "lead_search")
    non_latin: bool = False
    do_not_call: Collection[str] = ()
    campaign_do_not_call: Collection[str] = ()
    failures: int = field(init=False, default=0)

    def reset(self) -> None:
        self.failures = 0
        self._next_id = 1

    def settings(self) -> dict[str, str]:
        return {"user": self.user, "password": self.api_key}

    def routes(self) -> list[Route]:
        path = "/non_agent_api.php"
        return [self.route(way, path, self.answer, "read") for way in ("GET", "POST")]

    def purpose(self, call: Call) -> Place:
        return "upload" if call.form().get("function") == "add_lead" else "read"

    def error(self, status: int, message: str) -> Response:
        # On a database error, PHP answers with an empty body.
        return Response("" if status == 500 else message, status)

    def denied(self) -> Response:
        said = "ERROR: Login incorrect, please try again"
        return _text(f"{said}: |{self.user}|{self.api_key}|")

    def admit(self, call: Call) -> None:
        form = call.form()
        function = form.get("function", "")
        if len(re.sub(r"\W", "", form.get("source", ""))) < 2:
            raise Refusal(_text("ERROR: Invalid Source", "source is required"))
        self._log_in(form.get("user", ""), form.get("pass", ""))
        if not function:
            raise Refusal(_text("ERROR: NO FUNCTION SPECIFIED"))
        if function not in self.functions:
            said = "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION"
            raise Refusal(_text(f"{said}: |{self.user}|{function}|"))
        if function == "add_lead":
            call.noted = self._known(form)

    def _log_in(self, user: str, password: str) -> None:
        if self.failures >= MOST_FAILURES:
            said = "ERROR: Too many login attempts, try again in 15 minutes"
            raise Refusal(_text(f"{said}: |{user}|LOCK|"))
        compared = re.sub(r"[^A-Za-z0-9_-]", "", password)
        if (user, compared) != (self.user, self.api_key):
            self.failures += 1
            said = "ERROR: Login incorrect, please try again"
            raise Refusal(_text(f"{said}: |{user}|{password}|BAD|"))
        self.failures = 0

    def answer(self, call: Call) -> Response:
        form = call.form()
        match form.get("function"):
            case "list_info":
                return self.list_info(form)
            case "lead_search":
                return self.lead_search(form)
            case _:
                call.leads = 1
                return self.add_lead(form, known=bool(call.noted))

    def add_lead(self, form: dict[str, str], *, known: bool) -> Response:
        phone = re.sub(r"[^0-9,]", "", form.get("phone_number", ""))
        number = re.sub(r"\D", "", form.get("list_id", ""))
        is_checked = form.get("list_exists_check", "").upper() == "Y"
        if is_checked and number not in self.campaigns:
            said = "NOT A DEFINED LIST ID, LIST EXISTS CHECK ENABLED"
            raise Refusal(_error(f"{said} - {phone}|{number}"))
        number = number if len(number) >= 3 else FALLBACK
        if not 6 <= len(phone) <= 16:
            said = "INVALID PHONE NUMBER LENGTH"
            raise Refusal(_error(f"{said} - {phone}|{self.user}"))
        self._check_do_not_call(form, phone)
        if known:
            raise Refusal(_duplicate(form.get("duplicate_check", ""), phone, number))
        # An unknown list takes leads, but no campaign finds them.
        campaign = self.campaigns.setdefault(number, Campaign(number, "N"))
        lead = self._kept(form, phone)
        campaign.add(lead, phone)
        said = "SUCCESS: add_lead LEAD HAS BEEN ADDED"
        tail = f"{phone}|{number}|{lead['lead_id']}|-5|{self.user}"
        return _text(f"{said} - {tail}")

    def _check_do_not_call(self, form: dict[str, str], phone: str) -> None:
        if form.get("dnc_check") == "Y" and phone in self.do_not_call:
            raise Refusal(_error(f"PHONE NUMBER IN DNC - {phone}|{self.user}"))
        asked = (form.get("campaign_dnc_check"), form.get("campaign_id"))
        if asked == ("Y", CAMPAIGN) and phone in self.campaign_do_not_call:
            tail = f"{phone}|{CAMPAIGN}|{self.user}"
            raise Refusal(_error(f"PHONE NUMBER IN CAMPAIGN DNC - {tail}"))

    def _known(self, form: dict[str, str]) -> bool:
        """Tell whether a number is there already; an unknown word checks nothing."""
        phone = re.sub(r"\D", "", form.get("phone_number", ""))
        there = [name for name, one in self.campaigns.items() if phone in one.known]
        match form.get("duplicate_check", "").upper():
            case "DUPLIST":
                return form.get("list_id", "") in there
            case "DUPCAMP" | "DUPSYS":  # all lists belong to one campaign
                return bool(there)
            case _:
                return False

    def _kept(self, form: dict[str, str], phone: str) -> Lead:
        """Return what the database keeps of a lead."""
        code = re.sub(r"\D", "", form.get("phone_code", "")) or "1"
        lead: Lead = {"lead_id": self._next_id, "phone_code": code[:10]}
        self._next_id += 1
        lead["phone_number"] = phone
        for name, most in LENGTHS.items():
            value = form.get(name, "").replace("+", " ")
            if name == "vendor_lead_code":
                value = re.sub(r'[;#"]', "", value)
            else:
                also = "-'_. :/@%" if name == "email" else "-'_. "
                value = "".join(c for c in value if self._is_kept(c) or c in also)
            if value:
                lead[name] = value[:most]
        return lead

    def _is_kept(self, character: str) -> bool:
        is_plain = character.isascii() and character.isalnum()
        return is_plain or (self.non_latin and character.isalpha())

    def list_info(self, form: dict[str, str]) -> Response:
        number = form.get("list_id", "")
        if len(number) < 2:
            said = "ERROR: list_info YOU MUST USE ALL REQUIRED FIELDS"
            return _text(f"{said} - {self.user}|{number}")
        found = self.campaigns.get(number)
        if found is None:
            return _text(f"ERROR: list_info LIST DOES NOT EXIST - {number}")
        dates = "2026-01-01 09:00:00||2099-12-31|0|"
        return _text(f"{number}|List {number}|{CAMPAIGN}|{found.state}|{dates}")

    def lead_search(self, form: dict[str, str]) -> Response:
        """Search by number: one line each, in order, while `records` are left."""
        lists = [*self.campaigns.values()]
        if form.get("search_location") == "LIST":
            lists = [each for each in lists if each.identifier == form.get("list_id")]
        left, lines, total = int(form.get("records") or 1000), [], 0
        for number in form.get("phone_number", "").split(","):
            leads = [lead for each in lists for lead in each.leads]
            there = sum(lead["phone_number"] == number for lead in leads)
            found = min(left, there)
            left, total = left - found, total + found
            ids = "-".join(["1"] * found)
            lines.append(f"{number}|{found}|{ids}")
        if not total:
            return _text("ERROR: lead_search NO MATCHES FOUND IN THE SYSTEM - ||||")
        return _text(*lines)


def _duplicate(check: str, phone: str, number: str) -> Response:
    where, tail = PLACES[check.upper()], f"{phone}|{number}|1"
    tail += "" if where == "LIST" else f"|{number}"
    return _error(f"DUPLICATE PHONE NUMBER IN {where} - {tail}")


def _error(said: str) -> Response:
    return _text(f"ERROR: add_lead {said}")


def _text(*lines: str) -> Response:
    body = "".join(f"{line}\n" for line in lines)
    return Response(body, media_type="text/html")
