"""Made-up answers that the laws hold every provider against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STATUSES = (200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503)
BODIES = (
    "",
    "<html>",
    "{}",
    "[]",
    "null",
    '"ok"',
    "{",
    '{"errors": [{"row": 99, "message": "x"}]}',
    '{"errors": {"leads": 3}}',
    '{"results": [null, {"status": "added"}], "valid": 5}',
    '{"leads_import": {"created": 3}}',
    '{"success": true, "data": {"created": -1, "skipped": "x"}}',
    '{"status": "SUCCESS", "message": null}',
    '{"received_count": 0, "invalid_count": 9, "errors": [{}]}',
    "SUCCESS: add_lead LEAD HAS BEEN ADDED",
    "ERROR: 5550100001|101",
)
NOTHING_SAID = ("", "<html>", "{}", "[]", "null", '"ok"', "{", "OK", "NOTICE: SUCCESS")


def answers() -> Iterator[httpx.Response]:
    """Yield every body with every status."""
    for status in STATUSES:
        for text in BODIES:
            yield httpx.Response(status, text=text)


def silence(statuses: Iterable[int] = STATUSES) -> Iterator[httpx.Response]:
    """Yield answers that say nothing about any lead."""
    for status in statuses:
        for text in NOTHING_SAID:
            yield httpx.Response(status, text=text)
