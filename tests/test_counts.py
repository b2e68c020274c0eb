"""What more rows cost, in counts that are the same on every machine.

The bounds are what the program needs today: they may be lowered, and a change that has
to raise one says why. `make bench` measures time and memory themselves.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import Push
from program import Program

if TYPE_CHECKING:
    from leadctl.sandbox import Sandbox

FEW, MANY, BATCH = 400, 2000, 200
BATCHES = (MANY - FEW) // BATCH
PROFILE = """\
region: US
fields:
  phone: Phone
  external_id: Id
  name: "{First Name} {Last Name}"
  priority: {column: Score, map: {hot: highest, warm: normal}}
"""


@dataclass(frozen=True)
class Counts:
    """What counting.py counted of one run, and the leads of each upload."""

    statements: int
    calls: int
    peak: int
    packages: list[str]
    uploads: list[int]


@dataclass(frozen=True)
class Counting:
    """Runs of new leads, sent or rehearsed, each counted once for all tests."""

    push: Push
    found: dict[tuple[str, ...], Counts]

    def __call__(self, rows: int, *options: str) -> Counts:
        key = (str(rows), *options)
        if key not in self.found:
            self.found[key] = self._counted(rows, *options)
        return self.found[key]

    def _counted(self, rows: int, *options: str) -> Counts:
        self.push.simulator("lupitor").forget()
        program = self.push.program
        profile = program.write("profile.yaml", PROFILE)
        lines = "".join(
            f"{i},Asha{i},Testperson,+1 (555) 123-{i:04},hot\n" for i in range(rows)
        )
        leads = program.write(
            f"{rows}.csv", f"Id,First Name,Last Name,Phone,Score\n{lines}"
        )
        ran = self.push(
            *("lupitor", leads, "--profile", profile, "--batch-size", f"{BATCH}"),
            *("--ledger", f"{'-'.join([str(rows), *options])}.sqlite", *options),
        )
        assert ran.table["rows"] == rows
        found = json.loads((program.folder / "counts.json").read_text())
        return Counts(**found, uploads=self.push.uploads("lupitor"))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, served: Sandbox) -> Counting:
    folder = tmp_path_factory.mktemp("counts")
    script = Path(__file__).with_name("counting.py")
    command = (sys.executable, str(script), str(folder / "counts.json"))
    return Counting(Push(Program(folder, folder, {}, command), served), {})


SENT = pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["sent", "dry run"])


@SENT
def test_more_rows_need_few_statements(counted: Counting, options: list[str]) -> None:
    """No statement per row: a few per batch, rate limit included.

    Whether the run is to stop, and whom to leave out, is asked once a second or so.
    """
    few, many = counted(FEW, *options), counted(MANY, *options)
    assert (many.statements - few.statements) / BATCHES <= 20


@SENT
def test_more_rows_need_few_calls(counted: Counting, options: list[str]) -> None:
    """Functions called a row by the deciding thread, Python's and built-in ones.

    Both files are large enough for the ranges of a region to be compiled.
    """
    few, many = counted(MANY, *options), counted(2 * MANY, *options)
    assert (many.calls - few.calls) / MANY <= 65


def test_more_rows_need_little_memory(counted: Counting) -> None:
    """What is kept of a row that was read, beside what one block of rows needs.

    While there are few rows, each of its three numbers opens an array of its own;
    test_seen.py has what one takes among many.
    """
    few, many = counted(2 * MANY, "--dry-run"), counted(4 * MANY, "--dry-run")
    assert (many.peak - few.peak) / (2 * MANY) <= 300


def test_push_imports_no_package_that_it_does_not_need(counted: Counting) -> None:
    packages = {*counted(FEW).packages}
    assert packages.isdisjoint({"keyring", "starlette", "uvicorn"})
    assert {"httpx", "phonenumbers"} <= packages  # the check is not blind


def test_a_request_carries_a_whole_batch(counted: Counting) -> None:
    assert counted(MANY).uploads == [BATCH] * (MANY // BATCH)
