"""VICIdial, function `add_lead` of the Non-Agent API (NON-AGENT_API.txt).

HTTP says nothing here: every answer is a 200 with lines of text. What is written beside
the document was seen on a server of version 2.14 (build 250720-1841) in November 2026.
Answers repeat the password and the lead: their own words are never passed on.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING

from leadctl.model import errors
from leadctl.model.lead_fields import Field, FieldInvalid, email, text
from leadctl.model.leads import CREATED, Batch, Json, Lead, Outcome
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.providers.base import REFUSALS, Limits, Provider
from leadctl.providers.http_auth import Auth, FixedCredentials
from leadctl.providers.listings import LeadPage, ListedLead
from leadctl.providers.preflight import KEY_ACCEPTED, PreflightResult, fine, wrong
from leadctl.providers.response import do_not_call, duplicate, rejected
from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx


@dataclass(frozen=True, kw_only=True)
class Vicidial(Provider):
    name = "vicidial"
    title = "VICIdial"
    documentation = "https://www.vicidial.org/docs/NON-AGENT_API.txt"
    # One lead per request; no rate limit seen. Two callers were 1.6 times as fast as
    # one, eight only twice: the server also makes calls.
    limits = Limits(batch_size=1, concurrency=2)
    answers = (200,)
    # There is one address only: a 404 says nothing about the campaign.
    refusals = REFUSALS | {404: errors.Unusable}
    phone_rule = PhoneRule(PhoneForm.SPLIT, fewest=7)
    phone_wire = "phone_number"
    phone_code_wire = "phone_code"
    secrets = ("password",)
    # A shorter list number puts the lead into list 999.
    campaign_rule = (r"[1-9][0-9]{2,13}", "the number of a list, three digits or more")
    refusal_is_final = True  # duplicates have their own texts
    resend_sentence = (
        "NON-AGENT_API.txt: duplicate_check DUPLIST checks for duplicates in the list"
    )
    reads_by_post = "list_info and lead_search: NON-AGENT_API.txt"
    consequence = (
        "VICIdial calls leads of an active list when its campaign dials, possibly "
        "at once."
    )

    base_url: str = setting(
        MISSING, "your server's folder: https://dialer.example.com/vicidial"
    )
    user: str = setting(MISSING, "an API user of level 8 or 9")
    duplicate_check: str = setting(
        "DUPLIST",
        "where to look for duplicates (list, campaign, system); none stores "
        "duplicates and makes a retry unsafe",
        choices=("DUPLIST", "DUPCAMP", "DUPSYS", "none"),
    )
    dnc_check: bool = setting(
        True, "false also loads numbers on the system's do-not-call list"
    )
    campaign_dnc_check: str = setting(
        "",
        "campaign whose do-not-call list also counts; VICIdial ignores an unknown one",
    )
    non_latin: bool = setting(False, "true if the system setting Use Non-Latin is on")

    @property
    def fields(self) -> tuple[Field, ...]:
        return (
            Field("external_id", "vendor_lead_code", self._code),
            Field("first_name", "first_name", self._name, alters=True),
            Field("last_name", "last_name", self._name, alters=True),
            Field("email", "email", self._email),
        )

    @property
    def resend_is_safe(self) -> bool | float:
        # The check looks and then inserts: two requests 1 ms apart were both stored,
        # and so was a repeat while the first one waited for a locked table.
        return self.duplicate_check != "none" and 60.0

    def auth(self, secrets: Mapping[str, str]) -> Auth:
        password = secrets["password"]
        if re.search(r"[^A-Za-z0-9_-]", password):  # ten failed logins lock the user
            raise errors.AccessDenied(
                "VICIdial accepts only letters, digits, - and _ in a password; this "
                "one cannot log in"
            )
        return FixedCredentials(form={"user": self.user, "pass": password})

    def request(self, batch: Batch) -> httpx.Request:
        (lead,) = batch.leads
        checks = {
            # Without it, a lead for a list that does not exist counts as a success.
            "list_exists_check": "Y",
            "duplicate_check": self.duplicate_check,
            "dnc_check": "Y" if self.dnc_check else "N",
        }
        if self.campaign_dnc_check:
            checks["campaign_dnc_check"] = "Y"
            checks["campaign_id"] = self.campaign_dnc_check
        sent = {name: str(value) for name, value in lead.wire.items()}
        return self._call("add_lead", list_id=batch.campaign, **checks, **sent)

    def outcomes(self, batch: Batch, response: httpx.Response) -> list[Outcome]:
        (lead,) = batch.leads
        # Notices may come before or after; they say nothing about the lead.
        said = [line for line in _lines(response) if not line.startswith("NOTICE: ")]
        first = said[0] if said else ""
        if any(line.startswith("SUCCESS: ") for line in said):
            if len(said) > 1 or not first.startswith(_ADDED):
                raise self.unreadable(response)
            self._require_place(first, batch.campaign, lead)
            return [CREATED]
        if outcome := _refusal(first):
            return [outcome]
        raise self._meaning(first, response)

    def _require_place(self, line: str, campaign: str, lead: Lead) -> None:
        """Raise where the lead went elsewhere; a repeat would add it there again."""
        told = line.removeprefix(_ADDED).split("|")
        phone = lead.phone.wire
        # The second order is the documented one.
        if [phone, campaign] == told[:2] or [phone, self.user, campaign] == told[:3]:
            return
        raise errors.Unusable(
            "VICIdial added the lead, but reports a different list or number",
            hint="look for the lead in VICIdial, first in list 999",
            in_doubt=True,
        )

    def preflight(self, campaign: str | None) -> httpx.Request | None:
        return self._call("list_info", **({"list_id": campaign} if campaign else {}))

    def read_preflight(
        self, campaign: str | None, response: httpx.Response
    ) -> PreflightResult:
        first = next(iter(_lines(response)), "")
        told = first.split("|")
        if response.is_success and campaign and told[0] == campaign and len(told) > 3:
            _, name, of, active, *_ = told
            state = "active" if active == "Y" else "not active"
            there = fine(f"exists, {state}, in campaign {of}")
            return PreflightResult(
                key=KEY_ACCEPTED, campaign=there, name=name, state=state
            )
        if campaign is None and first.startswith("ERROR: list_info YOU MUST USE ALL"):
            return PreflightResult.of_key()
        if re.match(r"ERROR: (list_info|auth) USER DOES NOT HAVE PERMISSION", first):
            return PreflightResult(KEY_ACCEPTED, _NO_LISTS)
        raise self._meaning(first, response)

    def look_up(self, batch: Batch, cursor: str) -> httpx.Request | None:  # noqa: ARG002  one page
        return self._call(
            "lead_search",
            phone_number=",".join(batch.leads.phones),
            search_location="LIST",
            list_id=batch.campaign,
            records="100000",  # of leads; numbers beyond them count as not there
        )

    def looked_up(self, response: httpx.Response) -> LeadPage:
        lines = _lines(response) or [""]
        if lines[0].startswith("ERROR: lead_search NO MATCHES FOUND"):
            return LeadPage([], "")
        found = [re.fullmatch(r"(\d+)\|(\d+)\|[\d-]*", line) for line in lines]
        if not (response.is_success and all(found)):
            raise self._meaning(lines[0], response)
        there = [one[1] for one in found if one and int(one[2])]
        return LeadPage([ListedLead(number, "", None) for number in there], "")

    def _call(self, function: str, **fields: str) -> httpx.Request:
        form = {"source": "leadctl", "function": function, **fields}
        return self.call("POST", "non_agent_api.php", data=form)

    def _meaning(self, line: str, response: httpx.Response) -> errors.ProviderError:
        """Tell what a line means for any call, in words of our own."""
        if not response.is_success:
            return self.meaning(response)
        for pattern, error in _MEANINGS.items():
            if re.match(pattern, line):
                return error.but()  # a copy: these are shared
        return self.unreadable(response)

    def _name(self, value: Json) -> str:
        """Take away what the server would drop or cut; é is better sent as e."""
        spelled = unicodedata.normalize(
            "NFC" if self.non_latin else "NFKD", text(value)
        )
        kept = (c for c in spelled if self._is_kept(c))
        if name := " ".join("".join(kept).split())[:30].rstrip():
            return name
        raise FieldInvalid(
            "VICIdial drops all of its characters"
            + ("" if self.non_latin else f" ({_SET_NON_LATIN})")
        )

    def _email(self, value: Json) -> str:
        address = email(value)
        if not all(self._is_kept(c) or c in "@%:/" for c in address):
            raise FieldInvalid(
                "VICIdial drops characters such as +, which changes the address"
            )
        return _short(address, 70)

    def _code(self, value: Json) -> str:
        code = text(value)
        if re.search(r'[;#"+]', code) or not (self.non_latin or code.isascii()):
            raise FieldInvalid('VICIdial changes ; # " + and letters outside ASCII')
        return _short(code, 20)

    def _is_kept(self, character: str) -> bool:
        is_letter = self.non_latin and character.isalpha()
        return is_letter or bool(re.fullmatch(r"[A-Za-z0-9 '_.-]", character))


_ADDED = "SUCCESS: add_lead LEAD HAS BEEN ADDED - "
_NO_LISTS = wrong(
    "the user may not call list_info; whether it may add leads cannot be checked "
    "before the first upload",
    "give the user Modify Lists, and list_info among its API functions",
)
_SET_NON_LATIN = "set non_latin if the system setting Use Non-Latin is on"
_MEANINGS: dict[str, errors.ProviderError] = {
    r"(ERROR: )?Login incorrect": errors.AccessDenied(
        "VICIdial rejected the user or password (ten failures lock the user)"
    ),
    r"(ERROR: )?Too many login attempts": errors.AccessDenied(
        "VICIdial has locked the user after too many failed logins",
        hint="wait 15 minutes, then check user and password",
    ),
    r"(ERROR: )?Your IP Address is not allowed": errors.AccessDenied(
        "VICIdial does not allow this machine's IP address",
        hint="add it to the addresses that VICIdial allows",
    ),
    r"ERROR: \w+ USER DOES NOT HAVE PERMISSION": errors.AccessDenied(
        "the VICIdial user may not do this",
        hint="give it level 8, Modify Leads, and add_lead among its API functions",
    ),
    r"ERROR: user_group DOES NOT EXIST": errors.AccessDenied(
        "the VICIdial user has no user group"
    ),
    # It mentions lists only after a successful login.
    r"ERROR: \w+ (NOT A DEFINED LIST ID|LIST DOES NOT EXIST)": errors.CampaignClosed(
        "VICIdial has no such list", key_is_good=True
    ),
    r"ERROR: \w+ NOT AN ALLOWED LIST ID": errors.CampaignClosed(
        "the VICIdial user may not use this list", key_is_good=True
    ),
    r"ERROR: (NO FUNCTION SPECIFIED|Invalid Source)": errors.Unusable(
        "VICIdial did not read the form that was sent"
    ),
    r"MySQL connect ERROR": errors.NotProcessed("VICIdial cannot reach its database"),
}


def _lines(response: httpx.Response) -> list[str]:
    return [line.strip() for line in response.text.splitlines() if line.strip()]


def _refusal(line: str) -> Outcome | None:
    """Read what is said of the one lead; behind the words stands its data, or SQL."""
    found = re.match(r"ERROR: add_lead ([A-Z_]+(?: [A-Z_]+)*)", line)
    words = found[1].lower() if found else ""
    if words.startswith("duplicate "):
        return duplicate(words)
    if words.endswith(" dnc"):
        return do_not_call(words)
    if words.startswith("invalid phone number") or words == "lead has not been added":
        return rejected(f"VICIdial: {words}")
    return None


def _short(value: str, most: int) -> str:
    if len(value) > most:
        raise FieldInvalid(f"longer than {most} characters: VICIdial would truncate it")
    return value
