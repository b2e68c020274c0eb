"""Helpers for reading responses: the JSON body, its message, one outcome per lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from leadctl.model.errors import AccessDenied, NotProcessed, ProviderError
from leadctl.model.leads import DELIVERED, Batch, Code, Json, Leads, Outcome, Status
from leadctl.providers.http_request import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import httpx


Found = TypeVar("Found")


def token_refusal(title: str, response: httpx.Response) -> ProviderError:
    """Return the error for a token request without a token; no lead was sent."""
    said = (
        f"{title} answered HTTP {response.status_code} "
        f"to the token request{quoted(response)}"
    )
    if response.status_code in (400, 401, 403, 422):
        return AccessDenied(said)
    return NotProcessed(said).but(headers=response.headers)


def decoded(response: httpx.Response) -> Json:
    """Return the JSON of an answer; None if it has none."""
    try:
        return decode(response.content)
    except ValueError:
        return None


def body(response: httpx.Response) -> dict[str, Json]:
    """Return the JSON object of an answer; empty if there is none."""
    found = decoded(response)
    return found if isinstance(found, dict) else {}


def listed(response: httpx.Response) -> list[Json] | None:
    """Return the JSON array of an answer, if it is one."""
    found = decoded(response)
    return found if isinstance(found, list) else None


def quoted(response: httpx.Response) -> str:
    """Quote the provider's own sentence (never the body: bodies hold phone numbers)."""
    answer = body(response)
    for key in ("message", "error", "detail"):
        if isinstance(sentence := answer.get(key), str) and sentence.strip():
            return f": {one_line(sentence)}"
    if isinstance(errors := answer.get("errors"), dict):  # {"field": ["message"]}
        return f": {one_line('; '.join(_by_field(errors)))}"
    return ""


def _by_field(errors: Mapping[str, Json]) -> Iterator[str]:
    for field, said in errors.items():
        texts = said if isinstance(said, list) else [said]
        yield f"{field} {', '.join(map(str, texts))}"


def one_line(text: str, most: int = 200) -> str:
    """Make a foreign text safe to print: one line without numbers and e-mails.

    It is cut between words, because half a name would not be recognised as a name.
    """
    text = text[: 10 * most]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(text.split())
    line = _NUMBER.sub("…", _EMAIL.sub("…", line))
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


_NUMBER = re.compile(r"\+?\d(?:[\W_]{0,3}\d){6,}")
_EMAIL = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")


def digits(number: object) -> str:
    """Return the digits of a number, which its spellings share."""
    if isinstance(number, str) and number.isdecimal():
        return number
    return "".join(c for c in str(number) if c.isdigit())


def undecided(reason: str = "the answer does not mention this row") -> Outcome:
    return Outcome(Status.UNKNOWN, Code.ANSWER_UNREADABLE, reason)


UNMENTIONED = undecided()
CONTRADICTION = undecided("the answer's counts contradict each other")


def rejected(reason: str = "rejected, no reason given") -> Outcome:
    return Outcome(Status.REJECTED, Code.PROVIDER_REJECTED, one_line(reason))


def do_not_call(reason: str = "on a do-not-call list of the provider") -> Outcome:
    return Outcome(Status.SUPPRESSED, Code.ON_PROVIDER_DNC, one_line(reason))


def duplicate(reason: str = "already in the campaign") -> Outcome:
    return Outcome(Status.DUPLICATE, Code.DUPLICATE_IN_CAMPAIGN, one_line(reason))


def updated(reason: str = "already in the campaign, and updated") -> Outcome:
    """Return the outcome of a lead that was there already, and has new values now."""
    return duplicate(reason)


def by_phone(batch: Batch, lists: Sequence[tuple[Json, Outcome]]) -> list[Outcome]:
    """Match lists of numbers with the leads by digits.

    A lead in no list, or in two, is undecided. Raises ValueError for what is no list.
    """
    sent = batch.leads.phones
    answered = [(numbers, o) for numbers, o in lists if isinstance(numbers, list)]
    if len(answered) < len(lists):
        raise ValueError("not a list of numbers")
    (first, outcome), *others = answered
    if first == [*sent] and not any(numbers for numbers, _ in others):
        return [outcome] * len(sent)  # the usual case: all of them, as sent
    sets = [({*map(digits, numbers)}, outcome) for numbers, outcome in answered]
    keys = map(digits, sent)
    return [only([one for numbers, one in sets if key in numbers]) for key in keys]


def only(found: Sequence[Outcome]) -> Outcome:
    """Return what is said about a lead, if it is said once."""
    if len(found) > 1:
        words = " and ".join(outcome.status for outcome in found)
        return undecided(f"the answer calls this row {words}")
    return found[0] if found else UNMENTIONED


def named_in(names: Json, leads: Leads, key: str) -> tuple[list[bool], bool]:
    """Tell which leads a list names, by number or by their value at a key.

    And whether there are as many names: one that fits two leads means only one.
    """
    texts = {*map(str, names)} if isinstance(names, list) else set()
    numbers = {digits(text) for text in texts if not text.strip("+0123456789 ().-")}
    values = leads.fields.get(key, [None] * len(leads))
    found = [
        digits(phone) in numbers or value in texts
        for phone, value in zip(leads.phones, values, strict=True)
    ]
    return found, sum(found) <= len(texts)


class RowResult(NamedTuple):
    """What an answer says about one lead: a word, and what it stands for.

    `outcome` is None for an unknown word, `has_id` where an id says nothing.
    """

    word: str
    outcome: Outcome | None
    has_id: bool | None

    @property
    def is_open(self) -> bool:
        return self.outcome is None and not self.has_id

    def settled(self, title: str, *, fits: bool) -> Outcome:
        """Return the outcome if word and id agree, and a good one if all counts fit."""
        is_good = self.outcome is not None and self.outcome.status in DELIVERED
        if self.outcome is None or self.has_id not in (None, is_good):
            said = f"the word {one_line(self.word, 40)!r}"
            if self.has_id is not None:
                said += f" and {'an' if self.has_id else 'no'} id"
            return undecided(f"{title} answered with {said}")
        return self.outcome if fits or not is_good else CONTRADICTION


def paired(
    keys: Iterable[str], found: Iterable[tuple[str, Found]]
) -> list[Found | None]:
    """Return what was found under each key, in order; None where nothing is left."""
    waiting: dict[str, list[Found]] = {}
    for key, one in found:
        waiting.setdefault(key, []).append(one)
    return [waiting[key].pop(0) if waiting.get(key) else None for key in keys]


def by_row(reasons: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Join the reasons of each row: one with two bad fields has two."""
    found: dict[int, list[str]] = {}
    for row, reason in reasons:
        found.setdefault(row, []).append(reason)
    return {row: one_line("; ".join(said)) for row, said in found.items()}


def whole(value: Json, *, least: int) -> int:
    """Return a whole number of an answer; `least` if it is none."""
    return value if isinstance(value, int) and value >= least else least


def seconds(value: object) -> float:
    """Return a time or duration of an answer; 0 if it is not a sensible number."""
    if isinstance(value, int | float) and 0 <= value < 10**15:
        return float(value)
    return 0.0
