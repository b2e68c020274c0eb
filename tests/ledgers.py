"""Runs and batches for tests of the ledger itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
from lead_columns import in_columns

from leadctl.ledger.records import Departure, NewRun
from leadctl.model.leads import (
    Batch,
    Code,
    Finding,
    Lead,
    Outcome,
    Phone,
    Status,
)

if TYPE_CHECKING:
    from leadctl.ledger.base import Ledger, RunReader, RunWriter

DUPLICATE = Outcome(Status.DUPLICATE, Code.DUPLICATE_IN_CAMPAIGN, "already there")
REFUSED = Outcome(Status.REJECTED, Code.PROVIDER_REJECTED, "no landlines")
STOPPED = Outcome(Status.FAILED, Code.NOT_SENT, "stopped")
NOW = Departure(1_700_000_000.0)
LOST = Outcome(Status.UNKNOWN, Code.ANSWER_LOST, "the answer was lost")


def batch_of(rows: list[int], number: int = 0, file: int = 0) -> Batch:
    leads = in_columns(
        Lead(
            row,
            Phone(f"+1555{row}", f"1555{row}"),
            {},
            (f"{row:09} {file} lead".encode(),),
        )
        for row in rows
    )
    return Batch(UUID(int=number), "3", file, leads)


FILES = (("leads.csv", "f00d"), ("more.csv", "beef"))


def begun(
    ledger: Ledger, campaign: str = "3", *, files: int = 1, at_most_once: bool = False
) -> RunWriter:
    new = NewRun("voiso", "voiso", campaign, FILES[:files])
    return ledger.begin(new, at_most_once=at_most_once)


def rejected(row: int, reason: str = "no phone number", name: str = "phone") -> Finding:
    return Finding(row, Status.REJECTED, Code.PHONE_MISSING, reason, name)


def reasons_in(url: str) -> set[str]:
    """Return all reasons in a ledger, used or not."""
    opened = (
        sqlite3.connect(path)
        if (path := url.removeprefix("sqlite://")) != url
        else psycopg.connect(url, options="-c search_path=leadctl")
    )
    with closing(opened) as db:
        return {text for (text,) in db.execute("SELECT text FROM reasons")}


def nonzero(books: RunReader) -> dict[Status, int]:
    return {status: number for status, number in books.counts().items() if number}
