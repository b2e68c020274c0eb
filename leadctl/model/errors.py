"""Every error a user or a run can meet, with the exit code it leads to.

LeadctlError                  carries what happened, where, and what to do next (`hint`)
  UsageError                  2   options that do not fit together or name nothing known
  InputUnusable               6   file, profile or config unusable; nothing was sent
  InputChanged                5   a file has changed since the run began
  CredentialsMissing          4   no secret found for the account
  LedgerUnusable            6/5   the ledger cannot be opened, or no longer be used
  RejectsNotWritten           5   the run is done, its reject file could not be written
  CampaignLocked             11   another run is writing to this campaign
  NotConfirmed                7   the first upload to a campaign was not confirmed
  TooManyRejects              7   --max-rejects was reached
  RefusedThroughout           7   batch after batch refused for the same reason
  Interrupted           130/143   a signal arrived
  ProviderError                   what an answer (or its absence) means for a batch
    AccessDenied              4   credentials refused; the run stops
    CampaignClosed            7   campaign unknown, foreign, ended, not live; run stops
    Unusable                  5   not this API's answer (redirect, 405); the run stops
      Untrusted               5   its certificate; nothing was sent
    Refused                       the batch as a whole refused for its content
    NotProcessed              5   certainly not processed; sending again is safe
    InDoubt                  10   perhaps processed, perhaps not
"""

from __future__ import annotations

import json
import signal
from enum import IntEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class ExitCode(IntEnum):
    """Exit codes of the process; cron jobs and scripts rely on these numbers."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    REJECTED = 3
    ACCESS = 4
    TROUBLE = 5
    INPUT = 6
    STOPPED = 7
    UNKNOWN = 10
    LOCKED = 11
    INTERRUPTED = 130
    TERMINATED = 143

    @classmethod
    def gravest(cls, codes: Iterable[ExitCode]) -> ExitCode:
        """Choose the exit code where several apply; OK where none does."""
        return min(codes, key=GRAVITY.index, default=cls.OK)


GRAVITY = (
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.DEFECT,
    ExitCode.LOCKED,
    ExitCode.ACCESS,
    ExitCode.STOPPED,
    ExitCode.UNKNOWN,
    ExitCode.TROUBLE,
    ExitCode.INPUT,
    ExitCode.USAGE,
    ExitCode.REJECTED,
    ExitCode.OK,
)
"""The exit codes, the gravest first."""


class LeadctlError(Exception):
    """A sentence for the user, without lead data or secrets, and what to do next."""

    exit_code = ExitCode.DEFECT

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def but(self, **facts: object) -> Self:
        """Return this error with other facts: errors are immutable."""
        other = type(self).__new__(type(self), facts.get("message", self.message))
        other.__dict__.update(self.__dict__, **facts)
        return other

    @property
    def code(self) -> str:
        """Stable name for scripts: the class name in snake case."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def restored(said: str) -> LeadctlError:
    """Return the error that ended a run in another process, from its JSON."""
    facts = json.loads(said)
    kinds: list[type[LeadctlError]] = [LeadctlError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    named = {kind("").code: kind for kind in kinds if kind is not Interrupted}
    kind = named.get(facts["code"], LeadctlError)
    error = kind(facts["message"]).but(hint=facts["hint"])
    # Others were interrupted: this process was not, and there is nothing left to do.
    return error.but(exit_code=ExitCode.STOPPED) if kind is LeadctlError else error


class UsageError(LeadctlError):
    exit_code = ExitCode.USAGE


class InputUnusable(LeadctlError):
    """`where` is the path to the mistake, if it is in a YAML document."""

    exit_code = ExitCode.INPUT
    where: tuple[str | int, ...] = ()


class InputChanged(LeadctlError):
    exit_code = ExitCode.TROUBLE


class CredentialsMissing(LeadctlError):
    exit_code = ExitCode.ACCESS


class LedgerUnusable(LeadctlError):
    """Nothing recorded is lost; the exit code is 6 before anything could be sent."""

    exit_code = ExitCode.TROUBLE

    @classmethod
    def at_start(cls, message: str, hint: str | None) -> Self:
        """Return the error for a ledger, key or program that a person must fix."""
        return cls(message, hint=hint).but(exit_code=ExitCode.INPUT)


class RejectsNotWritten(LeadctlError):
    exit_code = ExitCode.TROUBLE


class CampaignLocked(LeadctlError):
    exit_code = ExitCode.LOCKED


class Interrupted(LeadctlError):
    """A signal or, with `by_request`, `leadctl runs stop` ended the run early."""

    def __init__(
        self,
        number: int,
        so_far: str,
        *,
        by_request: bool = False,
        hint: str | None = None,
    ) -> None:
        by = "`leadctl runs stop`" if by_request else signal.Signals(number).name
        how = "interrupted (Ctrl-C)" if by == "SIGINT" else f"stopped by {by}"
        super().__init__(f"{how}; {so_far}", hint=hint)
        self.exit_code = (
            ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
        )


class NotConfirmed(LeadctlError):
    exit_code = ExitCode.STOPPED


class TooManyRejects(LeadctlError):
    exit_code = ExitCode.STOPPED


class ProviderError(LeadctlError):
    """No outcome per row; `headers` are those of an answer to another call."""

    headers: Mapping[str, str] | None = None

    def redacted(self, safe: Callable[[str], str]) -> Self:
        """Return this error with only what is safe to show and store."""
        return self.but(message=safe(self.message))


class AccessDenied(ProviderError):
    exit_code = ExitCode.ACCESS


class CampaignClosed(ProviderError):
    """`key_is_good`: only a valid key gets this answer."""

    exit_code = ExitCode.STOPPED

    def __init__(
        self, message: str, *, hint: str | None = None, key_is_good: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.key_is_good = key_is_good


class Unusable(ProviderError):
    """Not this API's answer; `in_doubt`: the request may have been accepted anyway."""

    exit_code = ExitCode.TROUBLE

    def __init__(
        self, message: str, *, hint: str | None = None, in_doubt: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.in_doubt = in_doubt


class Untrusted(Unusable):
    """The server could not prove its identity: nothing was sent."""


class RefusedThroughout(LeadctlError):
    exit_code = ExitCode.STOPPED


class Refused(ProviderError):
    """The batch was rejected as a whole; `culprits` has the reasons by position."""

    exit_code = ExitCode.REJECTED

    def __init__(self, message: str, culprits: Mapping[int, str] | None = None) -> None:
        super().__init__(message)
        self.culprits = dict(culprits or {})

    def redacted(self, safe: Callable[[str], str]) -> Self:
        culprits = {index: safe(why) for index, why in self.culprits.items()}
        return super().redacted(safe).but(culprits=culprits)


class NotProcessed(ProviderError):
    """Certainly not accepted; sending again is safe."""

    exit_code = ExitCode.TROUBLE


class InDoubt(ProviderError):
    """The request left, and its answer was lost (`lost`) or is unreadable."""

    exit_code = ExitCode.UNKNOWN

    def __init__(self, message: str, *, lost: bool = True) -> None:
        super().__init__(message)
        self.lost = lost
