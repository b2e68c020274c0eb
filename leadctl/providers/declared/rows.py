"""Reads one outcome for each lead from an answer, in one of four forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.model.leads import ACCEPTED, CREATED, Outcome
from leadctl.providers.declared.answer import within
from leadctl.providers.declared.positions import named
from leadctl.providers.declared.rules import Members
from leadctl.providers.response import (
    by_phone,
    digits,
    do_not_call,
    duplicate,
    one_line,
    rejected,
    undecided,
    updated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from leadctl.model.leads import Batch, Json
    from leadctl.providers.declared.answer import AnswerReader
    from leadctl.providers.declared.rules import (
        Errors,
        Lists,
        Results,
        Rows,
        Skipped,
        Sum,
        Sums,
        Term,
    )
    from leadctl.providers.declared.values import OutcomeWord, Paths

_OUTCOMES: dict[str, Callable[[str], Outcome]] = {
    "rejected": lambda reason: rejected(reason or "rejected, no reason given"),
    "suppressed": lambda reason: do_not_call(
        reason or "on a do-not-call list of the provider"
    ),
    "duplicate": lambda reason: duplicate(*filter(None, [reason])),
    "updated": lambda reason: updated(*filter(None, [reason])),
    "unknown": lambda reason: undecided(*filter(None, [reason])),
    "created": lambda _: CREATED,
    "accepted": lambda _: ACCEPTED,
}

CONTRADICTION = "the answer's counts contradict each other"


def outcome(word: OutcomeWord, reason: str = "") -> Outcome:
    return _OUTCOMES[word](reason)


def outcomes(rows: Rows | None, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    """Return an outcome for each lead; raises ValueError for any other form."""
    if rows is None:
        raise ValueError("no form is declared")
    if rows.errors:
        return _by_errors(rows.errors, batch, answer)
    if rows.lists:
        return _by_lists(rows.lists, batch, answer)
    if rows.skipped:
        return _by_skipped(rows.skipped, batch, answer)
    if rows.results:
        return _by_results(rows.results, batch, answer)
    raise ValueError("no form is declared")


def _by_errors(spec: Errors, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    found = answer.at(spec.list_)
    if not isinstance(found, list | None):
        raise ValueError("no list of errors")  # noqa: TRY004  of the answer
    reasons = named(found or [], spec)
    bad = {row: rejected(spec.say.get("rejected", why)) for row, why in reasons.items()}
    listed = _by_lists(spec, batch, answer)
    mentioned = [_only(bad.get(row), one) for row, one in enumerate(listed)]
    # A rejection that names no lead of the batch taints all that are not named.
    fits = all(0 <= row < len(batch) for row in reasons)
    return _with_rest(spec, mentioned, answer, fits=fits)


def _with_rest(
    spec: Errors | Skipped,
    mentioned: list[Outcome | None],
    answer: AnswerReader,
    *,
    fits: bool = True,
) -> list[Outcome]:
    """Give unmentioned leads the outcome of the rest if the sums fit."""
    tally = Counter(str(one.status) for one in mentioned if one)
    said = {"sent": len(mentioned), "named": tally.total(), **tally}
    fits = fits and _Counts(answer, said).add_up(spec.sums)
    rest = outcome(spec.rest, spec.say.get(spec.rest, ""))
    return [one or (rest if fits else undecided(CONTRADICTION)) for one in mentioned]


def _only(by_position: Outcome | None, by_number: Outcome) -> Outcome | None:
    """Return what is said about a lead; None if it is not mentioned."""
    if by_number == UNMENTIONED:
        return by_position
    if by_position is None:
        return by_number
    words = f"{by_position.status} and {by_number.status}"
    return undecided(f"the answer calls this row {words}")


UNMENTIONED = undecided()


def _by_lists(
    spec: Lists | Errors, batch: Batch, answer: AnswerReader
) -> list[Outcome]:
    lists: list[tuple[Json, Outcome]] = []
    for word, path in spec.lists.items():
        found = answer.at(path)
        said = outcome(word, spec.say.get(word, ""))
        lists.append(([] if found is None else found, said))
    return by_phone(batch, lists) if lists else [UNMENTIONED] * len(batch)


def _by_skipped(spec: Skipped, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    found = next((n for p in spec.list_ if (n := answer.at(p)) is not None), [])
    skipped = {str(one) for one in found} if isinstance(found, list) else set()
    numbers = {digits(text) for text in skipped if _is_number(text)}
    leads = batch.leads
    keys = leads.fields.get(spec.key or "", [None] * len(leads))
    skips = [
        digits(phone) in numbers or key in skipped
        for phone, key in zip(leads.phones, keys, strict=True)
    ]
    there = outcome(spec.skipped, spec.say.get(spec.skipped, ""))
    if sum(skips) > len(skipped):  # one of them fits two leads, and means one
        there = undecided(CONTRADICTION)
    return _with_rest(spec, [there if one else None for one in skips], answer)


def _is_number(text: str) -> bool:
    return not text.strip("+0123456789 ().-")


def _by_results(spec: Results, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    listed = answer.at(spec.list_)
    if not isinstance(listed, list):
        raise ValueError("no list of results")  # noqa: TRY004  of the answer
    paired = _paired(spec, batch, listed)
    words = [_word(spec, result) for result in paired]
    known = {word.casefold(): what for word, what in spec.words.items()}
    if spec.word is None:
        known[""] = "created"
    odd = [
        result is not None and word not in known and not _has_id(spec, result)
        for result, word in zip(paired, words, strict=True)
    ]
    tally = Counter[str](known[word] for word in words if word in known)
    said = Counter({"sent": len(batch), "results": len(listed)}) + tally
    counts = _Counts(answer, said)
    other: OutcomeWord | None = None
    if spec.others and answer.at(spec.others.up_to) == (
        tally[spec.others.outcome] + sum(odd)
    ):
        other = spec.others.outcome
    fits = counts.add_up(spec.sums)
    return [
        _result(
            spec,
            answer.definition.title,
            result,
            known.get(word) or (other if is_odd else None),
            fits=fits,
        )
        for result, word, is_odd in zip(paired, words, odd, strict=True)
    ]


def _result(
    spec: Results, title: str, result: Json, word: OutcomeWord | None, *, fits: bool
) -> Outcome:
    if result is None:
        return undecided()
    is_good = word in ("created", "accepted")
    if word is None or (spec.with_id and _has_id(spec, result) is not is_good):
        what = f"the word {one_line(_word(spec, result), 40)!r}"
        if spec.with_id:
            what += f" and {'an' if _has_id(spec, result) else 'no'} id"
        return undecided(f"{title} answered with {what}")
    if is_good and not fits:
        return undecided(CONTRADICTION)
    reason = spec.say.get(word, "") or _reason(spec.reason, result)
    return outcome(word, reason)


def _word(spec: Results, result: Json) -> str:
    if spec.word is None:
        return ""
    found = within(result, spec.word.split("."))
    return "none" if found is None else str(found).strip().casefold()


def _has_id(spec: Results, result: Json) -> bool:
    if spec.with_id is None:
        return False
    return within(result, spec.with_id.split(".")) is not None


def _reason(paths: Paths, result: Json) -> str:
    for path in paths:
        said = within(result, path.split("."))
        if isinstance(said, str) and said.strip():
            return one_line(said)
    return ""


def _paired(spec: Results, batch: Batch, results: list[Json]) -> list[Json]:
    """Return the result of each lead; None if it has none of its own."""
    if not all(isinstance(result, dict) for result in results):
        raise ValueError("a result is not an object")
    if spec.phone:
        return [*_by_number(spec.phone, spec.last_digits, batch, results)]
    if spec.index is None:
        if len(results) != len(batch):
            raise ValueError("not one result for each lead")
        return results
    places: dict[int, list[Json]] = {}
    for result in results:
        place = within(result, spec.index.split("."))
        if isinstance(place, int) and not isinstance(place, bool):
            places.setdefault(place - spec.first, []).append(result)
    found = [places.get(place, []) for place in range(len(batch))]
    return [one[0] if len(one) == 1 else None for one in found]


def _by_number(
    path: str, last: int, batch: Batch, results: list[Json]
) -> Iterator[Json]:
    waiting: dict[str, list[Json]] = {}
    for result in results:
        number = within(result, path.split("."))
        echoed = digits("" if number is None else number)[-last:]
        waiting.setdefault(echoed, []).append(result)
    for number in batch.leads.phones:
        found = waiting.get(digits(number)[-last:])
        yield found.pop(0) if found else None


@dataclass(frozen=True)
class _Counts:
    """Compares the numbers of an answer with each other and with the batch."""

    answer: AnswerReader
    of_batch: Mapping[str, int]

    def add_up(self, sums: Sums) -> bool:
        return all(self._holds(one) for one in sums)

    def _holds(self, one: Sum) -> bool:
        if not self.answer.are_set(self.answer.values, one.setting):
            return True
        added = [self._number(term) for term in one.add]
        limit = self._number(one.at_most if one.is_ is None else one.is_)
        if limit is None or any(number is None for number in added):
            return False
        total = sum(number or 0 for number in added)
        return total <= limit if one.is_ is None else total == limit

    def _number(self, term: Term | None) -> int | None:
        """Return a number of the answer or of the batch; None if it is none."""
        if isinstance(term, Members):
            found = self.answer.at(term.count)
            return len(found) if isinstance(found, list) else 0
        if term is None:
            return None
        if term == "$rest":
            return self.of_batch["sent"] - self.of_batch.get("named", 0)
        if term.startswith("$"):
            return self.of_batch.get(term[1:], 0)
        value = self.answer.at(term)
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if is_count and isinstance(value, int) else None
