"""A clock that is set during a run neither stalls it nor proves a delivery."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from wire import answer, wired

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

SET = """
import os, time
true = time.time
time.time = lambda: true() + (SECONDS if os.path.exists("FLAG") else 0)
"""


class Setting(list[bytes]):
    """Answers to uploads; with the first of them the program's clock is set."""

    def __init__(self, flag: Path, *answers: bytes) -> None:
        super().__init__(answers)
        self._flag = flag

    def pop(self, place: int = -1, /) -> bytes:  # type: ignore[override]  # always given
        self._flag.touch()
        return super().pop(place)


def looked_up(created: float, date: str) -> bytes:
    lead = {"phoneNumber": "+15551230001", "_creationTime": created * 1000}
    body = {"success": True, "data": {"leads": [lead], "hasMore": False}}
    return answer(json.dumps(body).encode(), f"Date: {date}")


@pytest.mark.parametrize(
    ("seconds", "created", "date", "status"),
    [
        (0, 0, 0, "created"),
        (0, -60, 0, "duplicate"),
        (600, -300, 0, "duplicate"),
        (-600, 0, 0, "created"),
        (7200, -3600, 0, "duplicate"),
        (-7200, -3600, 0, "duplicate"),
        (0, 0, 300, "created"),
        (0, -7000, -7200, "duplicate"),
        (0, 0, None, "duplicate"),
    ],
    ids=[
        "right",
        "right, there before",
        "set forward",
        "set back",
        "set far forward",
        "set far back",
        "provider ahead",
        "provider far behind",
        "odd date",
    ],
)
def test_look_up_claims_no_lead_of_somebody_else(
    push: Push,
    tmp_path: Path,
    seconds: int,
    created: int,
    date: int | None,
    status: str,
) -> None:
    """`created` and `date` are seconds from now, by the provider's clock."""
    flag, now = tmp_path / "set", time.time()
    script = SET.replace("FLAG", str(flag)).replace("SECONDS", str(seconds))
    (tmp_path / "sitecustomize.py").write_text(script, encoding="utf-8")
    push.program.write("leads.csv", "phone\n+15551230001\n")
    said = formatdate(now + date, usegmt=True) if date is not None else "Feb 31, 99999"
    moment = now + created + (date or 0 if created == 0 else 0)
    first = answer(b'{"success": true, "data": {"leads": [], "hasMore": false}}')
    lists = [first, looked_up(moment, said)]
    with wired({"GET": lists, "POST": Setting(flag, b"")}) as wire:
        env = {
            "LEADCTL_LUPITOR_BASE_URL": f"http://127.0.0.1:{wire.port}",
            "LEADCTL_LUPITOR_TIMEOUT": "0.4",
            "PYTHONPATH": str(tmp_path),
        }
        ran = push("lupitor", "leads.csv", "--json", env=env)
    assert (ran.code, ran.counts) == (0, {status: 1})


def test_clock_that_was_set_back_stalls_no_later_run(
    push: Push, tmp_path: Path
) -> None:
    """What an earlier run noted of its pace and its tokens lies in the future then."""
    push.program.write("leads.csv", "phone\n+15551230001\n")
    push.program.write("more.csv", "phone\n+15551230002\n")
    script = SET.replace("FLAG", "/").replace("SECONDS", "-1800")
    (tmp_path / "sitecustomize.py").write_text(script, encoding="utf-8")
    back = {"PYTHONPATH": str(tmp_path)}
    slow = {"LEADCTL_AGORA_REQUESTS_PER_MINUTE": "6"}
    assert push("agora", "leads.csv", env=slow).code == 0
    assert push("agora", "more.csv", env=slow | back).code == 0
