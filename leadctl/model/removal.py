"""The result of deleting a lead from a campaign."""

from __future__ import annotations

from enum import StrEnum


class Removal(StrEnum):
    """What an answer, or its absence, says about one lead."""

    DELETED = "deleted"
    NOT_FOUND = "not_found"  # the campaign does not have it
    FAILED = "failed"  # certainly not deleted
    UNKNOWN = "unknown"  # perhaps deleted, perhaps not
