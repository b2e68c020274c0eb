"""The grammar of rules: when they match an answer, and what it then means."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, Literal, TypeAlias, get_args

from leadctl.model.typed_yaml import OR_ONE, SOME, Must, Node, Pattern, text_like


def number_from(least: float, most: float) -> Must:
    """Ask for a number from the least to the most, both included."""

    def check(number: float) -> None:
        if not least <= number <= most:
            raise ValueError(f"must be a number from {least:g} to {most:,.0f}")

    return Must(check, {"minimum": least, "maximum": most})


HeaderName: TypeAlias = Annotated[
    str, text_like(r"[!#-'*+.^-z|~0-9A-Z-]+", "a header's name, such as X-Key")
]
HeaderText: TypeAlias = Annotated[
    str, text_like("[ -~]*", "one line of printable ASCII characters")
]
Headers: TypeAlias = dict[HeaderName, HeaderText]
Name: TypeAlias = Annotated[
    str, text_like("[a-z][a-z0-9_-]{0,39}", "lowercase letters, digits, - and _ only")
]
Key: TypeAlias = Annotated[
    str, text_like("[a-z][a-z0-9_]{0,39}", "lowercase letters, digits and _ only")
]
Path: TypeAlias = Annotated[
    str,
    text_like(r"[^.\s]+(\.[^.\s]+)*", "keys separated by dots: data.created"),
]
"""The way to a value in the answer: keys and positions (from 0), separated by dots.
`$body` is the whole answer, `$listed` the campaign found by `among`."""
Count: TypeAlias = Annotated[int, number_from(1, 1_000_000)]
Seconds: TypeAlias = Annotated[float, number_from(0, 86_400)]
Scalar: TypeAlias = bool | int | float | str
Scalars: TypeAlias = Annotated[list[Scalar], OR_ONE]
OutcomeWord: TypeAlias = Literal[
    "created", "accepted", "updated", "duplicate", "rejected", "suppressed", "unknown"
]
OUTCOMES: tuple[OutcomeWord, ...] = get_args(OutcomeWord)
ErrorName: TypeAlias = Literal[
    "AccessDenied",
    "CampaignClosed",
    "Refused",
    "NotProcessed",
    "InDoubt",
    "Unusable",
]
Meaning: TypeAlias = Literal[ErrorName, "unreadable", "status"]
Template: TypeAlias = Any
"""Any value with $names in it."""
Texts: TypeAlias = Annotated[list[str], OR_ONE]
Paths: TypeAlias = Annotated[list[Path], OR_ONE]
KindWord: TypeAlias = Literal["object", "list", "text", "number", "boolean"]


class When(Node):
    """A condition on an answer; all of its keys must match."""

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
    """The leads that caused a refusal, from a list with positions or from the text."""

    ONE_OF = ("list", "text")
    list_: Path | None = None
    text: RowText | None = None


class Members(Node):
    """The length of a list in the answer."""

    count: Path


Term: TypeAlias = str | Members
"""A whole number of the answer; or `$sent`, `$named`, `$rest`, `$results`, `$created`
and the other outcomes: how many leads of the batch these are."""


class Sum(Node):
    """Numbers that must add up; otherwise good outcomes become unknown."""

    ONE_OF = ("is", "at_most")
    add: Annotated[list[Term], OR_ONE]
    is_: Term | None = None
    at_most: Term | None = None
    setting: dict[str, Scalars] | None = None


Sums: TypeAlias = Annotated[list[Sum], OR_ONE]
Sentences: TypeAlias = dict[OutcomeWord, str]


class Errors(ByPosition):
    """Bad leads are listed by position, and all others are good.

    `lists` has the numbers of further leads, such as duplicates.
    """

    list_: Path
    lists: dict[OutcomeWord, Path] = field(default_factory=dict)
    rest: OutcomeWord = "created"
    say: Sentences = field(default_factory=dict)
    sums: Sums


class Lists(Node):
    """Each outcome has a list of the leads' numbers."""

    lists: dict[OutcomeWord, Path]
    say: Sentences = field(default_factory=dict)


class Skipped(Node):
    """Skipped leads are listed by number or `key`, and counted."""

    list_: Paths
    key: str | None = None
    skipped: OutcomeWord = "duplicate"
    rest: OutcomeWord = "created"
    say: Sentences = field(default_factory=dict)
    sums: Sums


class OtherWords(Node):
    """The outcome of unknown words, as long as a count of the answer covers them."""

    outcome: OutcomeWord
    up_to: Path


class Results(Node):
    """Each lead has a result: in order, by `index`, or by `phone`.

    Without a `word`, a result with an id means that the lead was created.
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
    """When a rule matches an answer, and the error it then means, if any."""

    when: When | None = None
    unless: When | None = None
    raise_: Meaning | None = None
    say: str | None = None
    hint: str | None = None


class AnswerRule(Rule):
    """What an answer means; the first matching rule counts."""

    ONE_OF = ("raise", "outcome", "rows")
    culprits: Culprits | None = None
    outcome: OutcomeWord | None = None
    rows: Rows | None = None


class Answer(Node):
    """The places of an answer's sentence and word, and the rules for it."""

    statuses: list[int] = field(default_factory=list)
    text: Paths = field(default_factory=list)
    word: Path | None = None
    rules: Annotated[list[AnswerRule], SOME]


class Verdict(Node):
    """What is known about a key, a scope or a campaign, in a sentence."""

    ONE_OF = ("fine", "wrong", "unknown")
    fine: str | None = None
    wrong: str | None = None
    unknown: str | None = None
    hint: str | None = None


class PreflightRule(Rule):
    """What the answer to a preflight check shows; the first matching rule counts."""

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
