"""The result of a preflight check: key, scope and campaign.

Only what an answer proves is claimed: silence is not success.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.errors import CampaignClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadctl.providers.listings import ListedCampaign


class CheckVerdict(StrEnum):
    """What is known about a key, a scope or a campaign."""

    FINE = "fine"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class CheckResult(NamedTuple):
    """A verdict with its sentence, and what to do about it."""

    verdict: CheckVerdict = CheckVerdict.UNKNOWN
    message: str = "this answer does not show it"
    hint: str | None = None


def fine(message: str) -> CheckResult:
    return CheckResult(CheckVerdict.FINE, message)


def wrong(message: str, hint: str | None = None) -> CheckResult:
    return CheckResult(CheckVerdict.WRONG, message, hint)


def unknown(message: str, hint: str | None = None) -> CheckResult:
    return CheckResult(CheckVerdict.UNKNOWN, message, hint)


NOTHING = CheckResult()
NOT_ASKED = unknown("not asked")
NOT_REACHED = unknown("not reached")
KEY_ACCEPTED = fine("accepted")
NEEDS_CAMPAIGN = unknown("cannot be tested without a campaign")
NOT_NAMED = unknown("no campaign was named", "name one with --campaign ID")


class PreflightResult(NamedTuple):
    """The result of a preflight check; `name` and `state` are the provider's words.

    A wrong `scope` concerns this call, not the upload, so that a run continues.
    `doubt` is the reason why the campaign may not take leads, if that is not certain:
    the user must confirm the upload. `date` is the HTTP date of the answer.
    """

    key: CheckResult = NOTHING
    scope: CheckResult = NOTHING
    campaign: CheckResult = NOTHING
    name: str = ""
    state: str = ""
    doubt: str = ""
    date: str = ""

    @classmethod
    def of_key(cls, scope: CheckResult = NOTHING) -> PreflightResult:
        """Return the result of a check that names no campaign, and shows a good key."""
        return cls(KEY_ACCEPTED, scope, NOT_NAMED)

    @classmethod
    def of_campaign(
        cls, found: ListedCampaign, scope: CheckResult = NOTHING
    ) -> PreflightResult:
        """Return the result of a check that shows a good key and the campaign."""
        said = fine(f"exists, {found.state}" if found.state else "exists")
        return cls(KEY_ACCEPTED, scope, said, found.name, found.state)

    def reworded(self, safe: Callable[[str], str]) -> PreflightResult:
        """Return the same with all texts made safe to show."""
        said = {name: safe(getattr(self, name)) for name in ("name", "state", "doubt")}
        shown = {
            part: each._replace(message=safe(each.message))
            for part, each in self.parts().items()
        }
        return self._replace(**said, **shown)  # type: ignore[arg-type]  # as declared

    def require_no_doubt(self) -> None:
        """Refuse a campaign that may not take leads and that nobody has confirmed."""
        if self.doubt:
            raise CampaignClosed(
                self.doubt,
                hint="check the campaign in the provider's dashboard, or add --yes to "
                "upload anyway",
                key_is_good=True,
            )

    def parts(self) -> dict[str, CheckResult]:
        return {"key": self.key, "scope": self.scope, "campaign": self.campaign}
