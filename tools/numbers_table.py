"""The table of regions in docs/numbers.md: which damage is not repaired there.

`python -m tools.numbers_table docs/numbers.md` writes it between its marks.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.phones.identity import identity
from leadctl.phones.normalize import Normalizer
from leadctl.phones.rule import ANY_COUNTRY
from tools.sample_numbers import REGIONS, cells, drawn, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN, END = "<!-- regions: `make docs` writes what follows -->", "<!-- /regions -->"
SOME, MOST = 0.05, 0.5
"""Shares of a region's numbers from which a line says so."""
DRAWN = 12
UNHARMED = "none"


def page(text: str) -> str:
    """Return a page with the table as the numbering plans have it now."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no place for its table")
    return "\n".join([before + BEGIN, "", *_table(), "", END + after])


def _table() -> Iterator[str]:
    yield "| Region | Ambiguous | Rejected | Another number of the region |"
    yield "|---|---|---|---|"
    for region in REGIONS:
        found = outcomes(region)
        columns = [
            _said(found[outcome]) for outcome in ("ambiguous", "rejected", "other")
        ]
        if any(columns):
            yield f"| {region} | {' | '.join(columns)} |"


def _said(shares: dict[str, float]) -> str:
    return ", ".join(
        f"{'most' if share > MOST else 'some'} *{damage}*"
        for damage, share in shares.items()
        if share >= SOME
    )


def outcomes(region: str) -> dict[str, dict[str, float]]:
    """Return, by outcome and damage, the share of a region's numbers read at home."""
    rng = random.Random(region)  # noqa: S311  the same numbers each time
    made = [
        (number, cell)
        for number in [*examples(region), *drawn(region, DRAWN, rng)]
        for cell in cells(number)
        if cell.damage != UNHARMED
    ]
    phones, problems = Normalizer(ANY_COUNTRY, region).column([c.text for _, c in made])
    total: Counter[str] = Counter()
    counts = {name: Counter[str]() for name in ("ambiguous", "rejected", "other")}
    for place, (number, cell) in enumerate(made):
        total[cell.damage] += 1
        if problem := problems.get(place):
            ambiguous = problem.code == "phone_ambiguous"
            counts["ambiguous" if ambiguous else "rejected"][cell.damage] += 1
        elif phones.keys[place] != identity(number):
            counts["other"][cell.damage] += 1
    return {
        outcome: {damage: count[damage] / total[damage] for damage in total}
        for outcome, count in counts.items()
    }


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
