"""Reads one outcome for each lead from an answer, in one of four forms."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import ACCEPTED, CREATED, Batch, Json, Outcome
from leadctl.providers import response
from leadctl.providers.declared.answer import AnswerReader, are_set, within
from leadctl.providers.declared.rules import Members, OutcomeWord
from leadctl.providers.response import (
    CONTRADICTION,
    UNMENTIONED,
    RowResult,
    digits,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from leadctl.providers.declared import rules

_GOOD: dict[str, Outcome] = {"created": CREATED, "accepted": ACCEPTED}
_OTHERS: dict[str, Callable[..., Outcome]] = {
    "rejected": response.rejected,
    "suppressed": response.do_not_call,
    "duplicate": response.duplicate,
    "updated": response.updated,
    "unknown": response.undecided,
}


def outcome(word: OutcomeWord, reason: str = "") -> Outcome:
    if good := _GOOD.get(word):
        return good
    return _OTHERS[word](reason) if reason else _OTHERS[word]()


def outcomes(form: rules.Rows, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    """Return an outcome for each lead; raises ValueError for an answer of no form."""
    if form.errors:
        return _by_errors(form.errors, batch, answer)
    if form.lists:
        return _by_lists(form.lists, batch, answer)
    if form.skipped:
        return _by_skipped(form.skipped, batch, answer)
    if form.results:
        return _by_results(form.results, batch, answer)
    raise ValueError("no form is declared")


def _by_errors(spec: rules.Errors, batch: Batch, answer: AnswerReader) -> list[Outcome]:
    found = answer.at(spec.list_)
    if not isinstance(found, list | None):
        raise ValueError("no list of errors")  # noqa: TRY004  of the answer
    reasons = _positions(found or [], spec)
    mentioned: list[Outcome | None] = []
    for row, by_number in enumerate(_by_lists(spec, batch, answer)):
        said = [] if by_number == UNMENTIONED else [by_number]
        if row in reasons:
            reason = spec.say.get("rejected", reasons[row])
            said.insert(0, outcome("rejected", reason))
        mentioned.append(response.only(said) if said else None)
    # A rejection of an unknown row puts every row that is not named in doubt.
    fits = all(0 <= row < len(batch) for row in reasons)
    return _with_rest(spec, mentioned, answer, fits=fits)


def _by_lists(
    spec: rules.Lists | rules.Errors, batch: Batch, answer: AnswerReader
) -> list[Outcome]:
    lists: list[tuple[Json, Outcome]] = []
    for word, path in spec.lists.items():
        found = answer.at(path)
        said = outcome(word, spec.say.get(word, ""))
        lists.append(([] if found is None else found, said))
    return response.by_phone(batch, lists) if lists else [UNMENTIONED] * len(batch)


def _by_skipped(
    spec: rules.Skipped, batch: Batch, answer: AnswerReader
) -> list[Outcome]:
    names = next((n for p in spec.list_ if (n := answer.at(p)) is not None), [])
    skips, fits = response.named_in(names, batch.leads, spec.key or "")
    said = outcome(spec.skipped, spec.say.get(spec.skipped, ""))
    there = said if fits else CONTRADICTION
    return _with_rest(spec, [there if one else None for one in skips], answer)


def _with_rest(
    spec: rules.Errors | rules.Skipped,
    mentioned: list[Outcome | None],
    answer: AnswerReader,
    *,
    fits: bool = True,
) -> list[Outcome]:
    """Give unmentioned leads the outcome of the rest if the sums fit."""
    tally = Counter(str(one.status) for one in mentioned if one)
    sent, named = len(mentioned), tally.total()
    counts = {"sent": sent, "named": named, "rest": sent - named, **tally}
    rest = outcome(spec.rest, spec.say.get(spec.rest, ""))
    if not fits or not _add_up(spec.sums, counts, answer):
        rest = CONTRADICTION
    return [one or rest for one in mentioned]


class _Result(NamedTuple):
    """What a result says about its lead; `means` is None for an unknown word."""

    word: str
    means: OutcomeWord | None
    has_id: bool | None
    reason: str

    @property
    def is_open(self) -> bool:
        return self.means is None and not self.has_id


def _by_results(
    spec: rules.Results, batch: Batch, answer: AnswerReader
) -> list[Outcome]:
    listed = answer.at(spec.list_)
    if not isinstance(listed, list) or not all(isinstance(n, dict) for n in listed):
        raise ValueError("no list of results")
    known = {word.casefold(): means for word, means in spec.words.items()}
    pairs = _paired(spec, batch, listed)
    results = [None if one is None else _read(spec, one, known) for one in pairs]
    tally = Counter[str](one.means for one in results if one and one.means)
    is_open = sum(one.is_open for one in results if one)
    other = spec.others
    if other and answer.at(other.up_to) == tally[other.outcome] + is_open:
        results = [
            one._replace(means=other.outcome) if one and one.is_open else one
            for one in results
        ]
    sent = len(batch)
    counts = {"sent": sent, "rest": sent, "results": len(listed), **tally}
    fits, title = _add_up(spec.sums, counts, answer), answer.definition.title
    return [_settled(spec, title, one, fits=fits) for one in results]


def _read(
    spec: rules.Results, result: Json, known: Mapping[str, OutcomeWord]
) -> _Result:
    word: str = ""
    means: OutcomeWord | None = "created"
    if spec.word:
        found = within(result, spec.word)
        word = "none" if found is None else str(found).strip().casefold()
        means = known.get(word)
    has_id = within(result, spec.with_id) is not None if spec.with_id else None
    said = (within(result, path) for path in spec.reason)
    texts = (one_line(one) for one in said if isinstance(one, str) and one.strip())
    return _Result(word, means, has_id, next(texts, ""))


def _settled(
    spec: rules.Results, title: str, result: _Result | None, *, fits: bool
) -> Outcome:
    if result is None:
        return UNMENTIONED
    word, means, has_id, reason = result
    said = outcome(means, spec.say.get(means, "") or reason) if means else None
    return RowResult(word, said, has_id).settled(title, fits=fits)


def _paired(spec: rules.Results, batch: Batch, results: list[Json]) -> list[Json]:
    """Return the result of each lead; None if it has none of its own."""
    if spec.phone:
        path, last = spec.phone, spec.last_digits
        echoed = ((digits(within(one, path) or "")[-last:], one) for one in results)
        sent = (digits(number)[-last:] for number in batch.leads.phones)
        return response.paired(sent, echoed)
    if spec.index is None:
        if len(results) != len(batch):
            raise ValueError("not one result for each lead")
        return results
    places: dict[int, list[Json]] = {}
    for one in results:
        if type(place := within(one, spec.index)) is int:
            places.setdefault(place - spec.first, []).append(one)
    found = [places.get(place, []) for place in range(len(batch))]
    return [one[0] if len(one) == 1 else None for one in found]


def _add_up(sums: rules.Sums, counts: Mapping[str, int], answer: AnswerReader) -> bool:
    """Compare the numbers of an answer with each other and with those of the batch."""

    def number(term: rules.Term | None) -> int | None:
        if isinstance(term, Members):
            found = answer.at(term.count)
            return len(found) if isinstance(found, list) else 0
        if term is None or term.startswith("$"):
            return counts.get(term[1:], 0) if term else None
        value = answer.at(term)
        return value if type(value) is int and value >= 0 else None

    for one in sums:
        if not are_set(answer.values, one.setting):
            continue
        terms = [number(term) for term in one.add]
        limit = number(one.at_most if one.is_ is None else one.is_)
        if limit is None or None in terms:
            return False
        total = sum(filter(None, terms))
        if total > limit or (one.is_ is not None and total < limit):
            return False
    return True


def culprits(spec: rules.Culprits, answer: AnswerReader) -> dict[int, str]:
    """Return the positions of the leads (from 0) that a refusal names, with reasons."""
    if spec.text is not None:
        return _in_text(spec.text, spec.first, answer.text)
    found = answer.at(spec.list_ or "$body")
    reasons = _positions(found if isinstance(found, list) else [], spec)
    return {row: reason for row, reason in reasons.items() if row >= 0}


def _in_text(pattern: str, first: int, said: str) -> dict[int, str]:
    """Read a text by a pattern such as `leads[{row}]: {reason}`."""
    before, _, rest = map(re.escape, pattern.partition("{row}"))
    between, says_why, _ = rest.partition(re.escape("{reason}"))
    found = re.search(rf"{before or '^'}([0-9]{{1,6}})(?![0-9]){between}", said)
    if not found:
        return {}
    reason = said[found.end() :] if says_why else said
    return {int(found[1]) - first: one_line(reason)}


def _positions(found: Sequence[Json], spec: rules.ByPosition) -> dict[int, str]:
    """Return the reasons by position; -1 has those without one."""
    reasons = (within(one, spec.reason) for one in found)
    said = (one if isinstance(one, str) else "refused" for one in reasons)
    return response.by_row(zip((_position(n, spec) for n in found), said, strict=True))


def _position(error: Json, spec: rules.ByPosition) -> int:
    where = within(error, spec.row)
    if spec.after is not None and isinstance(where, list) and spec.after in where[:-1]:
        where = where[where.index(spec.after) + 1]
    return max(-1, where - spec.first) if type(where) is int else -1
