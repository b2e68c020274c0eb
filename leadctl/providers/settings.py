"""Types, ranges and formats of settings, which are fields of frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.leads import Json
    from leadctl.providers.base import Limits

MOST = 1_000_000
"""The largest number of any setting, and the longest possible sleep."""


class SettingSource(StrEnum):
    """Where values come from; earlier members take precedence."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class SettingOrigin(NamedTuple):
    """Where a value was read: the variable's name, or the file and its line."""

    source: SettingSource
    at: str = ""


def setting(  # noqa: PLR0913  one for each property
    default: Any,  # noqa: ANN401  as dataclasses.field
    about: str,
    *,
    least: float | None = None,
    choices: Iterable[str] = (),
    path: bool = False,
    dots: bool = False,
) -> Any:  # noqa: ANN401  the same
    """Declare a setting with a range, choices or a kind of text; see SettingKind."""
    kind = SettingKind(str, about, least, (*choices,), path, dots)
    return field(default=default, metadata=kind._asdict())


class SettingKind(NamedTuple):
    """The values that a setting takes.

    `path`: it names a file, relative to the config file. `dots`: as part of a URL, it
    may contain dots.
    """

    type: type
    about: str = ""
    least: float | None = None
    choices: tuple[str, ...] = ()
    path: bool = False
    dots: bool = False

    def from_file(self, value: Json) -> Json:
        """Check a value of the config file; ValueError says what it must be."""
        if self.type is float and type(value) is int:
            value = float(value)
        if self.type is str and type(value) in (int, float):
            value = str(value)
        if type(value) is not self.type:
            raise ValueError(self.expected)
        return self._in_range(value)

    def from_text(self, text: str) -> Json:
        """Parse a variable; raises ValueError as above."""
        try:
            value: Json = (
                _WORDS[text.strip().casefold()]
                if self.type is bool
                else self.type(text.strip())
            )
        except (ValueError, KeyError):
            raise ValueError(self.expected) from None
        return self._in_range(value)

    @property
    def expected(self) -> str:
        if self.choices:
            return f"must be one of {', '.join(filter(None, self.choices))}"
        return f"must be {_NAMES[self.type]}"

    def _in_range(self, value: Json) -> Json:
        if self.choices and value not in self.choices:
            raise ValueError(self.expected)
        number = value if isinstance(value, int | float) else None
        if self.least is None or number is None or self.least <= number <= MOST:
            return value
        raise ValueError(f"must be a number from {self.least:g} to {MOST:,}")


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_WORDS = dict.fromkeys(("true", "yes", "1"), True)
_WORDS |= dict.fromkeys(("false", "no", "0"), False)


def kinds(settings: type) -> dict[str, SettingKind]:
    """Return the kind of each setting of a dataclass."""
    types = {kind.__name__: kind for kind in _NAMES}
    found = {}
    for one in fields(settings):
        written = one.type if isinstance(one.type, str) else one.type.__name__
        kind = types[written.removesuffix(" | None")]
        found[one.name] = SettingKind(**{**one.metadata, "type": kind})
    return found


@dataclass(frozen=True, eq=False)
class ConnectionSettings:
    """How an account is connected to; None leaves the provider's value."""

    timeout: float = setting(
        60.0, "seconds without data before a request times out", least=0.001
    )
    requests_per_minute: float | None = setting(
        None, "rate limit of this account, if it differs", least=0.001
    )
    concurrency: int | None = setting(None, "requests at the same time", least=1)
    min_interval: float | None = setting(
        None, "seconds from the end of a request to the start of the next", least=0
    )
    batch_size: int | None = setting(
        None, "leads per request, up to the provider's maximum", least=1
    )
    ca_file: str | None = setting(
        None,
        "PEM file of a private certificate authority; no other is trusted",
        path=True,
    )
    retry_for: float = setting(900.0, "seconds to keep retrying one batch", least=0)
    doubt_delay: float | None = setting(
        None, "seconds before a batch without an answer is sent again", least=0
    )

    def applied_to(self, limits: Limits) -> Limits:
        """Return the limits in effect for this account."""
        names = ("requests_per_minute", "concurrency", "min_interval", "doubt_delay")
        given = {name: getattr(self, name) for name in names}
        own = {name: value for name, value in given.items() if value is not None}
        size = min(limits.batch_size, self.batch_size or limits.batch_size)
        return limits._replace(**own, batch_size=size)
