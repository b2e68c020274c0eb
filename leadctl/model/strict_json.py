"""Parses JSON strictly: what could not be sent as JSON again is an error."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.model.leads import Json


def loads(text: str) -> Json:
    """Parse JSON; ValueError also for NaN, 1e999, odd surrogates, duplicate keys."""
    try:
        found: Json = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("unpaired \\u surrogate") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from None
    except _Twice:
        raise
    except ValueError:
        raise ValueError("not JSON: invalid number") from None
    return found


class _Twice(ValueError):
    """A duplicate key in an object."""


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("duplicate key")  # its name may be somebody's
    return found


def _refused(word: str) -> None:
    raise ValueError(word)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


_DECODER = json.JSONDecoder(
    parse_constant=_refused, parse_float=_finite, object_pairs_hook=_once
)
"""Made once: `json.loads` would make another for each row."""
