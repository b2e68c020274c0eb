"""The contract suite: the tests of every provider, built in or not.

`cases` finds recorded cases, `check_case` plays one, and each of `LAWS` takes the
folder of a provider's cases. They raise AssertionError.
"""

from leadctl.testing.laws import LAWS
from leadctl.testing.play import check_case
from leadctl.testing.recorded import CALLS, Case, cases, load

__all__ = ["CALLS", "LAWS", "Case", "cases", "check_case", "load"]
