"""The grammar of rules: when they fit an answer, and what they make of it."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from leadctl.model.typed_yaml import OR_ONE, SOME, Node, Pattern, text_like
from leadctl.providers.declared.values import (
    Count,
    KindWord,
    Meaning,
    OutcomeWord,
    Path,
    Paths,
    Scalars,
    Texts,
)


class When(Node):
    """A condition on an answer: everything that is named must hold."""

    status: Annotated[list[int], OR_ONE] | None = None
    success: bool | None = None
    text: Pattern | None = None
    no_text: bool | None = None
    word: Texts | None = None
    has: Paths | None = None
    lacks: Paths | None = None
    field: dict[Path, Scalars] | None = None
    kind: dict[Path, Annotated[list[KindWord], OR_ONE]] | None = None
    leads: Literal["one", "many"] | None = None
    setting: dict[str, Scalars] | None = None
    campaign: bool | None = None
    listed: bool | None = None


RowText: TypeAlias = Annotated[
    str, text_like(r".*\{row\}.*", "a text with {row} in it")
]


class ByPosition(Node):
    """How the members of a list name leads by position, and the reason."""

    row: Path = "row"
    after: str | None = None
    first: int = 0
    reason: Path = "message"


class Culprits(ByPosition):
    """Which leads are to blame for a refusal: a list with positions, or the text."""

    ONE_OF = ("list", "text")
    list_: Path | None = None
    text: RowText | None = None


class Members(Node):
    """How many members a list of the answer has."""

    count: Path


Term: TypeAlias = str | Members
"""A whole number of the answer; or `$sent`, `$named`, `$rest`, `$results`, `$created`
and the other outcomes: how many leads of the batch these are."""


class Sum(Node):
    """Numbers that must add up, or the good news of an answer is not believed."""

    ONE_OF = ("is", "at_most")
    add: Annotated[list[Term], OR_ONE]
    is_: Term | None = None
    at_most: Term | None = None
    setting: dict[str, Scalars] | None = None


Sums: TypeAlias = Annotated[list[Sum], OR_ONE]
Sentences: TypeAlias = dict[OutcomeWord, str]


class Errors(ByPosition):
    """The bad leads are listed by position, and all others are well.

    `lists` are beside it: the numbers of other leads, such as duplicates.
    """

    list_: Path
    lists: dict[OutcomeWord, Path] = field(default_factory=dict)
    rest: OutcomeWord = "created"
    say: Sentences = field(default_factory=dict)
    sums: Sums


class Lists(Node):
    """The numbers of the leads stand in a list for each outcome."""

    lists: dict[OutcomeWord, Path]
    say: Sentences = field(default_factory=dict)


class Skipped(Node):
    """The leads that were skipped are listed by number or `key`, and counted."""

    list_: Paths
    key: str | None = None
    skipped: OutcomeWord = "duplicate"
    rest: OutcomeWord = "created"
    say: Sentences = field(default_factory=dict)
    sums: Sums


class OtherWords(Node):
    """An unknown word means this outcome while a count of the answer covers it."""

    outcome: OutcomeWord
    up_to: Path


class Results(Node):
    """There is a result for each lead: in their order, by `index`, or by `phone`.

    Without a `word`, a result with an id says that its lead was created.
    """

    list_: Path
    index: Path | None = None
    first: int = 0
    phone: Path | None = None
    last_digits: Count = 15
    word: Path | None = None
    words: dict[str, OutcomeWord] = field(default_factory=dict)
    others: OtherWords | None = None
    with_id: Path | None = None
    reason: Paths = field(default_factory=list)
    say: Sentences = field(default_factory=dict)
    sums: Sums = field(default_factory=list)


class Rows(Node):
    """One outcome for each lead, by one of four forms."""

    ONE_OF = ("errors", "lists", "skipped", "results")
    errors: Errors | None = None
    lists: Lists | None = None
    skipped: Skipped | None = None
    results: Results | None = None


class Rule(Node):
    """When a rule fits an answer, and the error it then means, if any."""

    when: When | None = None
    unless: When | None = None
    raise_: Meaning | None = None
    say: str | None = None
    hint: str | None = None


class AnswerRule(Rule):
    """What an answer means; of several rules the first that fits counts."""

    ONE_OF = ("raise", "outcome", "rows")
    culprits: Culprits | None = None
    outcome: OutcomeWord | None = None
    rows: Rows | None = None


class Answer(Node):
    """Where an answer says its sentence and its word, and what it means."""

    statuses: list[int] = field(default_factory=list)
    text: Paths = field(default_factory=list)
    word: Path | None = None
    rules: Annotated[list[AnswerRule], SOME]


class Verdict(Node):
    """What is known of a key, a scope or a campaign, in a sentence."""

    ONE_OF = ("fine", "wrong", "unknown")
    fine: str | None = None
    wrong: str | None = None
    unknown: str | None = None
    hint: str | None = None


class PreflightRule(Rule):
    """What the answer to a preflight check shows; the first that fits counts."""

    key_is_good: bool = False
    key: Literal["accepted"] | Verdict | None = None
    scope: Verdict | None = None
    campaign: Verdict | None = None
    name: Path | None = None
    state: Path | None = None
    doubt: str = ""


class Among(Node):
    """A list of campaigns, and the key that holds what --campaign names."""

    list_: Path
    key: Path
