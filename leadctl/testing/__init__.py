"""The contract suite: the tests of every provider, built in or not.

`cases` finds the recorded cases of a provider, `check_case` plays one; `LAWS` hold for
every provider whatever it is sent. A broken case or law raises AssertionError.
docs/adding-a-provider.md explains how cases are written.
"""

from leadctl.testing.laws import LAWS
from leadctl.testing.play import check_case
from leadctl.testing.recorded import CALLS, Case, cases, load

__all__ = ["CALLS", "LAWS", "Case", "cases", "check_case", "load"]
