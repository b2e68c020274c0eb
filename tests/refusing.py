"""Values that a field rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leadctl.model.lead_fields import FieldInvalid

if TYPE_CHECKING:
    from leadctl.model.lead_fields import Check
    from leadctl.model.leads import Json


def refused(check: Check, value: Json) -> str:
    with pytest.raises(FieldInvalid) as caught:
        check(value)
    return str(caught.value)
