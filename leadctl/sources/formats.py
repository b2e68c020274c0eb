"""The formats of files of leads, and the options for reading one."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Format(StrEnum):
    """The format of a file."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    XLSX = "xlsx"


class ReadOptions(NamedTuple):
    """What the user or a profile says about a file; None means that it is detected.

    `known` are columns of a profile, by which a header is recognised, and `phones` its
    phone columns. `unless_utf8` is the encoding of a file that is not UTF-8; if it must
    be detected, `region` helps. With `only_numbers`, names may be decoded wrongly.
    """

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    known: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    unless_utf8: str | None = None
    region: str | None = None
    only_numbers: bool = False

    def over(self, others: ReadOptions) -> ReadOptions:
        """Return these options; the others replace those that have their default."""
        said = {
            name: value
            for name, value in self._asdict().items()
            if value not in (self._field_defaults[name], "")
        }
        return others._replace(**said)
