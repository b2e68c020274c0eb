"""One entry of a suppression list: the numbers it may reach, or why it is invalid."""

from __future__ import annotations

from leadctl.model.leads import Code
from leadctl.phones.numbering_plan import is_national_somewhere
from leadctl.phones.reach import Reach, reach
from leadctl.phones.spelling import PhoneProblem, PhoneUnreadable


def identities(entry: Reach | PhoneProblem, *, of_lead: bool) -> set[str]:
    """Return the identities that a cell may reach, for the ledger's list.

    If the country of an entry is known, its national digits do not count.
    """
    if isinstance(entry, PhoneProblem):
        return set()
    people = {f"person {digits}" for digits in entry.people}
    if entry.names_country and not of_lead:
        return people
    return people | {f"national {digits or 0}" for digits in entry.nationals}


def identities_of_lead(phone: str, region: str | None) -> set[str]:
    """Return the identities to look up in the ledger's list for one number."""
    (lead,) = reach([phone], region)
    return identities(lead, of_lead=True)


def identities_of_entry(phone: str, region: str | None) -> set[str]:
    """Return the identities to store for a number; raises PhoneUnreadable."""
    (entry,) = reach([phone], region)
    if problem := problem_of_entry(entry, region):
        raise PhoneUnreadable(*problem)
    return identities(entry, of_lead=False)


def problem_of_entry(
    entry: Reach | PhoneProblem, region: str | None
) -> PhoneProblem | None:
    """Return why an entry cannot be compared with any number."""
    if isinstance(entry, PhoneProblem):
        return entry
    if entry.is_read:
        return None
    if not entry.names_country and region is None:
        reason = "no country code: write it with +, or give --region"
        return PhoneProblem(Code.PHONE_INVALID, reason)
    if not entry.names_country and any(map(is_national_somewhere, entry.nationals)):
        return None
    return PhoneProblem(Code.PHONE_INVALID, "not a number of any country")
