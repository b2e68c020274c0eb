"""The grammar of a provider in YAML: each class is a mapping, each field a key of it.

Nothing in a file is evaluated or executed. docs/adding-a-provider.md has the keys.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from leadctl.model.typed_yaml import SOME, Node, Pattern, text_like
from leadctl.providers.declared.rules import (
    Among,
    Answer,
    Count,
    Headers,
    Key,
    Name,
    Path,
    Paths,
    PreflightRule,
    Scalar,
    Scalars,
    Seconds,
    Template,
    When,
    number_from,
)


class Setting(Node):
    """A setting of the account; without a default it is required."""

    about: str = ""
    default: Scalar | None = None
    choices: list[str] = field(default_factory=list)
    least: float | None = None
    dots: bool = False
    must_be_true: str = ""


class Secret(Node):
    """A secret of the account: a pattern it must match, and a made-up example."""

    looks: Pattern | None = None
    example: str = ""


class Campaign(Node):
    """A pattern that a campaign must match in full, and a description of it."""

    looks: Pattern
    about: str


class Rate(Node):
    """The most requests in any period of these seconds; at least one an hour."""

    requests: Annotated[float, number_from(0.001, 1_000_000)]
    seconds: Annotated[float, number_from(0.001, 31 * 86_400)]


class LimitsOfAccount(Node):
    """What the provider allows one account."""

    batch_size: Count
    concurrency: Count = 1
    min_interval: Seconds = 0.0
    doubt_delay: Seconds = 5.0
    rates: list[Rate] = field(default_factory=list)


Country: TypeAlias = Annotated[str, text_like("[A-Z]{2}", "a country code such as IN")]


class PhoneNumber(Node):
    """The form of a number, and its key in the object of a lead."""

    form: Annotated[
        str,
        text_like(
            r"e164|digits|national|split|as-written|\$[a-z][a-z0-9_]*",
            "e164, digits, national, split, as-written, or a $setting",
        ),
    ]
    key: str
    code_key: str = ""
    country: Country | None = None
    fewest: Count = 3
    most: Count = 15


Check: TypeAlias = Literal[
    "text",
    "email",
    "whole_number",
    "boolean",
    "time",
    "date",
    "object",
    "source",
    "sip_headers",
    "priority",
]


class FieldOfLead(Node):
    """The key of a lead field, what its value must be, and how long it may be."""

    key: str
    as_: Check | None = None
    as_text: bool = False
    longest: Count | None = None
    about: str = ""


class Priority(Node):
    """The provider's numbers for leads to be called first and last."""

    first: int
    last: int


class Resend(Node):
    """A repeat is safe if settings have these values, after this many seconds."""

    when: dict[str, Scalars] = field(default_factory=dict)
    after: Seconds | None = None


class Basic(Node):
    """HTTP Basic authentication; texts with {settings} and {secrets}."""

    user: str
    password: str


class Token(Node):
    """A key exchanged for a bearer token; `expired` matches answers to uploads."""

    path: list[str] = field(default_factory=list)
    url: str | None = None
    headers: Headers = field(default_factory=dict)
    body: Template | None = None
    form: dict[str, str] | None = None
    basic: Basic | None = None
    token: Path
    life: Path | float
    expired: When
    denied: When | None = None
    busy: When | None = None
    when: dict[str, Scalars] = field(default_factory=dict)
    exclusive: bool = False
    per_hour: Count | None = None


class Auth(Node):
    """What every request contains; texts with {settings} and {secrets}."""

    headers: Headers = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    basic: Basic | None = None
    token: Token | None = None


class Call(Node):
    """A request: its path below base_url, and its content."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: list[str]
    query: dict[str, Template] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: Template | None = None
    form: dict[str, Template] | None = None


class Upload(Call):
    """The upload; `one` replaces it for a single lead, `lead` is a lead's template."""

    one: Call | None = None
    lead: Template | None = None


class SecondCheck(Node):
    """A second call that may settle a doubt."""

    request: Call
    among: Among | None = None
    rules: Annotated[list[PreflightRule], SOME]


class Preflight(SecondCheck):
    """A read-only call that checks key and campaign."""

    without_campaign: Call | None = None
    second: SecondCheck | None = None


class LookUp(Node):
    """The call that lists a campaign's leads, asked after an answer was lost."""

    request: Call
    list_: Path
    phone: Path
    external_id: Path | None = None
    created: Path | None = None
    unit: Literal["seconds", "milliseconds"] = "seconds"
    cursor: Path | None = None
    more: Path | None = None


class Campaigns(Node):
    """The call that lists campaigns.

    `$cursor` is a page's position: from `cursor`, or the number read of a `total`.
    """

    request: Call
    list_: Paths
    id: str = "id"
    name: str = "name"
    state: str = "status"
    total: Path | None = None
    cursor: Path | None = None


class Definition(Node):
    """A provider of leadctl."""

    name: Name
    title: str
    documentation: str
    base_url: str | None = None
    settings: dict[Key, Setting | Scalar] = field(default_factory=dict)
    secrets: list[Key] | dict[Key, Secret] = field(default_factory=lambda: ["api_key"])
    campaign: Campaign | None = None
    limits: LimitsOfAccount
    phone: PhoneNumber
    fields: dict[str, str | FieldOfLead] = field(default_factory=dict)
    other_fields: str | None = None
    priority: Priority | None = None
    resend_is_safe: bool | Seconds | Resend
    resend_sentence: str = ""
    resend_window: Annotated[float, number_from(60, 3650 * 86_400)] = 7 * 86_400.0
    refusal_is_final: bool = False
    compares_external_id: bool = False
    reads_by_post: str = ""
    warning: str = ""
    consequence: str = ""
    auth: Auth
    request: Upload
    answer: Answer
    preflight: Preflight | None = None
    look_up: LookUp | None = None
    campaigns: Campaigns | None = None
